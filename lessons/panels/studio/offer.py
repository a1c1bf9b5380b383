"""What the tutor read as a change, as fields: a value that was read wrongly is put right here before it is tried or applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as w

from hwlib.designs import knobs
from lessons.panels.studio import form
from lessons.panels.studio.form import classed
from tutor.briefs import Brief

LAYOUT = {"data_parallel": ("nodes",), "nodes": ("data_parallel",), "tensor_parallel": ("data_parallel",), "pipeline_parallel": ("data_parallel",), "chips_per_node": ("data_parallel",)}
"""Fields of a training layout that follow from another one: they are computed anew when that one is edited."""


def edited(changes: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """The changes with one of them put right; what only followed from it is left out.

    >>> edited({"nodes": 64, "data_parallel": 64}, "nodes", 32)
    {'nodes': 32}
    """
    return {k: v for k, v in changes.items() if k not in LAYOUT.get(name, ())} | {name: value}


class Offer:
    """A field for each change that the last turn offers; made anew only when it is about other fields."""

    def __init__(self, of: Brief, tell: Callable[[dict[str, Any]], None]) -> None:
        self.of, self.tell = of, tell
        self.changes: dict[str, Any] = {}
        self.fields: dict[str, Any] = {}
        self.box = classed(w.HBox([]), "hw-offer")
        self._drawing = False

    def draw(self, changes: Mapping[str, Any]) -> None:
        """Show these changes."""
        known = knobs(self.of.design_class)
        self.changes = dict(changes)
        wanted = {name: value for name, value in changes.items() if name in self.of.decides and self._holds(known[name], value)}
        if list(wanted) != list(self.fields):
            self.fields = {name: classed(form.field_for(self.of, known[name], value), "hw-in") for name, value in wanted.items()}
            for name, field in self.fields.items():
                field.observe(lambda change, name=name: self._edited(name, change["new"]), "value")
            self.box.children = tuple(
                classed(w.HBox([classed(w.Label(form.label_of(known[name])), "hw-lab"), field]), "hw-offered") for name, field in self.fields.items()
            )
        self._drawing = True
        try:
            for name, field in self.fields.items():
                if field.value != wanted[name]:
                    field.value = wanted[name]
        finally:
            self._drawing = False
        self.box.layout.display = None if self.fields else "none"

    def _holds(self, knob: Any, value: Any) -> bool:
        """Whether the field can show the value: a chip that the brief does not offer is not among a drop-down's options."""
        return knob.kind in ("count", "number") or value in [option for _, option in form.options_of(self.of, knob)]

    def _edited(self, name: str, value: Any) -> None:
        if not self._drawing:
            self.tell(edited(self.changes, name, value))
