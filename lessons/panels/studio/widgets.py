"""The studio wired: each widget sends one event, each event makes a new state, each new state is drawn.

Four places in the order of the page (verdict, form, evidence, tutor), as boxes with the class names of look.css.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import ipywidgets as w

from hwlib.errors import BadInput
from lessons import draw
from lessons.panels.parts import later
from lessons.panels.studio import form, handing, keeping, predict, saving, state, talk, verdict
from lessons.panels.studio.evidence import sections
from lessons.panels.studio.form import classed, html
from lessons.panels.studio.offer import Offer
from lessons.panels.studio.partner import EXAMPLES, Partner, opening, standing, welcome
from lessons.panels.studio.parts import Section, View, drawn
from tutor.context import context
from tutor.findings import Review
from tutor.review import review as reviewed


class Studio:
    """One learner at one brief. `state` is everything; the widgets show it."""

    def __init__(self, brief_id: str) -> None:
        self.state = state.start(brief_id)
        self.of = self.state.brief
        self.talk = talk.Talk((opening(self.review),))
        self.partner: Partner | None = None
        self.rows = form.rows(self.of)
        self.sections = sections(self.of)
        self.faults: list[Exception] = []
        self._syncing = False
        self._turn = 0
        self.verdict = html()
        self.prediction = Predictions(self)
        self.note = html("", "hw-note")
        self.undo = classed(w.Button(description="Undo"), "hw-quiet")
        self.fix = classed(w.Button(), "hw-fix")
        self.progress = keeping.begin()
        self.files = saving.Files(self)
        self.hand_in = handing.HandIn(self)
        self.pictures = {s.key: html() for s in self.sections}
        self.compared = html()
        self.again = classed(w.Button(description="Predict first: cover the figures"), "hw-quiet", "hw-again")
        self.tabs = html("", "hw-tabs")
        self.tutor = Tutor(self)
        self.evidence = classed(w.VBox([]), "hw-evidence")
        self.box = self._boxes()
        self.box.studio = self  # keeps it alive as long as its widget, and lets tests reach it
        self._wire()
        self.draw(at_once=True)

    def _boxes(self) -> Any:
        head = lambda text, id: html(draw.tag(text, id=f"studio-{id}"))  # noqa: E731
        self.undo_row = classed(w.HBox([self.undo, self.fix]), "hw-undo")
        return classed(w.VBox([
            self.tabs,
            classed(w.VBox([
                classed(w.VBox([head("Verdict", "verdict"), self.prediction.box, self.verdict, self.again]), "hw-verdict"),
                classed(w.VBox([head("Your design", "design"), classed(w.VBox([self.note, self.undo_row]), "hw-standing"), *form.groups(self.rows), *self.files.widgets, *self.hand_in.widgets]), "hw-form"),
                self.evidence, self.tutor.box,
            ]), "hw-studio"),
        ]), "hw-wrap")

    def _wire(self) -> None:
        for row in self.rows.values():
            row.field.observe(lambda change, name=row.name: self.on_field(name, change["new"]), "value")
            row.lock.observe(lambda change, name=row.name: self.become(state.lock(self.state, name, change["new"])), "value")
        self.again.on_click(lambda _: self.become(state.cover(self.state)))
        self.undo.on_click(lambda _: self.become(state.undo(self.state)))
        self.fix.on_click(lambda _: self.become(state.edit(self.state, *self.state.refusal.fix)) if self.state.refusal and self.state.refusal.fix else None)

    def on_field(self, name: str, value: Any) -> None:
        """A field was turned by the learner, not by a redraw."""
        if not self._syncing:
            self.become(state.edit(self.state, name, value))

    def become(self, new: state.State, *, at_once: bool = False) -> None:
        """Take the next state and show it."""
        self.state = new
        if self.partner is not None:
            self.partner.follow(new)
        self.draw(at_once=at_once)

    @property
    def review(self) -> Review:
        return reviewed(self.of.id, self.state.entry)

    def draw(self, *, at_once: bool = False) -> None:
        """Everything that the state decides; what did not change sends nothing to the page."""
        self._sync_form()
        self.files.draw()
        self.hand_in.draw()
        self.prediction.draw()
        self._turn += 1
        self.again.layout.display = None if self.state.revealed else "none"
        if not self.state.revealed:
            self._put(self.verdict, verdict.covered())
            self._put(self.tabs, verdict.tabs(None))
            self._show_evidence(covered=True)
            return
        try:
            review = self.review
        except Exception as error:  # the last good verdict stays; a fault of the course is said, not thrown at a learner
            self._fault(self.note, error)
            return
        view = self._view(review)
        self._put(self.verdict, verdict.verdict(review))
        self._put(self.tabs, verdict.tabs(review))
        self._put(self.compared, predict.compared(review.predictions))
        self._show_evidence(covered=False)
        self._draw_sections(view, self.sections, at_once=at_once)

    def _view(self, review: Review) -> View:
        return View(context(self.state.entry), review, self.state.designed, dict(self.talk.offered))

    def draw_offer(self) -> None:
        """The tutor has offered a change: the curve shows it beside what stands."""
        if self.state.revealed:
            self._draw_sections(self._view(self.review), [s for s in self.sections if s.key == "replicas"], at_once=False)

    def _draw_sections(self, view: View, wanted: Iterable[Section], *, at_once: bool) -> None:
        turn = self._turn

        def one(section: Section) -> None:
            if turn != self._turn:  # a newer design has come meanwhile
                return
            try:
                self._put(self.pictures[section.key], drawn(section, view))
            except Exception as error:  # one broken picture must not take the others with it
                self._fault(self.pictures[section.key], error)

        for section in wanted:
            if at_once or not section.after_s:
                one(section)
            else:
                later(section.after_s, lambda section=section: one(section))

    def _show_evidence(self, *, covered: bool) -> None:
        heading = html(draw.tag("Evidence", id="studio-evidence"))
        key = "covered" if covered else "shown"
        if getattr(self, "_evidence_key", "") == key:
            return
        self._evidence_key = key
        if covered:
            names = "; ".join(state.spoken(s.title) for s in self.sections)
            self.evidence.children = (heading, html(draw.state_line("Covered", f"Here will stand: {draw.esc(names)}.")))
            return
        parts: list[Any] = [heading]
        for section in self.sections:
            parts += [html(draw.sub(section.title)), self.pictures[section.key]]
        self.evidence.children = (*parts, html(draw.sub("Your predictions beside the figures")), self.compared)

    def _sync_form(self) -> None:
        """The form shows the state: values, bold labels, the note and its buttons."""
        self._syncing = True
        try:
            dirty = set(self.state.changed)
            for row in self.rows.values():
                value = self.state.shown(row.name)
                if row.field.value != value:
                    row.field.value = value
                row.lock.value = row.name in self.state.locks
                marked(row.box, "hw-dirty", row.name in dirty)
                marked(row.box, "hw-refused", self.state.refusal is not None and row.name == self.state.refusal.field)
        finally:
            self._syncing = False
        refusal, steps = self.state.refusal, self.state.undo
        if refusal:
            note = verdict.refused(refusal.words, standing(self.state))
        else:
            note = f'<p class="hw-small" role="status">{draw.esc(steps[-1].words)}.</p>' if steps else ""
        self._put(self.note, note)
        self.undo.layout.display = None if refusal or steps else "none"
        fix = refusal.fix if refusal else None
        self.fix.layout.display = None if fix else "none"
        if fix:
            self.fix.description = f"Set {state.spoken(self.rows[fix[0]].label)} to {fix[1]:,}"

    def _fault(self, widget: Any, error: Exception) -> None:
        """Say that something of ours broke, above what last stood there."""
        self.faults.append(error)
        self._put(widget, verdict.broke(error) + widget.value.removeprefix(verdict.broke(error)))

    @staticmethod
    def _put(widget: Any, value: str) -> None:
        if widget.value != value:
            widget.value = value


class Predictions:
    """"Predict first": fields, Compare, and a way round."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.fields = form.predictions(studio.of)
        self.error = html()
        compare = classed(w.Button(description="Compare"), "hw-go")
        skip = classed(w.Button(description="Show without predicting"), "hw-quiet")
        compare.on_click(lambda _: self.compare())
        skip.on_click(lambda _: self.done(state.reveal(studio.state)))
        lead = html('<p class="hw-headline"><b>Predict first.</b> A figure with its unit is enough; what you leave empty is not counted.</p>')
        self.box = w.VBox([lead, classed(w.HBox(list(self.fields.values())), "hw-predict"), self.error, classed(w.HBox([compare, skip]), "hw-predictgo")])

    def compare(self) -> None:
        """Read the fields; one that cannot be read is said, and nothing is uncovered."""
        try:
            values = predict.read(self.studio.of.predictions, {name: field.value for name, field in self.fields.items()})
            new = state.predict(self.studio.state, values)
        except BadInput as error:
            self.error.value = draw.state_line("Not read", f"{draw.esc(error)}.", error=True)
            return
        if new.refusal:
            self.error.value = draw.state_line("Not read", f"{draw.esc(new.refusal.words)}.", error=True)
            return
        self.done(new)

    def done(self, new: state.State) -> None:
        """Uncover the figures; the tutor says what holds and asks."""
        self.error.value = ""
        self.studio.become(new)
        said = welcome(self.studio.review)
        if said != self.studio.talk.last:
            self.studio.tutor.add(said)

    def draw(self) -> None:
        self.box.layout.display = "none" if self.studio.state.revealed else None


class Tutor:
    """The conversation: a log, a field, and chips."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.untold: Any = None
        self.shown = studio.progress
        self.log = html("", "hw-log")
        self.field = classed(w.Text(placeholder=f"Claim, ask, or try: “{EXAMPLES[studio.of.kind]}”", continuous_update=False, description="Say something to the tutor",
                                    style={"description_width": "0px"}), "hw-in")
        self.go = classed(w.Button(description="Say"), "hw-go")
        self.choices = classed(w.HBox([]), "hw-chips", "hw-choices")
        self.offer = Offer(studio.of, self.amend)
        constant = [classed(w.Button(description=name), "hw-chip") for name in talk.CONSTANT]
        self.box = classed(w.VBox([
            html(draw.tag("Tutor", id="studio-tutor")), self.log, self.offer.box, self.choices, classed(w.HBox([self.field, self.go]), "hw-sayrow"),
            classed(w.HBox(constant), "hw-chips"), html(f'<p class="hw-small">{talk.NOTE}</p>'),
        ]), "hw-talk")
        self.field.observe(lambda change: self.on_typed(change["new"]), "value")
        self.go.on_click(lambda _: self.on_typed(self.field.value))
        for button in constant:
            button.on_click(lambda b: self.say(b.description))
        self.draw()

    def on_typed(self, text: str) -> None:
        """Enter, or the button: the field is emptied, so that the same words can be said again."""
        if text.strip():
            self.say(text)
            self.field.value = ""

    def say(self, text: str) -> None:
        """One exchange; a chip says its own words."""
        studio = self.studio
        if text == talk.APPLY:
            self.apply()
            return
        last = studio.talk.last
        self.add(talk.you(text))
        if studio.partner is None:
            studio.partner = Partner(studio.state, after=last)
        said = studio.partner.answer(text, studio.state)
        if text == talk.NOT_MEANT and self.untold is not None:
            studio.progress = self.untold  # what was misread shows nothing
        else:
            self.untold = studio.progress
            studio.progress = studio.progress.heard(said.skills, time.time())
        if studio.progress is not self.shown:
            self.shown = studio.progress
            studio.files.show()
        if said.closes:
            said = replace(said, file=keeping.link(f"{studio.of.id}-conversation.md", keeping.conversation(studio.state.entry, (*studio.talk.turns, said))))
        self.add(said)

    def amend(self, changes: dict[str, Any]) -> None:
        """A value of the offer was put right: the last turn is about that instead."""
        studio = self.studio
        if studio.partner is None:
            studio.partner = Partner(studio.state, after=studio.talk.last)
        studio.talk = studio.talk.instead(studio.partner.amended(changes, studio.state))
        self.draw()
        studio.draw_offer()

    def apply(self) -> None:
        """The repair of the last turn becomes one step that can be undone."""
        last = self.studio.talk.last
        if last is None or not last.changes:
            return
        self.studio.become(state.apply(self.studio.state, last.changes))
        review = self.studio.review
        self.add(talk.you(talk.APPLY), welcome(review, praise=False))

    def add(self, *turns: talk.Turn) -> None:
        before = self.studio.talk.offered
        self.studio.talk = self.studio.talk.with_turns(*turns)
        self.draw()
        if turns[-1].who == "Tutor" and before != self.studio.talk.offered:
            self.studio.draw_offer()

    def draw(self) -> None:
        said = self.studio.talk
        self.studio._put(self.log, talk.log(said))
        self.offer.draw(said.offered if said.last is not None and said.last.who == "Tutor" else {})
        buttons = []
        for name in talk.chips(said):
            button = classed(w.Button(description=name), "hw-chip")
            button.on_click(lambda b: self.say(b.description))
            buttons.append(button)
        self.choices.children = tuple(buttons)


def marked(box: Any, name: str, on: bool) -> None:
    """A class name on or off."""
    (box.add_class if on else box.remove_class)(name)
