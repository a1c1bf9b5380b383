"""Beliefs and ideas found in clauses, with guards for negation, questions, quotation and supposition."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tutor.dialogue import gist
from tutor.dialogue.text import Clause, clauses, words

FOLLOWED = re.compile(r"\W*(?:(?:is|are|does|do|will|would|can) )?(?:not|never|no longer|hardly)\b(?! (?:only|just)\b)")
"""A negation right behind the words."""
CONTRAST = re.compile(r"\b(?:but|rather|instead|not|never|whereas|while|although|however|than)\b")


@dataclass(frozen=True, slots=True)
class Concept:
    """A belief (misconception) or an idea (expectation) of a brief, with what the tutor says about it."""

    id: str
    kind: str
    say: tuple[re.Pattern[str], ...]
    ask_as: tuple[re.Pattern[str], ...]
    not_with: re.Pattern[str] | None
    fact: str
    ask: str
    pump: str


@dataclass(frozen=True, slots=True)
class Read:
    """A concept read in a text, and the words that it was read from."""

    concept: Concept
    text: str
    why: tuple[str, ...] = ()
    """The features that weighed most, where the linear model took part."""


@cache
def concepts(brief: str) -> tuple[Concept, ...]:
    """The concepts of a brief, compiled once."""
    found = []
    for item in words(brief)["concept"]:
        barred = item.get("not_with")
        found.append(Concept(
            item["id"], item["kind"], tuple(_pattern(p) for p in item["say"]), tuple(_pattern(p) for p in item.get("ask_as", ())),
            re.compile("|".join(barred)) if barred else None, item["fact"], item["ask"], item.get("pump", ""),
        ))
    return tuple(found)


def concept(brief: str, id: str) -> Concept:
    return next(c for c in concepts(brief) if c.id == id)


WORD = r"\w'$%./+×-"
"""What a word between two parts of a pattern may be made of."""


@cache
def _gap() -> str:
    negations = "|".join(words("common")["negation"]["words"])
    # What stands before may have taken the space with it. A word is taken whole and the space before it holds nothing of it:
    # were there two ways to read "100% 100%", a long row of them would be tried in all combinations.
    before, between = rf"(?:[^{WORD}]++|(?<=\W))", r"(?:\W+|(?<=\W))"
    return rf"(?:{before}(?!(?:{negations})\b)[{WORD}]++){{0,6}}?{between}"


def _pattern(source: str) -> re.Pattern[str]:
    """A pattern of the words' files as a regular expression."""
    classes = words("common")["classes"]
    source = re.sub(r"(\d+),\?000", r"(?:\1,?000|\1 ?k\\b)", source)
    for _ in range(2):
        source = re.sub(r"\{([a-z0-9]+)\}", lambda m: classes.get(m[1], m[0]), source)
    source = re.sub(r"(?<=[|(:])([a-z]{1,4})(?=[|)])", r"\1\\b", source)  # "no" must not meet the head of "not"
    source = re.sub(r"(?<=[|(:])(\d)", r"(?<![\\d.,])\1", source)  # nor "2x" the tail of "1.2x"
    source = re.sub(r"\s*…\s*", lambda _: _gap(), source)
    source = re.sub(r"(?<!\\)\$$", r"\\W*$", source)
    return re.compile(r"(?<![\w-])" + source)


@cache
def _guards() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    data = words("common")["negation"]
    return (
        re.compile(r"\b(?:" + "|".join(data["words"]) + r")\b"), re.compile(r"\b(?:" + "|".join(data["before"]) + ")"),
        re.compile(r"^\W*(?:\w+\W+){0,4}?(?:" + "|".join(data["after"]) + ")"), re.compile(r"(?<!\w)(?:" + "|".join(data["after"]) + ")"),
    )


def guarded(text: str) -> bool:
    """Whether a normalised text has words that turn a statement: "I doubt that", "is a myth"."""
    return bool(_guards()[1].search(text) or _guards()[3].search(text))


def read(brief: str, text: str) -> list[Read]:
    """The concepts that a normalised text states. Polarity decides: what is denied, asked, reported or supposed is not stated."""
    found: dict[str, Read] = {}
    for clause in clauses(text):
        met: dict[re.Pattern[str], list[tuple[int, int]]] = {}
        doubted = clause.question or clause.supposed or bool(_guards()[1].search(clause.text) or _guards()[3].search(clause.text))
        for one in concepts(brief):
            if one.id in found:
                continue
            matched = _stated(one, clause)
            if matched is None and not doubted and not (one.not_with is not None and one.not_with.search(clause.text)):
                matched = gist.stated(one.id, clause, met)
            if matched is not None:
                found[one.id] = Read(one, " ".join(matched.split()))
    return _settled(found, text)


@cache
def opposites() -> tuple[tuple[str, str], ...]:
    return tuple((belief, idea) for belief, ideas in words("gist")["opposite"].items() for idea in ideas)


def _settled(found: dict[str, Read], text: str) -> list[Read]:
    """A belief and the idea against it are not both said in one breath: a contrast makes it the idea, else the belief."""
    for belief, idea in opposites():
        if belief in found and idea in found and found[belief].text and len(list(re.finditer(r"[.!?;](?:\s|$)", text))) <= 1:
            del found[belief if CONTRAST.search(text) else idea]
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Touched:
    """A concept that is spoken of without being stated: denied, asked about, reported or supposed."""

    concept: Concept
    how: str


def touched(brief: str, text: str, seen: list[Read]) -> list[Touched]:
    """The concepts that a normalised text speaks of and does not state."""
    found: dict[str, Touched] = {}
    stated = {r.concept.id for r in seen}
    for clause in clauses(text.replace('"', " ")):
        met: dict[re.Pattern[str], list[tuple[int, int]]] = {}
        how = "asked" if clause.question else "supposed" if clause.supposed else "reported" if clause.reported >= 0 or '"' in text else "denied"
        for one in concepts(brief):
            if one.id in stated or one.id in found:
                continue
            if gist.present(one.id, clause, met) or any(p.search(clause.text) for p in one.say):
                found[one.id] = Touched(one, how)
    return list(found.values())


def _stated(one: Concept, clause: Clause) -> str | None:
    if clause.supposed or one.not_with is not None and one.not_with.search(clause.text):
        return None
    if clause.question:
        if one.kind == "expectation":
            return None
        patterns = one.ask_as
    else:
        patterns = one.say
    for pattern in patterns:
        match = pattern.search(clause.text)
        while match is not None:
            if not 0 <= clause.reported <= match.start() + 1 and not denied(clause.text, match.start(), match.end()):
                return match[0]
            match = pattern.search(clause.text, match.start() + 1)  # a denied reading may hide a stated one inside it
    return None


def denied(text: str, start: int, end: int) -> bool:
    """Whether the words around a match turn it into its opposite."""
    negation, before, after, _ = _guards()
    lead = re.split(r"[,:(]", text[:start])[-1]
    near = " ".join(lead.split()[-5:])
    return bool(negation.search(near) or before.search(text[:start]) or after.search(text[end:]) or FOLLOWED.match(text[end:]))
