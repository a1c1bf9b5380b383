"""Blocks that chapters share: a claim from the ledger, and a picture of measurements with its words."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from functools import cache

from hwlib.cases import FOLDER
from hwlib.catalogue import claim
from lessons import draw
from lessons.panels.evidence import SHARE, Band, Held
from lessons.panels.parts import Shown

VERDICTS = {"holds": "holds", "holds-with-caveat": "caveat", "wrong": "wrong", "unsupported": "no source"}
LEDGER = "../reference/claims.html"
CHECKED = {"yes": "Read in the source", "computed": "Computed", "memory": "From memory"}


def checked(claim_id: str, *, computed: str = "") -> Shown:
    """A claim of the source text with its verdict, what holds instead, and how that is computed."""
    c = claim(claim_id)
    how = computed or (f"{draw.esc(c.how)}." if c.how else "")
    body = draw.esc(c.correction) + (f"</p><p>{how}" if how else "")
    source = f"{CHECKED[c.source_checked]}: {draw.esc(c.source_title)}."
    return Shown(draw.claim_block(VERDICTS[c.verdict], draw.esc(c.claim), body, c.id, source=source, href=f"{LEDGER}#claim-{c.id}"))


def band_words(band: Band, what: str) -> str:
    """What a band is, said honestly: how it was obtained and how far it reaches."""
    return (
        f"Diamonds: measured. Line: where measured equals predicted; {what} The shaded band holds {draw.percent(SHARE)} of {band.count} cases, "
        f"from {draw.percent(band.low)} to {draw.percent(band.high)} of the prediction. "
        "Each case was predicted with constants chosen on the other cases of its chip, itself left out. "
        "Cases of one published table resemble each other, so a new engine or a new model may lie further off."
    )


PUBLISHED = {
    "Llama 2 model card": "touvron2023llama2", "llama3 model card": "grattafiori2024llama3", "llama3_1 model card": "grattafiori2024llama3", "LLaMA paper Table 15": "touvron2023llama",
    "Llama 3 paper s3.3.4 / DCD": "grattafiori2024llama3", "OPT-175B chronicles": "zhang2022opt", "BLOOM chronicles": "bigscience2022bloom",
}  # fmt: skip
"""Sources of rows that carry no date of their own: the publication that they go with, whose year is part of its key."""


@cache
def years() -> dict[str, str]:
    """Title of a source of measurements → when it was measured or published, by the dates of its rows."""
    found: dict[str, set[int]] = {}
    for file in sorted(FOLDER.glob("*.csv")):
        with file.open(encoding="utf8") as handle:
            for row in csv.DictReader(handle):
                found.setdefault(row["source_title"], set()).update(int(y) for y in re.findall(r"20\d\d", row.get("date") or ""))
    for title, key in PUBLISHED.items():
        found[title] = {int(re.search(r"20\d\d", key)[0])}
    return {title: str(min(of)) if min(of) == max(of) else f"{min(of)} to {max(of)}" for title, of in found.items() if of}


def dated(*titles: str) -> str:
    """The titles of sources, each once and with its years, as markup.

    >>> dated("gpt-fast README", "Llama 2 model card")
    'gpt-fast README (2024); Llama 2 model card (2023)'
    """
    return "; ".join(f"{draw.esc(title)} ({years()[title]})" for title in dict.fromkeys(titles))


def dated_cases(held: Iterable[Held]) -> str:
    """The sources of cases, with their years."""
    return dated(*sorted({h.case.source for h in held}))
