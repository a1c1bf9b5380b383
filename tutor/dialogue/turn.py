"""Which move answers an utterance: one issue a turn, a belief before a claim before a question before an idea."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tutor.dialogue import asked, moves
from tutor.dialogue.courtesy import CALM, abstain, greet, hint, meta, summary
from tutor.dialogue.frames import read
from tutor.dialogue.interpret import SUM_UP, WHY, Reading
from tutor.dialogue.replies import answer, correct, near, praise, why
from tutor.dialogue.spoken import row
from tutor.dialogue.trials import number, repair, settable, what_if

if TYPE_CHECKING:
    from tutor.dialogue.discussion import Discussion

REPAIR = re.compile(r"\b(?:smallest|minimal|shortest|a|the) repair\b|\brepair (?:it|my design)\b|\bfix (?:it|my design|this design)\b")
COUNTED = ("arrivals", "weights", "chip-fact", "bytes-a-parameter", "annual-bill")
"""Claims whose figure is the very quantity that was said."""
CLOSE = 1.05
"""A figure within this factor is the figure; further off, but not denied by the computation, it is close."""
SISTERS = {"serve-7b": "serve-70b", "serve-70b": "serve-7b"}


def chosen(talk: Discussion, found: Reading, text: str) -> dict[str, Any]:
    """The turn that answers a normalised text: its move, its reply, and what goes with them."""
    act, slots, claims = found.act, found.slots, found.claims
    aside = read(SISTERS[talk.brief.id], text) if not found.seen and talk.brief.id in SISTERS and act == "assertion" else []
    aside = [r for r in aside if r.concept.kind == "expectation"]
    if WHY.match(text) and talk.topic:
        return why(talk)
    seen = found.seen or aside  # an idea of the sister brief is answered, though it is not one of this one's
    beliefs = [r for r in seen if r.concept.kind == "misconception"]
    ideas = [r for r in seen if r.concept.kind == "expectation"]
    if SUM_UP.search(text):
        return summary(talk)
    if asked.TASK.search(text) and act in ("question", "help", "meta", "off-topic"):
        return {"move": "answer", "reply": f"{asked.task(talk)} {talk.question()}"}
    if asked.LEFT.match(text) and not slots:
        return {"move": "answer", "reply": f"{asked.left(talk)} {talk.question()}"}
    if said := moves.meaning(asked.meant_word(text)):
        return {"move": "answer", "reply": f"{said} {talk.question()}"}
    if REPAIR.search(text) or act == "answer-request":
        return repair(talk)
    if act == "what-if" and not settable(talk, slots) and (change := asked.implied(talk.ctx, text)):
        return what_if(talk, change, act)
    if act == "what-if" and not settable(talk, slots) and found.near:
        return near(talk, found.near[0])
    if act == "what-if" or act == "proposal" and settable(talk, slots) and not beliefs:
        return what_if(talk, slots, act)
    if beliefs:
        return correct(talk, beliefs[0], claims)
    false = next((c for c in claims if c["verdict"] is False and not c["asked"]), None)
    if false and not (ideas and false["kind"] == "bound-by"):
        return {"move": "correct", "reply": f"Let us compute that. {false['words']} What does that change in your reasoning?", "evidence": [row(false)]}
    if act == "question":
        return answer(talk, text, claims, found.near)
    if act == "help":
        return hint(talk)
    if act == "greeting":
        return greet(talk, text)
    if act == "frustration":
        turn = hint(talk)
        return turn | {"reply": f"{CALM[talk.turns % 3]}{turn['reply']}"}
    if act == "meta":
        return meta(talk, text)
    if ideas:
        return praise(talk, ideas, claims)
    true = next((c for c in claims if c["verdict"] is True), None)
    if true:
        return {"move": "assert", "reply": f"{agreement(true)} {true['words']} {talk.question()}", "evidence": [row(true)]}
    if claims:
        return {"move": "answer", "reply": f"{claims[0]['words']} {talk.question()}", "evidence": [row(claims[0])]}
    if act == "number":
        return what_if(talk, slots, "proposal") if settable(talk, slots) else number(talk, text)
    if found.near and act in ("assertion", "proposal"):
        return near(talk, found.near[0])
    if act == "proposal" and slots:
        return what_if(talk, slots, act)
    return abstain(talk, act)


def agreement(claim: dict[str, Any]) -> str:
    """How far a claim that holds agrees with the figure: a rounded one is close, and said to be."""
    said, value = claim.get("said"), claim.get("figure")
    if claim["kind"] in COUNTED and isinstance(said, int | float) and isinstance(value, int | float) and said > 0 and value > 0 and not 1 / CLOSE <= said / value <= CLOSE:
        return "That is close."
    return "Yes."
