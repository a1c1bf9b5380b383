"""Which evidence a brief gets, in the order of the page."""

from __future__ import annotations

from lessons.panels.studio import serving, tco, training
from lessons.panels.studio.parts import Section
from tutor.briefs import Brief


def sections(of: Brief) -> tuple[Section, ...]:
    """The sections of a brief; a section about the chips on offer where the brief is about choosing among them."""
    if of.kind == "training":
        return training.SECTIONS
    if of.kind == "tco":
        return tco.SECTIONS
    order = {s.key: s for s in serving.SECTIONS}
    names = ("tail", "replicas", "spread", "memory", "step", "findings")
    return (*(order[n] for n in names), serving.OPTIONS) if of.id == "serve-70b" else tuple(order[n] for n in names)
