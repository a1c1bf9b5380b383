"""The few constants that turn a roofline into a prediction: efficiencies and latencies, physical and bounded.

Kept in `calibration.toml` with how each was obtained; `python -m hwlib.calibrate` fits those of kind
``fitted`` again from the published measurements that the repository carries.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from hwlib.formula import Figure
from hwlib.sources import Source

PATH = Path(__file__).with_name("calibration.toml")


@cache
def _entries() -> dict[str, dict]:
    return tomllib.loads(PATH.read_text("utf8"))


@cache
def calibrated(name: str, chip: str = "") -> Figure:
    """A constant of the model, for one chip when there is a value for it, else the general one.

    >>> 0.3 < calibrated("decode_memory_efficiency", "h100-sxm") < 0.95
    True
    >>> calibrated("decode_memory_efficiency", "no-such-chip") == calibrated("decode_memory_efficiency")
    True
    """
    entry = _entries()[name]
    special = entry.get("chips", {}).get(chip)
    use = special or entry
    note = use.get("note", entry.get("note", ""))
    cases = ", ".join([f"{use['cases']} cases", *(f"{k} error {use[f'{k}_error']:.0%}" for k in ("median", "mean") if f"{k}_error" in use)]) if use.get("cases") else ""
    source = Source(
        use.get("source", entry.get("source", "definition")), where=use.get("where", ""), kind=use.get("kind", entry.get("kind", "estimate")),
        checked=use.get("checked", entry.get("checked", "")), note="; ".join(t for t in (note, cases) if t),
        subject=entry["label"] + (f" of {chip}" if special else ""),
    )
    return Figure(use["value"], source)
