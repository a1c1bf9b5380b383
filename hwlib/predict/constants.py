"""Constants by name, with a factor for each software stack, chip or shape of use that has its own.

A constant is ``base × factor(level) × factor(level) …``, kept between physical bounds. Levels that the fit has not
seen have a factor of one, so a new chip or stack gets what all the others have in common.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

PATH = Path(__file__).with_name("fitted.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """What a family declares of a constant: where the fit starts, its bounds, what it is.

    ``spread`` is how far (in log) a level may be expected to lie from the others: the fit draws levels together with it.
    """

    name: str
    start: float
    low: float
    high: float
    unit: str = ""
    meaning: str
    spread: float = 0.15
    base_spread: float = 0.6
    """How far (in log) the base may be expected to lie from where it starts: less where a source names the start."""
    known: Mapping[str, float] = field(default_factory=dict)
    """Factors of levels that a source tells apart from the cases here: where the fit draws them to, and what holds where it has seen none."""

    def log_of(self, values: Mapping[str, float], levels: Iterable[str]) -> float:
        """Logarithm of the constant for these levels, before its bounds."""
        log = values.get(self.name, math.log(self.start))
        for level in levels:
            if level:
                found = values.get(f"{self.name}|{level}")
                log += found if found is not None else math.log(self.known[level]) if level in self.known else 0.0
        return log


class Constants:
    """Values of one family's constants: bases, and logarithms of the factors by level."""

    def __init__(self, declared: Mapping[str, Constant], values: Mapping[str, float]) -> None:
        self.declared, self.values = declared, dict(values)
        self._asked: dict[tuple[str, ...], float] = {}

    def get(self, *call: str) -> float:
        """The constant named first for the levels after it, from the most general to the most special; empty levels count for nothing."""
        found = self._asked.get(call)  # many rows ask alike
        if found is None:
            constant = self.declared[call[0]]
            log = constant.log_of(self.values, call[1:])
            found = self._asked[call] = min(constant.high, max(constant.low, math.exp(log)))
        return found

    def knows(self, name: str, level: str) -> bool:
        """Whether the fit has seen this level."""
        return f"{name}|{level}" in self.values


class Recorder(Constants):
    """Notes what a prediction asks for, known or not: the name with its levels, once for each way of asking."""

    def __init__(self, declared: Mapping[str, Constant], values: Mapping[str, float]) -> None:
        super().__init__(declared, values)
        self.asked: set[tuple[str, ...]] = set()

    def get(self, *call: str) -> float:
        self.asked.add(_without_blanks(call))
        return super().get(*call)


class Nudged(Constants):
    """The same constants with one of them moved a little, for one way of asking: how the fit takes derivatives.

    A constant is a product, so moving any of its factors moves the prediction alike: one derivative serves all.
    """

    def __init__(self, constants: Constants, call: tuple[str, ...], step: float) -> None:
        self.declared, self.values = constants.declared, constants.values
        self.call = call
        constant = self.declared[call[0]]
        log = constant.log_of(self.values, call[1:]) + step
        self._moved = min(constant.high, max(constant.low, math.exp(log)))
        self._get = constants.get

    def get(self, *call: str) -> float:
        if call[0] == self.call[0] and _without_blanks(call) == self.call:
            return self._moved
        return self._get(*call)


def _without_blanks(call: tuple[str, ...]) -> tuple[str, ...]:
    return call if all(call) else tuple(word for word in call if word)


@cache
def stored() -> dict[str, dict]:
    """What the last calibration found, by family."""
    return tomllib.loads(PATH.read_text("utf8")) if PATH.exists() else {}


def values_of(key: str) -> dict[str, float]:
    """A family's fitted values as `Constants` takes them: logarithms of the bases and of the factors."""
    found: dict[str, float] = {}
    for name, entry in stored().get(key, {}).get("constants", {}).items():
        found[name] = math.log(entry["value"])
        found.update({f"{name}|{level}": math.log(factor["factor"]) for level, factor in entry.get("levels", {}).items()})
    return found
