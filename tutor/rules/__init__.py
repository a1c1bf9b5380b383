"""The rules: one file a rule, found by walking the package.

A rule's id is its file's stem with dashes, its section the folder's name; both are filled in here so that a
file says only what is its own.
"""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from functools import cache
from importlib import import_module

from tutor.findings import Rule

SECTIONS = ("two_workloads", "training", "inference_chips", "economics")


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by section and name."""
    found = []
    for section in SECTIONS:
        package = import_module(f"tutor.rules.{section}")
        for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda i: i.name):
            if info.name.startswith("_"):
                continue
            module = import_module(f"tutor.rules.{section}.{info.name}")
            rule = module.RULE
            if rule.id != info.name.replace("_", "-"):
                raise ValueError(f"rule {rule.id!r} stands in {info.name}.py; its id is the stem with dashes")
            found.append(replace(rule, section=section, doc=module.__doc__ or ""))
    return tuple(found)


@cache
def rules_for(brief: str) -> tuple[Rule, ...]:
    """The rules that look at designs for a brief."""
    return tuple(rule for rule in all_rules() if brief in rule.briefs)


@cache
def rule(id: str) -> Rule:
    """A rule by its id."""
    from hwlib.errors import unknown

    found = {r.id: r for r in all_rules()}
    if id not in found:
        raise unknown("rule", id, found)
    return found[id]
