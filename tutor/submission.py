"""What a learner hands in: one small JSON object, read as data and checked field by field.

The design inside has the very fields of the designs in `hwlib.designs`; nothing in the object is a score, and
nothing in it is run. `read` is the gate: it returns a `Submission` or raises `BadInput` with one sentence that
names the field. `tutor.schema` publishes the same rules as a JSON Schema, made from the same types.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from hwlib.designs import Knob, knobs
from hwlib.errors import BadInput, unknown
from tutor import briefs, designfile, strict
from tutor.designfile import Entry

SCHEMA = "hwcourse/submission"
VERSION = 1
COURSE = "hardware-that-learns"
MIME = "application/vnd.hwcourse.submission+json"
SUFFIX = ".submission.json"
MAX_BYTES = 64 * 1024
STUDENT = r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}"
TICKET = r"[A-Za-z0-9._~:=-]{0,512}"
LONGEST = {"rationale": 20_000, "reason": 2_000, "title": 200, "value": 200, "name": 64, "version": 100}
MAX_FIELDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One hand-in that has passed the gate: who, and an entry in which every field is checked."""

    student: str
    entry: Entry
    ticket: str = ""
    made_with: Mapping[str, str] = field(default_factory=dict)

    @property
    def brief(self) -> str:
        return self.entry.brief

    def payload(self) -> dict[str, Any]:
        """The JSON object, with every field of the design written out."""
        entry = self.entry
        return {
            "schema": SCHEMA, "version": VERSION, "course": COURSE, "brief": entry.brief, "student": self.student,
            "ticket": self.ticket, "title": entry.title, "design": asdict(entry.design),
            "assumptions": dict(entry.assumptions), "reasons": dict(entry.reasons), "predictions": dict(entry.predictions),
            "rationale": entry.rationale, "made_with": dict(self.made_with),
        }

    def to_bytes(self) -> bytes:
        """The payload as the sidecar file holds it: UTF-8, fields in a fixed order, one line break at the end."""
        text = json.dumps(self.payload(), ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
        return text.encode("utf-8") + b"\n"

    @property
    def digest(self) -> str:
        """The SHA-256 of what was handed in, whatever its spacing or the order of its fields."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


def read(data: bytes) -> Submission:
    """The submission that a sidecar file holds, or `BadInput` in one sentence."""
    if len(data) > MAX_BYTES:
        raise BadInput(f"the file has {len(data):,} bytes; a submission has at most {MAX_BYTES:,}")
    return from_value(strict.parse(data))


def from_value(value: Any) -> Submission:
    """The submission in a value that `strict.parse` gave: a whole file or one output of a notebook."""
    strict.refuse(value)
    if not isinstance(value, dict):
        raise BadInput(f"a submission is one JSON object, not {_kind(value)}")
    _identify(value)
    for name in value:
        if name not in _FIELDS:
            raise unknown("field", strict.clip(name, LONGEST["name"]), _FIELDS)
    for name in ("brief", "student", "design"):
        if name not in value:
            raise BadInput(f"{name} is missing", field=name)
    brief, student = _brief(value["brief"]), _student(value["student"])
    tables = {name: _table(value.get(name, {}), name) for name in ("design", "assumptions", "reasons", "predictions", "made_with")}
    texts = {name: _text(value.get(name, ""), name, LONGEST[name]) for name in ("title", "rationale")}
    _whole_numbers(tables["design"], knobs(brief.design_class), "design")
    _whole_numbers(tables["assumptions"], knobs(brief.load_class), "assumptions")
    for name, version in tables["made_with"].items():
        if name not in ("hwlib", "catalogue"):
            raise unknown("made_with field", name, ("hwlib", "catalogue"))
        _text(version, f"made_with.{name}", LONGEST["version"])
    entry = designfile.entry(
        brief, tables["design"], title=texts["title"], assumptions=tables["assumptions"], reasons=tables["reasons"],
        predictions=tables["predictions"], rationale=texts["rationale"],
    )
    for name, (fixed, _) in brief.fixed.items():
        if getattr(entry.design, name) != fixed:
            raise BadInput(f"design.{name} = {_shown(getattr(entry.design, name))}, but the brief fixes it at {fixed!r}", field=f"design.{name}")
    made = Submission(student=student, entry=entry, ticket=_ticket(value.get("ticket", "")), made_with=tables["made_with"])
    if len(made.to_bytes()) > MAX_BYTES:
        raise BadInput(f"the submission is larger than {MAX_BYTES:,} bytes")
    return made


_FIELDS = ("schema", "version", "course", "brief", "student", "ticket", "title", "design", "assumptions", "reasons",
           "predictions", "rationale", "made_with")


def named(value: Any) -> tuple[str, str]:
    """Student and brief of a value that failed the gate, each only if it is sound by itself.

    >>> named({"student": "s-0031", "brief": 7})
    ('s-0031', '')
    """
    found = []
    for name, sound in (("student", _student), ("brief", lambda text: _brief(text).id)):
        try:
            strict.refuse(value[name])
            found.append(sound(value[name]))
        except (BadInput, KeyError, TypeError, IndexError):
            found.append("")
    return found[0], found[1]


def _identify(value: dict[str, Any]) -> None:
    for name, want in (("schema", SCHEMA), ("version", VERSION), ("course", COURSE)):
        if name not in value:
            raise BadInput(f"{name} is missing; it must be {want!r}", field=name)
        if type(value[name]) is not type(want) or value[name] != want:
            raise BadInput(f"{name} = {_shown(value[name])} must be {want!r}", field=name)


def _brief(text: Any) -> Any:
    if not isinstance(text, str):
        raise BadInput(f"brief = {_shown(text)} must be the name of a brief", field="brief")
    if text not in briefs.brief_ids():
        raise unknown("brief", strict.clip(text, LONGEST["name"]), briefs.brief_ids())
    return briefs.brief(text)


def _student(text: Any) -> str:
    if not isinstance(text, str) or not re.fullmatch(STUDENT, text):
        raise BadInput(
            f"student = {_shown(text)} must be 1 to 64 letters of a to z, digits, dots, dashes, underscores or @, "
            "and begin with a letter or digit", field="student")
    return text


def _ticket(text: Any) -> str:
    if not isinstance(text, str) or not re.fullmatch(TICKET, text):
        raise BadInput("ticket must be the text that the instructor issued, copied whole", field="ticket")
    return text


def _text(text: Any, name: str, longest: int) -> str:
    if not isinstance(text, str):
        raise BadInput(f"{name} is {_kind(text)}; it must be text", field=name)
    if len(text) > longest:
        raise BadInput(f"{name} has {len(text):,} characters; at most {longest:,} are read", field=name)
    return text


def _table(value: Any, where: str) -> dict[str, Any]:
    """A table of single values with names and texts of sane length: what the other checks may look at."""
    if not isinstance(value, dict):
        raise BadInput(f"{where} is {_kind(value)}; it must be a table of fields and values", field=where)
    if len(value) > MAX_FIELDS:
        raise BadInput(f"{where} has {len(value):,} fields; at most {MAX_FIELDS} are read", field=where)
    longest = LONGEST["reason" if where == "reasons" else "value"]
    for name, inner in value.items():
        if len(name) > LONGEST["name"]:
            raise BadInput(f"{where} has a field whose name is {len(name):,} characters long", field=where)
        full = f"{where}.{strict.visible(name)}"
        if inner is None or isinstance(inner, dict | list):
            raise BadInput(f"{full} is {_kind(inner)}; it must be one value", field=full)
        if isinstance(inner, str) and len(inner) > longest:
            raise BadInput(f"{full} has {len(inner):,} characters; at most {longest:,} are read", field=full)
    return value


def _whole_numbers(values: Mapping[str, Any], known: Mapping[str, Knob], where: str) -> None:
    """JSON tells 8 from 8.0, and true from 1: a count is the first of each."""
    for name, value in values.items():
        knob = known.get(name)
        whole = knob and (knob.kind == "count" or knob.kind == "choice" and isinstance(knob.options[0], int))
        if whole and isinstance(value, float):
            raise BadInput(f"{where}.{name} = {value!r} must be a whole number, written without a point", field=f"{where}.{name}")


def _kind(value: Any) -> str:
    words = {bool: "true or false", dict: "an object", list: "a list", str: "text", int: "a number", float: "a number"}
    return "nothing (null)" if value is None else words.get(type(value), "something else")


def _shown(value: Any) -> str:
    return strict.clip(repr(value), 80) if isinstance(value, str | int | float | bool) else _kind(value)


def schema() -> dict[str, Any]:
    """The format as a JSON Schema: see `tutor.schema`."""
    from tutor.schema import schema as made

    return made()
