"""`fitted.toml`: what the last calibration found, written in an order that never changes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from hwlib.predict.crossval import Held, levels_in
from hwlib.predict.family import Family
from hwlib.predict.fit import ENOUGH, FittedConstants, Observation
from hwlib.predict.intervals import table

HEAD = """\
# Constants and intervals of `python -m hwlib predict`, by family of measurements. Written by `python -m hwlib calibrate`
# from hwlib/measured; do not edit. A constant is its value times the factors of the row's levels, within low and high.
"""


def entry_of(family: Family, seen: Sequence[Observation], constants: FittedConstants, fold: Sequence[Held], group: Sequence[Held]) -> dict[str, Any]:
    """All that is kept of a family."""
    errors = [abs(h.error) for h in fold if h.predicted is not None]
    cases = {at.row.id for at in seen}
    return {
        "title": family.title, "kind": "fitted" if family.constants else "computed", "cases": len(cases), "median_error": round(statistics.median(errors), 4) if errors else 1.0,
        "where": f"hwlib/measured/{family.file}",
        "levels": {level: n for level, n in levels_in(family, seen).items() if n >= ENOUGH},
        "constants": {name: _constant(family, name, constants) for name in family.constants},
        "intervals": {name: _intervals(family, name, fold, group) for name in family.names},
    }  # fmt: skip


def _constant(family: Family, name: str, fitted: FittedConstants) -> dict[str, Any]:
    c = family.constants[name]
    factors = {k.split("|", 1)[1]: v for k, v in sorted(fitted.values.items()) if k.startswith(f"{name}|")}
    return {
        "value": _short(math.exp(fitted.values[name])), "unit": c.unit, "meaning": c.meaning, "kind": "fitted" if fitted.cases.get(name) else "estimate",
        "low": c.low, "high": c.high, "cases": fitted.cases.get(name, 0),
        "levels": {level: {"factor": _short(math.exp(v)), "cases": fitted.cases.get(f"{name}|{level}", 0)} for level, v in factors.items()},
    }  # fmt: skip


def _intervals(family: Family, name: str, fold: Sequence[Held], group: Sequence[Held]) -> dict[str, Any]:
    def residuals(held: Sequence[Held], metric: str, kind: bool) -> list[tuple[float, str, str]]:
        return [
            (h.residual, h.at.row.group, family.regime(h.at.row) if family.regime else "")
            for h in held
            if h.predicted is not None and h.at.metric == metric and h.at.row.family == name and (h.seen or not kind)
        ]

    return {m: table(residuals(fold, m, True), residuals(group, m, False)) for m in family.metrics[name] if residuals(group, m, False)}


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def text_of(entries: Mapping[str, Mapping[str, Any]]) -> str:
    """The file's text."""
    lines = [HEAD]
    for key, entry in entries.items():
        _table(lines, (key,), entry)
    return "\n".join(lines).rstrip() + "\n"


def _table(lines: list[str], path: tuple[str, ...], entry: Mapping[str, Any]) -> None:
    plain = {k: v for k, v in entry.items() if not isinstance(v, Mapping)}
    if plain:
        lines.append(f"[{'.'.join(_key(p) for p in path)}]")
        lines += [f"{_key(k)} = {_value(v)}" for k, v in plain.items()]
        lines.append("")
    for key, value in entry.items():
        if isinstance(value, Mapping) and value:
            if key in ("levels", "groups", "regimes"):
                _inline(lines, (*path, key), value)
            else:
                _table(lines, (*path, key), value)


def _inline(lines: list[str], path: tuple[str, ...], entry: Mapping[str, Any]) -> None:
    """A level a line."""
    lines.append(f"[{'.'.join(_key(p) for p in path)}]")
    lines += [f"{_key(k)} = {_value(v)}" for k, v in entry.items()]
    lines.append("")


def _key(name: str) -> str:
    return name if name and all(c.isalnum() and c.isascii() or c in "_-" for c in name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value)
