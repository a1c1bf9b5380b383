"""Constants by name, with a factor for each software stack, chip or shape of use that has its own.

A constant is ``base × factor(level) × factor(level) …``, kept between physical bounds. Levels that the fit has not
seen have a factor of one, so a new chip or stack gets what all the others have in common.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
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


class Constants:
    """Values of one family's constants: bases, and logarithms of the factors by level."""

    def __init__(self, declared: Mapping[str, Constant], values: Mapping[str, float]) -> None:
        self.declared, self.values = declared, dict(values)

    def get(self, name: str, *levels: str) -> float:
        """The constant for these levels, from the most general to the most special; empty levels count for nothing."""
        constant = self.declared[name]
        log = self.values.get(name, math.log(constant.start))
        for level in levels:
            if level:
                log += self.values.get(f"{name}|{level}", 0.0)
        return min(constant.high, max(constant.low, math.exp(log)))

    def knows(self, name: str, level: str) -> bool:
        """Whether the fit has seen this level."""
        return f"{name}|{level}" in self.values


class Recorder(Constants):
    """Notes what a prediction asks for, known or not: the name with its levels, once for each way of asking."""

    def __init__(self, declared: Mapping[str, Constant], values: Mapping[str, float]) -> None:
        super().__init__(declared, values)
        self.asked: set[tuple[str, ...]] = set()

    def get(self, name: str, *levels: str) -> float:
        self.asked.add((name, *(level for level in levels if level)))
        return super().get(name, *levels)


class Nudged(Constants):
    """The same constants with one of them moved a little, for one way of asking: how the fit takes derivatives.

    A constant is a product, so moving any of its factors moves the prediction alike: one derivative serves all.
    """

    def __init__(self, constants: Constants, call: tuple[str, ...], step: float) -> None:
        self.declared, self.values = constants.declared, constants.values
        self.call, self.step = call, step

    def get(self, name: str, *levels: str) -> float:
        if name != self.call[0] or (name, *(level for level in levels if level)) != self.call:
            return super().get(name, *levels)
        constant = self.declared[name]
        log = self.values.get(name, math.log(constant.start)) + self.step
        for level in self.call[1:]:
            log += self.values.get(f"{name}|{level}", 0.0)
        return min(constant.high, max(constant.low, math.exp(log)))


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
