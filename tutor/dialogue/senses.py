"""Directions, amounts, order, need, cause: small classes of words that turn a sentence round without a denial.

The cache *shrinks* or *stays as it was*; a batch makes each answer *quicker* or *slower*. There are too many such words
for a model to have seen each beside each subject, so it sees their classes beside the words next to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from tutor.dialogue.text import words

NEAR = 4
"""Words that count as next to one of these, counted without the very common ones."""


@cache
def senses(stem: Callable[[str], str]) -> tuple[dict[str, tuple[str, ...]], dict[tuple[str, ...], str]]:
    """Stem → its classes; phrase (as written) → its class."""
    single: dict[str, set[str]] = {}
    phrases: dict[tuple[str, ...], str] = {}
    for name, listed in words("senses")["senses"].items():
        for word in listed.split():
            if "_" in word:
                phrases[tuple(word.split("_"))] = name
            else:
                single.setdefault(stem(word) if word[0].isalpha() else word, set()).add(name)
    return {w: tuple(sorted(names)) for w, names in single.items()}, phrases


def sensed(tokens: Sequence[str], stems: Sequence[str], stem: Callable[[str], str]) -> list[tuple[int, str]]:
    """Where which class stands: (number of the word, class), in order."""
    single, phrases = senses(stem)
    found: list[tuple[int, str]] = []
    at = 0
    while at < len(tokens):
        for long in (3, 2):
            name = phrases.get(tuple(tokens[at : at + long])) if at + long <= len(tokens) else None
            if name:
                found.append((at, name))
                at += long
                break
        else:
            found += [(at, name) for name in single.get(stems[at], ())]
            at += 1
    return found
