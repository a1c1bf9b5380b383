"""Design files: one TOML format for widget, notebook, submission and test.

`loads` reads one into an `Entry` with every field checked; whatever is not right is one `BadInput` sentence.
`dumps` writes one; the standard library reads TOML but does not write it, and the format needs only strings,
numbers, flags and flat tables.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from hwlib.designs import build, check_layout, knobs
from hwlib.errors import BadInput, listed, unknown
from tutor.briefs import Brief, brief

LIMIT_BYTES = 64_000
TABLES = ("design", "assumptions", "reasons", "predictions")
PLAIN = ("brief", "title", "rationale")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A learner's answer to a brief: the design, what was assumed and why, what was predicted, and the text."""

    brief: str
    design: Any
    load: Any
    """The brief's load with the assumptions in it; each number is a figure that knows who chose it."""
    title: str = ""
    assumptions: Mapping[str, Any] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    predictions: Mapping[str, Any] = field(default_factory=dict)
    rationale: str = ""

    def changed(self, **changes: Any) -> Entry:
        """The same entry with other fields in its design, each checked."""
        values = {f.name: getattr(self.design, f.name) for f in fields(self.design)} | changes
        return replace(self, design=build(type(self.design), values))

    def key(self) -> tuple[Any, ...]:
        """What decides every computed figure: the same key, the same evidence."""
        return self.brief, self.design, tuple(sorted(self.assumptions.items()))


def entry(of: Brief | str, design: Mapping[str, Any] | Any, *, title: str = "", assumptions: Mapping[str, Any] | None = None,
          reasons: Mapping[str, Any] | None = None, predictions: Mapping[str, Any] | None = None, rationale: str = "") -> Entry:
    """An entry from plain values, or from a finished design object; each value is checked once."""
    known = brief(of) if isinstance(of, str) else of
    if not isinstance(design, known.design_class):
        design = build(known.design_class, design)
    if known.kind == "training":
        check_layout(design)
    assumptions = dict(assumptions or {})
    reasons = {name: _text(f"reasons.{name}", value) for name, value in (reasons or {}).items()}
    for name in reasons:
        allowed = {**knobs(known.design_class), **knobs(known.load_class)}
        if name not in allowed:
            raise unknown("reasons field", name, allowed)
    return Entry(
        brief=known.id, design=design, load=known.load_with(assumptions, reasons), title=title,
        assumptions=assumptions, reasons=reasons, predictions=_predictions(known, predictions or {}), rationale=rationale,
    )


def read_design(path: str | Path) -> Entry:
    """The entry in a file; a file that is not there or not text is one sentence too."""
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: {(error.strerror or 'cannot be read').lower()}", field="file") from None
    if len(raw) > LIMIT_BYTES:
        raise BadInput(f"{path.name} is {len(raw):,} bytes; a design file has at most {LIMIT_BYTES:,}", field="file")
    try:
        return loads(raw.decode("utf-8"), where=path.name)
    except UnicodeDecodeError:
        raise BadInput(f"{path.name} is not UTF-8 text; save it as UTF-8", field="file") from None


def loads(text: str, *, where: str = "the design") -> Entry:
    """The entry in a TOML text.

    >>> loads("brief = ")
    Traceback (most recent call last):
    hwlib.errors.BadInput: the design is not valid TOML: Invalid value (at end of document)
    >>> loads("title = 'x'")
    Traceback (most recent call last):
    hwlib.errors.BadInput: the design names no brief; begin with: brief = "serve-7b" (or train-100b, serve-70b, tco-3y)
    """
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput(f"{where} is not valid TOML: {str(error) or 'it is nested too deeply'}", field="file") from None
    return from_dict(data, where=where)


def from_dict(data: Mapping[str, Any], *, where: str = "the design") -> Entry:
    """The entry in a mapping of the file's shape."""
    for name in data:
        if name not in (*PLAIN, *TABLES):
            raise unknown(f"{where}: key", name, (*PLAIN, *TABLES))
    if "brief" not in data:
        raise BadInput(f'{where} names no brief; begin with: brief = "serve-7b" (or train-100b, serve-70b, tco-3y)', field="brief")
    known = brief(_text("brief", data["brief"]))
    for name in TABLES:
        if not isinstance(data.get(name, {}), Mapping):
            raise BadInput(f"{name} = {data[name]!r} must be a table, [{name}]", field=name)
    if "design" not in data:
        raise BadInput(f"{where} has no [design] table; give the fields that you decide under [design]", field="design")
    design = {**{name: value for name, (value, _) in known.fixed.items()}, **data["design"]}
    return entry(
        known, design, title=_text("title", data.get("title", "")), assumptions=data.get("assumptions", {}),
        reasons=data.get("reasons", {}), predictions=data.get("predictions", {}), rationale=_text("rationale", data.get("rationale", "")),
    )


def dumps(entry: Entry) -> str:
    """The entry as TOML; `loads(dumps(e))` is `e`. Fields at their default are written too: a file should not
    change its meaning when a default does."""
    lines = [f"brief = {_toml(entry.brief)}"]
    if entry.title:
        lines.append(f"title = {_toml(entry.title)}")
    if entry.rationale:
        lines.append(f"rationale = {_toml(entry.rationale)}")
    design = {f.name: getattr(entry.design, f.name) for f in fields(entry.design)}
    for name, table in (("design", design), ("assumptions", entry.assumptions), ("reasons", entry.reasons), ("predictions", entry.predictions)):
        if table:
            lines += ["", f"[{name}]", *(f"{_key(k)} = {_toml(v)}" for k, v in table.items())]
    return "\n".join(lines) + "\n"


def write_design(path: str | Path, entry: Entry) -> None:
    """Write the entry where it can be read again."""
    Path(path).write_text(dumps(entry), encoding="utf-8")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{name} = {value!r} must be text in quotes", field=name)
    return value


def _predictions(of: Brief, given: Mapping[str, Any]) -> dict[str, Any]:
    """The predictions, each checked. A number may have an interval beside it: ``NAME_low`` and ``NAME_high``."""
    asked = {p.name: p for p in of.predictions}
    ends = {f"{p.name}_{end}": p.name for p in of.predictions if not p.options for end in ("low", "high")}
    for name, value in given.items():
        if name not in asked and name not in ends:
            raise unknown("predictions field", name, asked)
        options = asked[name].options if name in asked else ()
        if options:
            if value not in options:
                raise BadInput(f"predictions.{name} = {value!r} must be {listed(options, 'or')}", field=name)
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e30:
            raise BadInput(f"predictions.{name} = {value!r} must be a number of at least 0", field=name)
    for name in dict.fromkeys(ends[n] for n in given if n in ends):
        _interval(name, *(given.get(n) for n in (f"{name}_low", name, f"{name}_high")))
    return dict(given)


def _interval(name: str, low: Any, said: Any, high: Any) -> None:
    if low is None or high is None:
        lacking = "low" if low is None else "high"
        raise BadInput(f"predictions.{name}_{lacking} is missing; an interval needs both ends, {name}_low and {name}_high", field=f"{name}_{lacking}")
    if low > high:
        raise BadInput(f"predictions.{name}_low = {low!r} is above {name}_high = {high!r}; swap the two", field=f"{name}_low")
    if said is not None and not low <= said <= high:
        raise BadInput(f"predictions.{name} = {said!r} lies outside its own interval, {low!r} to {high!r}; widen the interval or move the number", field=name)


def _plain_lines(text: str) -> bool:
    """Whether a text can stand between triple quotes as it is."""
    return all(c in "\n\t" or c.isprintable() for c in text) and '"""' not in text and "\\" not in text and not text.endswith('"')


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _toml(value: Any) -> str:
    """
    >>> _toml(True), _toml(0.5), _toml(12), _toml('a "b"')
    ('true', '0.5', '12', '"a \\\\"b\\\\""')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(float(value)).replace("e+", "e")
    if "\n" in value and _plain_lines(value):
        return f'"""\n{value}"""'
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
