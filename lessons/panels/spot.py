"""Spot the error: a claim, what may be wrong with it, and the computation once the reader has chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hwlib.catalogue import claim
from lessons import draw
from lessons.panels.parts import wrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """One exercise: a claim of the ledger, places where it may have gone wrong, the right one, and what it is computed to."""

    id: str
    ask: str
    choices: tuple[str, ...]
    right: str
    not_those: dict[str, str]
    """Why a tempting other choice is not it."""
    shown: str
    """The claim with its verdict, correction and computation, as markup."""
    group: str = ""
    """The way in which it went astray; a heading stands where it changes."""


def told(error: Error) -> str:
    """The answer, for who would rather read it and for readers without a kernel."""
    return f"<p><b>{draw.esc(error.right)}.</b></p>{error.shown}"


def waiting(error: Error) -> str:
    """What stands in the place of the answer until somebody chooses."""
    return f'<div class="hw-unasked">{draw.details("The error", told(error))}</div>'


def feedback(error: Error, chosen: str) -> str:
    """What is said to a choice, as markup."""
    if chosen == error.right:
        return draw.state_line("Found", "That is it.") + told(error)
    why = error.not_those.get(chosen, "")
    return draw.state_line("Not that", f"{draw.esc(why)} Choose again." if why else "That part holds. Choose again.")


def question(number: int, error: Error) -> str:
    """The claim and what is asked about it."""
    return f'<p class="hw-quiz"><b>{number}.</b> “{draw.esc(claim(error.id).claim)}” {draw.esc(error.ask)}</p>'


def panel(errors: Sequence[Error]) -> Any:
    """All exercises, one under the other."""
    import ipywidgets as w

    shown, group = [], ""
    for number, error in enumerate(errors, 1):
        if error.group != group:
            group = error.group
            shown.append(w.HTML(draw.sub(group, level=2)))
        choice = w.Dropdown(options=["choose", *error.choices], value="choose", description="Where is the error?")
        said = w.HTML(waiting(error))

        def answer(change: Any, error: Error = error, said: Any = said) -> None:
            said.value = waiting(error) if change["new"] == "choose" else feedback(error, change["new"])

        choice.observe(answer, names="value")
        row = w.Box([choice])
        row.add_class("hw-predict")
        row.add_class("hw-spot")
        shown += [w.HTML(question(number, error)), row, said]
    return wrap(*shown)
