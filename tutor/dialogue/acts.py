"""What an utterance does."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from tutor.dialogue.text import words

VERB = re.compile(r"\b(?:is|are|was|were|has|have|had|needs?|does|do|did|can|will|would|takes?|costs?|means?|gives?|makes?|fits?|holds?|runs?|says?|equals?|depends?|arrive\w*)\b")


@cache
def _patterns() -> tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]:
    data = words("common")["acts"]
    return tuple((act, tuple(re.compile(p) for p in data[act])) for act in data["order"])


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


def _leans(text: str) -> bool:
    """A question that only asks for agreement."""
    return bool(re.search(r"(?:right|correct|is not it|does not it|are not they|do not they)\?\s*$|^(?:is|are|does|do) not ", text))
