"""What an utterance is read as: its act, its values, what it states, what it is only about. Nothing is answered here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tutor.context import Context
from tutor.dialogue import asked, moves
from tutor.dialogue.acts import decided
from tutor.dialogue.claims import claims as computed_claims
from tutor.dialogue.features import denials
from tutor.dialogue.frames import Read, Touched, concepts, read, touched
from tutor.dialogue.reading import judged, meant, only_asks, states, strange
from tutor.dialogue.reading import plain as plain_statement
from tutor.dialogue.slots import read_slots
from tutor.dialogue.text import normalise

SUM_UP = re.compile(r"\bsum(?:mar[iy][sz]?e?)?(?: (?:it|this|that|things))? up\b|\bsummary\b|\bsummari[sz]e\b")
REASON = re.compile(r"\b(?:because|since|so that|so|as|in order|to (?:keep|avoid|survive|meet|read|hide|save)|that way|which|for|before|after|until|unless|otherwise)\b")
CORRECTION = re.compile(r"^\W*(?:(?:no|sorry|wait|oops|actually|hm+|correction|ah)[,.: ]+)*(?:i (?:actually |really )?(?:meant|mean)(?: to (?:say|write))?|correction|scratch that|i misspoke|make that|rather)[,.: ]+(?:that )?")
WHY = re.compile(r"^\W*(?:but |ok(?:ay)?,? |and |so )*(?:why(?: not| so| is that| does it hurt)?|how so|how come|really|because|in what way|what do you mean)\W*$")
ABOUT = -2.3
"""Log odds from which a text is taken to be about a concept."""
STRANGE = 0.4
"""Share of unknown words from which a text is not taken to be about anything."""
BARE = 4
"""Words of a wish for a summary that states nothing else."""
MOST = 1000
"""Characters of an utterance that are read; the reply says when there were more."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An utterance as it was read."""

    act: str
    slots: dict[str, Any]
    seen: list[Read]
    claims: list[dict[str, Any]]
    near: list[Touched]
    understood: bool


def interpret(ctx: Context, text: str) -> Reading:
    """What an utterance is read as. Nothing is remembered and nothing answered."""
    of = ctx.brief
    plain_text = CORRECTION.sub("", normalise(text[:MOST])[:MOST])  # one character may stand for eighteen
    slots = read_slots(plain_text, of.kind)
    seen, others = ([], []) if SUM_UP.search(plain_text) and len(plain_text.split()) <= BARE else stated(of.id, plain_text)
    claims = computed_claims(ctx, plain_text)
    near = [Touched(t.concept, meant(plain_text) if t.how == "denied" else t.how) for t in touched(of.id, plain_text, seen)]
    near += [t for t in others if t.concept.id not in {n.concept.id for n in near}]
    act = "meta" if SUM_UP.search(plain_text) else decided(plain_text, slots=slots, read=bool(seen), near=bool(claims or near), kind=of.kind)
    if act == "proposal" and not slots and seen and all(r.concept.kind == "expectation" for r in seen):
        act = "assertion"  # advice that states a method
    if act not in ("proposal", "what-if", "number"):
        slots = {}  # what is only asked or argued about is not set
    if act == "what-if":
        seen = []
    elif act in ("proposal", "number") and not REASON.search(plain_text):
        seen = [r for r in seen if r.concept.kind == "misconception"]  # a bare choice shows no idea
    if act == "off-topic":
        understood = False
    elif act in ("assertion", "question"):
        answers = act == "question" and bool(WHY.match(plain_text) or asked.implied(ctx, plain_text) or asked.compared(ctx, plain_text) or moves.catalogue(plain_text) or moves.answer(ctx, plain_text))
        understood = bool(seen or claims or near) or answers or bool(moves.meaning(asked.meant_word(plain_text)))
    else:
        understood = True  # what to do with it can be asked
    return Reading(act, slots, seen, claims, near, understood)


def stated(brief: str, text: str) -> tuple[list[Read], list[Touched]]:
    """The concepts that a normalised text states, and those that it is about without stating them."""
    framed = read(brief, text)
    known = {c.id: c for c in concepts(brief)}
    found = judged(brief, {i: c.kind for i, c in known.items()}, text, [r.concept.id for r in framed])
    words = {r.concept.id: r.text for r in framed}
    simple = plain_statement(text)
    said = [] if only_asks(text) else [j for j in found if states(j, known[j.id].kind, agreed=simple and j.id in words, denies=any(denials(text)))]
    seen = [Read(known[j.id], words.get(j.id, text[:120]), j.why) for j in said]
    if not seen and strange(brief, text) >= STRANGE:
        return [], []
    about = sorted((j for j in found if j not in said and j.about > ABOUT), key=lambda j: -j.about)
    return seen, [Touched(known[j.id], meant(text)) for j in about[:2]]
