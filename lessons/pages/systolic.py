"""The chapter on TPUs: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
from functools import cache

from hwlib import catalogue
from hwlib.cases import rows as measured_rows
from hwlib.formula import given
from hwlib.roofline import ridge_point
from hwlib.systolic import array_peak, estimate_systolic, systolic_cycles, systolic_share
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import dated
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item
from lessons.panels.systolic import SIDE, TILES, WIDTH, work

CHIPS = {"TPU v4": "tpu-v4", "TPU v5e": "tpu-v5e"}
GROUPS = ("maxtext-v4", "maxtext-v5e")
BIG = 4096
"""Rows of a product in training: the tokens of a sequence."""


@cache
def runs() -> tuple[tuple[str, str, int, float], ...]:
    """(chip, model, chips, share of the peak) of published training runs, the smallest cluster of each model."""
    found: dict[tuple[str, str], tuple[int, float]] = {}
    for row in measured_rows("1_training_throughput"):
        if row["group"] in GROUPS:
            key, n = (row["chip"], row["model"]), int(row["n_chips"])
            if key not in found or n < found[key][0]:
                found[key] = n, float(row["mfu_pct"]) / 100
    return tuple((chip, model, n, share) for (chip, model), (n, share) in sorted(found.items()))


def label(chip: str, model: str) -> str:
    """A run as the picture names it."""
    size = model.removeprefix("maxtext-").removeprefix("mt").removesuffix("-v4").upper()
    return f"{chip}, {size}"


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    v4, v5e = (catalogue.chip(c) for c in CHIPS.values())
    one, edge, full, four = work(rows=1), work(rows=128), work(rows=256), work("tpu-v4", 256)
    e = edge.large
    shares = [s for *_, s in runs()]
    training = estimate_systolic("tpu-v5e", m=BIG, k=WIDTH, n=WIDTH)
    return {
        "side": f"{e.array_side:.0f}", "cells": f"{e.array_side**2:,.0f}", "arrays": f"{e.arrays:.0f}", "arrays_v4": f"{four.large.arrays:.0f}", "clock": f"{e.clock_hz / 1e9:.2f} GHz", "peak": show(v5e.peak("bf16"), "FLOP/s"),
        "peak_v4": show(v4.peak("bf16"), "FLOP/s"), "memory": show(v5e.mem_bytes_per_s, "B/s"), "width": f"{WIDTH:,}", "one_alone": draw.percent(one.large.array_share), "one": draw.percent(one.of_peak), "edge_alone": draw.percent(e.array_share), "edge": draw.percent(edge.of_peak),
        "rows": "128", "full_rows": "256", "full": draw.percent(full.of_peak), "ridge": draw.num(ridge_point(peak_flops_per_s=v5e.peak("bf16"), mem_bytes_per_s=v5e.mem_bytes_per_s)), "small": str(SIDE), "squares": str(TILES), "busy": draw.percent(edge.small.busy_share),
        "busy_one": draw.percent(one.small.busy_share), "low": draw.percent(min(shares)), "high": draw.percent(max(shares)), "train_rows": f"{BIG:,}", "train_share": draw.percent(training.array_share),
    }  # fmt: skip


def question() -> Question:
    """One token through a TPU."""
    one = work(rows=1)
    half = work(rows=64)
    return Question(
        ask="Share of its peak that a TPU v5e’s arrays reach with one row", unit="%", scale=0.01, base="%", computed=one.large.array_share, choice_ask="With 64 rows the product of the same weights takes", choices=("about as long", "64 times as long", "half as long"),
        right="about as long", example="5", because=f"{draw.quantity(float(half.large.product_s), 's')} instead of {draw.quantity(float(one.large.product_s), 's')}: the weights have to come from memory and into the cells either way.",
        bought=lambda v: f"At your share one row would keep {draw.num(max(1, v * float(one.large.array_side) ** 2), 2)} of the {draw.num(float(one.large.array_side) ** 2)} cells of an array busy.",
        anchors=(("64 rows", float(half.large.array_share)),),
    )


def derivation() -> Shown:
    """The share of the panel's first state, and the product with its memory."""
    e = work().large
    return Shown(explained(e.array_share) + explained(e.product_s))


def measured() -> Shown:
    """Shares of the peak of whole training runs on v4 and v5e, under what the arrays allow."""
    bound = {chip: float(estimate_systolic(CHIPS[chip], m=BIG, k=WIDTH, n=WIDTH).array_share) for chip in CHIPS}
    bars = [(label(chip, model), [("compute", 100 * share, "")], f"{n:,} chips") for chip, model, n, share in runs()]
    top = 100 * max(bound.values())
    picture = draw.cost_bars(bars, unit="%", budget=top, budget_label=f"arrays alone: {top:.0f}%", most=105.0, title="Share of the peak, whole training runs")
    table = draw.table(["Run", "Chips", "Arrays alone, %", "Measured, %"], [[label(chip, model), n, f"{100 * bound[chip]:.1f}", f"{100 * share:.1f}"] for chip, model, n, share in runs()], right={1, 2, 3})
    caption = (
        f"Bars: share of the peak that whole training steps reach, the smallest cluster of each model. Line: what the arrays alone allow with {BIG:,} rows. It bounds, it does not predict: between the two lie attention, links, norms and the memory that feeds them. "
        "A timed matrix product on a TPU v4 or v5e, which would test the arrays themselves, we have not found in public."
    )
    return Shown(draw.figure(picture, caption=caption, source=f"Google: {dated('MaxText v4 high-performance configs', 'MaxText v5e configs')}.", table=table))


def claim_computed() -> str:
    """Rows at which a v5e is busy."""
    few, edge, full = (work(rows=n) for n in (8, 128, 256))
    return f"On a v5e {few.rows} rows reach {draw.percent(few.of_peak)} of the peak, {edge.rows} reach {draw.percent(edge.of_peak)} and {full.rows} reach {draw.percent(full.of_peak)}: the arrays want {edge.large.array_side:.0f} rows, the memory {draw.num(ridge_point(peak_flops_per_s=edge.chip.peak('bf16'), mem_bytes_per_s=edge.chip.mem_bytes_per_s))}."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    side, m = 128, 64
    cycles = systolic_cycles(gemm_m=float(m), array_tiles=2.0, array_side=float(side))
    double = array_peak(arrays=4.0, array_side=256.0, clock_hz=float(work().large.clock_hz))
    e = work(rows=64).large
    wide = estimate_systolic("tpu-v5e", m=64, k=WIDTH, n=WIDTH)
    return {
        "p1_rows": str(m), "p1_side": str(side), "p1_squares": "2", "p1_cycles": f"{cycles:,.0f}", "p1_products": f"{m * 2 * side * side:,}", "p1_slots": f"{cycles * side * side:,.0f}", "p1_share": draw.percent(systolic_share(gemm_m=float(m), gemm_k=2.0 * side, gemm_n=float(side), array_cycles=float(cycles), arrays=1.0, array_side=float(side))),
        "p2_side": "256", "p2_peak": draw.quantity(double, "FLOP/s"), "p2_now": show(catalogue.chip("tpu-v5e").peak("bf16"), "FLOP/s"), "p2_rows": "64", "p2_share": draw.percent(e.array_share), "p2_time": draw.quantity(float(wide.memory_s), "s"), "p2_comp": draw.quantity(float(wide.compute_s), "s"),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """Cycles of a product on one array."""
    side, m, tiles = rng.choice((4, 8, 16, 64, 128)), rng.choice((2, 6, 20, 150, 300)), rng.choice((1, 2, 3, 10))
    answer = systolic_cycles(gemm_m=given(m, "the question"), array_tiles=given(tiles, "the question"), array_side=given(side, "the question"))
    return Item(
        ask=f"An array of {side} × {side} cells works off {tiles} square{'s' if tiles > 1 else ''} of weights; {m} rows stream through each. New weights are pushed in while the last ones work, which takes {side} cycles. How many cycles until the last sum has left?",
        unit="cycles", scale=1.0, base="", answer=answer,
        slips=((m * tiles / float(answer), "the weights must get in first, and the last row must get out"), (2.0, "counted twice"), (m * tiles * side / float(answer), "rows enter one a cycle, they need not wait for each other")),
    )  # fmt: skip
