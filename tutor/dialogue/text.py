"""From what somebody typed to clauses that patterns can meet, each knowing how it is meant."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

LIMIT = 4000
"""Characters of an utterance that are read; the rest is said to be unread."""
DASHES = str.maketrans({"–": "-", "—": " - ", "−": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "…": "..."})
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "thirteen": 13, "fourteen": 14,
        "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "a dozen": 12}
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
    text = re.sub(r"\bno[- ]one\b", "nobody", text)
    text = re.sub(r"\b(?:(?:do|must|should|can|may|let us) not|never) (?:forget|ignore|neglect|overlook)\b", "remember", text)
    text = re.sub(r"[ \t]+", " ", text).strip()
    text = re.sub(r"(\S)\1{9,}", r"\1", text)  # a key held down
    text = re.sub(r"\S{40,}", lambda m: m[0][:40], text)  # no word is longer, and patterns would try each part of it
    return re.sub(r"(?<![\w'])[a-z]{5,16}(?![\w'])", lambda m: spelt(m[0]), text)


@lru_cache(maxsize=4096)
def spelt(word: str) -> str:
    """A word of the subject for one that misses it by a slip of the fingers; any other word as it is.

    >>> spelt("bandwith"), spelt("optimzer"), spelt("levels"), spelt("banana")
    ('bandwidth', 'optimizer', 'levels', 'banana')
    """
    subject, other, stems = _spelling()
    if word in subject or word in other or stems.match(word):
        return word
    allowed = 1 if len(word) < 10 else 2
    best = min(((slips(word, known, allowed), known) for known in subject if known[0] == word[0] and abs(len(known) - len(word)) <= allowed), default=(9, word))
    return best[1] if best[0] <= allowed else word


@cache
def _spelling() -> tuple[frozenset[str], frozenset[str], re.Pattern[str]]:
    """Words that slips are read as, words that are right as they are, and beginnings that the families know."""
    data = words("common")["spelling"]
    families = " ".join(words("gist")["lexicon"].values())
    stems = sorted(set(re.findall(r"(?<![a-z\\])([a-z]{5,})\\w\*", families)))
    literal = re.findall(r"(?<![a-z\\])[a-z]{5,}(?![a-z\\?])", families)
    return frozenset(data["subject"].split()), frozenset(data["other"].split()) | frozenset(literal), re.compile("(?:" + "|".join(stems) + ")")


def slips(a: str, b: str, most: int) -> int:
    """Letters left out, put in, changed or swapped between two words; more than ``most`` are not counted out.

    >>> slips("memroy", "memory", 2), slips("cahce", "cache", 2), slips("chip", "cache", 1)
    (1, 1, 2)
    """
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        fresh = [i]
        for j, y in enumerate(b, 1):
            cost = min(row[j] + 1, fresh[j - 1] + 1, row[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            fresh.append(cost)
        before, row = row, fresh
        if min(row) > most:
            return most + 1
    return row[-1]


@cache
def _contractions() -> re.Pattern[str]:
    known = sorted(words("common")["contractions"], key=len, reverse=True)
    return re.compile(r"(?<![\w'])(?:" + "|".join(map(re.escape, known)) + r")(?![\w'])")


def digits(text: str) -> str:
    """Number words below a thousand as digits, for slots.

    >>> digits("two replicas, one spare"), digits("two hundred and fifty-six nodes")
    ('2 replicas, 1 spare', '256 nodes')
    """
    text = _tens().sub(lambda m: str(TENS[m[1]] + (WORDS.index(m[2]) if m[2] else 0)), text)
    text = _word_numbers().sub(lambda m: str(WORDS.index(m[0])), text)
    return HUNDRED.sub(lambda m: str(100 * int(m[1] if m[1] and m[1] != "a" else 1) + int(m[2] or 0)), text)


HUNDRED = re.compile(r"(?<![\w.,$])(?:([1-9]|a) )?hundred(?: (?:and )?([1-9]\d?)(?![\d.,]))?\b(?! (?:times|percent of))")


@cache
def _tens() -> re.Pattern[str]:
    return re.compile(r"\b(" + "|".join(TENS) + r")(?:[- ](" + "|".join(WORDS[1:10]) + r"))?\b")


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
        sentence = re.sub(r"^\W*(?:no|yes|yeah|well|ok|hmm|sorry|right|true|sure)[,.!]+ ", "", sentence)
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
        r"^(?:(?:and|but|so|then|ok|well),? )*(?:what(?! (?:matters|counts|we need|you get|i mean)\b)|why|how|when|where|which|who|whose|is|are|does|do|did|can|could|should|would|will|explain|define)\b(?! not)"
    )
