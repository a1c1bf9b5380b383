"""A quiz item whose numbers differ at each visit; the answer is computed, and feedback names the factor off."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hwlib.formula import Figure
from hwlib.units import show
from lessons import draw
from lessons.panels.parts import explained, wrap
from lessons.panels.predict import read_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One instance: the question as markup, the answer with its derivation, and what wrong answers would be."""

    ask: str
    unit: str
    scale: float
    base: str
    answer: Figure
    slips: tuple[tuple[float, str], ...] = ()
    """Factors by which a typical slip is off, and what the slip is."""

    @property
    def shown(self) -> str:
        """The answer with its unit."""
        return show(self.answer, self.base)


CLOSE = 0.03
"""Relative error up to which an answer counts as the same: rounding to two digits costs less."""


def feedback(item: Item, text: str) -> str:
    """What is said to an answer, as markup."""
    said = read_number(text)
    if said is None:
        return draw.state_line("Look again", "Write a number above zero, digits only.")
    ratio = said * item.scale / float(item.answer)
    if abs(ratio - 1) <= CLOSE:
        return draw.state_line("Yes", f"{draw.esc(item.shown)}.")
    for factor, slip in item.slips:
        if abs(ratio / factor - 1) <= CLOSE:
            return draw.state_line("Not yet", f"You are off by a factor of {draw.num(max(factor, 1 / factor))}: {draw.esc(slip)}.")
    way = "too large" if ratio > 1 else "too small"
    return draw.state_line("Not yet", f"Your number is {draw.num(max(ratio, 1 / ratio), 2)} times {way}.")


def solution(item: Item) -> str:
    """The answer with the formula and the numbers plugged in."""
    return draw.details("The answer and its computation", explained(item.answer))


def question(item: Item) -> str:
    """The question as markup."""
    return f'<p class="hw-quiz">{item.ask}</p>'


def panel(make: Callable[[random.Random], Item], *, seed: int | None = None) -> Any:
    """The item with its widgets. Without a seed every visit draws its own numbers, and "Another one" draws again.

    A page that does again what a reader had answered before a reload names the visit, so that it asks the same.
    """
    import ipywidgets as w

    rng = random.Random(os.environ.get("LIVEBOOK_VISIT") if seed is None else seed)
    current = [make(rng)]
    ask, said, worked = w.HTML(question(current[0])), w.HTML(), w.HTML(solution(current[0]))
    answer = w.Text(description=f"Your answer, {current[0].unit}", continuous_update=False)
    check, another = w.Button(description="Check"), w.Button(description="Another one")
    another.add_class("hw-quiet")

    def renew(_: Any) -> None:
        current[0] = make(rng)
        ask.value, said.value, worked.value, answer.value = question(current[0]), "", solution(current[0]), ""

    check.on_click(lambda _: setattr(said, "value", feedback(current[0], answer.value)))
    another.on_click(renew)
    row = w.Box([answer, check, another])
    row.add_class("hw-predict")
    return wrap(ask, row, said, worked)
