"""The conversation as a value: turns in, HTML out. The thinking is the tutor's; here it is only written down.

Everything that a learner typed is escaped; the tutor's replies are text and are escaped too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lessons import draw
from lessons.draw import esc

CONSTANT = ("Hint", "I don’t know", "Smallest repair", "Sum up")
NAMES = (*CONSTANT, "I don't know")
NOT_MEANT = "Not what I meant"
APPLY = "Apply to my design"
NOTE = "Rules, not a language model. Nothing leaves this page."
KEPT = 40
"""Turns that stay in the page; older ones are cut and the log says so."""
MOST_CHOICES = 4
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: who said what, how it was read, and a table of evidence when there is one."""

    who: str
    text: str
    read: str = ""
    table: tuple[tuple[str, ...], tuple[tuple[str, ...], ...]] | None = None
    choices: tuple[str, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    """The edits of a repair that this turn offers; empty when it offers none."""
    closes: bool = False
    """Whether it sums up: the conversation so far can be taken along."""
    skills: tuple[Mapping[str, Any], ...] = ()
    """What the learner's words showed of their skills, from `tutor.dialogue.shown`."""
    file: str = ""
    """Markup of a link to a file that belongs to the turn: a summary can be taken along."""


@dataclass(frozen=True, slots=True)
class Talk:
    """The turns so far. ``asked``: whether the tutor has asked a question yet."""

    turns: tuple[Turn, ...] = ()
    cut: int = 0

    def with_turns(self, *turns: Turn) -> Talk:
        """The conversation with more turns at its end."""
        every = (*self.turns, *turns)
        return Talk(every[-KEPT:], self.cut + max(0, len(every) - KEPT))

    def instead(self, turn: Turn) -> Talk:
        """The conversation with another last turn."""
        return Talk((*self.turns[:-1], turn), self.cut)

    @property
    def last(self) -> Turn | None:
        return self.turns[-1] if self.turns else None

    @property
    def offered(self) -> Mapping[str, Any]:
        """The changes that the last turn of the tutor offers."""
        return self.last.changes if self.last is not None else {}

    @property
    def asked(self) -> bool:
        return any(t.who == "Tutor" and "?" in t.text for t in self.turns)


def you(text: str) -> Turn:
    """The learner's turn, of a bearable length."""
    return Turn("You", text.strip()[:LONGEST])


def from_reply(reply: Mapping[str, Any], fields: Sequence[str] = ()) -> Turn:
    """The tutor's turn, from what `tutor.Discussion.say` returns. ``fields``: those of the design, which alone can be applied."""
    changes = {name: change["after"] for name, change in (reply.get("design_changes") or {}).items()}
    return Turn(
        "Tutor", str(reply.get("reply", "")), read=str(reply.get("read") or "").removeprefix("I read: ").rstrip("."),
        table=compared(reply.get("evidence") or ()), choices=tuple(str(c) for c in reply.get("choices") or () if c not in NAMES)[:MOST_CHOICES],
        changes=changes if all(name in fields for name in changes) else {},
        closes=reply.get("move") == "summary", skills=tuple(reply.get("skills") or ()),
    )


def from_repairs(found: Any) -> Turn:
    """The tutor's turn that offers a repair: how many edits, what was tried, before and after, what stays open."""
    best = found.fewest or found.cheapest or found.keep_chip
    if best is None:
        return Turn("Tutor", found.words())
    return Turn("Tutor", f"{found.words()}\n{best.words()}\nBefore you apply it: why does that help?", table=compared(best.rows), changes=dict(best.changes))


def compared(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]] | None:
    """Rows with a before and an after as a table; other evidence is in the reply's own words."""
    told = [(str(r["label"]), str(r["before_shown"]), str(r["after_shown"])) for r in rows if "before_shown" in r and "after_shown" in r]
    return (("", "now", "then"), tuple(told)) if told else None


def log(talk: Talk) -> str:
    """The conversation as markup."""
    shown = [draw.caption(f"{talk.cut} earlier turns are not shown.")] if talk.cut else []
    shown += [draw.turn(t.who, _body(t)) for t in talk.turns]
    return draw.log(shown)


def chips(talk: Talk) -> tuple[str, ...]:
    """What can be pressed after the last turn: its choices, and a way to say that it was misread."""
    last = talk.last
    if last is None or last.who != "Tutor":
        return ()
    return (*((APPLY,) if last.changes else ()), *last.choices, *((NOT_MEANT,) if last.read else ()))


def _body(turn: Turn) -> str:
    paragraphs = [line for line in turn.text.split("\n") if line.strip()] or [""]
    body = "".join(f"<p>{esc(line)}</p>" for line in paragraphs)
    if turn.table:
        head, rows = turn.table
        body += draw.table(head, rows, right=set(range(1, len(head))), cls="hw-table hw-mini")
    return body + (draw.read_as(f"{esc(turn.read)}.") if turn.read else "") + (f"<p>{turn.file}</p>" if turn.file else "")
