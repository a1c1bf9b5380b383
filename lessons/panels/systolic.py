"""A systolic array: cells that hold weights while numbers stream through, cycle by cycle, and what a whole chip makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from hwlib import catalogue
from hwlib.systolic import SYSTOLIC_CHIPS, Simulated, SystolicEstimate, estimate_systolic, simulate_systolic
from lessons import draw
from lessons.draw import Pic, two
from lessons.panels.parts import WIDE, View, choice, explained, steps, wire

SIDE, TILES = 6, 2
"""Cells along a side of the drawn array, and squares of weights that it works off."""
ROWS = {1: 1, 8: 1, 32: 2, 64: 3, 128: 6, 256: 12, 512: 24}
"""Rows that stream through a real array of 128 cells a side, and rows of the drawn one, which is smaller by as much."""
CYCLES = tuple(range(1, 65))
WIDTH = 8192
"""Rows and columns of the weights on a whole chip."""


@dataclass(frozen=True, slots=True)
class Work:
    """The drawn array at a cycle, and a chip's product of the same shape."""

    rows: int
    cycle: int
    small: Simulated
    chip: catalogue.Chip
    large: SystolicEstimate

    @property
    def now(self) -> Any:
        """The array in this cycle."""
        return self.small.steps[self.cycle - 1]

    @property
    def of_peak(self) -> float:
        """Share of the chip's peak, memory counted."""
        return float(self.large.array_share) * float(self.large.compute_s / self.large.product_s)

    @property
    def waits_for(self) -> str:
        """What the product waits for."""
        return "memory" if self.large.memory_s > self.large.compute_s else "the arrays"


@cache
def simulated(rows: int) -> Simulated:
    """The small array at its work; the numbers are arbitrary, their product is exact."""
    rng = np.random.default_rng(5)
    return simulate_systolic(rng.integers(-9, 10, (rows, SIDE * TILES)), rng.integers(-9, 10, (SIDE * TILES, SIDE)), side=SIDE)


@cache
def estimated(chip: str, rows: int) -> SystolicEstimate:
    """The product on a whole chip."""
    return estimate_systolic(chip, m=rows, k=WIDTH, n=WIDTH)


@cache
def work(chip: str = "tpu-v5e", rows: int = 128, cycle: int = 10) -> Work:
    """The state of the panel; a cycle past the end shows the last one."""
    small = simulated(ROWS[rows])
    return Work(rows, min(cycle, small.cycles), small, catalogue.chip(chip), estimated(chip, rows))


def wave(w: Work, wide: float = WIDE) -> str:
    """The cells at the cycle, and how many of them work at each."""
    now, total = w.now, SIDE**2
    counts = [int(s.busy.sum()) for s in w.small.steps]
    busy, loading = counts[w.cycle - 1], int(now.loading.sum())
    says = f"Cycle {w.cycle} of {w.small.cycles}: {busy} of {total} cells add a product, {loading} take a weight. Over all cycles the cells are busy {draw.percent(w.small.busy_share)} of the time"

    def picture(width: float) -> Pic:
        slim = width < 430
        cell = 26.0 if slim else 30.0
        left, top = 4.0, 46.0
        pic = Pic(width, top + SIDE * cell + 96, f"Systolic array of {SIDE} by {SIDE} cells, cycle by cycle", says)
        pic.text(0, 14, f"cycle {w.cycle} of {w.small.cycles}", bold=True).text(0, 32, "numbers enter at the left, sums leave below", c="ink2", size=12)
        boxes: dict[str, list] = {"hatch": [], "c-compute": []}
        names, rings = [], []
        for i in range(SIDE):
            for j in range(SIDE):
                x, y = left + j * cell, top + i * cell
                works = bool(now.busy[i, j])
                boxes["c-compute" if works else "hatch"].append((x + 1, y + 1, cell - 2, cell - 2))
                if works:
                    names.append((x + cell / 2, y + cell / 2 + 4, f"{int(now.row[i, j]) + 1}{'′' * int(now.tile[i, j])}"))
                if now.loading[i, j]:
                    rings.append((x + cell - 9, y + 3, 6, 6))
        for fill, some in boxes.items():
            pic.rects(some, fill=fill)
        pic.rects(rings, fill="c-weights", stroke="paper", sw=1)
        pic.labels(names, c="on-compute", size=12, bold=True)
        x = left + SIDE * cell + 16
        pic.rect(x, top + 2, 12, 12, fill="c-compute").text(x + 18, top + 12, "adds; number of the row,", size=12).text(x + 18, top + 27, "′ in the second square", size=12)
        pic.rect(x, top + 42, 12, 12, fill="hatch").text(x + 18, top + 52, "idle", size=12)
        pic.rect(x + 3, top + 71, 6, 6, fill="c-weights").text(x + 18, top + 78, "takes a weight", size=12).text(x + 18, top + 93, "of the next square", size=12)
        base, tall = top + SIDE * cell + 62, 34.0
        each = (width - 8) / len(counts)
        bars = [(left + k * each + 0.5, base - tall * n / total, max(1.0, each - 1), tall * n / total) for k, n in enumerate(counts)]
        pic.line(left, base, width - 4, base, c="axis")
        pic.rects([b for k, b in enumerate(bars) if k != w.cycle - 1], fill="c-compute")
        pic.rects([bars[w.cycle - 1]], fill="ink")
        pic.text(0, base + 18, "cells at work, cycle by cycle", c="ink2", size=12)
        pic.text(width, base + 18, f"busy {draw.percent(w.small.busy_share)}", a="end", bold=True, size=12.5)
        return pic

    return two(picture, wide=wide)


def lines(chip: str) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Per cent of the peak over the rows: the arrays alone, and with the memory that feeds them."""
    alone, fed = [], []
    for rows in (1, 2, 4, 8, 16, 32, 64, 96, 128, 192, 256, 384, 512):
        w = Work(rows, 1, simulated(1), catalogue.chip(chip), estimated(chip, rows))
        alone.append((float(rows), 100 * float(w.large.array_share)))
        fed.append((float(rows), 100 * w.of_peak))
    return alone, fed


def curve(w: Work, wide: float = WIDE) -> str:
    """What a chip makes of its peak, over the rows that stream through."""
    alone, fed = lines(w.chip.id)
    return draw.curve(
        fed, label="with memory", others=[("arrays alone", [p for p in alone if p[0] <= float(w.large.array_side)])], yours=(float(w.rows), 100 * w.of_peak), yours_label=f"{w.rows} rows: {draw.percent(w.of_peak)}", x_label="rows that stream through", y_label="share of the peak", unit="%", x_log=True, kind="compute", wide=wide,
        title=f"Share of the peak of {w.chip.name}",
    )


def sentence(w: Work) -> str:
    """The result in words."""
    e = w.large
    return (
        f"<b>{w.rows} row{'s' if w.rows > 1 else ''} through {WIDTH:,} × {WIDTH:,} weights: {draw.percent(w.of_peak)} of the peak of {w.chip.name.removeprefix('Google ')}.</b> "
        f"The arrays alone would reach {draw.percent(e.array_share)}; the product takes {draw.quantity(float(e.product_s), 's')} and waits for {w.waits_for}."
    )


def table(w: Work) -> str:
    """Both pictures as numbers."""
    alone, fed = lines(w.chip.id)
    body = [[f"{rows:.0f}", f"{a:.1f}", f"{b:.1f}"] for (rows, a), (_, b) in zip(alone, fed, strict=True)]
    cycles = [[s.cycle + 1, int(s.busy.sum()), int(s.loading.sum())] for s in w.small.steps]
    return draw.table(["Rows", "Arrays alone, %", "With memory, %"], body, right={0, 1, 2}) + draw.table(["Cycle", "Cells that add", "Cells that take a weight"], cycles, right={0, 1, 2})


def view(chip: str = "tpu-v5e", rows: int = 128, cycle: int = 10) -> View:
    """The panel's pictures and words for one state of its controls."""
    w = work(chip, rows, cycle)
    e = w.large
    return View(
        picture=wave(w) + curve(w), readout=sentence(w), table=table(w), why=explained(e.array_share) + explained(e.product_s), named=f"{rows} rows on {w.chip.name}",
        source=f"Drawn: {SIDE} × {SIDE} cells and {ROWS[rows]} row{'s' if ROWS[rows] > 1 else ''}, where the chip has {e.arrays:.0f} arrays of {e.array_side:.0f} × {e.array_side:.0f}. Every cell of the picture is simulated, and the product is exact. The drawing has {TILES} squares of weights and the chip {e.tiles:,.0f}, so that its start and end hardly count. Times at the datasheet’s clock and bandwidth.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "chip": choice("Chip", {catalogue.chip(c).name.removeprefix("Google "): c for c in SYSTOLIC_CHIPS}, "tpu-v5e"),
            "rows": steps("Rows that stream through", ROWS, 128),
            "cycle": steps("Cycle", CYCLES, 10),
        },
        view,
    )
