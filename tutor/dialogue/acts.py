"""What an utterance does."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from tutor.dialogue.text import digits, words

SHORT = re.compile(r"^(?:\S+ ){0,5}\S+\?$")
"""A few words and a question mark: "with int8?"."""
BARE = re.compile(r"^(?!(?:use|take|set|add|make|keep|put|go|let|switch|with|at|in|try|no|not|i|we|and|halve|double|give|only|then|ok|fine|save)\b)(?=\D*\d)(?:[^\s,;?=]+ ){0,4}[^\s,;?=.]+$")
"""A quantity with its name, and no word that chooses."""
ASKING = re.compile(r"^(?:hm+,? |so |and |but |ok,? |well,? )*(?:do|does|did|is|are|can|could|should|would|will|what (?:is|are|does|do|would|happens|if)|why|where|who|explain|define|describe|tell|remind|(?:how|when|which|what)(?: \w+){0,3} (?:do|does|did|is|are|can|could|should|would|will)\b)")
SOLUTION = re.compile(r"\b(?:answers?|solutions?|solve|reveal|result|right one|correct|memo|design|tell me|show me|say it)\b")
TUTOR = re.compile(r"\b(?:you|your|tutor|course|lesson|bot|human|page|saved?|stored|sent|graded?|scored?|points|exercise|brief|export\w*|marks?|answers)\b")
CLAUSE = re.compile(r"[.:;!]\s|,\s|\s-\s| (?:since|because|so that|so|as) ")
NEARLY = 2.5
"""Log odds by which a choice with a value may be behind a statement."""
CLAIMS = re.compile(r"\b(?:always|never|improves?|removes?|reduces?|cuts|saves|helps?|costs?|means?|makes?|gives?|needs?|does|do|is|are|has|have|wastes?|doubles|halves|keeps|avoids|prevents|brings|lets|shares|beats|loses|allows|holds?|fits?|carries)\b")
VERB = re.compile(r"\b(?:is|are|was|were|has|have|had|needs?|does|do|did|can|will|would|takes?|costs?|means?|gives?|makes?|fits?|holds?|runs?|says?|equals?|depends?|arrive\w*|avoids?|prevents?|removes?|saves?|cuts|reduces?|improves?|halves|doubles)\b")


@cache
def _patterns() -> tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]:
    data = words("common")["acts"]
    return tuple((act, tuple(re.compile(p) for p in data[act])) for act in data["order"])


@cache
def _sure(act: str) -> re.Pattern[str]:
    """What makes an act sure when a value stands beside it, whatever the model finds likely."""
    return re.compile("|".join(words("common")["sure"][act]))


@cache
def _topic() -> re.Pattern[str]:
    return re.compile("|".join(rf"(?<!\w){re.escape(w)}(?!\w)" if len(w) < 3 and w.isalpha() else rf"(?<![a-z]){re.escape(w)}" for w in words("common")["topic"]["words"]))


def on_topic(text: str) -> bool:
    """Whether a normalised text has a word of the subject, or two that might be."""
    hits = {m[0] for m in _topic().finditer(text)}
    return bool(hits - set(words("common")["topic"]["weak"])) or len(hits) > 1


def _maybe_topic(text: str) -> bool:
    """Whether any such word is in a question, which is short and gives the benefit of the doubt."""
    return bool(_topic().search(text))


def act_of(text: str, *, slots: dict[str, Any], read: bool) -> str:
    """The act of a normalised text; ``read`` says that a concept or a claim was read in it."""
    if not re.search(r"[a-z0-9?]", text):
        return "off-topic"
    subject = read or bool(slots) or on_topic(text)
    for act, patterns in _patterns():
        if not any(p.search(text) for p in patterns):
            continue
        if act in ("question", "what-if") and not subject and _maybe_topic(text):
            return act
        if act in ("question", "what-if", "proposal") and not subject:
            return "off-topic"
        if read and act in ("help", "frustration", "greeting", "meta", "number") and len(text.split()) > 6:
            continue
        if act == "question" and _leans(text) and read:
            return "assertion"
        if act == "proposal" and read and not slots:
            return "assertion"
        return act
    if slots and not read and not VERB.search(text):
        return "proposal"  # "tp=8 pp=8", "utilisation 50%": a value without a verb is a choice
    return "assertion" if subject else "off-topic"


def _chooses(text: str, kind: str) -> bool:
    """Whether a text with values chooses something, or begins with a value and no verb and goes on with a reason."""
    from tutor.dialogue.slots import read_slots

    if _sure("chooses").search(text):
        return True
    head = CLAUSE.split(text, maxsplit=1)[0]
    return head != text and len(head.split()) < 9 and not VERB.search(head) and not CLAIMS.search(head) and bool(read_slots(head, kind))


def _leans(text: str) -> bool:
    """A question that only asks for agreement."""
    return bool(re.search(r"(?:right|correct|is not it|does not it|are not they|do not they)\?\s*$|^(?:is|are|does|do) not ", text))


def decided(text: str, *, slots: dict[str, Any], read: bool, near: bool, kind: str) -> str:
    """The act of a normalised text: the linear model's, which knows what the patterns said, but for a few sure cases.

    ``read`` says that a concept was read in it, ``near`` that it is about one, ``kind`` is the brief's.
    """
    from tutor.dialogue.reading import acts
    from tutor.dialogue.slots import read_slots

    if not re.search(r"[a-z0-9?]", text):
        return "off-topic"
    rule = act_of(text, slots=slots, read=False)
    if rule == "what-if" and slots and SHORT.match(text):
        return rule
    ranked = acts(text, slots=list(slots), rule=rule)
    likely = ranked[0][0]
    if likely == "proposal" and len(slots) == 1 and BARE.match(digits(text)):
        return "number"  # "discount rate 8%": a quantity and its name
    if likely == "question" and "?" not in text and not ASKING.match(text):
        likely = ranked[1][0]  # "how many we buy comes down to the cache"
    if likely == "frustration" and rule != "frustration" and ASKING.match(text):
        likely = "question"  # "why is my number so high" wants to know
    if rule == "off-topic" and likely in ("assertion", "question", "what-if") and not read and not near and not slots:
        return "question" if ASKING.match(text) and _maybe_topic(text) else rule
    if likely == "answer-request" and "?" in text and not SOLUTION.search(text) or likely == "meta" and "?" in text and not TUTOR.search(text):
        likely = "question"
    odds = dict(ranked)
    if likely == "assertion" and rule == "proposal" and slots and not read and odds["proposal"] > odds["assertion"] - NEARLY:
        likely = rule
    if likely == "number" and rule == "assertion" and CLAIMS.search(text) and len(text.split()) > 12:
        likely = rule  # "users times requests over 86,400 seconds gives the rate" says how, not how much
    if likely == "proposal" and rule == "assertion" and (read or CLAIMS.search(text)):
        likely = rule  # "paged allocation removes the waste" has a value in it and chooses nothing
    if likely in ("meta", "answer-request", "help", "greeting") and read and len(text.split()) > 12:
        likely = "assertion"
    if slots and likely in ("assertion", "question", "proposal", "off-topic") and _sure("tries").match(text):
        return "what-if"
    if slots and likely == "question" and _sure("why_not").match(text):
        return "proposal"
    if slots and likely == "assertion" and _chooses(text, kind):
        return "proposal"
    if likely == "assertion":
        head = re.split(r"(?<=[.:;!?])\s", text)[0]
        values = read_slots(head, kind) if head != text else {}
        if values and len(head.split()) < 12 and acts(head, slots=list(values), rule=act_of(head, slots=values, read=False))[0][0] in ("proposal", "number"):
            likely = "proposal"  # a choice, and then the reason for it
    return likely
