"""The conversation: what it is about, what is remembered, and what there is to talk about next.

One issue a turn, root causes first. A hint climbs its ladder each time that somebody asks for one, and the
same words are never said twice in a row.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from tutor.briefs import brief
from tutor.context import Context
from tutor.designfile import Entry
from tutor.dialogue import moves
from tutor.dialogue.frames import Read, concepts
from tutor.dialogue.interpret import CORRECTION, MOST, Reading, interpret
from tutor.dialogue.shown import evidence
from tutor.dialogue.spoken import named, shown, spoken
from tutor.dialogue.text import normalise
from tutor.dialogue.turn import REPAIR, chosen
from tutor.findings import Finding, plain

AGAIN = ("That has been answered; here is another figure.", "Let us look from another side.", "One more figure, then.")


class Discussion:
    """A discussion of one brief about one design; without a design, about the one that learners begin with."""

    def __init__(self, brief_id: str, entry: Entry | None = None) -> None:
        from tutor.samples import starter

        self.brief = brief(brief_id)
        self.entry = entry if entry is not None else starter(brief_id)
        self.repair_seconds = 0.15
        self.turns = 0
        self.level: dict[str, int] = {}
        self.covered: list[str] = []
        self.beliefs: list[str] = []
        self.tried: list[str] = []
        self.last = ""
        self.said: list[str] = []
        self.topic = ""
        self.asked: list[str] = []
        self._before: tuple[list[str], list[str], list[str]] | None = None
        self.ctx = Context(self.entry, simulate=False)
        self._problems: tuple[Finding, ...] | None = None
        self.interpret("decode waits for memory")  # patterns are compiled and models loaded here, once, and not in the first turn

    def fresh(self) -> Discussion:
        """A discussion of the same design that has not begun; what is costly to compute is shared."""
        other = copy(self)
        other.turns, other.level, other.covered, other.beliefs, other.tried, other.last = 0, {}, [], [], [], ""
        other.said, other.asked, other.topic, other._before = [], [], "", None
        return other

    def interpret(self, text: str) -> Reading:
        """What an utterance is read as. Nothing is remembered and nothing answered."""
        return interpret(self.ctx, text)

    def say(self, text: str) -> dict[str, Any]:
        """Read one utterance and answer it."""
        self.turns += 1
        cut, text = len(text) > MOST, text[:MOST]
        plain_text = normalise(text)[:MOST]
        corrected = CORRECTION.match(plain_text)
        if corrected and self._before is not None:
            self.covered, self.beliefs, self.tried = (list(x) for x in self._before)
        self._before = (list(self.covered), list(self.beliefs), list(self.tried))
        plain_text = plain_text[corrected.end():] if corrected else plain_text
        found = self.interpret(text)
        act, slots, seen, claims = found.act, found.slots, found.seen, found.claims
        skills = evidence(self.brief.id, text, seen, before=self.said, levels=self.level)
        turn = chosen(self, found, plain_text)
        if corrected:
            turn["reply"] = f"Taken back, and I read it anew. {turn['reply']}"
        if seen or found.near:
            self.topic = seen[0].concept.id if seen else found.near[0].concept.id
        for one in seen:
            store = self.covered if one.concept.kind == "expectation" else self.beliefs
            if one.concept.id not in store:
                store.append(one.concept.id)
        reply = self._fresh(turn.pop("reply"))
        if cut:
            reply = f"I read the first {MOST:,} characters. {reply}"
        self.last = reply
        return {
            "act": act, "slots": {k: plain(v) for k, v in slots.items()},
            "claims": [{k: plain(v) for k, v in c.items() if k not in ("figure", "asked")} for c in claims],
            "expectations": [r.concept.id for r in seen if r.concept.kind == "expectation"],
            "misconceptions": [r.concept.id for r in seen if r.concept.kind == "misconception"],
            "move": turn["move"], "reply": reply, "understood": turn.get("understood", True),
            "read": self._read_words(seen, claims, slots), "why": {r.concept.id: list(r.why) for r in seen if r.why}, "evidence": plain(turn.get("evidence", [])),
            "design_changes": plain(turn.get("design_changes", {})), "choices": turn.get("choices", []), "rule": turn.get("rule", ""),
            "skills": skills,
        }

    # What there is to talk about.

    @property
    def problems(self) -> tuple[Finding, ...]:
        """Findings about the design, without simulation: a turn must be quick."""
        if self._problems is None:
            from tutor.review import noticed

            self._problems = tuple(f for f in noticed(self.ctx)[0] if f.severity != "praises")
        return self._problems

    def agenda(self) -> Any:
        """The finding that weighs most, or else an idea that has not been said."""
        for finding in self.problems:
            if self.level.get(finding.rule, 0) <= 4:
                return finding
        for one in concepts(self.brief.id):
            if one.kind == "expectation" and one.id not in self.covered:
                return one
        return None

    def question(self) -> str:
        """The question of the agenda, not the one just asked."""
        open_items = [f.question for f in self.problems]
        open_items += [c.pump for c in concepts(self.brief.id) if c.kind == "expectation" and c.id not in self.covered]
        open_items.append("Which assumption would have to move before this design stops working?")
        recent = self.asked[-4:]
        question = next((q for q in open_items if q not in recent), open_items[-1])
        self.asked.append(question)
        return question

    def figure(self) -> str:
        """One sentence with the figure that matters most now."""
        if self.problems:
            return self.problems[0].title
        return moves.filled(moves.SAID[self.brief.kind][0], self.ctx)

    def _read_words(self, seen: list[Read], claims: list[dict[str, Any]], slots: dict[str, Any]) -> str:
        """"I read: …": what was understood, for the learner to refuse."""
        parts = [named(r.concept.id) for r in seen] + [c["text"] for c in claims] + [f"{spoken(k)} {shown(v, k)}" for k, v in slots.items()]
        return f"I read: {'; '.join(parts[:4])}." if parts else ""

    def _fresh(self, reply: str) -> str:
        """Never the same words twice in a conversation."""
        reply = self._with_figure(" ".join(reply.split()))
        if reply in self.said:
            reply = f"{AGAIN[self.turns % len(AGAIN)]} {self.other_figure()} {self.question()}"
        if reply in self.said:
            reply = f"This is turn {self.turns}, and these words have been said. {reply}"
        self.said.append(reply)
        return reply

    def _with_figure(self, reply: str) -> str:
        """A reply without a number gets one of the design's before its question."""
        if any(c.isdigit() for c in reply):
            return reply
        question = self.asked[-1] if self.asked and reply.endswith(self.asked[-1]) else reply.rpartition(". ")[2]
        if not question.endswith("?"):
            return f"{reply} {self.other_figure()}"
        return f"{reply.removesuffix(question)}{self.other_figure()} {question}"

    def other_figure(self) -> str:
        """One more figure of the design, another each turn."""
        rows = moves.SAID[self.brief.kind]
        said = (moves.filled(rows[(self.turns + i) % len(rows)], self.ctx) for i in range(len(rows)))
        return next((s for s in said if "not known" not in s and not any(s in before for before in self.said[-6:])), self.figure())


__all__ = ["REPAIR", "Discussion"]
