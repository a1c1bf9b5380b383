"""Blocks that chapters share: a claim from the ledger, and a picture of measurements with its words."""

from __future__ import annotations

from hwlib.catalogue import claim
from lessons import draw
from lessons.panels.evidence import SHARE, Band
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
