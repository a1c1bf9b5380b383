"""Predictions: reading what was typed, and setting it beside what was computed."""

from __future__ import annotations

import re
from typing import Any

from hwlib.errors import BadInput
from lessons import draw
from lessons.draw.table import Html
from tutor.briefs import Prediction

SCALES = {
    "": {"k": 1e3, "m": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9, "billion": 1e9, "trillion": 1e12},
    "s": {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "min": 60.0, "minutes": 60.0, "h": 3600.0, "hours": 3600.0},
    "B": {"b": 1.0, "bytes": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30, "tib": 2.0**40},
    "days": {"d": 1.0, "day": 1.0, "days": 1.0, "weeks": 7.0}, "months": {"month": 1.0, "months": 1.0, "years": 12.0, "year": 12.0},
    "%": {"%": 0.01, "percent": 0.01},
}
EXAMPLES = {"": "a number", "s": "such as 120 ms", "B": "such as 14 GB", "%": "such as 40%", "usd": "such as $2.50", "days": "days", "months": "months"}
LONGEST = 60
_NUMBER = re.compile(r"\s*(?:about|~|≈)?\s*(?:\$|usd)?\s*([0-9][0-9,’']*(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?|\.[0-9]+)\s*([a-zµ%]*)\.?\s*(?:each|a\s.*|per\s.*)?", re.I)


def number(text: str, unit: str = "") -> float:
    """A typed figure in base units; one sentence when it cannot be read.

    >>> number("120 ms", "s"), number("14 GB", "B"), number("40%", "%"), number("0.4", "%"), number("$2.5 million", "usd")
    (0.12, 14000000000.0, 0.4, 0.4, 2500000.0)
    >>> number("some", "s")
    Traceback (most recent call last):
    hwlib.errors.BadInput: 'some' cannot be read as a number; write it with its unit, such as 120 ms
    """
    example = f"; write it with its unit, {EXAMPLES[unit]}" if unit in ("s", "B", "%", "usd") else ""
    found = _NUMBER.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if not found:
        raise BadInput(f"{text.strip()[:LONGEST]!r} cannot be read as a number{example}")
    value = float(re.sub("[,’']", "", found[1]))
    word = found[2].lower()
    scales = SCALES.get(unit, {}) | (SCALES[""] if unit in ("", "usd") else {})
    if word and word not in scales and word not in ("tokens", "requests", "chips", "sequences", "users"):
        raise BadInput(f"the unit {word!r} is not one that fits here{example}")
    if unit == "%" and not word and value > 1.5:  # 40 and 0.4 both mean 40%; nobody predicts 4,000%
        return value / 100
    return value * scales.get(word, 1.0)


def read(asked: tuple[Prediction, ...], typed: dict[str, str]) -> dict[str, Any]:
    """The predictions that were made, in base units; empty fields are not predictions."""
    found: dict[str, Any] = {}
    for prediction in asked:
        text = (typed.get(prediction.name) or "").strip()
        if not text:
            continue
        try:
            found[prediction.name] = text if prediction.options else number(text, prediction.unit)
        except BadInput as error:
            raise BadInput(f"{prediction.label}: {error}", field=prediction.name) from None
    return found


def compared(rows: tuple[dict[str, Any], ...]) -> str:
    """Yours beside the computed value, for the design that stands; a factor, and no score."""
    made = [row for row in rows if row["yours"] is not None]
    if not made:
        return draw.state_line("Nothing predicted", "A design file without predictions earns no points for them: cover the figures above, and say what you expect.")
    out = [[row["label"], _said(row, row["yours"]), row.get("value_shown") or "not known", Html(draw.esc(_gap(row)))] for row in made]
    return draw.table(["Prediction", "yours", "computed", "between them"], out, right={1, 2})


def _said(row: dict[str, Any], value: Any) -> str:
    from tutor.findings import Row

    return Row("", "", value, row["unit"]).shown


def _gap(row: dict[str, Any]) -> str:
    if row.get("value") is None:
        return row["why"] or "not known"
    if isinstance(row["yours"], str):
        return "the same" if row["yours"] == row["value"] else "another one"
    return row["why"]
