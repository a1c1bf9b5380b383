"""What is not known exactly: a range, a likely value in a range, or a factor either way."""

from __future__ import annotations

from dataclasses import dataclass, fields
from statistics import NormalDist

import numpy as np

from hwlib.errors import BadInput


class Distribution:
    """A distribution of one input; `at` turns shares between 0 and 1 into values."""

    __slots__ = ()

    def at(self, share: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _finite(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e100:
                raise BadInput(f"{type(self).__name__}.{f.name} = {value!r} must be a finite number below 10¹⁰⁰", field=f.name)


@dataclass(frozen=True, slots=True)
class Uniform(Distribution):
    """Anywhere in a range, all alike.

    >>> Uniform(2.0, 4.0).at(np.array([0.0, 0.5])).tolist()
    [2.0, 3.0]
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        self._finite()
        if not self.low < self.high:
            raise BadInput(f"Uniform.low = {self.low} must lie below high = {self.high}", field="low")

    def at(self, share: np.ndarray) -> np.ndarray:
        return self.low + (self.high - self.low) * share


@dataclass(frozen=True, slots=True)
class Triangular(Distribution):
    """Most likely at the mode, falling to nothing at both ends.

    >>> Triangular(0.0, 1.0, 2.0).at(np.array([0.0, 0.5, 1.0])).tolist()
    [0.0, 1.0, 2.0]
    """

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        self._finite()
        if not (self.low < self.high and self.low <= self.mode <= self.high):
            raise BadInput(f"Triangular({self.low}, {self.mode}, {self.high}) must rise: low ≤ mode ≤ high, and low below high", field="mode")

    def at(self, share: np.ndarray) -> np.ndarray:
        width, rise = self.high - self.low, self.mode - self.low
        up = self.low + np.sqrt(share * width * rise)
        down = self.high - np.sqrt((1 - share) * width * (self.high - self.mode))
        return np.where(share * width <= rise, up, down)


@dataclass(frozen=True, slots=True)
class LogNormal(Distribution):
    """A factor either way about a median; ``spread`` is the standard deviation of the logarithm.

    >>> [round(float(v), 3) for v in LogNormal(100.0, 0.5).at(np.array([0.5, 0.841345]))]
    [100.0, 164.872]
    """

    median: float
    spread: float

    def __post_init__(self) -> None:
        self._finite()
        if self.median <= 0 or not 0 < self.spread <= 10:
            raise BadInput(f"LogNormal({self.median}, {self.spread}) needs a median above 0 and a spread above 0 and at most 10", field="spread")

    def at(self, share: np.ndarray) -> np.ndarray:
        normal = NormalDist().inv_cdf
        inside = np.clip(share, 1e-12, 1 - 1e-12)
        z = np.fromiter((normal(s) for s in inside.ravel().tolist()), dtype=float, count=inside.size).reshape(inside.shape)
        return self.median * np.exp(self.spread * z)


def around(value: float, share: float) -> Triangular:
    """A value known to plus or minus a share.

    >>> around(200.0, 0.25)
    Triangular(low=150.0, mode=200.0, high=250.0)
    """
    return Triangular(*sorted((value * (1 - share), float(value), value * (1 + share))))
