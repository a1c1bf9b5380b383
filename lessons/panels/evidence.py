"""Published measurements beside what the model says, each case predicted by constants that never saw it.

Used when the book is built, not in the browser: a page shows the picture, the reader moves the panel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from hwlib.calibrate import BOUNDS, by_chip, grid
from hwlib.cases import (
    FAMILIES,
    Case,
    predict_saturated,
    predict_training,
    saturated_cases,
    training_cases,
)

SHARE = 0.8
"""The share of cases that a band should hold."""


@dataclass(frozen=True, slots=True)
class Held:
    """A case and its prediction by constants chosen without it."""

    case: Case
    predicted: float

    @property
    def ratio(self) -> float:
        """Measured over predicted."""
        return self.case.observed / self.predicted


def held_out(cases: Sequence[Case], predict: Callable[..., float], trials: Sequence[dict[str, float]]) -> tuple[Held, ...]:
    """Leave one out: for each case the constants with the least median error on all the others, and what they say of it."""
    said = np.array([[float(predict(case, **trial)) for case in cases] for trial in trials])
    errors = np.abs(said / np.array([case.observed for case in cases]) - 1)
    out = []
    for i, case in enumerate(cases):
        others = np.delete(errors, i, axis=1)
        out.append(Held(case, float(said[np.argmin(np.median(others, axis=1)), i])))
    return tuple(out)


@cache
def saturated() -> tuple[Held, ...]:
    """Output tokens a second of busy replicas, chip by chip, each case left out in turn."""
    trials = [{"memory_efficiency": m, "compute_efficiency": c} for m, c in product(grid(0.05), grid(0.1))]
    return tuple(h for cases in by_chip(saturated_cases()).values() for h in held_out(cases, predict_saturated, trials))


@cache
def training() -> tuple[Held, ...]:
    """Tokens a second and chip of training runs, chip by chip, each case left out in turn."""
    trials = [{"compute_efficiency": e} for e in grid(0.01, *BOUNDS)]
    return tuple(h for cases in by_chip(training_cases()).values() for h in held_out(cases, predict_training, trials))


@dataclass(frozen=True, slots=True)
class Band:
    """Where measured over predicted should fall in `SHARE` of the cases, and how it does."""

    low: float
    middle: float
    high: float
    count: int

    def inside(self, ratios: Iterable[float]) -> int:
        """How many of other ratios it holds."""
        return sum(self.low <= r <= self.high for r in ratios)


def band(held: Iterable[Held]) -> Band:
    """The band of the held-out ratios."""
    ratios = [h.ratio for h in held]
    edge = (1 - SHARE) / 2
    low, middle, high = np.quantile(ratios, [edge, 0.5, 1 - edge])
    return Band(float(low), float(middle), float(high), len(ratios))


def series(held: Sequence[Held], spread: Band, *, label: str, kind: str, of: Callable[[float], float] = float) -> dict[str, Any]:
    """One series of `draw.measured_band`: predicted across, measured up, the line where both are equal."""
    xs = sorted(of(h.predicted) for h in held)
    ends = (xs[0], xs[-1])
    return {
        "label": label, "kind": kind, "line": [(x, x) for x in ends], "band": [(x, x * spread.low, x * spread.high) for x in ends],
        "measured": [(of(h.predicted), of(h.case.observed)) for h in held],
    }  # fmt: skip


def sources(held: Iterable[Held]) -> str:
    """The names of the sources, each once."""
    return "; ".join(sorted({h.case.source for h in held}))


def measurement_count() -> int:
    """Published measurements that the models are held against: cases whose inputs suffice for a prediction."""
    return sum(len(tuple(cases())) for cases, _ in FAMILIES.values())
