"""Formulas and symbols, read off the code that computes."""

from __future__ import annotations

import importlib
from functools import cache

import hwlib
from hwlib.explain import formula_latex, formula_mathml
from hwlib.formula import Formula, formulas_in
from hwlib.notation import symbol_mathml
from hwlib.symbols import SYMBOLS
from lessons.draw.svg import esc
from lessons.draw.table import Html
from lessons.reference.sources import linked
from lessons.reference.tables import Shown, table


@cache
def cards_by_module() -> dict[str, tuple[Formula, ...]]:
    """The formulas of each module, in the order of the course."""
    return {
        name: tuple(f.formula for f in formulas_in(importlib.import_module(f"hwlib.{name}"))) for name in hwlib.MODEL_MODULES
    }


def cited() -> set[str]:
    """The sources of all formulas."""
    return {card.cites for cards in cards_by_module().values() for card in cards}


def unit_words(unit: str) -> str:
    """
    >>> unit_words(""), unit_words("%"), unit_words("B/s")
    ('number', 'share', 'B/s')
    """
    return {"": "number", "%": "share"}.get(unit, unit)


def _math(card: Formula) -> Html:
    """MathML that also carries its LaTeX, for whoever copies it."""
    math, latex = formula_mathml(card), esc(formula_latex(card))
    inner = math.removeprefix('<math display="block">').removesuffix("</math>")
    return Html(
        f'<math displaystyle="true"><semantics>{inner}<annotation encoding="application/x-tex">{latex}</annotation></semantics></math>'
    )


@cache
def formula_ids() -> dict[tuple[str, str], str]:
    """(module, name) → the anchor of a formula: its name, with its module where two share a name."""
    ids: dict[tuple[str, str], str] = {}
    for module, cards in cards_by_module().items():
        for card in cards:
            plain = f"formula-{card.name}"
            ids[module, card.name] = f"formula-{module}-{card.name}" if plain in ids.values() else plain
    return ids


def formulas_of(module: str) -> Shown:
    """The formulas of one module: what is computed, the formula, the unit, whose it is."""
    cards = cards_by_module()[module]
    about = (importlib.import_module(f"hwlib.{module}").__doc__ or "").partition("\n")[0]
    rows = [
        [
            Html(f"<code>{esc(card.name)}</code><br>{esc(card.summary)}"),
            _math(card),
            unit_words(SYMBOLS[card.gives].unit) if card.gives in SYMBOLS else "",
            linked(card.cites),
        ]
        for card in cards
    ]
    ids = [formula_ids()[module, card.name] for card in cards]
    head = ["What it gives", "Formula", "Unit", "Source"]
    return Shown(f"<p>{esc(about)}</p>" + table(head, rows, caption=f"hwlib.{module}", ids=ids, wide=640, first=190))


def symbol_table() -> Shown:
    """The nomenclature: meaning and name in code, symbol, unit."""
    names = sorted(SYMBOLS)
    rows = [
        [
            Html(f"{esc(SYMBOLS[n].meaning)}<br><code>{esc(n).replace('_', '_<wbr>')}</code>"),
            Html(f"<math>{symbol_mathml(SYMBOLS[n].latex)}</math>"),
            unit_words(SYMBOLS[n].unit),
        ]
        for n in names
    ]
    return Shown(table(["Meaning, name in code", "Symbol", "Unit"], rows, caption="Symbols, by name in code", ids=[f"symbol-{n}" for n in names]))
