"""The market: what an hour of a chip was offered for, where and when, and what a million tokens would cost at each offer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.costs import usd_at_utilisation
from hwlib.economics import MILLION, chip_rate
from hwlib.formula import Figure, given
from hwlib.units import show
from lessons import draw
from lessons.panels.parts import WIDE, View, choice, either, explained, steps, wire
from lessons.panels.roofline import short

MODEL, READ_FOR_EACH = "llama3.1-70b", 3.0
CHIPS = ("h100-sxm", "h200-sxm", "b200-sxm", "a100-80-sxm", "l40s", "tpu-v6e", "inferentia2")
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
KIND_WORDS = {"on-demand": "on demand", "contract": "contract", "capacity-block": "booked block", "spot": "spot"}


@dataclass(frozen=True, slots=True)
class Offers:
    """A chip's offers, cheapest first, and what a million tokens costs at each. Dollars."""

    chip: str
    bits: int
    utilisation: float
    offers: tuple[catalogue.Price, ...]
    made: tuple[Figure, ...]

    @property
    def spread(self) -> float:
        """The dearest over the cheapest."""
        return float(self.offers[-1].usd_per_hour / self.offers[0].usd_per_hour)


@cache
def offers(chip: str = "h100-sxm", bits: int = 16, utilisation: float = 0.4) -> Offers:
    """All dated offers of the chip, those of one seller at one price once; what is only remembered is left out."""
    known = tuple({(p.provider, p.kind, p.date, float(p.usd_per_hour)): p for p in catalogue.prices(chip) if p.date}.values())
    rate = chip_rate(MODEL, chip, bits, True, READ_FOR_EACH)[2]
    hour = catalogue.constant("hour_s")
    made = tuple(usd_at_utilisation(usd_per_chip_hour=p.usd_per_hour, chip_tokens_per_s=rate, utilisation=given(utilisation), hour_s=hour, tokens_per_mtoken=MILLION) for p in known)
    return Offers(chip, bits, utilisation, known, made)


def label(p: catalogue.Price) -> str:
    """Who, and of which date."""
    return f"{p.provider.partition(' (')[0]}, {p.date}"


def rows(o: Offers) -> list:
    """One bar an offer."""
    return [(f"{label(p)}, {KIND_WORDS[p.kind]}", [("grey2", float(p.usd_per_hour), "")], "") for p in o.offers]


def picture(o: Offers, wide: float = WIDE) -> str:
    """Offers side by side."""
    return draw.cost_bars(rows(o), title=f"An hour of {catalogue.chip(o.chip).name}, as offered", wide=wide)


def sentence(o: Offers) -> str:
    """The result in words."""
    low, high = o.offers[0], o.offers[-1]
    if len(o.offers) == 1:
        return f"<b>One dated offer of {catalogue.chip(o.chip).name} is known: {show(low.usd_per_hour, 'usd/h')}, {label(low)}.</b> A million tokens would cost {show(o.made[0], 'usd')} to make at it."
    return (
        f"<b>An hour of {catalogue.chip(o.chip).name} was offered at {show(low.usd_per_hour, 'usd')} to {show(high.usd_per_hour, 'usd')}, {draw.num(o.spread, 2)} times apart.</b> "
        f"Busy {draw.percent(o.utilisation)} of the time it makes a million tokens for {show(o.made[0], 'usd')} at the cheapest offer ({label(low)}, {KIND_WORDS[low.kind]}) and for {show(o.made[-1], 'usd')} at the dearest ({label(high)}, {KIND_WORDS[high.kind]})."
    )


def table(o: Offers) -> str:
    """Offers with their dates and what they make of a million tokens."""
    body = [[p.provider, KIND_WORDS[p.kind], p.date, show(p.usd_per_hour, "usd"), show(made, "usd")] for p, made in zip(o.offers, o.made, strict=True)]
    return draw.table(["Who", "Kind", "Date", "An hour", "A million tokens"], body, right={3, 4})


def view(chip: str = "h100-sxm", bits: int = 16, utilisation: float = 0.4) -> View:
    """The panel's picture and words for one state of its controls."""
    o = offers(chip, bits, utilisation)
    return View(
        picture=picture(o), readout=sentence(o), table=table(o), why=explained(o.made[0]), named=catalogue.chip(chip).name,
        source="Offers of the dates given, never of today; “market” is a quotation over many sellers. Making: Llama 3.1 70B, three tokens read for each written, the speed is this course’s estimate.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "chip": choice("Chip", {short(catalogue.chip(c)): c for c in CHIPS}, "h100-sxm"),
            "bits": either("Weights in", {"16 bits": 16, "8 bits": 8}, 16),
            "utilisation": steps("Chips are busy", SHARES, 0.4, say=draw.percent),
        },
        view,
    )
