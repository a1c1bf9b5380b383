"""Levers and their overlap: what three levers save alone, together, and whose saving it is."""

from __future__ import annotations

from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.designs import TcoDesign, TcoLoad
from hwlib.economics import TcoEstimate, estimate_tco
from hwlib.formula import Figure
from hwlib.transformer import shape_of
from hwlib.units import show
from lessons import draw
from lessons.panels.parts import WIDE, View, choice, explained, steps, wire
from lessons.panels.roofline import short

CHIPS = ("h100-sxm", "a100-80-sxm", "l40s")
TARGETS = ("h200-sxm", "b200-sxm", "tpu-v5e", "inferentia2", "l40s")
TOKENS = (1e8, 1e9, 1e10, 1e11)
WEEKS = (0, 8, 26, 52)
MODEL, PARAMS = "llama3.1-70b", 70e9
NAMES = {"quantise": "8-bit weights", "continuous_batching": "continuous batching", "inference_chip": "another chip"}


@cache
def plan(tokens: float = 1e10, chip: str = "h100-sxm", target: str = "h200-sxm", weeks: int = 26) -> TcoEstimate:
    """Three years of a 70B service with all three levers, and with every other set of them."""
    design = TcoDesign(tokens_per_day=tokens, accelerator=chip, inference_chip=target, migration_weeks=float(weeks), quantise=True, continuous_batching=True)
    return estimate_tco(design, TcoLoad(model=MODEL, params=PARAMS))


def shares(e: TcoEstimate) -> dict[str, Figure]:
    """Each lever's Shapley share of what all save together."""
    return {"quantise": e.saving_quantise, "continuous_batching": e.saving_batching, "inference_chip": e.saving_chip}


def rows(e: TcoEstimate) -> list:
    """The bill under no lever, under each alone, and under all."""
    bare = float(e.bare_usd)
    found = [("no lever", [("grey2", bare, "")], "")]
    found += [(f"{NAMES[name]} alone", [("grey2", bare - float(saved), "")], f"saves {show(saved, 'usd')}" if saved > 0 else f"costs {draw.quantity(-float(saved), '$')} more") for name, saved in e.singles.items()]
    return [*found, ("all three", [("ink", bare - float(e.saving_all), "")], f"saves {show(e.saving_all, 'usd')}")]


def picture(e: TcoEstimate, wide: float = WIDE) -> str:
    """Bills side by side."""
    return draw.cost_bars(rows(e), title="Three years, discounted", wide=wide)


def sentence(e: TcoEstimate) -> str:
    """The result in words."""
    own = shares(e)
    most = max(own, key=lambda name: float(own[name]))
    gap = float(e.sum_of_singles - e.saving_all)
    odd = f"{draw.quantity(gap, '$')} more than they save together" if gap > 0 else f"{draw.quantity(-gap, '$')} less than they save together"
    return (
        f"<b>Together the levers save {show(e.saving_all, 'usd')} of {show(e.bare_usd, 'usd')}.</b> Alone they would save {draw.quantity(float(e.sum_of_singles), '$')} in sum, {odd}. "
        f"The largest share of the joint saving, {show(own[most], 'usd')}, belongs to {NAMES[most]}."
    )


def table(e: TcoEstimate) -> str:
    """Alone, and as a share of all."""
    own = shares(e)
    body = [[NAMES[name], draw.quantity(float(e.singles[name]), "$"), draw.quantity(float(own[name]), "$")] for name in e.singles]
    return draw.table(["Lever", "Saves alone", "Its share of the joint saving"], [*body, ["all three", draw.quantity(float(e.sum_of_singles), "$"), draw.quantity(float(e.saving_all), "$")]], right={1, 2}, sums=1)


def view(tokens: float = 1e10, chip: str = "h100-sxm", target: str = "h200-sxm", weeks: int = 26) -> View:
    """The panel's picture and words for one state of its controls."""
    e = plan(tokens, chip, target, weeks)
    return View(
        picture=picture(e), readout=sentence(e), table=table(e), why=explained(e.saving_quantise), named=f"{draw.quantity(tokens, '')} tokens a day from {catalogue.chip(chip).name} to {catalogue.chip(target).name}",
        source=f"{shape_of(MODEL).name}, three training runs of it in three years, demand growing by half each year, chips rented at the catalogue’s prices. Shares are Shapley’s: the average over all orders in which the levers may be pulled.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "tokens": steps("Tokens a day", TOKENS, 1e10, say=lambda v: draw.quantity(v, "")),
            "chip": choice("Serving today on", {short(catalogue.chip(c)): c for c in CHIPS}, "h100-sxm"),
            "target": choice("Lever: move to", {short(catalogue.chip(c)): c for c in TARGETS}, "h200-sxm"),
            "weeks": steps("Weeks to port", WEEKS, 26),
        },
        view,
    )
