"""Dimensions that a row leaves blank, from the catalogue's model of the same name."""

from __future__ import annotations

import re
from functools import cache

from hwlib import catalogue
from hwlib.predict.row import Row

COLUMNS = {"n_layers": "layers", "d_model": "hidden", "n_heads": "heads", "n_kv_heads": "kv_heads", "d_ff": "ffn", "vocab": "vocab", "n_experts": "moe_experts", "experts_per_tok": "moe_topk"}
"""Columns of a row, and what the catalogue calls them."""


def plain(name: str) -> str:
    """A model's name as names are compared: "Llama-3 8B Instruct" and "llama3-8b" are one.

    >>> plain("Llama-3 8B Instruct") == plain("meta-llama/llama3-8b"), plain("LLaMA2 70B chat")
    (True, 'llama270b')
    """
    return re.sub(r"[^a-z0-9.]|instruct|chat|meta-llama|base$|-hf$|-it$", "", name.lower())


@cache
def _known() -> dict[str, str]:
    return {plain(id): id for id in catalogue.transformer_ids()}


def filled(row: Row) -> Row:
    """The row with its blank dimensions taken from the catalogue's model of that name; unchanged where there is none.

    >>> filled(Row({"model": "Llama-3 8B Instruct", "d_ff": "14336"})).text("n_layers"), filled(Row({"model": "mine"})).text("n_layers")
    ('32', '')
    """
    blank = [c for c in COLUMNS if not row.text(c)]
    if "n_layers" not in blank and "d_model" not in blank and "d_ff" not in blank:
        return row  # a row that has its dimensions means what it says, blanks included
    id = _known().get(plain(row.text("model")))
    if id is None:
        return row
    found = catalogue.transformer(id)
    cells = {c: f"{float(v):.0f}" for c in blank if (v := getattr(found, COLUMNS[c])) is not None}
    if not row.text("gated_mlp"):
        cells["gated_mlp"] = str(int(found.ffn_gated))
    return Row({**row.cells, **cells})
