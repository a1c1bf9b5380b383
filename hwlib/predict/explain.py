"""Why a prediction is what it is: what its seconds go to, the constants it used, and which of them decide.

``hwlib.why(prediction)`` and ``python -m hwlib predict CASES.csv --explain CASE_ID`` show the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwlib.errors import unknown
from hwlib.formula import Figure
from hwlib.predict.constants import Constants, Nudged, Recorder, stored
from hwlib.predict.family import Family
from hwlib.predict.row import Row
from hwlib.sources import Run, Source

if TYPE_CHECKING:
    from hwlib.predict import Prediction

RISE = 0.1
"""The rise of a constant whose effect is shown."""

LEAST = 0.001
"""Effects below this are counted, not listed."""


@dataclass(frozen=True)
class Estimate(Run):
    """The origin of a predicted value: not a simulated run, but its inputs are kept in the same way."""

    def words(self) -> str:
        return self.what


@dataclass(frozen=True, slots=True)
class Used:
    """A constant that a prediction asked for."""

    name: str
    levels: tuple[str, ...]
    """Those that the fit has seen, of stack, chip and so on."""
    value: float
    unit: str
    meaning: str
    cases: int
    """Cases behind the value without its levels; none for one that is an estimate."""
    effect: float
    """By how much the prediction changes, relatively, when the constant rises by a tenth."""

    def text(self) -> str:
        own = f" for {', '.join(self.levels)}" if self.levels else ""
        basis = f"fitted on {self.cases} cases" if self.cases else "an estimate"
        return f"  {self.effect:+7.2%}  {self.name} = {self.value:.4g}{' ' + self.unit if self.unit else ''}{own}: {self.meaning} ({basis})"


def used(family: Family, row: Row, constants: Constants, metric: str) -> list[Used]:
    """The constants behind one metric, those that move it most first."""
    recorder = Recorder(family.constants, constants.values)
    before = family.predict(row, recorder)[metric]
    entries = stored().get(family.key, {}).get("constants", {})
    found = []
    for call in recorder.asked:
        c = family.constants[call[0]]
        after = family.predict(row, Nudged(constants, call, math.log(1 + RISE))).get(metric, before)
        seen = tuple(level for level in call[1:] if constants.knows(c.name, level) or level in c.known)
        found.append(Used(c.name, seen, constants.get(*call), c.unit, c.meaning, entries.get(c.name, {}).get("cases", 0), after / before - 1))
    return sorted(found, key=lambda u: (-abs(u.effect), u.name, u.levels))


def terms_of(family: Family, row: Row, constants: Constants) -> dict[str, float]:
    """Seconds by name, where the family tells them apart."""
    found: dict[str, float] = {}
    for name, seconds in family.terms(row, constants) if family.terms is not None else ():
        found[name] = found.get(name, 0.0) + seconds
    return {name: seconds for name, seconds in found.items() if seconds > 0}


def _seconds(value: float) -> str:
    return f"{value:.3g} s" if value >= 1 else f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} µs"


def origin_of(family: Family, row: Row, constants: Constants, prediction: Prediction) -> Estimate:
    """Where a predicted value comes from, as `hwlib.why` reads it."""
    terms = terms_of(family, row, constants)
    shares = ", ".join(f"{name} {_seconds(s)}" for name, s in sorted(terms.items(), key=lambda x: -x[1]))
    what = f"{prediction.metric} of {prediction.case_id}, by the model of {family.title.lower()}" + (f": {shares}" if shares else "")
    inputs = {
        u.name: Figure(u.value, Source(key=family.key, kind="fitted" if u.cases else "estimate", subject=u.meaning))
        for u in reversed(used(family, row, constants, prediction.metric)) if abs(u.effect) >= LEAST
    }  # fmt: skip
    return Estimate(what, f"hwlib/measured/{family.file}", 0, dict(reversed(inputs.items())))


def text_of(family: Family, row: Row, constants: Constants, prediction: Prediction) -> str:
    """A prediction in words: its value, what its time goes to, and its constants, the decisive first."""
    lines = [f"{prediction.case_id}, {prediction.metric} = {prediction.predicted:.6g}, 80% between {prediction.low:.6g} and {prediction.high:.6g} ({family.title})"]
    if prediction.note:
        lines.append(f"Note: {prediction.note}.")
    if terms := terms_of(family, row, constants):
        whole = sum(terms.values())
        lines.append("Time goes to, each term by itself:")
        lines += [f"  {s / whole:6.1%}  {name}: {_seconds(s)}" for name, s in sorted(terms.items(), key=lambda x: -x[1])]
    asked = used(family, row, constants, prediction.metric)
    lines.append(f"Constants, with what the value does when one rises by {RISE:.0%}:" if asked else "Counted, not fitted: no constant stands behind it.")
    weighty = [u for u in asked if abs(u.effect) >= LEAST]
    if len(weighty) < len(asked):
        rest = f"  {len(asked) - len(weighty)} more move it by less than {LEAST:.1%}"
        return "\n".join([*lines, *(u.text() for u in weighty), rest])
    return "\n".join([*lines, *(u.text() for u in weighty)])


def explain(predictions: list[Prediction], case_id: str) -> str:
    """All metrics of one case in words; `BadInput` when the file has no such case."""
    from hwlib.predict import constants_of, family_of

    mine = [p for p in predictions if p.case_id == case_id]
    if not mine:
        raise unknown("case", case_id, {p.case_id for p in predictions})
    parts = []
    for p in mine:
        if p.predicted is None or p.row is None:
            parts.append(f"{p.case_id}{', ' + p.metric if p.metric else ''}: refused: {p.refused}")
        else:
            family = family_of(p.row)
            parts.append(text_of(family, p.row, constants_of(family), p))
    return "\n\n".join(parts)
