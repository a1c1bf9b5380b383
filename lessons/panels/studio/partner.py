"""Whom the learner talks to: the tutor's discussion, kept in step with the design that stands."""

from __future__ import annotations

from typing import Any

from hwlib.errors import BadInput
from lessons.panels.studio.state import State, spoken
from lessons.panels.studio.talk import Turn, from_repairs, from_reply
from tutor.briefs import Brief

SECONDS = 6.0
"""How long the search for a repair may keep a reader waiting; it says when it stopped early."""


class Partner:
    """Answers one utterance at a time; no answer is an error that escapes."""

    def __init__(self, state: State) -> None:
        from tutor.dialogue import Discussion

        self.discussion = Discussion(state.entry.brief, state.entry)

    def follow(self, state: State) -> None:
        """The design changed: what is said from now on is about the new one."""
        self.discussion.entry = state.entry

    def say(self, text: str) -> Turn:
        """The tutor's turn after an utterance."""
        return from_reply(self.discussion.say(text))

    def repair(self, state: State) -> Turn:
        """The smallest repair of the design that stands, with the learner's locks."""
        from tutor.repair import repair

        try:
            found = repair(state.entry.brief, state.entry, lock=tuple(sorted(state.locks)), max_edits=2, seconds=SECONDS)
        except BadInput as error:
            return Turn("Tutor", str(error))
        return from_repairs(found)


def opening(of: Brief) -> Turn:
    """The first turn, before any figure: a question about a figure."""
    asked = next((p for p in of.predictions if not p.options and not p.optional), of.predictions[0])
    return Turn("Tutor", f"Before the figures: what do you expect for “{spoken(asked.label)}”? Write it into the form above the verdict, or say it here and say why.")


def welcome(review: Any) -> Turn:
    """The turn after the figures were uncovered: what holds, then one question."""
    praise = next((f.praise for f in review.findings if f.severity == "praises"), "")
    lines = [praise, review.headline, review.next_question]
    return Turn("Tutor", "\n".join(line for line in lines if line))


def standing(state: State) -> str:
    """Which result still stands, said beside a refusal."""
    known = state.undo[-1].words if state.undo else ""
    return f"The verdict is still that of the last design that stood{f' ({known[:1].lower()}{known[1:]})' if known else ', the one that you began with'}."
