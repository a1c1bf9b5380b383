"""Reading figures out of sentences, however they are spelt: digits, words, prefixes, symbols; each as a value with a unit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

ONES = {w: n for n, w in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"])}
TENS = {w: 10 * n for n, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)}
SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "millions": 1e6, "billion": 1e9, "billions": 1e9, "trillion": 1e12, "k": 1e3, "m": 1e6, "mio": 1e6, "bn": 1e9, "b": 1e9, "tn": 1e12}
FRACTIONS = {"half": 0.5, "a quarter": 0.25, "a tenth": 0.1, "one tenth": 0.1}
PREFIX = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "kilo": 1e3, "mega": 1e6, "giga": 1e9, "tera": 1e12, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}
SUPERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
WORD = "|".join(sorted([*ONES, *TENS, "hundred", "point", "and"], key=len, reverse=True))
DIGITS = r"\d+(?:[,\u2009\u202f' ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
NUMBER = re.compile(
    rf"(?P<money>US\$|\$|USD ?|usd ?)?(?:(?P<digits>(?<![\w.])(?:{DIGITS}))|(?P<words>(?<![\w-])(?:(?:{WORD})(?:[- ](?:{WORD}))*)(?!\w)))"
    rf"(?P<power>\s*[×x*·]\s*10\s*(?:\^|\*\*)?\s*[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\s*[×x*·]\s*10(?:\^|\*\*)\d+|[eE]\d+)?(?P<scales>(?:[- ]?(?:{'|'.join(s for s in SCALES if len(s) > 2)})\b)*(?:(?:(?<=\d) ?)(?:k|K|M|bn|B|tn)(?![A-Za-z]))?)",
)  # fmt: skip
UNITS = (
    ("usd", r"dollars?\b|USD\b|US\$"), ("tokens", r"tok(?:ens?|s)?\b"), ("%", r"%|per ?cent\b|percent\b"), ("times", r"times\b|[×x]\b|[×x](?=\s|$|[.,;])|-?fold\b"),
    ("B/s", r"(?P<pBs>[kKMGTP]i?|kilo|mega|giga|tera)?(?:B/s|bytes?(?:/s| (?:a|per) second))"), ("bit/s", r"(?P<pbs>[kKMGT]|kilo|mega|giga|tera)?(?:b/s|bps|bits?(?:/s| (?:a|per) second))"),
    ("B", r"(?P<pB>[kKMGTP]i?|kilo|mega|giga|tera)?(?:B\b|bytes?\b)"), ("months", r"months?\b"), ("restarts", r"(?:[a-z]+ ){0,2}(?:restarts?|interruptions|crashes)\b"), ("sessions", r"(?:such |[a-z]+ )?(?:sessions?|conversations?)\b"),
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A figure in a sentence: value in base units, unit, where it begins."""

    value: float
    unit: str
    at: int


@cache
def figures(sentence: str) -> tuple[Said, ...]:
    """Every number with its unit ("" where none is known).

    >>> [(s.value, s.unit) for s in figures("It costs 0.73 billion dollars, or $730M; fifty megabytes, 32 MiB, 1,100 Gb/s, twice.")]
    [(730000000.0, 'usd'), (730000000.0, 'usd'), (50000000.0, 'B'), (33554432.0, 'B'), (1100000000000.0, 'bit/s'), (2.0, 'times')]
    >>> [(s.value, s.unit) for s in figures("three point three million tokens per second, 3.3 × 10⁶ tokens, 2,000 job restarts, one per cent")]
    [(3300000.0, 'tokens'), (3300000.0, 'tokens'), (2000.0, 'restarts'), (1.0, '%')]
    """
    text = sentence.replace("\u00a0", " ").replace("\u202f", " ")
    found = []
    for m in NUMBER.finditer(text):
        value = _digits(m["digits"]) if m["digits"] else _words(m["words"])
        if value is None:
            continue
        for scale in re.findall(r"[A-Za-z]+", m["scales"] or ""):
            value *= SCALES[scale.lower()]
        if m["power"]:
            value *= 10.0 ** int(re.sub(r".*?10\W*|[eE]", "", m["power"].translate(SUPERS)) or 0)
        rest = text[m.end():].lstrip(" -").removeprefix("of ").removeprefix("US ")
        unit = "usd" if m["money"] else ""
        for name, pattern in UNITS if not unit else ():
            hit = re.match(pattern, rest)
            if hit:
                unit, prefix = name, next((v for v in hit.groupdict().values() if v), "")
                value *= PREFIX[prefix]
                break
        found.append(Said(value, unit, m.start()))
    found += [Said(2.0, "times", m.start()) for m in re.finditer(r"\b([Tt]wice|[Dd]ouble[sd]?)\b", text)]
    found += [Said(value, "share", m.start()) for words, value in FRACTIONS.items() for m in re.finditer(rf"\b{words}\b", text)]
    return tuple(sorted(found, key=lambda s: s.at))


def _digits(text: str) -> float:
    return float(re.sub(r"[,\u2009\u202f' ]", "", text))


def _words(text: str) -> float | None:
    whole, _, tail = text.partition(" point ")
    parts = [w for w in re.split(r"[- ]", whole) if w != "and"]
    if not parts or "point" in parts:
        return None
    total = 0.0
    for word in parts:
        total = (total or 1.0) * 100 if word == "hundred" else total + (ONES.get(word) if word in ONES else TENS.get(word, 0))
    decimals = "".join(str(ONES.get(w, "")) for w in re.split(r"[- ]", tail) if w)
    return total + (float(f"0.{decimals}") if decimals else 0.0)
