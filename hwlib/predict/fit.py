"""Fitting: few constants, many cases, errors counted in log and large ones counted less.

Gauss–Newton on ``log(predicted / observed)`` with Huber's weights; each factor is drawn to one with the spread that
its constant declares, so a level with few cases stays near the others. Nothing is fitted to a single row: a level
needs `ENOUGH` cases. Each case depends on a handful of keys, so the derivatives cost a handful of predictions.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hwlib.predict.constants import Constant, Constants, Recorder
from hwlib.predict.family import Family
from hwlib.predict.row import Refused, Row

ENOUGH = 4
HUBER = 0.15
"""Errors beyond 15% count by their size, not by its square."""
NOISE = 0.08
"""What one measurement may differ from another of the same thing."""
STEP = 1e-4


@dataclass(frozen=True, slots=True)
class Observation:
    """A measured metric of a case."""

    row: Row
    metric: str
    value: float


def observations(family: Family, rows: Sequence[Row]) -> list[Observation]:
    """Every measured metric of the family's rows that may be scored."""
    found = []
    for row in rows:
        if row.family in family.names and not row.text("exclude_from_scoring"):
            found += [Observation(row, m, v) for m in family.metrics_of(row) if (v := family.observed(row, m)) is not None]
    return found


def log_error(family: Family, at: Observation, constants: Constants) -> float | None:
    """log(predicted / observed), or None where the case is refused."""
    try:
        said = family.predict(at.row, constants).get(at.metric)
    except Refused:
        return None
    return math.log(said / at.value) if said is not None and said > 0 else None


def fit(family: Family, seen: Sequence[Observation], *, rounds: int = 12) -> Constants:
    """The constants that serve these observations best."""
    declared: Mapping[str, Constant] = family.constants
    values = {name: math.log(c.start) for name, c in declared.items()}
    asked: list[tuple[Observation, frozenset[str]]] = []
    for at in seen:
        recorder = Recorder(declared, values)
        if log_error(family, at, recorder) is not None:
            asked.append((at, frozenset(recorder.asked)))
    if not asked:
        return Constants(declared, values)
    often = Counter(key for at, keys in asked for key in {(k, at.row.id) for k in keys})
    cases = Counter(key for key, _ in often)
    keys = sorted(k for k, n in cases.items() if k in declared or n >= ENOUGH)
    values |= {k: 0.0 for k in keys if k not in declared}
    place = {k: i for i, k in enumerate(keys)}
    centre = np.array([math.log(declared[k].start) if k in declared else 0.0 for k in keys])
    tight = np.array([0.6 if k in declared else declared[k.split("|")[0]].spread for k in keys]) / NOISE
    damping, best = 1e-3, math.inf
    x = np.array([values[k] for k in keys])
    x_best = x.copy()
    weigh = np.array([family.weight(at.metric) for at, _ in asked])
    for _ in range(rounds):
        current = dict(zip(keys, x, strict=True))
        errors, jacobian = np.zeros(len(asked)), np.zeros((len(asked), len(keys)))
        for i, (at, touched) in enumerate(asked):
            base = log_error(family, at, Constants(declared, current))
            if base is None:
                continue
            errors[i] = base
            for key in touched:
                if key in place:
                    moved = log_error(family, at, Constants(declared, current | {key: current[key] + STEP}))
                    jacobian[i, place[key]] = 0.0 if moved is None else (moved - base) / STEP
        size = np.abs(errors)
        loss = float((weigh * np.where(size < HUBER, size**2, 2 * HUBER * size - HUBER**2)).sum() / NOISE**2 + (((x - centre) / (tight * NOISE)) ** 2).sum())
        if loss < best * (1 - 1e-5):
            best, x_best, damping = loss, x.copy(), damping / 4
            w = weigh * np.where(size < HUBER, 1.0, HUBER / np.maximum(size, 1e-12)) / NOISE**2
            prior = 1 / (tight * NOISE) ** 2
            hessian = jacobian.T @ (jacobian * w[:, None]) + np.diag(prior)
            slope = jacobian.T @ (w * errors) + prior * (x - centre)
        elif damping > 1e3:
            break
        else:
            damping *= 10
        x = x_best - np.clip(np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), slope), -0.5, 0.5)
    return Constants(declared, {k: float(v) for k, v in zip(keys, x_best, strict=True)})
