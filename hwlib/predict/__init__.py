"""Predictions for rows of published measurements: one model a family, an interval beside every number, refusals in words.

``predict_rows(rows)`` is the whole of it; ``python -m hwlib predict`` reads and writes the files.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from hwlib.errors import listed
from hwlib.predict.constants import Constants, values_of
from hwlib.predict.family import Family
from hwlib.predict.intervals import interval_of
from hwlib.predict.row import Refused, Row

MODULES = ("training", "memory", "decode", "prefill", "static", "saturated", "serving", "collectives", "gemm")
"""Modules of `hwlib.predict.families`, in the order of the tables."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One metric of one case with the bounds of its 80% interval, or the reason why there is none."""

    case_id: str
    metric: str
    predicted: float | None = None
    low: float | None = None
    high: float | None = None
    refused: str = ""
    note: str = ""
    """What a reader should know besides: a chip or stack that the constants were not fitted on."""
    row: Row | None = field(default=None, repr=False, compare=False)

    def __float__(self) -> float:
        return math.nan if self.predicted is None else self.predicted

    @property
    def origin(self) -> Any:
        """What `hwlib.why` shows: the terms and the constants behind the value; nothing for a refused one."""
        if self.row is None or self.predicted is None:
            return None
        from hwlib.predict.explain import origin_of

        family = family_of(self.row)
        return origin_of(family, self.row, constants_of(family), self)


@cache
def all_families() -> tuple[Family, ...]:
    """Every family whose module is there."""
    found = []
    for name in MODULES:
        module = f"hwlib.predict.families.{name}"
        try:
            found.append(importlib.import_module(module).FAMILY)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
    return tuple(found)


def family_of(row: Row) -> Family:
    """The family that predicts a row; `Refused` names those there are."""
    known = {name: family for family in all_families() for name in family.names}
    if not row.family:
        raise Refused("family is missing: it says which metrics are asked", field="family")
    if row.family not in known:
        raise Refused(f"family = {row.family[:60]!r} has no model here; it can be {listed(known, 'or')}", field="family")
    return known[row.family]


@cache
def constants_of(family: Family) -> Constants:
    """The fitted constants of a family; where nothing was fitted yet, the start values."""
    return Constants(family.constants, values_of(family.key))


def said(family: Family, row: Row, constants: Constants) -> dict[str, float]:
    """What a family's model says of a row: numbers that can be, and `Refused` for anything else that goes wrong."""
    try:
        found = family.predict(row, constants)
        if family.derived is not None:
            found = {**found, **family.derived(row, found)}
    except Refused:
        raise
    except ValueError as error:
        raise Refused(str(error).split("\n")[0][:300] or "the inputs contradict each other") from None
    except (ArithmeticError, LookupError, TypeError, AttributeError, AssertionError) as error:
        raise Refused(f"the inputs are outside what the model can compute ({type(error).__name__})") from None
    return {metric: float(value) for metric, value in found.items() if value is not None and math.isfinite(value) and value > 0}


def predict_row(row: Row) -> list[Prediction]:
    """One prediction for each metric of the row's family."""
    try:
        family = family_of(row)
    except Refused as error:
        return [Prediction(row.id, "", refused=str(error))]
    metrics = family.metrics_of(row)
    try:
        found = said(family, row, constants_of(family))
    except Refused as error:
        return [Prediction(row.id, metric, refused=str(error)) for metric in metrics]
    return [_one(family, row, metric, found.get(metric)) for metric in metrics]


def _one(family: Family, row: Row, metric: str, value: float | None) -> Prediction:
    if value is None:
        return Prediction(row.id, metric, refused=f"{metric} does not follow from this row's inputs")
    low, high, note = interval_of(family, row, metric)
    if not (0 < value * low <= value * high < math.inf):
        return Prediction(row.id, metric, refused=f"{metric} comes out too large or too small to be a number")
    return Prediction(row.id, metric, value, value * low, value * high, note=note, row=row)


def predict_rows(rows: Iterable[Row | Mapping[str, str | None]]) -> list[Prediction]:
    """Predictions for cases, in their order; a bad one is refused and never stops the others.

    >>> said = predict_rows([{"case_id": "a", "family": "weather"}])
    >>> said[0].refused.startswith("family = 'weather' has no model here")
    True
    """
    return [p for row in rows for p in predict_row(row if isinstance(row, Row) else Row(row))]
