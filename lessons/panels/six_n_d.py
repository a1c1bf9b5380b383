"""Six operations a parameter and token: the days of a training run, over the share of the peak that it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.formula import Figure, given
from hwlib.step import days_at_utilisation, training_flops
from hwlib.units import show
from lessons import draw
from lessons.panels.parts import WIDE, View, choice, explained, steps, wire
from lessons.panels.roofline import short

CHIPS = ("a100-80-sxm", "h100-sxm", "b200-sxm", "tpu-v4", "tpu-v5e")
PARAMS = (1e9, 3e9, 7e9, 13e9, 30e9, 70e9, 100e9, 175e9, 405e9, 1e12)
TOKENS = (1e11, 3e11, 1e12, 2e12, 5e12, 1.5e13, 3e13)
COUNTS = (8, 64, 256, 1024, 2000, 4096, 16384, 65536)
SHARES = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1.0)
USUAL = 0.4


@dataclass(frozen=True, slots=True)
class Run:
    """One run by its arithmetic: FLOP, and days at a share of the peak."""

    chip: catalogue.Chip
    params: Figure
    tokens: Figure
    count: int
    flops: Figure

    def days(self, share: float) -> Figure:
        """Days at this MFU."""
        return days_at_utilisation(
            training_flops=self.flops, n_chips=given(self.count), peak_flops_per_s=self.chip.peak("bf16"), mfu=given(share, "of the peak, as well-run clusters report", "assumption"),
            day_s=catalogue.constant("day_s"),
        )


@cache
def run(chip: str = "a100-80-sxm", params: float = 70e9, tokens: float = 2e12, count: int = 2000) -> Run:
    """The run."""
    p, t = given(params), given(tokens)
    return Run(catalogue.chip(chip), p, t, count, training_flops(params=p, train_tokens=t))


def said(days: float) -> str:
    """A span of days as it is said.

    >>> said(34.2), said(0.5), said(1500.0)
    ('34.2 days', '12 h', '4.11 years')
    """
    return draw.quantity(days * 86400, "s") if days < 2 else f"{draw.num(days)} days" if days < 730 else f"{draw.num(days / 365)} years"


def picture(r: Run, wide: float = WIDE) -> str:
    """Days over the share of the peak."""
    points = [(100 * s, float(r.days(s))) for s in SHARES]
    usual = float(r.days(USUAL))
    return draw.curve(
        points, yours=(100 * USUAL, usual), yours_label=f"at {draw.percent(USUAL)}: {said(usual)}", x_label="share of the peak, %", y_label="days", y_log=True, wide=wide,
        title="Days of the run",
    )


def sentence(r: Run) -> str:
    """The result in words."""
    return (
        f"<b>{said(float(r.days(USUAL)))}</b> on {r.count:,} chips at {draw.percent(USUAL)} of their peak; {said(float(r.days(1.0)))} if every cycle counted. "
        f"The run is {show(r.flops, 'FLOP')}: six for each of {draw.quantity(float(r.params), '')} parameters and each of {draw.quantity(float(r.tokens), '')} tokens."
    )


def table(r: Run) -> str:
    """The curve as numbers."""
    return draw.table(["Share of the peak", "Days"], [[draw.percent(s), draw.num(float(r.days(s)))] for s in SHARES], right={0, 1})


def view(chip: str = "a100-80-sxm", params: float = 70e9, tokens: float = 2e12, count: int = 2000) -> View:
    """The panel's picture and words for one state of its controls."""
    r = run(chip, params, tokens, count)
    return View(
        picture=picture(r), readout=sentence(r), table=table(r), why=explained(r.days(USUAL)), named=f"{draw.quantity(params, '')} parameters on {count:,} chips",
        source=f"{r.chip.name}: {show(r.chip.peak('bf16'), 'FLOP/s')} dense in BF16. Failures, restarts and attention are left out.",
    )


def panel() -> Any:
    """The controls and what they show."""
    plain = lambda v: draw.quantity(v, "")  # noqa: E731
    return wire(
        {
            "chip": choice("Chip", {short(catalogue.chip(c)): c for c in CHIPS}, "a100-80-sxm"),
            "params": steps("Parameters", PARAMS, 70e9, say=plain),
            "tokens": steps("Tokens", TOKENS, 2e12, say=plain),
            "count": steps("Chips", COUNTS, 2000, say=lambda v: f"{v:,}"),
        },
        view,
    )
