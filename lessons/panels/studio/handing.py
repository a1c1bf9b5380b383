"""Handing in from the page: the file that `submit()` writes in a notebook, as a download."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from hwlib.errors import BadInput
from lessons import draw
from lessons.draw import esc
from lessons.panels.studio import keeping
from lessons.panels.studio.form import classed, html


def handed_in(entry: Any, *, student: str, ticket: str = "") -> tuple[str, str]:
    """The hand-in's file name and text; `BadInput` names what is missing. The score is left to whoever grades it."""
    from lessons.submit import sealed  # here, so that a page which only discusses need not load the gate
    from tutor.submission import SUFFIX

    if not student.strip():
        raise BadInput("student is empty: give the id by which your instructor knows you", field="student")
    made = sealed(entry, student=student.strip(), ticket=ticket.strip())
    return f"{made.brief}{SUFFIX}", made.to_bytes().decode("utf-8")


class HandIn:
    """Student id, ticket, and a link to the file. It goes when the design moves on: an older one would be handed in."""

    def __init__(self, studio: Any) -> None:
        self.studio = studio
        hidden = {"style": {"description_width": "0px"}}
        self.student = classed(w.Text(placeholder="your id", description="Your student id", **hidden), "hw-in", "hw-full", "hw-noprint")
        self.ticket = classed(w.Text(placeholder="your ticket, if you were given one", description="Your ticket", **hidden), "hw-in", "hw-full", "hw-noprint")
        self.go = w.Button(description="Hand in")
        self.said = html()
        self.made: Any = None
        self.widgets = [html(draw.sub("Hand in"), "hw-noprint"), self.student, self.ticket, classed(w.HBox([self.go]), "hw-saverow"), self.said]
        self.go.on_click(lambda _: self.hand_in())

    def hand_in(self) -> None:
        """Check at the instructor's gate and offer the file; one sentence when it does not pass."""
        entry = self.studio.state.entry
        try:
            name, text = handed_in(entry, student=self.student.value, ticket=self.ticket.value)
        except BadInput as error:
            self.made, self.said.value = None, draw.state_line("Not handed in", f"{esc(str(error)[:1].upper() + str(error)[1:])}.", error=True)
            return
        under = " It is judged under your ticket’s numbers." if self.ticket.value.strip() else ""
        self.made = entry
        self.said.value = (
            f"<p>{keeping.link(name, text, 'application/json')}</p>"
            + draw.caption(f"Give this file to your instructor. It holds the design, your predictions and your words, and no score: that is computed again.{under}")
        )

    def draw(self) -> None:
        """What was offered is for one design only."""
        if self.made is not None and self.made != self.studio.state.entry:
            self.made, self.said.value = None, '<p class="hw-small">Changed since: hand in again.</p>'
