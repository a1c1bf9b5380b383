"""What is kept: the learner's words, assumptions with reasons, and the design file, out and in."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import ipywidgets as w

from hwlib.designs import knobs
from hwlib.errors import BadInput
from lessons import draw
from lessons.draw import esc
from lessons.panels.studio import keeping, state
from lessons.panels.studio.form import classed, html
from lessons.panels.studio.page import value_text
from tutor.briefs import Brief


def download(entry_toml: str, name: str) -> str:
    """The file as a link that needs no server, and its text to copy."""
    return (
        f"<p>{keeping.link(name, entry_toml, 'application/toml')}</p>"
        + draw.details("The text of the file", f'<pre class="hw-toml" tabindex="0">{esc(entry_toml)}</pre>')
    )


def assumptions(entry: Any, of: Brief) -> str:
    """The assumptions that differ from the brief's, with the reasons."""
    known = knobs(of.load_class)
    items = "".join(
        f"<li>{esc(known[name].label)}: <b>{esc(value_text(known[name], value))}</b>, not {esc(value_text(known[name], getattr(of.load, name)))}. {esc(entry.reasons.get(name, ''))}</li>"
        for name, value in entry.assumptions.items()
    )
    return f'<ul class="hw-assumed">{items}</ul>' if items else ""


class Files:
    """The lower part of the form: assumptions, words, Save and Load."""

    def __init__(self, studio: Any) -> None:
        self.studio = studio
        of = studio.of
        load = knobs(of.load_class)
        hidden = {"style": {"description_width": "0px"}}
        self.which = classed(w.Dropdown(options=[(load[name].label, name) for name in of.given], description="Assumption", **hidden), "hw-in", "hw-full", "hw-noprint")
        self.value = classed(w.FloatText(value=float(next(iter(of.given.values()))[0]), description="Its value", **hidden), "hw-in", "hw-full", "hw-noprint")
        self.reason = classed(w.Text(placeholder="why", description="Reason for the assumption", **hidden), "hw-in", "hw-full", "hw-noprint")
        change = w.Button(description="Change")
        self.assumed = html()
        self.words = classed(w.Textarea(placeholder="What you recommend, why, and what would change it", rows=5, description="Your reasons", continuous_update=False, **hidden), "hw-in", "hw-full")
        self.saved, self.skills = html(), html()
        self.save = w.Button(description="Save design")
        self.text = classed(w.Textarea(placeholder='brief = "…"', rows=3, description="A design or progress file to load", **hidden), "hw-in", "hw-full", "hw-noprint")
        load_it = classed(w.Button(description="Load"), "hw-quiet")
        self.widgets = [
            html(draw.sub("Your reasons")), self.words,
            classed(w.HBox([self.save]), "hw-saverow"), self.saved, self.skills,
            html('<p class="hw-small">A closed lock keeps a value when the tutor looks for a repair.</p>', "hw-noprint"),
            html(draw.sub("Change an assumption"), "hw-noprint"), self.which, self.value, self.reason, classed(w.HBox([change]), "hw-saverow"), self.assumed,
            html(draw.sub("Load a design or your progress"), "hw-noprint"), self.text, classed(w.HBox([load_it]), "hw-saverow"),
        ]
        self.which.observe(lambda c: setattr(self.value, "value", float(getattr(studio.state.entry.load, c["new"]))), "value")
        self.words.observe(lambda c: self._written(c["new"]), "value")
        change.on_click(lambda _: studio.become(state.assume(studio.state, self.which.value, self.value.value, self.reason.value)))
        self.save.on_click(lambda _: self._save())
        load_it.on_click(lambda _: self._load())

    def _written(self, text: str) -> None:
        if text != self.studio.state.entry.rationale:
            self.studio.become(state.write(self.studio.state, rationale=text))

    def show(self, trouble: str = "") -> None:
        """What is known of the learner's skills now; it is written to a file by Save only."""
        self.skills.value = (draw.state_line("Not kept", esc(trouble), error=True) if trouble else "") + keeping.shown(self.studio.progress, time.time())

    def _save(self) -> None:
        """The file, and what the first attempts at this brief have shown; a learner's own file is kept where there is a disk."""
        studio, now = self.studio, time.time()
        studio.become(state.save(studio.state))
        studio.progress = studio.progress.reviewed(studio.review, now)
        self.show(keeping.keep(studio.progress))
        self.saved.value = download(state.toml(studio.state), f"{studio.of.id}.toml")

    def _load(self) -> None:
        """A design or a progress file, told apart by how it begins."""
        try:
            known = keeping.from_text(self.text.value, self.studio.progress)
        except BadInput as error:
            self.studio.become(replace(self.studio.state, refusal=state.Refusal(str(error), "file")))
            return
        if known is not None:
            self.studio.progress, self.text.value = known, ""
            self.skills.value = keeping.shown(known, time.time())
            return
        new = state.load(self.studio.state, self.text.value)
        self.studio.become(new)
        if new.refusal is None:
            self.text.value = ""

    def draw(self) -> None:
        """A link to an older design would be a lie: it goes when the design moves on."""
        now = self.studio.state
        if self.words.value != now.entry.rationale:
            self.words.value = now.entry.rationale
        self.assumed.value = assumptions(now.entry, self.studio.of)
        if self.saved.value and now.saved != now.entry:
            self.saved.value = '<p class="hw-small">Changed since it was saved.</p>'
