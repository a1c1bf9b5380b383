"""The reference pages, made from the code when the book is built: nothing in their tables is typed.

Each function returns a `Shown`, HTML that a notebook cell displays; every row carries an id to link to.
"""

from __future__ import annotations

from lessons.reference.chips import chip_cards, chip_disagreements, chip_peaks, chip_table
from lessons.reference.claims import claims_table
from lessons.reference.formulas import formulas_of, symbol_table
from lessons.reference.glossary import glossary_table
from lessons.reference.rules import rule_index, rules_of
from lessons.reference.sources import catalogue_sources, formula_sources, sources_table
from lessons.reference.tables import Shown
from lessons.reference.things import constant_tables, link_table, model_table, price_table

__all__ = [
    "Shown", "catalogue_sources", "chip_cards", "chip_disagreements", "chip_peaks", "chip_table", "claims_table", "constant_tables",
    "formula_sources", "formulas_of", "glossary_table", "link_table", "model_table", "price_table", "rule_index", "rules_of", "sources_table", "symbol_table",
]  # fmt: skip
