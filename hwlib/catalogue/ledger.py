"""The claims of the source text, each checked: what holds, what needs a caveat, what is wrong."""

from __future__ import annotations

from collections import Counter
from functools import cache

from hwlib.catalogue.reading import table
from hwlib.catalogue.records import VERDICTS, Claim
from hwlib.errors import unknown


@cache
def claims() -> tuple[Claim, ...]:
    """Every claim, in the order of the text.

    >>> len(claims()), claims()[0].id
    (153, 'S1-01')
    """
    return tuple(Claim(**raw) for raw in table("claims")["claim"])


@cache
def _by_id() -> dict[str, Claim]:
    return {c.id: c for c in claims()}


def claim(id: str) -> Claim:
    """The claim of this id.

    >>> claim("S1-08").verdict_words
    'Holds'
    >>> claim("S1-88")
    Traceback (most recent call last):
    hwlib.errors.Unknown: claim = 'S1-88' is not in the ledger; did you mean S1-28, S1-18 or S1-08?
    """
    if id not in _by_id():
        raise unknown("claim", id, _by_id(), what="in the ledger")
    return _by_id()[id]


def verdict_counts() -> dict[str, int]:
    """How many claims have each verdict, in the order of the verdicts.

    >>> verdict_counts()
    {'holds': 35, 'holds-with-caveat': 79, 'wrong': 26, 'unsupported': 13}
    """
    counts = Counter(c.verdict for c in claims())
    return {verdict: counts[verdict] for verdict in VERDICTS}
