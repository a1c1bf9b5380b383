"""How often to save: what failures and checkpoints leave of a run, over the interval between two checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.formula import Figure, given
from hwlib.reliability import best_interval_s, cluster_mtbf_s, goodput
from hwlib.units import show
from lessons import draw
from lessons.panels.parts import WIDE, View, choice, explained, steps, wire

CHIPS = (64, 256, 1024, 2000, 4096, 8192, 16384, 32768, 65536, 131072)
HOURS = {"12,500 chip-hours": 12_500.0, "25,000 chip-hours": 25_000.0, "50,000 chip-hours": 50_000.0, "100,000 chip-hours": 100_000.0}
WRITES = (5, 10, 30, 60, 120, 300, 600)
MINUTES = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480)
FLOOR = 0.01
"""The least that `hwlib.reliability.goodput` gives."""
RESTART = given(900.0, "a quarter of an hour to find the fault, replace the node and load", "assumption")


@dataclass(frozen=True, slots=True)
class Run:
    """One run: how often it breaks, how long saving takes, how often it saves. Seconds; shares of the time."""

    chips: int
    write: int
    minutes: int
    mtbf: Figure
    good: Figure
    best: Figure
    at_best: Figure


@cache
def run(chips: int = 16384, hours: float = 50_000.0, write: int = 60, minutes: int = 60) -> Run:
    """The run, and the same run at the interval that loses least."""
    hour = catalogue.constant("hour_s")
    mtbf = cluster_mtbf_s(mtbf_chip_hours=given(hours, "between failures of one chip and what belongs to it", "assumption"), n_chips=given(chips), hour_s=hour)
    cost = given(float(write))
    best = best_interval_s(checkpoint_write_s=cost, mtbf_s=mtbf)

    def left(interval: Figure) -> Figure:
        return goodput(checkpoint_write_s=cost, checkpoint_interval_s=interval, restart_s=RESTART, mtbf_s=mtbf)

    return Run(chips, write, minutes, mtbf, left(given(minutes * 60.0)), best, left(best))


def points(r: Run) -> list[tuple[float, float | None]]:
    """Per cent of the time that counts, at each interval; None where the formula has run out."""
    return [
        (float(m), _said(goodput(checkpoint_write_s=r.write, checkpoint_interval_s=m * 60.0, restart_s=float(RESTART), mtbf_s=float(r.mtbf))))
        for m in MINUTES
        if m * 60 > r.write
    ]  # fmt: skip


def _said(good: Any) -> float | None:
    """The share in per cent. The formula counts one loss after the other; at its floor the losses fill the time, and it knows no share."""
    return 100 * float(good) if float(good) > FLOOR else None


def picture(r: Run, wide: float = WIDE) -> str:
    """The share of the time that ends up in the model, over the interval."""
    mine = (float(r.minutes), _said(r.good))
    return draw.curve(
        points(r), yours=mine, yours_label=f"every {r.minutes:,} min: {draw.percent(r.good)}", x_label="minutes between checkpoints", y_label="share of the time that counts",
        unit="%", x_log=True, wide=wide, title="What failures and checkpoints leave",
    )


def sentence(r: Run) -> str:
    """The result in words."""
    often = f"Something breaks every {draw.quantity(float(r.mtbf), 's')}."
    if _said(r.good) is None:
        best = f"leaves {draw.percent(r.at_best)}" if _said(r.at_best) is not None else "leaves nothing either"
        return f"<b>{r.chips:,} chips, saving every {r.minutes:,} min: no headway</b>, the losses fill all the time. {often} Saving every {draw.quantity(float(r.best), 's')} loses least, and {best}."
    return (
        f"<b>{r.chips:,} chips, saving every {r.minutes:,} min: {draw.percent(r.good)}</b> of the time ends up in the model. "
        f"{often} Saving every {draw.quantity(float(r.best), 's')} loses least, and leaves {draw.percent(r.at_best)}."
    )


def table(r: Run) -> str:
    """The curve as numbers."""
    return draw.table(["Minutes between checkpoints", "Share that counts, %"], [[f"{m:.0f}", "–" if share is None else f"{share:.1f}"] for m, share in points(r)], right={0, 1})


def view(chips: int = 16384, hours: float = 50_000.0, write: int = 60, minutes: int = 60) -> View:
    """The panel's picture and words for one state of its controls."""
    r = run(chips, hours, max(write, 1), minutes)
    return View(
        picture=picture(r), readout=sentence(r), table=table(r), why=explained(r.good) + explained(r.best), named=f"{r.chips:,} chips saving every {r.minutes:,} minutes",
        source=f"A failure costs {show(RESTART, 's')} of restarting and, on average, half an interval of work. Chips fail independently; training stops while it saves. Losses are counted one after the other, so long intervals come out a little too bad.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "chips": steps("Chips", CHIPS, 16384, say=lambda v: f"{v:,}"),
            "hours": choice("A chip fails every", HOURS, 50_000.0),
            "write": steps("Writing a checkpoint, seconds", WRITES, 60, say=lambda v: f"{v:,}"),
            "minutes": steps("Minutes between checkpoints", MINUTES, 60, say=lambda v: f"{v:,}"),
        },
        view,
    )
