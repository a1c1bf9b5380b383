"""80% intervals: how far measured values lay from predictions whose constants had not seen them.

A case of a stack and chip that the fit knows gets the spread of held-out folds, its own group's where that group
has many cases, else its family's; a case of an unknown one gets the spread of groups left out whole, each group
counting alike. Spreads are quantiles of log(measured / predicted), so that an interval never reaches below zero.
Few residuals say little of their own tails: a small sample is drawn towards its family's pool.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hwlib.predict.constants import stored
from hwlib.predict.families.cards import UNKNOWN, card_of_row
from hwlib.predict.family import Family
from hwlib.predict.row import Row

SHARE = 0.8
"""The share of cases that an interval should hold."""
MADE_FOR = 0.84
"""The share of held-out residuals that it is made to hold: cases of one file are more alike than those to come."""
DRAWN = 12.0
"""Residuals of the pool that a small sample is mixed with."""
LEAST = 0.015
"""No interval is narrower than this to either side: measurements of the same thing differ by as much."""
WIDEST = (0.25, 4.0)
"""What is said where nothing is known."""


def quantiles(residuals: Sequence[float], weights: Sequence[float] | None = None, *, share: float = MADE_FOR) -> tuple[float, float]:
    """The bounds that hold this share of the residuals, a little outside the sample's own quantiles when it is small.

    >>> low, high = quantiles([-0.2, -0.1, 0.0, 0.1, 0.2])
    >>> round(low, 2), round(high, 2)
    (-0.2, 0.2)
    """
    values = np.asarray(residuals, float)
    weight = np.ones(len(values)) if weights is None else np.asarray(weights, float)
    order = np.argsort(values, kind="stable")
    values, weight = values[order], weight[order]
    n = weight.sum() ** 2 / (weight**2).sum()  # as many equal ones would say as much
    place = (np.cumsum(weight) - weight / 2) / weight.sum()
    tail = max(0.0, (1 - share) / 2 - 0.4 * share / (n + 1))
    low, high = np.interp([tail, 1 - tail], place, values)
    return float(low), float(high)


def drawn(own: Sequence[float], pool: tuple[float, float]) -> tuple[float, float]:
    """A sample's bounds, mixed with the pool's by how few there are.

    >>> drawn([], (-0.3, 0.3))
    (-0.3, 0.3)
    """
    if not own:
        return pool
    share = len(own) / (len(own) + DRAWN)
    low, high = quantiles(own)
    return share * low + (1 - share) * pool[0], share * high + (1 - share) * pool[1]


def by_group(residuals: Sequence[float], groups: Sequence[str]) -> tuple[float, float]:
    """Bounds of residuals of groups left out whole.

    Few large groups must not drown many small ones, nor one odd row count as a group.
    """
    count = {g: groups.count(g) for g in set(groups)}
    low, high = quantiles(residuals, [1 / math.sqrt(count[g]) for g in groups], share=SHARE)
    even = min(1.0, 3 / len(count))  # few groups say how far a stranger lies, not on which side
    return min(low, -even * high), max(high, -even * low)


def table(fold: Sequence[tuple[float, str, str]], group: Sequence[tuple[float, str, str]]) -> dict[str, Any]:
    """The bounds of one metric, from residuals with their group and regime: what `fitted.toml` keeps, as factors.

    The pools ``seen`` and ``unseen`` are for any case; ``regimes`` and ``groups`` hold those with enough cases of their own.
    """
    known = quantiles([r for r, _, _ in fold]) if fold else None
    unknown = by_group([r for r, _, _ in group], [g for _, g, _ in group]) if group else None
    if known and unknown:  # a stranger is never predicted better than an acquaintance
        unknown = (min(unknown[0], known[0]), max(unknown[1], known[1]))
    regimes = sorted({w for _, _, w in (*fold, *group) if w})
    found: dict[str, Any] = {
        "cases": len(fold), "held_out_groups": len({g for _, g, _ in group}),
        "seen": factors(known or unknown), "unseen": factors(unknown or known),
        "regimes": {}, "groups": {},
    }  # fmt: skip
    pools = {"": known}
    for word in regimes:
        pools[word] = drawn([r for r, _, w in fold if w == word], known) if known else None
        far = [(r, g) for r, g, w in group if w == word]
        wide = unknown
        if far and unknown:
            share = len(far) / (len(far) + DRAWN)
            own = by_group([r for r, _ in far], [g for _, g in far])
            wide = tuple(share * o + (1 - share) * u for o, u in zip(own, unknown, strict=True))
        if wide and pools[word]:
            wide = (min(wide[0], pools[word][0]), max(wide[1], pools[word][1]))
        found["regimes"][word] = {"seen": factors(pools[word] or wide), "unseen": factors(wide or pools[word])}
    for name, word in sorted({(g, w) for _, g, w in fold}):
        own = [r for r, g, w in fold if (g, w) == (name, word)]
        if len(own) >= 8:
            found["groups"][f"{name}|{word}" if word else name] = factors(drawn(own, pools.get(word) or known))
    return found


def factors(bounds: tuple[float, float] | None) -> list[float]:
    """Bounds in log as factors of the prediction, never narrower than `LEAST`."""
    if bounds is None:
        return list(WIDEST)
    return [round(math.exp(min(bounds[0], -LEAST)), 4), round(math.exp(max(bounds[1], LEAST)), 4)]


def pick(found: Mapping[str, Any], *, seen: bool, group: str, regime: str) -> tuple[float, float]:
    """The bounds for a case, the most special there are."""
    if seen and (own := found.get("groups", {}).get(f"{group}|{regime}" if regime else group)):
        return own[0], own[1]
    pool = found.get("regimes", {}).get(regime, found)
    low, high = pool["seen" if seen else "unseen"]
    return low, high


def interval_of(family: Family, row: Row, metric: str) -> tuple[float, float, str]:
    """The factors that bound the interval of a prediction, and what a reader should know of it."""
    fitted = stored().get(family.key, {})
    found = fitted.get("intervals", {}).get(row.family, {}).get(metric)
    if found is None:
        return *WIDEST, "no case of this metric was measured: the interval is a guess"
    try:
        level = (family.levels(row) or ("",))[-1]
        regime = family.regime(row) if family.regime else ""
    except (ValueError, ArithmeticError):
        level = regime = ""
    near = _nearest(row)
    seen = not family.constants or level in fitted.get("levels", {}) and not near
    notes = [near] if near else []
    if not seen and not near:
        notes.append(f"no fitted case of {level or 'this kind'}: what the others have in common, with the interval of a group left out")
    return *pick(found, seen=seen, group=row.group, regime=regime), "; ".join(notes)


def _nearest(row: Row) -> str:
    """Words for a chip that another one stands for."""
    try:
        card = card_of_row(row)
    except ValueError:
        return ""
    if not card.stands_for:
        return ""
    what = "the peak that the row states" if card.id == UNKNOWN else f"{card.id}, the nearest of its line with datasheet figures"
    return f"{card.stands_for} is unknown here: predicted with {what}, and the interval of a group left out"
