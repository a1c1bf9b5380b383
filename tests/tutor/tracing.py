"""Where the numbers in a reply come from: computed by hwlib for the design at hand, of the catalogue, given by the brief, or said by the learner."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import fields
from functools import cache
from typing import Any

from hwlib.catalogue import chip, chip_ids
from hwlib.errors import BadInput
from hwlib.units import show
from tutor.context import Context
from tutor.dialogue import Discussion, moves
from tutor.dialogue.claims import claims as computed_claims
from tutor.dialogue.frames import concepts
from tutor.dialogue.slots import read_slots
from tutor.dialogue.text import normalise
from tutor.measures import MEASURES
from tutor.rules import rules_for
from tutor.transcripts import discussion

NUMBER = re.compile(r"(?<![\w.,])(?:±\s*)?[$€]?(\d[\d,]*(?:\.\d+)?(?:\s*×\s*10[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)")
UNITS = ("", "B", "s", "%", "usd", "days", "months", "B/s", "FLOP/s", "FLOP", "FLOP/byte", "W", "tokens", "usd/h", "weeks", "tokens/s")
METHOD = {"1", "2", "3", "4", "8", "16", "32", "0.001", "65,000"}
"""Years of a plan, stages, bits of a format, the end of FP16's range and factors of a formula, which stand in words of method."""


def numbers(text: str) -> list[str]:
    """The numbers of a text as they are written; digits inside names ("H100", "int8", "ZeRO-1", "L40S") are no numbers."""
    return [m[1].strip(",") for m in NUMBER.finditer(text)]


def shown(values: Iterable[Any]) -> set[str]:
    """Every way in which the values may be written."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == float("inf"):
            continue
        for unit in UNITS:
            for digits in (None, 1, 2):
                try:
                    found.update(numbers(show(abs(value), unit) if digits is None else show(abs(value), unit, digits=digits)))
                except (KeyError, ValueError, ArithmeticError):
                    continue
        found.add(f"{value:,}")
    return found


@cache
def catalogue() -> frozenset[str]:
    """Numbers that the catalogue holds of its chips."""
    known = [chip(id) for id in chip_ids()]
    values = [getattr(one, f.name) for one in known for f in fields(one) if isinstance(getattr(one, f.name), int | float)]
    values += [one.peak(fmt) for one in known for fmt in one.formats]
    names = {n for one in known for n in numbers(one.name)}
    return frozenset(shown(values) | names)


def computed(ctx: Context) -> set[str]:
    """Every measure of a design, its fields and those of its load, and the limits of its brief."""
    values = []
    for name in MEASURES:
        with suppress(AttributeError, StopIteration, BadInput):  # a measure of another kind of brief
            values.append(ctx.get(name, None))
    values += [ctx.get(f"estimate.{name}", None) for name in (ctx.estimate.figures() if not ctx.refusal else ())]
    for holder in (ctx.design, ctx.load):
        values += [getattr(holder, f.name) for f in fields(holder)]
    values += [t.limit for t in ctx.brief.targets]
    if ctx.brief.kind == "serving" and not ctx.refusal:
        e = ctx.estimate
        values += [2 * e.params, e.step_memory_s + e.step_comm_s]  # weights at 16 bits; a step without its arithmetic
    return shown(v for v in values if v is not None)


@cache
def questions(brief: str) -> frozenset[str]:
    """Numbers that the questions of a brief suppose ("95% busy", "a billion tokens at $0.002"): they are put, not stated."""
    texts = [t for c in concepts(brief) for t in (c.ask, c.pump)] + [t for r in rules_for(brief) for t in (r.ask, *r.hints)]
    return frozenset(n for t in texts for n in numbers(re.sub(r"\{[^}]*\}", " ", t)))


@cache
def bought() -> frozenset[str]:
    """What a dollar an hour buys of each chip's bandwidth, and the numbers in chips' names."""
    from hwlib import catalogue as known

    rates = [c.mem_bytes_per_s / known.price(c.id) for c in known.chips() if c.mem_bytes_per_s and any(p.kind == "on-demand" for p in known.prices(c.id))]
    return frozenset(shown(rates)) | {n for c in known.chips() for n in numbers(c.name)}


def searched(talk: Discussion, reply: str) -> set[str]:
    """Numbers of the search for a repair, when the reply speaks of one."""
    if not re.search(r"\btried\b|repair", reply):
        return set()
    from tutor.repair import repair

    found = repair(talk.brief, talk.entry)
    return set(numbers(str(found.as_dict())) + numbers(found.words() + " ".join(str(r.as_dict()) for r in (found.fewest, found.cheapest) if r)))


def untraced(script: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(line, number, reply) of each number in a script's replies that nothing explains."""
    talk = discussion(script)
    known = computed(talk.ctx) | catalogue() | questions(talk.brief.id) | METHOD
    known |= {n for f in talk.problems for row in f.evidence for n in numbers(row.shown)} | set(numbers(talk.brief.short)) | bought()
    for line in script["lines"]:
        known |= set(numbers(line)) | set(numbers(line.replace(" ", "")))
        turn = talk.say(line)
        for claim in computed_claims(talk.ctx, normalise(line)):
            known |= shown([claim["figure"]])
            if claim["kind"] == "fits":  # a number of chips that was named instead of the design's
                named = read_slots(normalise(line), "serving")
                named = {k: v for k, v in named.items() if k in ("accelerator", "weight_bits")} | {"chips_per_replica": claim["said"]}
                known |= shown([talk.ctx.variant(**named, scale_out_link="none").estimate.sequences_that_fit])
        if turn["design_changes"]:
            with suppress(BadInput):
                known |= computed(moves.moved(talk.ctx, {k: v["after"] for k, v in turn["design_changes"].items()})[0])
        known |= searched(talk, turn["reply"])
        ideas = [c.id for c in concepts(talk.brief.id) if c.kind == "expectation"]
        known |= {str(len(talk.problems)), str(len(ideas)), str(len(set(ideas) - set(talk.covered)))}  # what is still open is counted
        for number in numbers(turn["reply"]):
            if number not in known:
                yield line, number, turn["reply"]
