"""Hints, greetings, questions about the tutor itself, what was not understood, and the summary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hwlib.errors import listed
from tutor.dialogue import moves
from tutor.dialogue.spoken import example, lowered, named
from tutor.dialogue.trials import repair
from tutor.findings import Finding

if TYPE_CHECKING:
    from tutor.dialogue.discussion import Discussion

CAN = {
    "serving": "what fits, what a user's cache takes, how busy the fleet is, what a change would do",
    "training": "what a chip holds, how long a run takes, where a step's time goes, what a change would do",
    "tco": "what three years cost, when serving overtakes training, what each lever saves, what a change would do",
}
CALM = ("This is a hard part, and one figure at a time is enough. ", "Fair enough; let us take one small step. ", "That can wear one out. One figure only. ")


def hint(talk: Discussion) -> dict[str, Any]:
    """The next rung of the ladder of what weighs most; after the last one the repair, or the idea itself."""
    item = talk.agenda()
    if item is None:
        return summary(talk)
    if isinstance(item, Finding):
        step = min(talk.level.get(item.rule, 0), 4)
        talk.level[item.rule] = step + 1
        if step >= 4:
            return repair(talk)
        move = ("pump", "hint", "prompt", "assert")[step]
        ask = item.question if step in (0, 1) else "Does that move what you would change?"
        return {"move": move, "reply": f"{item.hints[step]} {ask}", "rule": item.rule, "evidence": [r.as_dict() for r in item.evidence]}
    step = min(talk.level.get(item.id, 0), 2)
    talk.level[item.id] = step + 1
    if step == 0:
        return {"move": "pump", "reply": f"{moves.filled(item.fact, talk.ctx)} {item.pump}"}
    if step == 1:
        return {"move": "hint", "reply": f"{moves.filled(item.fact, talk.ctx)} {moves.filled(item.ask, talk.ctx)}"}
    talk.covered.append(item.id)
    return {"move": "assert", "reply": f"In short: {lowered(moves.filled(item.fact, talk.ctx))} Say in your own words why. {talk.question()}"}


def greet(talk: Discussion, text: str) -> dict[str, Any]:
    """A greeting, thanks or farewell, answered with a figure."""
    if re.search(r"thank|thx|cheers", text):
        return {"move": "pump", "reply": f"Gladly. {talk.figure()} {talk.question()}"}
    if re.search(r"\bbye|see you|ciao", text):
        return summary(talk)
    return {"move": "pump", "reply": f"Hello. {talk.figure()} {talk.question()}"}


def meta(talk: Discussion, text: str) -> dict[str, Any]:
    """A question about grading, storage or the tutor itself."""
    if re.search(r"grad|scor|point|pass|count", text):
        said = "The score is computed from your design, your predictions and what I read in your text; text can add points and never takes any, and hints cost little."
    elif re.search(r"store|save|remember|log", text):
        said = "Nothing leaves this page; what I remember ends with the session."
    else:
        said = "I am rules and formulas, not a language model. Nothing leaves this page, and every figure can be asked why."
    return {"move": "answer", "reply": f"{said} {talk.question()}"}


def abstain(talk: Discussion, act: str) -> dict[str, Any]:
    """What was not understood is said, with something to try instead."""
    if act == "off-topic":
        said = ("That is outside what I can judge.", "I cannot place that.", "About that I know nothing useful.")[talk.turns % 3]
    else:
        said = ("I did not understand that, and so I do not count it.", "I could not read that safely.", "I am not sure what you claim there.")[talk.turns % 3]
    if act == "question":
        said = ("I have no computed answer to that.", "That question I cannot answer from the model.", "I have no figure for that.")[talk.turns % 3]
    offer = f"I can compute {CAN[talk.brief.kind]}." if not any("I can compute" in s for s in talk.said) else f"Try a change, such as “{example(talk.brief.kind)}”, or a claim with a number; I compute both."
    if any(offer in s for s in talk.said):
        offer = talk.other_figure()
    return {"move": "abstain", "understood": False, "reply": f"{said} {offer} {talk.question()}", "choices": ["Hint", "I don't know", "Sum up"]}


def summary(talk: Discussion) -> dict[str, Any]:
    """What was said, corrected and tried, and what is still open."""
    ideas = [named(i) for i in talk.covered]
    parts = [talk.figure()]
    if ideas:
        parts.append(f"You have said it yourself: {listed(f'“{i}”' for i in ideas)}.")
    if talk.beliefs:
        parts.append(f"The figures did not bear out {listed(f'“{named(i)}”' for i in talk.beliefs)}.")
    if talk.tried:
        parts.append(f"Tried: {'; '.join(list(dict.fromkeys(talk.tried))[-3:])}.")
    parts.append(f"Still open: {talk.question()}")
    return {"move": "summary", "reply": " ".join(parts)}
