"""The static top of a studio page, from the brief's own data."""

from __future__ import annotations

from typing import Any

from hwlib.designs import knobs
from hwlib.units import show
from lessons import draw
from lessons.draw import esc
from lessons.panels.studio.state import spoken, value_words
from tutor.briefs import Brief, brief

LEFT_OUT = ("spread",)
"""Facts that the whole brief tells: a line of facts is for what is used at every step."""


class Html(str):
    """Markup that a page shows as it is."""

    def _repr_html_(self) -> str:
        return str(self)


def head(brief_id: str) -> Html:
    """The whole brief in a drop-down, then what is fixed in one wrapping line."""
    of = brief(brief_id)
    return Html(f'<div class="hw-brief">{draw.details("The whole brief", whole(of))}{draw.facts(fixed_facts(of))}</div>')


def whole(of: Brief) -> str:
    """The situation, then every given value with its reason, then the targets with theirs."""
    story = "".join(f"<p>{esc(' '.join(part.split()))}</p>" for part in of.situation.split("\n\n"))
    design, load = knobs(of.design_class), knobs(of.load_class)
    given = [[design[n].label, value_words(design[n], v), why] for n, (v, why) in of.fixed.items()]
    given += [[load[n].label, value_text(load[n], v), why] for n, (v, why) in of.given.items()]
    wanted = [[t.label, "computed" if t.limit_measure else f"{t.direction} {show(t.limit, t.unit)}", t.reason] for t in of.targets]
    return story + draw.table(["Given", "value", "why"], given, right={1}) + draw.table(["Target", "limit", "why"], wanted, right={1})


def fixed_facts(of: Brief) -> list[tuple[str, str]]:
    """The facts of the brief: what is given, and the limits that are plain numbers."""
    load = knobs(of.load_class)
    facts = [(spoken(load[n].label), value_text(load[n], v)) for n, (v, _) in of.given.items() if not any(word in n for word in LEFT_OUT)]
    return facts + [(spoken(t.label), f"{t.direction} {show(t.limit, t.unit)}") for t in of.targets if not t.limit_measure and t.limit == t.limit]


def value_text(knob: Any, value: Any) -> str:
    if knob.unit.startswith("usd/M"):  # the label says of what
        return show(value, "usd")
    if isinstance(value, int | float) and abs(value) >= 1e9:
        return draw.quantity(float(value), knob.unit)
    if isinstance(value, int | float) and knob.unit and knob.unit != "tokens":
        return show(value, knob.unit)
    return f"{value_words(knob, value)} {knob.unit}".strip()
