"""From the TOML files beside this module to figures with a source, one file on first need.

The files are found through `importlib.resources`, so that the package also works from a zip in a browser.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from hwlib.formula import Figure
from hwlib.sources import Choice, Source

FIGURE_KEYS = ("value", "as_printed", "source", "where", "kind", "checked", "note")


def _folder() -> Any:
    from importlib.resources import files

    return files("hwlib") / "catalogue"


@cache
def ids_in(folder: str) -> tuple[str, ...]:
    """The ids in a folder of the catalogue: the names of its files, sorted.

    >>> ids_in("links")[:2]
    ('efa-v1-p4d', 'efa-v2-p5')
    """
    return tuple(sorted(p.name.removesuffix(".toml") for p in (_folder() / folder).iterdir() if p.name.endswith(".toml")))


@cache
def table(*path: str) -> Mapping[str, Any]:
    """A TOML file of the catalogue as a mapping; `path` is folder and id, or the name of a file."""
    place = _folder()
    for part in path[:-1]:
        place = place / part
    return tomllib.loads((place / f"{path[-1]}.toml").read_text(encoding="utf-8"))


def figure(entry: Mapping[str, Any] | None, subject: str) -> Figure | None:
    """A figure with its `Source`, or with an assumption's `Choice`; None for an entry that is not there.

    >>> figure({"value": 2.0, "as_printed": "2 TB", "source": "k", "where": "", "kind": "vendor", "checked": "", "note": ""}, "X").origin.words()
    'X, from memory'
    """
    if entry is None:
        return None
    value = float(entry["value"])
    if entry["kind"] == "assumption":
        return Figure(value, Choice(entry["note"], "assumption"))
    return Figure(
        value,
        Source(
            key=entry["source"],
            where=entry["where"],
            kind=entry["kind"],
            as_printed=entry["as_printed"],
            checked=entry["checked"],
            note=entry["note"],
            subject=subject,
        ),
    )
