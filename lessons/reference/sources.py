"""The bibliography as the reference pages show it: read from `book/references.bib`, so that keys stay one set."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from lessons.draw.svg import esc
from lessons.draw.table import Html
from lessons.reference.tables import Shown, table

BIB = Path(__file__).parents[2] / "book" / "references.bib"


def _plain(text: str) -> str:
    """BibTeX's braces and escapes taken off.

    >>> _plain(r"{FP8} \\& Daly: {L} = {$\\lambda$W}")
    'FP8 & Daly: L = λW'
    """
    text = text.replace(r"$\lambda$", "λ").replace("--", "–")
    return re.sub(r"\\([&%_])", r"\1", text).replace("{", "").replace("}", "")


@cache
def bibliography() -> dict[str, dict[str, str]]:
    """Key → fields of every entry; empty where the book's sources are not at hand."""
    if not BIB.exists():
        return {}
    found = {}
    for block in re.findall(r"^@\w+\{.*?^\}", BIB.read_text(encoding="utf-8"), re.M | re.S):
        key = re.match(r"@\w+\{([^,]+),", block)[1]
        found[key] = {name: _plain(value) for name, value in re.findall(r"^\s+(\w+) = \{(.*)\},?$", block, re.M)}
    return found


def _authors(text: str) -> list[str]:
    return [name.split(",")[0] for name in text.split(" and ")]


def short(key: str) -> str:
    """A source in a table's cell: authors and year, or a short title where a company is the author.

    >>> short("williams2009roofline"), short("nvidia2026aiconfigurator"), short("definition"), short("nobody2000")
    ('Williams et al. 2009', 'AIConfigurator 2026', 'definition', 'nobody2000')
    """
    if key == "definition":
        return "definition"
    entry = bibliography().get(key)
    if entry is None:
        return key
    names = _authors(entry["author"])
    title = re.split(r": |, Version", entry["title"])[0]
    company = "," not in entry["author"] and len(title) <= 34
    head = title if company else names[0] if len(names) == 1 else f"{names[0]} and {names[1]}" if len(names) == 2 and names[1] != "others" else f"{names[0]} et al."
    year = re.search(r"\d{4}", key)
    when = year[0] if year else entry["year"]
    return head if when in head else f"{head} {when}"


def linked(key: str) -> Html:
    """The short form as a link to the row of the table of sources on the same page."""
    return Html(f'<a href="#source-{esc(key)}">{esc(short(key))}</a>') if key != "definition" else Html("definition")


def _full(entry: dict[str, str]) -> str:
    parts = [
        entry["author"].replace(" and others", " et al.").replace(" and ", "; "),
        entry["title"],
        entry.get("journal") or entry.get("booktitle") or entry.get("howpublished") or entry.get("publisher") or "",
        entry["year"],
        f"arXiv:{entry['eprint']}" if "eprint" in entry else "",
        entry.get("note", ""),
    ]
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def sources_table(keys: Iterable[str], *, caption: str = "Sources named on this page") -> Shown:
    """A row for each source, with the id that `linked` points to."""
    known = [key for key in sorted(set(keys)) if key in bibliography() and key != "definition"]
    rows = [[short(key), _full(bibliography()[key])] for key in known]
    return Shown(table(["Source", "In full"], rows, caption=caption, ids=[f"source-{key}" for key in known], wide=520))


def formula_sources() -> set[str]:
    """Keys that formulas cite."""
    from lessons.reference.formulas import cited

    return cited()


def catalogue_sources() -> set[str]:
    """Keys that the catalogue's figures and cards name."""
    from hwlib import catalogue
    from lessons.reference.chips import figures

    found: set[str] = set()

    def note(*values: object) -> None:
        found.update(v.origin.key for v in values if v is not None and hasattr(v.origin, "key"))

    for c in catalogue.chips():
        found.update(c.also)
        note(*(figure for _, figure, _ in figures(c)))
        note(*(p.usd_per_hour for p in catalogue.prices(c.id)))
    for m in catalogue.transformers():
        note(m.layers, m.params_stated, m.train_tokens, m.train_device_hours)
    for x in catalogue.links():
        note(x.bytes_per_s, x.launch_s, x.step_s, x.efficiency)
    note(*(c.figure for c in catalogue.constants()))
    return found
