"""The glossary: terms defined once, shown as a page, and found in the prose of the others."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hwlib.notation import symbol_mathml
from hwlib.symbols import SYMBOLS
from lessons.draw.svg import esc
from lessons.draw.table import Html
from lessons.reference.tables import Shown, table

PHONE = (
    "@media(max-width:640px){.hw-terms table{display:block;min-width:0!important}.hw-terms :is(tbody,caption){display:block}"
    ".hw-terms thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}.hw-terms tbody tr{display:grid;grid-template-columns:112px 1fr;gap:2px 12px;padding:8px 0;border-bottom:1px solid var(--rule)}"
    ".hw-terms tbody tr :is(th,td){border:0;padding:0}.hw-terms td:nth-child(4){font-size:13.5px}}"
)
"""On a phone a term is two lines: the word and what it is, its symbol and its chapter."""
FILE = Path(__file__).with_name("glossary.toml")


@dataclass(frozen=True, slots=True)
class Term:
    """One term: other spellings, its definition, its name in the nomenclature and the chapter that explains it."""

    term: str
    says: str
    page: str
    also: tuple[str, ...] = ()
    symbol: str = ""

    @property
    def anchor(self) -> str:
        """Its place on the glossary page."""
        return "term-" + re.sub(r"[^a-z0-9]+", "-", self.term.lower()).strip("-")


@cache
def terms() -> tuple[Term, ...]:
    """All terms, by alphabet."""
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))["term"]
    return tuple(sorted((Term(**{**entry, "also": tuple(entry.get("also", ()))}) for entry in raw), key=lambda t: t.term.lower()))


@cache
def spellings() -> Mapping[str, Term]:
    """Every spelling, in small letters unless it is written in capitals, to its term."""
    return {_key(word): term for term in terms() for word in (term.term, *term.also)}


def _key(word: str) -> str:
    return word if re.search(r"[A-Z]{2}|^[a-z]+[A-Z]", word) else word[:1].lower() + word[1:]


@cache
def _pattern() -> re.Pattern[str]:
    words = sorted(spellings(), key=len, reverse=True)
    either = "|".join(f"[{w[0].upper()}{w[0]}]{re.escape(w[1:])}" if w[0].islower() else re.escape(w) for w in words)
    return re.compile(rf"(?<![\w-])(?:{either})(?![\w-])")


def found_in(text: str, *, known: set[str]) -> list[tuple[int, int, Term]]:
    """Where terms are first used in a text: start, end, term. Those in ``known`` were met before; what is found joins them.

    >>> [(text, term.term) for s, e, term in found_in("Decoding reads the KV cache.", known=set()) for text in ["Decoding reads the KV cache."[s:e]]]
    [('Decoding', 'decode'), ('KV cache', 'KV cache')]
    >>> found_in("Decoding, and decode again.", known={"decode"})
    []
    """
    places = []
    for match in _pattern().finditer(text):
        term = spellings()[_key(match[0])]
        if term.term not in known:
            known.add(term.term)
            places.append((match.start(), match.end(), term))
    return places


def glossary_table() -> Shown:
    """All terms with their definitions, symbols and chapters."""
    rows = []
    for t in terms():
        also = f'<br><span class="hw-small">also: {esc(", ".join(t.also))}</span>' if t.also else ""
        rows.append([
            Html(f"{esc(t.term)}{also}"), t.says, Html(f"<math>{symbol_mathml(SYMBOLS[t.symbol].latex)}</math>") if t.symbol else Html('<span class="hw-none" role="img" aria-label="no symbol">–</span>'),
            Html(f'<a href="../{t.page}.html">{esc(_title(t.page))}</a>'),
        ])  # fmt: skip
    grid = table(["Term", "What it is", "Symbol", "Chapter"], rows, caption="Terms of the course", ids=[t.anchor for t in terms()], wide=560)
    return Shown(f'<div class="hw-terms"><style>{PHONE}</style>{grid}</div>')


def _title(page: str) -> str:
    """A chapter's name from its address.

    >>> _title("1-two-workloads/kv-cache")
    'kv cache'
    """
    return page.rpartition("/")[2].replace("-", " ")
