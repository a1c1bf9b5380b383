"""Whom the learner talks to: the tutor's discussion, kept in step with the design that stands."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields, replace
from typing import Any

from hwlib.designs import knobs
from hwlib.errors import BadInput
from lessons.panels.studio.state import State, spoken, value_words
from lessons.panels.studio.talk import NOT_MEANT, Turn, from_repairs, from_reply

SECONDS = 6.0
"""How long the search for a repair may keep a reader waiting; it says when it stopped early."""
EXAMPLES = {"serving": "with 8 replicas?", "training": "with tp 4?", "tco": "with 40% utilisation?"}
"""A what-if of each kind, to show how one is said."""
MEMORY = ("turns", "level", "covered", "beliefs", "tried", "last", "said", "asked", "topic")
"""What a discussion remembers that is not about one design."""


class Partner:
    """Answers one utterance at a time. The design may change between two, the memory stays."""

    def __init__(self, state: State, after: Turn | None = None) -> None:
        from tutor.dialogue import Discussion

        self.make = Discussion
        self.discussion = Discussion(state.entry.brief, state.entry)
        if after is not None:  # so that the question just asked is not asked again
            self.discussion.last = after.text
            self.discussion.said.append(" ".join(after.text.split()))
        self.before = self._memory()

    def _memory(self) -> dict[str, Any]:
        return {name: deepcopy(getattr(self.discussion, name)) for name in MEMORY}

    def _remember(self, memory: dict[str, Any]) -> None:
        for name, value in memory.items():
            setattr(self.discussion, name, value)

    def follow(self, state: State) -> None:
        """The design changed: what is said from now on is about the new one."""
        if state.entry != self.discussion.entry:
            memory = self._memory()
            self.discussion = self.make(state.entry.brief, state.entry)
            self._remember(memory)

    def answer(self, text: str, state: State) -> Turn:
        """The tutor's turn after an utterance or a chip."""
        from tutor.dialogue.discussion import REPAIR

        self.follow(state)
        if text == NOT_MEANT:
            self._remember(self.before)
            return Turn("Tutor", f"I take that back, and nothing of it is counted. Say it again with a figure and its unit, or as “{EXAMPLES[state.brief.kind]}”.")
        self.before = self._memory()
        if REPAIR.search(text.lower()) or text == "Smallest repair":
            return self.repair(state)
        reply = self.discussion.say(text.replace("’", "'"))
        if reply["act"] == "answer-request":  # the search in the dialogue is short and knows no locks
            return self.repair(state)
        return from_reply(reply, tuple(f.name for f in fields(state.entry.design)))

    def amended(self, changes: dict[str, Any], state: State) -> Turn:
        """The last turn about other values: what the learner has put right is tried in its place."""
        from tutor.dialogue.trials import what_if

        self.follow(state)
        said = from_reply(what_if(self.discussion, dict(changes), "what-if"), tuple(f.name for f in fields(state.entry.design)))
        known = knobs(type(state.entry.design))
        read = ", ".join(f"{spoken(known[name].label)} {value_words(known[name], value)}" for name, value in changes.items())
        return replace(said, read=f"{read}, put right by you", changes=said.changes or changes)

    def repair(self, state: State) -> Turn:
        """The smallest repair of the design that stands, with the learner's locks."""
        from tutor.repair import repair

        try:
            found = repair(state.entry.brief, state.entry, lock=tuple(sorted(state.locks)), max_edits=2, seconds=SECONDS)
        except BadInput as error:
            return Turn("Tutor", str(error))
        return from_repairs(found)


def opening(review: Any) -> Turn:
    """The first turn: what holds of the design that the page begins with, then one question."""
    return welcome(review)


def welcome(review: Any, *, praise: bool = True) -> Turn:
    """The turn after the figures were uncovered or a repair was applied: what is good, what holds, then one question."""
    good = next((f.praise for f in review.findings if f.severity == "praises"), "") if praise else ""
    return Turn("Tutor", "\n".join(line for line in (good, review.headline, review.next_question) if line))


def standing(state: State) -> str:
    """Which result still stands, said beside a refusal."""
    known = state.undo[-1].words if state.undo else ""
    return f"The verdict is still that of the last design that stood{f' ({known[:1].lower()}{known[1:]})' if known else ', the one that you began with'}."
