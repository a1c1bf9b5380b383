"""From what somebody typed to clauses that patterns can meet, each knowing how it is meant."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

LIMIT = 4000
"""Characters of an utterance that are read; the rest is said to be unread."""
DASHES = str.maketrans({"–": "-", "—": " - ", "−": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "…": "..."})
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@cache
def words(name: str) -> dict[str, Any]:
    """A file of `tutor/words`."""
    return tomllib.loads((files("tutor") / "words" / f"{name}.toml").read_text("utf-8"))


def normalise(text: str) -> str:
    """Lower case, one kind of quote and dash, contractions written out, spaces single.

    >>> normalise("Decode  isn’t COMPUTE-bound; it's 2 TB/s")
    'decode is not compute-bound; it is 2 tb/s'
    """
    text = unicodedata.normalize("NFKC", text[:LIMIT].translate(DASHES)).translate(DASHES)
    text = re.sub(r"(?<=\d)( ?)([GTM])b(?=/s\b)|(?<=\d)( ?)([GTM])bps\b", lambda m: f"{m[1] or m[3] or ''}{m[2] or m[4]}bit/s", text)  # bits, before the case is lost
    text = text.lower()
    text = "".join(c for c in text if c.isprintable() or c in "\n\t")
    text = _contractions().sub(lambda m: words("common")["contractions"][m[0]], text)
    text = re.sub(r"\b(\w+)n't\b", r"\1 not", text)
    text = re.sub(r"\b(?:(?:do|must|should|can|may|let us) not|never) (?:forget|ignore|neglect|overlook)\b", "remember", text)
    return re.sub(r"[ \t]+", " ", text).strip()


@cache
def _contractions() -> re.Pattern[str]:
    known = sorted(words("common")["contractions"], key=len, reverse=True)
    return re.compile(r"(?<![\w'])(?:" + "|".join(map(re.escape, known)) + r")(?![\w'])")


def digits(text: str) -> str:
    """Number words up to twelve as digits, for slots.

    >>> digits("two replicas, one spare")
    '2 replicas, 1 spare'
    """
    return _word_numbers().sub(lambda m: str(WORDS.index(m[0])), text)


@cache
def _word_numbers() -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(w for w in WORDS if w != "zero") + r")\b(?! (?:of|more|another|can|could|might|would)\b)")


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of a sentence that is asserted, asked or supposed as a whole."""

    text: str
    question: bool
    supposed: bool
    reported: int
    """Where speech of somebody else begins in the clause; -1 when the speaker speaks."""


def clauses(text: str) -> list[Clause]:
    """The clauses of a normalised text. Quoted words are dropped unless the speaker agrees with them."""
    speech = _speech()
    found = []
    for sentence in re.split(r"(?<=[.!?;])\s+|\n+", text):
        if not sentence.strip():
            continue
        agrees = bool(speech["agree"].search(sentence))
        if not agrees:
            sentence = re.sub(r'"[^"\s]+(?:\s+[^"\s]+){2,}"', " ", sentence)  # a word or two in quotes is a name, not a saying
        sentence = re.sub(r"\b(?:rather than|instead of) (?:the |a |an |by |its )?[\w-]+(?: (?:speed|peak|cores?|bandwidth|performance|power))?", " ", sentence)
        tag = bool(speech["tag"].search(sentence.strip()))
        negative_lead = re.match(r"^(?:but |and |so )?(?:(?:is|are|does|do|would|should|will|can) not (?=.*\?\s*$)|is not it )(?:it |that |this )?(?:just )?", sentence)
        asked = sentence.rstrip().endswith("?") or bool(_asks().match(sentence))
        leaning = tag or bool(negative_lead)
        if negative_lead:
            sentence = sentence[negative_lead.end():]
        supposed = bool(speech["suppose"].search(sentence))
        pieces = re.split(r",? \bbut\b |;|,? \bhowever\b,? |,? \bwhereas\b |,? \byet\b | - ", sentence)
        for piece in pieces if len(pieces) == 1 else [*pieces, sentence]:  # a contrast may be the point: "cheaper, but slower"
            if piece.strip():
                told = None if agrees else speech["reported"].search(piece)
                found.append(Clause(f" {piece.strip()} ", asked and not leaning, supposed, told.end() if told else -1))
    return found


@cache
def _speech() -> dict[str, re.Pattern[str]]:
    data = words("common")["speech"]
    return {name: re.compile(r"(?<!\w)(?:" + "|".join(data[name]) + r")") for name in ("reported", "agree", "suppose", "tag")}


@cache
def _asks() -> re.Pattern[str]:
    return re.compile(
        r"^(?:(?:and|but|so|then|ok|well),? )*(?:what|why|how|when|where|which|who|whose|is|are|does|do|did|can|could|should|would|will|explain|define)\b(?! not)"
    )
