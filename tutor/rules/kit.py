"""What rules share: rows of evidence, margins, and the same design with one thing changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tutor.context import Context, same_value
from tutor.findings import Row
from tutor.targets import margin_of

SERVING = ("serve-7b", "serve-70b")


def row(ctx: Context, key: str, name: str, measure: str, unit: str = "") -> Row:
    """A row whose figure is a measure of the context; "not known" when it has none."""
    return Row(key, name, ctx.get(measure, "not known"), unit)


def fact(key: str, name: str, value: Any, unit: str = "") -> Row:
    """A row for a value at hand; a bare number becomes a figure of the learner's choice."""
    return Row(key, name, same_value(value), unit)


def at_most(value: float, limit: float) -> float:
    """Signed margin of a value under a limit, in doublings."""
    return margin_of(value, limit, "at most")


def at_least(value: float, limit: float) -> float:
    """Signed margin of a value over a floor, in doublings."""
    return margin_of(value, limit, "at least")


def unless(bad: bool) -> float:
    """The margin of a yes-or-no rule."""
    return -1.0 if bad else 1.0


def variant(ctx: Context, **changes: Any) -> Context:
    """The same entry with fields changed, for "what if" evidence; never simulated."""
    return ctx.variant(**changes)


def always(ctx: Context) -> bool:
    """Relevant to every design of the brief."""
    return True


def predicted(name: str) -> Callable[[Context], bool]:
    """Relevant when the learner predicted that figure."""
    return lambda ctx: name in ctx.predictions


def near(said: float, right: float) -> bool:
    """Whether a prediction is good enough to praise: within a quarter of the figure.

    >>> near(11.0, 10.0), near(14.0, 10.0), near(0.0, 0.0)
    (True, False, True)
    """
    return abs(said - right) <= 0.25 * abs(right)


def signature(said: float, wrong: float, right: float) -> bool:
    """Whether a prediction looks like a wrong model's answer: within 15% of it, and over 25% off the right one.

    >>> signature(14e9, 14e9, 60e9), signature(50e9, 14e9, 60e9), signature(14e9, 14e9, 15e9)
    (True, False, False)
    """
    return abs(said - wrong) <= 0.15 * abs(wrong) and abs(said - right) > 0.25 * abs(right)
