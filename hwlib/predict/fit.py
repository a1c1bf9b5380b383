"""Fitting: few constants, many cases, errors counted in log and large ones counted less.

Gauss–Newton on ``log(predicted / observed)`` with Huber's weights; each factor is drawn to one with the spread that
its constant declares, so a level with few cases stays near the others. Nothing is fitted to a single row: a level
needs `ENOUGH` cases. Each case asks for a handful of constants, so its derivatives cost a handful of predictions.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hwlib.predict.constants import Constant, Constants, Nudged, Recorder
from hwlib.predict.family import Family
from hwlib.predict.row import Refused, Row

ENOUGH = 4
HUBER = 0.15
"""Errors beyond 15% count by their size, not by its square."""
NOISE = 0.08
"""What one measurement may differ from another of the same thing."""
STEP = 1e-4
NEAR = 0.5
"""How much closer the places where one engine runs lie to each other than engines do."""
CLOSE = 2e-4
"""The fit ends when a round betters the loss by less than this share."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A measured metric of a case."""

    row: Row
    metric: str
    value: float


class FittedConstants(Constants):
    """Constants with the number of cases behind each base and factor."""

    def __init__(self, declared: Mapping[str, Constant], values: Mapping[str, float], cases: Mapping[str, int]) -> None:
        super().__init__(declared, values)
        self.cases = dict(cases)


def observations(family: Family, rows: Sequence[Row]) -> list[Observation]:
    """Every measured metric of the family's rows that may be scored."""
    found = []
    for row in rows:
        if row.family in family.names and not row.text("exclude_from_scoring"):
            found += [Observation(row, m, v) for m in family.metrics_of(row) if (v := family.observed(row, m)) is not None]
    return found


class _Case:
    """A row with its measured metrics that count in the fit."""

    __slots__ = ("asked", "logs", "metrics", "row", "weights")

    def __init__(self, row: Row, family: Family, values: Mapping[str, float]) -> None:
        self.row = row
        self.metrics = tuple(values)
        self.logs = np.log(list(values.values()))
        self.weights = np.array([family.weight(m) for m in values])
        self.asked: tuple[tuple[str, ...], ...] = ()

    def errors(self, family: Family, constants: Constants) -> np.ndarray | None:
        """log(predicted / observed) of each metric, none where the case is refused; a metric not predicted counts zero."""
        try:
            found = family.predict(self.row, constants)
        except (Refused, ArithmeticError, ValueError):
            return None
        said = [found.get(m) for m in self.metrics]
        return np.array([math.log(v) - at if v is not None and 0 < v < math.inf else 0.0 for v, at in zip(said, self.logs, strict=True)])


def _cases(family: Family, seen: Sequence[Observation], start: Mapping[str, float]) -> list[_Case]:
    """The rows that can be predicted at all, with the ways in which each asks for constants."""
    by_row: dict[int, tuple[Row, dict[str, float]]] = {}
    for at in seen:
        if family.weight(at.metric) > 0:
            by_row.setdefault(id(at.row), (at.row, {}))[1][at.metric] = at.value
    found = []
    for row, values in by_row.values():
        case = _Case(row, family, values)
        recorder = Recorder(family.constants, start)
        if case.errors(family, recorder) is not None:
            case.asked = tuple(sorted(recorder.asked))
            found.append(case)
    return found


def _keys(call: tuple[str, ...]) -> list[str]:
    """The base and the factors that one way of asking multiplies."""
    return [call[0], *(f"{call[0]}|{level}" for level in call[1:])]


def fit(family: Family, seen: Sequence[Observation], *, rounds: int = 15) -> FittedConstants:
    """The constants that serve these observations best."""
    declared = family.constants
    start = {name: math.log(c.start) for name, c in declared.items()}
    cases = _cases(family, seen, start)
    counts = Counter(key for case in cases for key in {k for call in case.asked for k in _keys(call)})
    keys = sorted(k for k, n in counts.items() if k in declared or n >= ENOUGH)
    if not keys:
        return FittedConstants(declared, start, {})
    place = {k: i for i, k in enumerate(keys)}
    centre = np.array([_centre(declared, k) for k in keys])
    prior = np.array([1 / _spread(declared, k) ** 2 for k in keys])
    columns = {call: [place[k] for k in _keys(call) if k in place] for case in cases for call in case.asked}

    def at(x: np.ndarray) -> Constants:
        return Constants(declared, start | dict(zip(keys, x.tolist(), strict=True)))

    def errors_at(constants: Constants) -> list[np.ndarray]:
        return [e if (e := case.errors(family, constants)) is not None else np.zeros(len(case.metrics)) for case in cases]

    def loss_at(errors: list[np.ndarray], x: np.ndarray) -> float:
        total = sum(float((c.weights * _huber(e)).sum()) for c, e in zip(cases, errors, strict=True))
        return total / NOISE**2 + float((prior * (x - centre) ** 2).sum())

    def model_at(x: np.ndarray, errors: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Curvature and slope of the loss."""
        constants = at(x)
        curve, slope = np.diag(prior), prior * (x - centre)
        for case, error in zip(cases, errors, strict=True):
            rows = np.zeros((len(error), len(keys)))
            for call in case.asked:
                if columns[call] and (moved := case.errors(family, Nudged(constants, call, STEP))) is not None:
                    rows[:, columns[call]] += ((moved - error) / STEP)[:, None]
            w = case.weights * np.where(np.abs(error) < HUBER, 1.0, HUBER / np.maximum(np.abs(error), 1e-12)) / NOISE**2
            curve += rows.T @ (rows * w[:, None])
            slope += rows.T @ (w * error)
        return curve, slope

    x = centre.copy()
    errors = errors_at(at(x))
    loss, damping = loss_at(errors, x), 1e-3
    for _ in range(rounds):
        curve, slope = model_at(x, errors)
        before = loss
        while damping < 1e4:
            step = np.clip(np.linalg.solve(curve + damping * np.diag(np.diag(curve)), slope), -0.5, 0.5)
            tried = x - step
            found = errors_at(at(tried))
            if (new := loss_at(found, tried)) < loss:
                x, errors, loss, damping = tried, found, new, damping / 5
                break
            damping *= 8
        if loss > before * (1 - CLOSE):
            break
    return FittedConstants(declared, start | dict(zip(keys, x.tolist(), strict=True)), {k: counts[k] for k in keys})


def _spread(declared: Mapping[str, Constant], key: str) -> float:
    """How far a base or a factor may be expected to lie from its centre."""
    name, _, level = key.partition("|")
    if not level:
        return declared[name].base_spread
    return declared[name].spread * (NEAR if "@" in level else 1.0)


def _centre(declared: Mapping[str, Constant], key: str) -> float:
    """What a base or a factor is drawn to."""
    name, _, level = key.partition("|")
    return math.log(declared[name].known.get(level, 1.0)) if level else math.log(declared[name].start)


def _huber(errors: np.ndarray) -> np.ndarray:
    size = np.abs(errors)
    return np.where(size < HUBER, size**2, 2 * HUBER * size - HUBER**2)
