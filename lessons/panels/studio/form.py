"""The form, made from the knobs: a row is a label, a field and a lock; a prediction is a label and a field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ipywidgets as w

from hwlib import catalogue
from hwlib.designs import Knob, knobs
from lessons import draw
from lessons.panels.studio.predict import EXAMPLES
from lessons.panels.studio.state import spoken
from tutor.briefs import Brief

LONG_LABEL = 26
"""Characters past which a label stands over its field instead of beside it."""
LONG_NUMBER = 1e7
"""Values from here on do not fit the field beside a label."""


@dataclass(frozen=True, slots=True)
class Row:
    """One knob on the page."""

    name: str
    label: str
    field: Any
    lock: Any
    box: Any
    group: str


def classed(widget: Any, *names: str) -> Any:
    """The widget, with class names that look.css lays out."""
    for name in names:
        widget.add_class(name)
    return widget


def html(value: str = "", *names: str) -> Any:
    """Markup by the course's own code."""
    return classed(w.HTML(value), "hw-h", *names)


def rows(of: Brief) -> dict[str, Row]:
    """A row for each field that the brief leaves to the learner, in the order of the design class."""
    known = knobs(of.design_class)
    start = of.starter
    return {name: row(of, name, knob, getattr(start, name)) for name, knob in known.items() if name in of.decides}


def row(of: Brief, name: str, knob: Knob, value: Any) -> Row:
    """Label, field, lock. The field's own label stays in the DOM, hidden, because it is the field's name."""
    field = classed(field_for(of, knob, value), "hw-in")
    lock = classed(w.Checkbox(value=False, description=f"Keep {spoken(label_of(knob))} in repairs", indent=False), "hw-lock")
    box = classed(w.HBox([classed(w.Label(label_of(knob), tooltip=knob.help or None), "hw-lab"), field, lock]), "hw-row")
    if name == "accelerator":
        classed(box, "hw-chiprow")
    elif knob.kind in ("chip", "link") or len(label_of(knob)) > LONG_LABEL or knob.kind != "flag" and isinstance(value, int | float) and max((value, *knob.tries)) >= LONG_NUMBER:
        classed(box, "hw-longrow")
    return Row(name, label_of(knob), field, lock, box, knob.group)


def label_of(knob: Knob) -> str:
    """The label under its group's heading: "Lever: 8-bit weights" is "8-bit weights" among the levers."""
    group, colon, rest = knob.label.partition(": ")
    return rest[:1].upper() + rest[1:] if colon and knob.group.startswith(group) else knob.label


def field_for(of: Brief, knob: Knob, value: Any) -> Any:
    """The widget of a knob. Numbers are not bounded by the widget: it would cut a value in silence, and the state refuses it in words."""
    named = {"description": label_of(knob), "style": {"description_width": "0px"}}
    if knob.kind == "count":
        return w.IntText(value=int(value), step=step_of(knob), continuous_update=False, **named)
    if knob.kind == "number":
        return w.FloatText(value=float(value), step=step_of(knob), continuous_update=False, **named)
    return w.Dropdown(options=options_of(of, knob), value=value, **named)


def options_of(of: Brief, knob: Knob) -> list[tuple[str, Any]]:
    """What a drop-down offers, as people say it."""
    if knob.kind == "flag":
        return [("off", False), ("on", True)]
    if knob.kind == "chip":
        none = [("none", "none")] if "none:" in knob.help else []
        return none + [(catalogue.chip(id).name, id) for id in of.chips]
    if knob.kind == "link":
        known = [catalogue.link(id) for id in catalogue.link_ids()]
        return [("none", "none"), *((link.name.removesuffix(" scale-out"), link.id) for link in known if link.level == "scale-out")]
    return [(str(option), option) for option in knob.options]


def step_of(knob: Knob) -> float:
    """What an arrow key adds: the grain of the knob's tries, so that a batch of four million tokens can be turned."""
    gaps = [b - a for a, b in zip(knob.tries, knob.tries[1:], strict=False)]
    least = min(gaps, default=1 if knob.kind == "count" else 0.1)
    if knob.kind == "count" and any(t % least for t in knob.tries):
        return 1
    return round(least, 6)


def groups(made: dict[str, Row]) -> list[Any]:
    """Headings and rows, by the knobs' groups."""
    out: list[Any] = []
    heading = ""
    for each in made.values():
        if each.group != heading:
            heading = each.group
            out.append(html(draw.sub(heading)))
        out.append(each.box)
    return out


def predictions(of: Brief) -> dict[str, Any]:
    """A field for each prediction: choices as a drop-down, figures as text with a unit."""
    made = {}
    for asked in of.predictions:
        named = {"description": asked.label + (" (if you like)" if asked.optional else ""), "style": {"description_width": "initial"}}
        if asked.options:
            field = w.Dropdown(options=[("–", ""), *((o, o) for o in asked.options)], value="", **named)
        else:
            field = w.Text(placeholder=EXAMPLES.get(asked.unit, "a number"), **named)
        made[asked.name] = field
    return made
