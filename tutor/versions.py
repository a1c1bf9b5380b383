"""What graded, by hash and in words: so that two runs, or a learner's copy and an instructor's, can be told apart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import hwlib

BESIDE = ("report", "templates", "export", "__main__.py", "diff.py", "doctor.py", "duplicates.py", "evaluate.py", "explain.py", "intake.py", "ledger.py",
          "output.py", "override.py", "policy.py", "pool.py", "cluster.py", "progress.py", "regrade.py", "roster.py", "sample_class.py", "samples.py",
          "telling.py", "transcripts.py", "validate.py", "zipped.py", "gradebook.py", "rows.py", "versions.py")
"""Files and folders of `tutor` that no review depends on: they may change without a class being graded anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grader:
    """Everything that a result depends on besides the hand-in."""

    rubric: str
    """The hash of the rules, the briefs, the scoring and the gate."""
    hwlib: str
    """Its version and the hash of its code."""
    catalogue: str
    """The hash of the chips, links, models and prices."""

    @property
    def hash(self) -> str:
        return hashlib.sha256("\0".join((self.rubric, self.hwlib, self.catalogue)).encode()).hexdigest()


@cache
def grader() -> Grader:
    """What grades here and now."""
    code = hashlib.sha256()
    for name, file in _sources(files("hwlib"), "hwlib"):
        if not name.startswith("hwlib/catalogue/"):
            code.update(_line(name, file))
    rubric = hashlib.sha256()
    for name, file in _sources(files("tutor"), "tutor", BESIDE):
        rubric.update(_line(name, file))
    return Grader(rubric=rubric.hexdigest()[:16], hwlib=f"{hwlib.__version__}+{code.hexdigest()[:12]}", catalogue=catalogue_hash())


def grader_hash() -> str:
    """One hash for all of it."""
    return grader().hash


@cache
def catalogue_hash() -> str:
    """The hash of the catalogue's files, short: it tells a learner's catalogue from the instructor's."""
    total = hashlib.sha256()
    for name, file in _sources(files("hwlib").joinpath("catalogue"), "catalogue"):
        total.update(f"{name}\0".encode() + file.read_bytes())
    return total.hexdigest()[:16]


def _line(name: str, file: Traversable) -> bytes:
    return f"{name}\0".encode() + hashlib.sha256(file.read_bytes()).digest()


def _sources(folder: Traversable, name: str, without: tuple[str, ...] = ()) -> list[tuple[str, Traversable]]:
    """Code and data under a folder by name, sorted; ``without`` names what is left out on the first level."""
    if not folder.is_dir():
        return []
    found: list[tuple[str, Traversable]] = []
    for item in folder.iterdir():
        inner = f"{name}/{item.name}"
        if item.name in without or item.name == "__pycache__":
            continue
        if item.is_dir():
            found += _sources(item, inner)
        elif item.name.endswith((".py", ".toml", ".csv")):
            found.append((inner, item))
    return sorted(found, key=lambda pair: pair[0])


def versions() -> str:
    """What graded, in words."""
    return f"hwlib {hwlib.__version__}, catalogue {catalogue_hash()}"
