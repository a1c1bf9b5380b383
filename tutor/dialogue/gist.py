"""Gists: families of words that, met in any order in one sentence, make a belief or an idea.

The patterns of a concept know its usual wordings; a gist knows what has to be there however it is worded. Polarity is
counted: a negation that is not itself part of a family turns the gist off, so that "does not suffice" is no "suffices".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tutor.dialogue.text import Clause, words


@dataclass(frozen=True, slots=True)
class Gist:
    """What must be there, what must not."""

    needs: tuple[re.Pattern[str], ...]
    bars: tuple[re.Pattern[str], ...]


@cache
def _family(name: str) -> re.Pattern[str]:
    data = words("gist")
    source = data["lexicon"].get(name) or data["lexicon2"][name]
    return re.compile(rf"(?<![\w$.,])(?:{source})(?!\w)")


@cache
def gists(id: str) -> tuple[Gist, ...]:
    """The gists of a concept."""
    found = []
    for line in words("gist")["gist"].get(id, ()):
        names = line.split()
        found.append(Gist(tuple(_family(n) for n in names if n[0] != "!"), tuple(_family(n[1:]) for n in names if n[0] == "!")))
    return tuple(found)


@cache
def _negation() -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(words("common")["negation"]["words"]) + r"|nope|nah|incorrect|neither|superfluous|unnecessary|pointless|overkill|useless|a waste|skip|irrelevant|needless|meaningless|myth)\b")


def present(id: str, clause: Clause, met: dict[re.Pattern[str], list[tuple[int, int]]]) -> bool:
    """Whether a clause has all the words of a gist, however it means them."""

    def where(family: re.Pattern[str]) -> list[tuple[int, int]]:
        if family not in met:
            met[family] = [m.span() for m in family.finditer(clause.text)]
        return met[family]

    return any(all(where(f) for f in g.needs) and not any(where(b) for b in g.bars) for g in gists(id))


def stated(id: str, clause: Clause, met: dict[re.Pattern[str], list[tuple[int, int]]] | None = None) -> str | None:
    """The words that carry a gist of a concept in a clause that asserts; None when none is there.

    ``met`` keeps where the families stand in this clause, so that each is looked for once.
    """
    text = clause.text if clause.reported < 0 else clause.text[:clause.reported]
    met = {} if met is None else met

    def where(family: re.Pattern[str]) -> list[tuple[int, int]]:
        if family not in met:
            met[family] = [m.span() for m in family.finditer(text)]
        return met[family]

    for gist in gists(id):
        if not all(where(family) for family in gist.needs) or any(where(bar) for bar in gist.bars):
            continue
        spans = [span for family in gist.needs for span in where(family)]
        if all(any(a <= start and end <= b for a, b in spans) for start, end in where(_negation())):
            return text[min(a for a, _ in spans):max(b for _, b in spans)]
    return None
