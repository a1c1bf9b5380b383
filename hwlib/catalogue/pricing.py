"""Prices of an hour: offers with their dates, and the one that a design is charged."""

from __future__ import annotations

from functools import cache

from hwlib.catalogue.reading import figure, ids_in, table
from hwlib.catalogue.records import Price
from hwlib.errors import NotSupported, listed, unknown
from hwlib.formula import Figure

KINDS = {"on-demand": ("on-demand",), "reserved": ("contract", "capacity-block"), "spot": ("spot",)}
"""What a design may ask for → the kinds of offer that answer it."""


def priced_chip_ids() -> tuple[str, ...]:
    """Chips with at least one offer of any kind."""
    return ids_in("prices")


@cache
def prices(chip_id: str) -> tuple[Price, ...]:
    """All offers of a chip, cheapest first; empty when none was found, `Unknown` for no such chip.

    >>> [p.provider for p in prices("l40s")], prices("groq-lpu-v1")
    (['Nebius', 'AWS'], ())
    """
    if chip_id not in ids_in("chips"):
        raise unknown("accelerator", chip_id, ids_in("chips"), what="in the catalogue")
    if chip_id not in ids_in("prices"):
        return ()
    name = table("chips", chip_id)["name"]
    offers = [
        Price(
            chip=chip_id,
            usd_per_hour=figure(raw["usd_per_hour"], f"{name}, {raw['provider']} {raw['kind']}"),
            **{k: raw[k] for k in ("id", "provider", "offer", "kind", "accelerators", "region", "date")},
        )
        for raw in table("prices", chip_id)["offer"]
    ]
    return tuple(sorted(offers, key=lambda p: p.usd_per_hour))


@cache
def price(chip_id: str, kind: str = "on-demand") -> Figure:
    """Dollars for one chip and hour that a design is charged, with the origin of the offer it is.

    The rule for "on-demand" and "spot": of each provider the cheapest offer that was read, then the lower
    median over the providers, so that the price is one that somebody asks and neither the dearest cloud nor
    the cheapest decides. Offers that are remembered, and quotations of a whole market, count only where
    nothing else is known. For "reserved": the newest offer, by its date. `NotSupported` when there is none.

    >>> price("h100-sxm"), price("h100-sxm").origin.subject
    (2.95, 'NVIDIA H100 SXM5 80 GB, Nebius on-demand')
    >>> price("groq-lpu-v1")
    Traceback (most recent call last):
    hwlib.errors.NotSupported: no on-demand price of Groq LPU v1 is in the catalogue; give one as an assumption
    """
    if kind not in KINDS:
        raise unknown("price kind", kind, KINDS)
    offers = [p for p in prices(chip_id) if p.kind in KINDS[kind]]
    if not offers:
        others = sorted({k for k, kinds in KINDS.items() for p in prices(chip_id) if p.kind in kinds})
        hint = f"there is one for {listed(others)}" if others else "give one as an assumption"
        raise NotSupported(f"no {kind} price of {table('chips', chip_id)['name']} is in the catalogue; {hint}", field="accelerator")
    if kind == "reserved":
        return max(offers, key=lambda p: (p.date, -p.usd_per_hour)).usd_per_hour
    read = [p for p in offers if not p.remembered and p.provider != "market"] or [p for p in offers if not p.remembered] or offers
    cheapest = {p.provider: p.usd_per_hour for p in reversed(read)}  # offers are sorted: the last one kept is the cheapest
    ranked = sorted(cheapest.values())
    return ranked[(len(ranked) - 1) // 2]
