"""Values, fields and concepts as they are said."""

from __future__ import annotations

import re
from typing import Any

from hwlib.units import show


def row(claim: dict[str, Any]) -> dict[str, Any]:
    value, unit = claim["figure"], claim["unit"]
    return {"label": claim["kind"].replace("-", " "), "said": claim["said"], "value": value if isinstance(value, str) else float(value),
            "shown": show(value, unit) if isinstance(value, int | float) else str(value)}


SAID = {"quantise": "8-bit weights", "growth_per_year": "growth a year", "price_decline_per_year": "fall of prices a year", "financing": "chips", "usd_per_kwh": "price of a kWh", "training_runs": "training runs"}
"""Fields whose name alone is not how one says them."""


def spoken(slot: str) -> str:
    """A slot as it is said."""
    if slot in SAID:
        return SAID[slot]
    return re.sub(r"_(?:s|usd)$", "", slot).replace("_", " ")


def shown(value: Any, slot: str = "") -> str:
    if slot.endswith("_s") and not isinstance(value, str):
        return show(value, "s")
    if slot in ("utilisation", "mfu", "growth_per_year", "price_decline_per_year", "discount_rate") and not isinstance(value, str):
        return show(value, "%")
    if isinstance(value, bool):
        return "on" if value else "off"
    return show(value) if isinstance(value, int | float) else str(value)


def lowered(sentence: str) -> str:
    """A sentence that goes on after a colon: a small first letter, unless it begins with an abbreviation, a name or a symbol.

    >>> lowered("A chip holds 2 GB."), lowered("FP8 touches the products."), lowered("INT8 halves it.")
    ('a chip holds 2 GB.', 'FP8 touches the products.', 'INT8 halves it.')
    """
    first = sentence.partition(" ")[0]
    named = len(first) > 1 and first[1:] != first[1:].lower() or first.split("-")[0] in ("Adam", "ZeRO", "Groq", "Inferentia2", "Vendors", "Nvidia")
    return sentence if named else sentence[:1].lower() + sentence[1:]


def named(id: str) -> str:
    """A concept as it is said."""
    return id.replace("-", " ")


def example(kind: str) -> str:
    """A what-if of a kind, to show how one is said."""
    return {"serving": "with 8 replicas?", "training": "with tp 4?", "tco": "with 40% utilisation?"}[kind]
