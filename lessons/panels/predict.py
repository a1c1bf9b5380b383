"""Predict before you are told: a number and a choice, then both beside what is computed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hwlib.formula import Figure
from hwlib.units import show
from lessons import draw
from lessons.panels.parts import wrap

_NUMBER = re.compile(r"^[+]?(\d[\d,\s_]*\.?\d*|\.\d+)(e[+-]?\d+)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, and what is answered. ``scale`` turns the reader's unit into the base unit of ``computed``."""

    ask: str
    unit: str
    scale: float
    base: str
    computed: Figure
    choice_ask: str
    choices: tuple[str, ...]
    right: str
    because: str
    """Why the right choice is right: one sentence of markup."""
    bought: Callable[[float], str]
    """What the reader's own number, in base units, would have meant: one sentence of markup."""
    anchors: tuple[tuple[Any, ...], ...] = ()
    example: str = ""


def read_number(text: str) -> float | None:
    """The number that a reader typed; None when it is none, or not above zero.

    >>> read_number("1,000"), read_number(" 2.5e3 "), read_number("about 7"), read_number("0"), read_number("")
    (1000.0, 2500.0, None, None, None)
    """
    text = text.strip()
    if not _NUMBER.match(text):
        return None
    value = float(re.sub(r"[,\s_]", "", text))
    return value if 0 < value < 1e30 else None


def compare(question: Question, text: str, chosen: str) -> str:
    """The reader's prediction beside the computed value, as markup."""
    yours = read_number(text)
    if yours is None:
        typed = f"“{draw.esc(text.strip()[:40])}” is" if text.strip() else "That is"
        return draw.state_line("Look again", f"{typed} not a number above zero. Write digits only, such as {draw.esc(question.example or '200')}.")
    value = yours * question.scale
    strip = _strip(question, value)
    return f'<figure class="hw-figure">{strip}<figcaption>{question.bought(value)} {_choice(question, chosen)}</figcaption></figure>'


def told(question: Question) -> str:
    """The computed value alone: for who would rather not predict, and for readers without a kernel."""
    words = f"Computed: {draw.esc(show(question.computed, question.base))}. {_choice(question, '')}"
    return f'<figure class="hw-figure">{_strip(question, None)}<figcaption>{words}</figcaption></figure>'


def waiting(question: Question) -> str:
    """What stands in the place of the comparison until somebody asks for it; opens without a kernel, too.

    With one, the button says it, and pages.css hides the drop-down.
    """
    return (
        '<p class="hw-small">Your number and the computed one will stand here on one scale.</p>'
        + f'<div class="hw-unasked">{draw.details("The answer, without predicting", told(question))}</div>'
    )


def _strip(question: Question, yours: float | None) -> str:
    of = 100.0 if question.base == "%" else 1.0  # shares are held as fractions and said in per cent
    anchors = tuple((name, of * value, *kind) for name, value, *kind in question.anchors)
    return draw.log_strip(computed=of * float(question.computed), yours=yours and of * yours, unit=_unit(question.base), anchors=anchors)


def _unit(base: str) -> str:
    """The unit as the pictures call it."""
    return {"usd": "$", "%": "%", "FLOP/B": "FLOP per byte"}.get(base, base)


def _choice(question: Question, chosen: str) -> str:
    head = f"{draw.esc(question.choice_ask)}: <b>{draw.esc(question.right)}</b>."
    if chosen and chosen != question.right:
        head = f"You chose “{draw.esc(chosen)}”. {head}"
    elif chosen:
        head = f"{head[:-1]}, as you said."
    return f"{head} {question.because}"


def panel(question: Question) -> Any:
    """The block with its widgets."""
    import ipywidgets as w

    number = w.Text(description=f"{question.ask}, {question.unit}", continuous_update=False)
    number.add_class("hw-number")
    choices = w.Dropdown(options=["choose", *question.choices], value="choose", description=question.choice_ask)
    go, quiet = w.Button(description="Compare"), w.Button(description="Show without predicting")
    go.add_class("hw-go")
    quiet.add_class("hw-quiet")
    answer = w.HTML(waiting(question))

    def chosen() -> str:
        return "" if choices.value == "choose" else choices.value

    go.on_click(lambda _: setattr(answer, "value", compare(question, number.value, chosen())))
    quiet.on_click(lambda _: setattr(answer, "value", told(question)))
    row = w.Box([number, choices, go, quiet])
    row.add_class("hw-predict")
    return wrap(row, answer)
