"""Changes tried on the learner's word: what a what-if or a proposal does, and the smallest repair."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hwlib.errors import BadInput, listed
from tutor.context import Context, NotKnown
from tutor.dialogue import moves
from tutor.dialogue.slots import NUMBER
from tutor.dialogue.spoken import example, shown, spoken
from tutor.findings import Finding
from tutor.neighbourhood import spoken as label

if TYPE_CHECKING:
    from tutor.dialogue.discussion import Discussion

MOVED = ("Why does it move that way?", "{part} moved most, and why?", "Is it worth that?", "What would you give up for it?")
PARTS = {"serving": "Which part of a token's time", "training": "Which part of the step", "tco": "Which part of the bill"}


def settable(talk: Discussion, slots: dict[str, Any]) -> bool:
    """Whether the design or its load has a field for one of the values."""
    return any(hasattr(talk.entry.design, name) or hasattr(talk.entry.load, name) for name in slots)


def what_if(talk: Discussion, slots: dict[str, Any], act: str) -> dict[str, Any]:
    """What the values would do to the design, as the figures that move most; for a proposal they are offered as a change."""
    if not settable(talk, slots):
        known = list(slots) or []
        what = f"I read {listed(n.replace('_', ' ') for n in known)}, which this design has no field for. " if known else ""
        return {"move": "abstain", "understood": bool(known), "reply": f"{what}Which field should I try, and with which value? For example: “{example(talk.brief.kind)}”"}
    try:
        after, changes, unset = moves.moved(talk.ctx, slots)
        _ = after.measure("estimate.days") if talk.brief.kind == "training" else after.estimate
    except (BadInput, NotKnown) as error:
        return {"move": "what-if", "reply": f"That cannot be tried: {str(error).rstrip('.')}. Which value would do?"}
    if not changes:
        return {"move": "what-if", "reply": f"Your design has that already. {talk.question()}"}
    talk.tried.append(listed(f"{spoken(k)} {shown(v['after'], k)}" for k, v in changes.items()))
    rows = moves.compared(talk.ctx, after)
    said = "; ".join(f"{r['label']} {r['before_shown']} → {r['after_shown']}" for r in rows[:3])
    what = listed(f"{spoken(k)} {shown(v['after'], k)}" for k, v in changes.items())
    lead = "I read it as a change: " if act == "proposal" else "With "
    if not said:
        return {"move": "what-if", "reply": f"{lead}{what}: none of the main figures moves. Which of them did you expect to?", "design_changes": changes, "evidence": rows}
    return {"move": "what-if", "reply": f"{lead}{what}: {said}. {broken(talk, after)}", "design_changes": changes, "evidence": rows}


def broken(talk: Discussion, after: Context) -> str:
    """What a changed design breaks, or else a question about what moved."""
    if after.refusal:
        return after.refusal
    if not getattr(after.estimate, "fits", True):
        return "It does not fit in memory then. What would make room?"
    return MOVED[len(talk.tried) % len(MOVED)].format(part=PARTS[talk.brief.kind])


def repair(talk: Discussion) -> dict[str, Any]:
    """The smallest repair of the design, with what was tried."""
    from tutor.repair import repair

    found = repair(talk.brief, talk.entry, seconds=talk.repair_seconds)
    best = found.fewest or found.cheapest
    if best is None:
        item = talk.agenda()
        hint = f" {item.hints[3]}" if isinstance(item, Finding) else ""
        return {"move": "assert", "reply": f"{found.words()}{hint} {talk.question()}"}
    return {
        "move": "assert", "reply": f"{found.words()} {best.words()} Before you apply it: why does that help?",
        "design_changes": {k: {"before": getattr(talk.entry.design, k), "after": v} for k, v in best.changes.items()},
        "evidence": list(best.rows),
    }


def number(talk: Discussion, text: str) -> dict[str, Any]:
    """A number alone: which quantity is it?"""
    match = re.search(rf"[$€]? ?{NUMBER}(?: ?(?:%|percent|[a-zµ]+(?:/[a-z]+)?))?", text)
    asked = [p for p in talk.brief.predictions if not p.options and p.name not in talk.entry.predictions]
    choices = [p.label for p in asked[:4]]
    value = match[0].strip() if match else "a number"
    return {"move": "prompt", "reply": f"I read {value}. Which quantity is that: {listed((label(c) for c in choices), 'or') or 'which of the targets'}?", "choices": choices}
