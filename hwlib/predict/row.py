"""One case as a file gives it: text by column, numbers on demand, and words for what is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping

from hwlib.errors import BadInput


class Refused(BadInput):
    """A case that cannot be predicted; the text says why, in words for a person."""


class Row:
    """A case. Unknown columns are ignored; a measured column is never asked for."""

    def __init__(self, cells: Mapping[str, str | None]) -> None:
        self.cells = {str(k): (v or "").strip() for k, v in cells.items() if k is not None and isinstance(v, str | None)}

    @property
    def id(self) -> str:
        return self.text("case_id")

    @property
    def family(self) -> str:
        return self.text("family")

    @property
    def group(self) -> str:
        return self.text("group")

    def text(self, name: str, default: str = "") -> str:
        """The cell, or the default where it is blank or absent."""
        return self.cells.get(name) or default

    def number(self, name: str, default: float | None = None, *, least: float = 0.0) -> float:
        """The cell as a finite number above ``least``; `Refused` when it is missing (and has no default) or is none.

        >>> row = Row({"tp": "8", "pp": "", "batch": "many"})
        >>> row.number("tp"), row.number("pp", 1)
        (8.0, 1.0)
        >>> row.number("batch")
        Traceback (most recent call last):
        hwlib.predict.row.Refused: batch = 'many' is not a number
        >>> row.number("seq_len")
        Traceback (most recent call last):
        hwlib.predict.row.Refused: seq_len is missing
        """
        text = self.text(name)
        if not text:
            if default is None:
                raise Refused(f"{name} is missing", field=name)
            return float(default)
        try:
            value = float(text.replace(",", ""))
        except ValueError:
            raise Refused(f"{name} = {text[:60]!r} is not a number", field=name) from None
        if not math.isfinite(value) or value < least or value == 0 == least and name not in MAY_BE_ZERO:
            raise Refused(f"{name} = {text[:60]!r} is out of range: it must be finite and more than {least:g}", field=name)
        return value

    def measured(self, name: str) -> float | None:
        """A measured column, for fitting and scoring only; None where it is blank or no number."""
        try:
            value = float(self.text(name))
        except ValueError:
            return None
        return value if math.isfinite(value) and value > 0 else None


MAY_BE_ZERO = {"n_experts", "experts_per_tok", "gated_mlp", "fsdp", "interleave", "cp", "ep"}
