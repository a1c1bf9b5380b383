"""The four briefs as data: the situation, what is fixed, what is decided, predicted and targeted.

A brief is a TOML file beside this module. Its load values are figures that know that the brief set them and
why; a learner may change them with a reason, and then the figure says that.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from functools import cache
from importlib.resources import files
from typing import Any

from hwlib.designs import KINDS, build, knobs
from hwlib.errors import unknown
from hwlib.formula import Figure
from hwlib.sources import Choice

IDS = ("serve-7b", "train-100b", "serve-70b", "tco-3y")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the design must reach. ``measure`` and ``limit_measure`` are names in `tutor.measures`."""

    id: str
    label: str
    measure: str
    unit: str = ""
    direction: str = "at most"
    limit: float = float("nan")
    limit_measure: str = ""
    """Given: the limit is computed too, and ``limit`` is ignored."""
    fast: str = ""
    """A measure without simulation that a repair may screen by; empty: the measure itself is fast."""
    style: str = "percent"
    """How the margin is said: "percent" (20% over) or "times" (1.49 times)."""
    reason: str = ""
    words: str = ""
    """The sentence of the headline when this target breaks first, with {yours} and {limit}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A figure that the learner commits to before seeing it."""

    name: str
    label: str
    measure: str
    unit: str = ""
    options: tuple[str, ...] = ()
    help: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One discussion prompt."""

    id: str
    kind: str
    title: str
    section: int
    short: str
    situation: str
    page: str
    chips: tuple[str, ...]
    fixed: Mapping[str, tuple[Any, str]]
    """Design fields that the brief decides: field → (value, why)."""
    given: Mapping[str, tuple[float, str]]
    """Load values: field → (value, why)."""
    decides: tuple[str, ...]
    vary: tuple[str, ...]
    """Assumptions that the robustness of a design is tried on, 30% up and down."""
    targets: tuple[Target, ...]
    predictions: tuple[Prediction, ...]
    starter_values: Mapping[str, Any]
    reference_values: Mapping[str, Any]
    """A sound design with room to spare: the rules' samples change one field of it."""
    reference_predictions: Mapping[str, Any]
    reference_rationale: str = ""

    @property
    def design_class(self) -> type:
        return KINDS[self.kind][0]

    @property
    def load_class(self) -> type:
        return KINDS[self.kind][1]

    @property
    def load(self) -> Any:
        """The brief's own load."""
        return self.load_with()

    @property
    def starter(self) -> Any:
        """The design that a learner begins with."""
        return build(self.design_class, self.starter_values)

    @property
    def reference(self) -> Any:
        """The sound design that samples are made from."""
        return build(self.design_class, self.reference_values)

    def load_with(self, assumptions: Mapping[str, Any] | None = None, reasons: Mapping[str, str] | None = None) -> Any:
        """The load with the learner's assumptions in it, every number a figure with its `Choice`."""
        assumptions, reasons = assumptions or {}, reasons or {}
        load = build(self.load_class, {name: value for name, (value, _) in self.given.items()} | dict(assumptions), where="assumptions")
        known = knobs(self.load_class)
        figures = {}
        for f in fields(load):
            value = getattr(load, f.name)
            if known[f.name].kind not in ("count", "number"):
                continue
            if f.name in assumptions:
                origin = Choice(reasons.get(f.name, ""), "learner")
            else:
                origin = Choice(self.given.get(f.name, (0, "a default of the course"))[1], "brief")
            figures[f.name] = Figure(value, origin)
        return replace(load, **figures)

    def target(self, id: str) -> Target:
        return next(t for t in self.targets if t.id == id)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for a form or a page."""
        return {
            "id": self.id, "kind": self.kind, "title": self.title, "section": self.section, "short": self.short,
            "situation": self.situation, "page": self.page, "chips": list(self.chips), "decides": list(self.decides),
            "fixed": {k: {"value": v, "reason": why} for k, (v, why) in self.fixed.items()},
            "load": {k: {"value": v, "reason": why} for k, (v, why) in self.given.items()},
            "starter": dict(self.starter_values),
            "predictions": [{"name": p.name, "label": p.label, "unit": p.unit, "options": list(p.options), "help": p.help} for p in self.predictions],
        }


def brief_ids() -> tuple[str, ...]:
    """The briefs in the order of the course."""
    return IDS


@cache
def brief(id: str) -> Brief:
    """A brief by its id.

    >>> brief("serve-70b").title
    'Four ways to answer in half a second'
    >>> brief("board")
    Traceback (most recent call last):
    hwlib.errors.Unknown: brief = 'board' is not known; it can be serve-7b, train-100b, serve-70b or tco-3y
    """
    if id not in IDS:
        raise unknown("brief", id, IDS)
    data = tomllib.loads((files("tutor") / "briefs" / f"{id}.toml").read_text("utf-8"))
    kind = data["kind"]
    pairs = {table: {k: (v["value"], v["reason"]) for k, v in data.get(table, {}).items()} for table in ("fixed", "load")}
    fixed = {k: v for k, (v, _) in pairs["fixed"].items()}
    design_class = KINDS[kind][0]
    return Brief(
        id=data["id"], kind=kind, title=data["title"], section=data["section"], short=data["short"].strip(),
        situation=data["situation"].strip(), page=data["page"], chips=tuple(data.get("chips", ())),
        fixed=pairs["fixed"], given=pairs["load"], decides=tuple(data["decides"]), vary=tuple(data["vary"]),
        targets=tuple(Target(**t) for t in data["targets"]),
        predictions=tuple(Prediction(**{**p, "options": tuple(p.get("options", ()))}) for p in data["predictions"]),
        starter_values=_complete(design_class, fixed | data["starter"]),
        reference_values=_complete(design_class, fixed | data["reference"]["design"]),
        reference_predictions=data["reference"].get("predictions", {}),
        reference_rationale=data["reference"].get("rationale", "").strip(),
    )


def _complete(design_class: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the class's defaults, in the order of the form; names are checked when the design is built."""
    order = [f.name for f in fields(design_class)]
    defaults = {f.name: f.default for f in fields(design_class) if f.default is not MISSING}
    full = defaults | dict(values)
    return {name: full[name] for name in order if name in full}
