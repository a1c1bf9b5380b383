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
    ('plain number', 'share', 'B/s')
    """
    return {"": "plain number", "%": "share"}.get(unit, unit)


def _math(card: Formula) -> Html:
    """MathML that also carries its LaTeX, for whoever copies it."""
    math, latex = formula_mathml(card), esc(formula_latex(card))
    inner = math.removeprefix('<math display="block">').removesuffix("</math>")
    return Html(
        f'<math display="block" style="text-align:left"><semantics>{inner}<annotation encoding="application/x-tex">{latex}</annotation></semantics></math>'
    )


def formula_tables() -> Shown:
    """A table for each module: what is computed, the formula, the unit, whose it is."""
    modules = {name: cards for name, cards in cards_by_module().items() if cards}
    index = " · ".join(f'<a href="#module-{name}">{name}</a>' for name in modules)
    parts = [f"<p>{sum(map(len, modules.values()))} formulas in {len(modules)} modules: {index}</p>"]
    for name, cards in modules.items():
        about = (importlib.import_module(f"hwlib.{name}").__doc__ or "").partition("\n")[0]
        rows = [
            [
                Html(f"<code>{esc(card.name)}</code><br>{esc(card.summary)}"),
                _math(card),
                unit_words(SYMBOLS[card.gives].unit) if card.gives in SYMBOLS else "",
                linked(card.cites),
            ]
            for card in cards
        ]
        grid = table(
            ["What it gives", "Formula", "Unit", "Source"], rows, caption=f"hwlib.{name}", ids=[f"formula-{c.name}" for c in cards], wide=720,
        )  # fmt: skip
        parts.append(f'<section id="module-{name}"><h2>{name.capitalize()}</h2><p>{esc(about)}</p>{grid}</section>')
    return Shown("".join(parts))


def symbol_table() -> Shown:
    """The nomenclature: name in code, symbol, unit, meaning."""
    rows = [
        [Html(f"<code>{esc(name)}</code>"), Html(f"<math>{symbol_mathml(s.latex)}</math>"), unit_words(s.unit), s.meaning]
        for name, s in sorted(SYMBOLS.items())
    ]
    return Shown(table(["Name in code", "Symbol", "Unit", "Meaning"], rows, caption="Symbols", ids=[f"symbol-{n}" for n in sorted(SYMBOLS)], wide=460))
