"""The format of a hand-in as a JSON Schema (2020-12), made from the very types that read it."""

from __future__ import annotations

import argparse
import json
from dataclasses import MISSING, fields
from typing import Any

from hwlib.designs import Knob, knobs
from tutor import briefs
from tutor.submission import COURSE, LONGEST, SCHEMA, STUDENT, TICKET, VERSION


def schema() -> dict[str, Any]:
    """The schema of today's designs, briefs and catalogue.

    A schema cannot say everything that `read` refuses: duplicate fields, NaN, and layouts that do not use their chips.
    """
    text = {"type": "string"}
    kinds = []
    for brief_id in briefs.brief_ids():
        brief = briefs.brief(brief_id)
        design_class, load_class = brief.design_class, brief.load_class
        kinds.append({"properties": {
            "brief": {"const": brief_id},
            "design": _table_schema(design_class), "assumptions": _table_schema(load_class, partial=True),
            "reasons": {"type": "object", "additionalProperties": text | {"maxLength": LONGEST["reason"]},
                        "propertyNames": {"enum": sorted({*knobs(design_class), *knobs(load_class)})}},
            "predictions": {"type": "object", "additionalProperties": False, "properties": {
                name: {"enum": list(asked.options)} if asked.options else {"type": "number", "minimum": 0}
                for asked in brief.predictions for name in ((asked.name,) if asked.options else (asked.name, f"{asked.name}_low", f"{asked.name}_high"))}},
        }})
    versions = {"type": "object", "additionalProperties": False,
                "properties": {name: text | {"maxLength": LONGEST["version"]} for name in ("hwlib", "catalogue")}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{SCHEMA.replace('/', ':')}:{VERSION}",
        "title": "One hand-in of the course Hardware that learns, hardware that answers",
        "type": "object", "additionalProperties": False, "required": ["schema", "version", "course", "brief", "student", "design"],
        "properties": {
            "schema": {"const": SCHEMA}, "version": {"const": VERSION}, "course": {"const": COURSE},
            "brief": {"enum": list(briefs.brief_ids())}, "student": text | {"pattern": f"^{STUDENT}$"},
            "ticket": text | {"pattern": f"^{TICKET}$"}, "title": text | {"maxLength": LONGEST["title"]},
            "design": {"type": "object"}, "assumptions": {"type": "object"}, "reasons": {"type": "object"},
            "predictions": {"type": "object"}, "rationale": text | {"maxLength": LONGEST["rationale"]}, "made_with": versions,
        },
        "oneOf": kinds,
    }


def _table_schema(cls: type, *, partial: bool = False) -> dict[str, Any]:
    required = [] if partial else [f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING]
    return {"type": "object", "additionalProperties": False, "required": required,
            "properties": {name: _knob_schema(knob) for name, knob in knobs(cls).items()}}


def _knob_schema(knob: Knob) -> dict[str, Any]:
    from hwlib import catalogue

    made: dict[str, Any] = {"title": knob.label}
    if knob.kind == "flag":
        return made | {"type": "boolean"}
    if knob.kind == "choice":
        return made | {"enum": list(knob.options)}
    if knob.kind in ("count", "number"):
        made |= {"type": "integer" if knob.kind == "count" else "number", "minimum": knob.low}
        return made | ({"maximum": knob.high} if knob.high < float("inf") else {})
    names = {"chip": catalogue.chip_ids, "model": catalogue.transformer_ids, "link": catalogue.link_ids}.get(knob.kind)
    none = ["none"] if knob.kind == "link" or "none:" in knob.help else []
    return made | ({"enum": [*names(), *none]} if names else {"type": "string"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`python -m tutor schema` takes none."""
    parser.description = "Print the JSON Schema of a hand-in."


def run(args: argparse.Namespace) -> int:
    """Print the schema."""
    print(json.dumps(schema(), ensure_ascii=False, indent=1))
    return 0
