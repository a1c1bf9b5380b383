"""What is answered to an idea, a belief, a claim or a question: the figures first, then one question."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tutor.dialogue import asked, moves
from tutor.dialogue.courtesy import abstain, hint
from tutor.dialogue.frames import Read, Touched, concept, concepts, opposites
from tutor.dialogue.spoken import lowered, named, row
from tutor.dialogue.trials import what_if

if TYPE_CHECKING:
    from tutor.dialogue.discussion import Discussion

LEADS = ("", "Look at the figures. ", "Here is what the figures say. ", "Let us compute it. ")


def correct(talk: Discussion, belief: Read, claims: list[dict[str, Any]]) -> dict[str, Any]:
    """A belief against the figures of the design; met again, from the other side."""
    one = belief.concept
    again = one.id in talk.beliefs
    fact = moves.filled(one.fact, talk.ctx)
    other = next((i for b, i in opposites() if b == one.id and b in talk.beliefs), None)
    if again and other is not None:
        idea = concept(talk.brief.id, other)
        return {"move": "contrast", "reply": f"We met this before; from the other side: {moves.filled(idea.fact, talk.ctx)} {moves.filled(idea.ask, talk.ctx)}"}
    move = "correct"
    if one.id == "flops-set-decode-speed":
        fact, move = moves.knock_out(talk.ctx) or fact, "knock-out"
    lead = "We met this before. " if again else LEADS[(talk.turns + len(one.id)) % len(LEADS)]
    return {"move": move, "reply": f"{lead}{fact} {moves.filled(one.ask, talk.ctx)}", "evidence": [row(c) for c in claims if c["verdict"] is not None]}


def praise(talk: Discussion, ideas: list[Read], claims: list[dict[str, Any]]) -> dict[str, Any]:
    """An idea confirmed by its figures, and the next question."""
    one = ideas[0].concept
    lead = ("Yes: ", "That is the point: ", "Right, and in figures: ")[(talk.turns + len(one.id)) % 3]
    fact = (moves.bounded(talk.ctx) if one.id == "decode-is-bandwidth-bound" else "") or moves.filled(one.fact, talk.ctx)
    return {"move": "prompt", "reply": f"{lead}{lowered(fact)} {moves.filled(one.ask, talk.ctx)}",
            "evidence": [row(c) for c in claims if c["verdict"] is True]}


def near(talk: Discussion, one: Touched) -> dict[str, Any]:
    """A concept that is denied, reported or supposed: the figures, and no scolding."""
    fact, ask = moves.filled(one.concept.fact, talk.ctx), moves.filled(one.concept.ask, talk.ctx)
    if one.how == "denied" and one.concept.kind == "misconception":
        return {"move": "assert", "reply": f"Agreed, and the figures say so too. {fact} {talk.question()}"}
    if one.how == "about":
        return {"move": "revoice", "reply": f"You are close to “{named(one.concept.id)}”; I could not tell which way you mean it, so it counts neither way. {fact} {ask}"}
    lead = {"denied": "Let us see what the figures say.", "reported": "Whoever says it, the figures decide.", "supposed": "Suppose it, and compare."}.get(one.how, "")
    return {"move": "contrast", "reply": f"{lead} {fact} {ask}"}


def why(talk: Discussion) -> dict[str, Any]:
    """Why the last thing is so: the figures of the idea against it, or else the next step of the ladder."""
    other = next((i for b, i in opposites() if b == talk.topic), None)
    ids = {c.id for c in concepts(talk.brief.id)}
    if other in ids:
        idea = concept(talk.brief.id, other)
        return {"move": "answer", "reply": f"Because of this: {lowered(moves.filled(idea.fact, talk.ctx))} {moves.filled(idea.ask, talk.ctx)}"}
    if talk.topic in ids:
        fact = moves.filled(concept(talk.brief.id, talk.topic).fact, talk.ctx)
        if fact not in talk.last and lowered(fact) not in talk.last:
            return {"move": "answer", "reply": f"It follows from your own figures: {lowered(fact)} {talk.question()}"}
    return hint(talk)


def answer(talk: Discussion, text: str, claims: list[dict[str, Any]], near: list[Touched]) -> dict[str, Any]:
    """A question answered: by its own claim, two chips side by side, a change tried, the catalogue, a figure, or the concept that it is about."""
    if claims:
        one = claims[0]
        lead = "" if one["verdict"] is None else "Yes. " if one["verdict"] else "Not in this design. "
        return {"move": "answer", "reply": f"{lead}{one['words']} {talk.question()}", "evidence": [row(one)]}
    if compares := asked.compared(talk.ctx, text):
        return {"move": "answer", "reply": f"{compares} {talk.question()}"}
    if change := asked.implied(talk.ctx, text):
        return what_if(talk, change, "what-if")
    yes_no = re.match(r"^(?:and |so |but )*(?:is|are|do|does|did|can|could|will|would|must|should|has|have)\b", text)
    said = moves.catalogue(text) or ("" if near and yes_no else moves.answer(talk.ctx, text))
    if near and not said:
        return {"move": "answer", "reply": f"{moves.filled(near[0].concept.fact, talk.ctx)} {moves.filled(near[0].concept.ask, talk.ctx)}"}
    if said:
        return {"move": "answer", "reply": f"{said} {talk.question()}"}
    return abstain(talk, "question")
