"""Sobol' indices: how much of an output's variance each input explains, alone and with all its interactions.

Saltelli's scheme: two independent samples A and B, and for each input a third that is A with that input's column of B.
The first-order estimator is Saltelli's of 2010, the total one Jansen's. Points are scrambled Sobol' points where
SciPy is there, else seeded random ones; intervals come from the bootstrap over points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hwlib.errors import BadInput


@dataclass(frozen=True, slots=True)
class Index:
    """An index and its bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The model at A (points × outputs), at B, and at A with each input's column of B (inputs × points × outputs)."""

    a: np.ndarray
    b: np.ndarray
    mixed: np.ndarray

    @property
    def usable(self) -> np.ndarray:
        """Points at which every evaluation gave a finite number."""
        return np.isfinite(self.a).all(axis=1) & np.isfinite(self.b).all(axis=1) & np.isfinite(self.mixed).all(axis=(0, 2))


def points(count: int, columns: int, seed: int) -> np.ndarray:
    """``count`` points in the unit cube; a power of two, as Sobol' points want.

    >>> points(4, 2, seed=1).shape, bool((points(8, 3, seed=5) == points(8, 3, seed=5)).all())
    ((4, 2), True)
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 2 or count > 2**20 or count & (count - 1):
        raise BadInput(f"samples = {count!r} must be a power of two between 2 and 1,048,576", field="samples")
    try:
        from scipy.stats import qmc
    except ImportError:
        return np.random.default_rng(seed).random((count, columns))
    return qmc.Sobol(columns, scramble=True, rng=np.random.default_rng(seed)).random(count)


def evaluate(model: Callable[[np.ndarray], np.ndarray], inputs: int, *, samples: int, seed: int) -> Evaluated:
    """Run the model, which takes points × inputs in the unit cube and gives points × outputs: samples × (inputs + 2) points."""
    both = points(samples, 2 * inputs, seed)
    a, b = both[:, :inputs], both[:, inputs:]
    mixed = []
    for i in range(inputs):
        one = a.copy()
        one[:, i] = b[:, i]
        mixed.append(model(one))
    return Evaluated(model(a), model(b), np.array(mixed))


def indices(run: Evaluated, output: int, *, seed: int, bootstrap: int = 200, level: float = 0.9) -> tuple[list[Index], list[Index]]:
    """First-order and total indices of one output, an `Index` for each input."""
    ok = run.usable
    a, b, mixed = run.a[ok, output], run.b[ok, output], run.mixed[:, ok, output]
    if a.size < 2 or not np.ptp(np.concatenate([a, b])) > 1e-12 * np.abs(a).max(initial=0.0):
        nothing = [Index(0.0, 0.0, 0.0)] * len(mixed)  # an output that does not vary has no variance to explain
        return nothing, nothing
    draws = np.random.default_rng(seed).integers(0, a.size, (bootstrap, a.size))
    first, total = _both(a[None], b[None], mixed[:, None])
    tails = 50 * (1 - level), 50 * (1 + level)
    spread = [_both(a[d][None], b[d][None], mixed[:, None, d]) for d in draws]
    answers = []
    for value, drawn in ((first, [s[0] for s in spread]), (total, [s[1] for s in spread])):
        low, high = np.percentile(np.array(drawn)[:, :, 0], tails, axis=0) if drawn else (value[:, 0], value[:, 0])
        answers.append([Index(*map(float, row)) for row in zip(value[:, 0], low, high, strict=True)])
    return answers[0], answers[1]


def _both(a: np.ndarray, b: np.ndarray, mixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimators along the last axis; centred first, which takes nothing away and lowers their variance."""
    centre = (a.mean(axis=-1, keepdims=True) + b.mean(axis=-1, keepdims=True)) / 2
    a, b, mixed = a - centre, b - centre, mixed - centre
    variance = np.maximum(np.concatenate([a, b], axis=-1).var(axis=-1), np.finfo(float).tiny)
    return (b * (mixed - a)).mean(axis=-1) / variance, ((a - mixed) ** 2).mean(axis=-1) / 2 / variance
