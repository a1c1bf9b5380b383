"""Targets held against a design: met, missed or not known, and by how much, in words."""

from __future__ import annotations

import math
from typing import Any

from hwlib.formula import Figure, given
from hwlib.sources import Choice
from hwlib.units import digits_of, show
from tutor.briefs import Target
from tutor.context import Context, NotKnown
from tutor.findings import TargetResult

NEAR = 1.25
"""Two figures agree when they are within this factor of each other."""
FAR = 6.0
"""Margins are kept within this many doublings, so that an infinite time does not swamp a mean."""


def margin_of(value: float, limit: float, direction: str) -> float:
    """Signed margin in doublings: at least 0 is met, -1 is twice over the limit.

    >>> margin_of(0.25, 0.5, "at most"), margin_of(1.0, 0.5, "at most"), margin_of(30, 15, "at least")
    (1.0, -1.0, 1.0)
    >>> round(margin_of(11, 10, "near"), 2), margin_of(-3, 0, "at least")
    (0.18, -1.0)
    """
    if math.isnan(value) or math.isnan(limit):
        return math.nan
    if limit <= 0 or value <= 0:
        signed = (value - limit) if direction == "at least" else (limit - value)
        if direction == "near":
            return math.log2(NEAR) if value == limit else -FAR
        return math.copysign(1.0, signed) if signed else 0.0
    ratio = math.inf if math.isinf(value) else value / limit
    doublings = FAR if math.isinf(ratio) else max(-FAR, min(FAR, math.log2(ratio)))
    if direction == "near":
        return math.log2(NEAR) - abs(doublings)
    return doublings if direction == "at least" else -doublings


def words_of(value: float, limit: float, direction: str, style: str = "percent") -> str:
    """The margin as people say it.

    >>> words_of(0.602, 0.5, "at most"), words_of(366, 32, "at least"), words_of(16.58, 11.14, "at most", "times")
    ('20% over', '11 times', '1.49 times')
    >>> words_of(19.2, 15, "at least"), words_of(12, 15, "at least"), words_of(0.4, 0.5, "at most")
    ('28% over', '20% short', '20% under')
    """
    if limit <= 0 or value <= 0 or not math.isfinite(value) or not math.isfinite(limit):
        return "unbounded" if math.isinf(value) else ""
    ratio = value / limit
    if abs(ratio - 1) < 0.0005:
        return "at the limit"
    if ratio <= 0.5 and direction != "near":
        return f"{_times(1 / ratio)} {'under' if direction == 'at most' else 'short'}"
    if ratio >= 2 or direction == "near" or style == "times" and (ratio > 1 or direction == "at least"):
        return _times(ratio)
    percent = show(abs(ratio - 1), "%", digits=2 if abs(ratio - 1) >= 0.095 else 1)
    return f"{percent} over" if ratio > 1 else f"{percent} short" if direction == "at least" else f"{percent} under"


def _times(ratio: float) -> str:
    return f"{digits_of(ratio, 3 if ratio < 10 else 2)} times" if ratio < 1e4 else f"{show(ratio)} times"


def limit_of(ctx: Context, target: Target) -> Any:
    """The limit as a figure: the brief's choice, or computed."""
    if target.limit_measure:
        return ctx.measure(target.limit_measure)
    return Figure(target.limit, Choice(target.reason, "brief"))


def held(ctx: Context, target: Target) -> TargetResult:
    """One target held against the design."""
    yours = limit = None
    why = ""
    try:
        limit = limit_of(ctx, target)
    except NotKnown as error:
        why = str(error)
    try:
        yours = ctx.measure(target.measure)
        if not isinstance(yours, Figure):
            yours = given(float(yours))
    except NotKnown as error:
        why = str(error)
    if yours is None or limit is None:
        return TargetResult(target.id, target.label, target.unit, yours, limit, None, math.nan, "", why, target.direction)
    margin = margin_of(yours, limit, target.direction)
    met = None if math.isnan(margin) else margin >= -1e-9
    return TargetResult(
        target.id, target.label, target.unit, yours, limit, met, margin,
        words_of(yours, limit, target.direction, target.style), target.reason, target.direction,
    )


def all_held(ctx: Context) -> tuple[TargetResult, ...]:
    """Every target of the brief, in the brief's order."""
    return tuple(held(ctx, target) for target in ctx.brief.targets)


def fast_margin(ctx: Context, target: Target, limit: Any = None) -> float:
    """The margin by a measure without simulation; not known counts as not met, so that nothing slips through.

    ``limit`` spares looking it up where the caller knows it.
    """
    try:
        value = ctx.measure(target.fast or target.measure)
        return margin_of(value, limit_of(ctx, target) if limit is None else limit, target.direction)
    except NotKnown:
        return -FAR


def screened(ctx: Context, skip: tuple[str, ...] = ()) -> bool:
    """Whether every target is met as far as that can be said without a simulation.

    The fast measures leave out the queue, so they can only pass too much, never too little: survivors are simulated.
    """
    return all(fast_margin(ctx, target) >= -1e-9 for target in ctx.brief.targets if target.id not in skip)


def feasible(ctx: Context, skip: tuple[str, ...] = ()) -> bool:
    """Whether every target is met, by simulation where the brief asks for one."""
    return screened(ctx, skip) and all(held(ctx, target).met is True for target in ctx.brief.targets if target.id not in skip)
