"""The chapter on a run's arithmetic: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass
from functools import cache

from hwlib import catalogue
from hwlib.cases import rows as measured_rows
from hwlib.formula import given
from hwlib.step import days_at_utilisation, hfu, tokens_per_s_from_hours, training_flops
from hwlib.transformer import shape_of
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import dated
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item
from lessons.panels.six_n_d import USUAL, run, said

PEAKS = {"A100-SXM-80GB": "a100-80-sxm", "H100-SXM-80GB": "h100-sxm"}
HOURS, COUNT = 1_720_320, 2000
"""Chip-hours of Llama 2 70B (model card), and the number of chips that the source text assumes (ledger S2-22)."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A run that its makers told in chip-hours."""

    name: str
    chip: str
    params: float
    tokens: float
    hours: float
    source: str

    @property
    def ideal(self) -> float:
        """Chip-hours at the whole peak."""
        return 6 * self.params * self.tokens / float(catalogue.chip(self.chip).peak("bf16")) / 3600

    @property
    def share(self) -> float:
        """The share of the peak that the report implies."""
        return self.ideal / self.hours


SIZES = {"llama2-7b": 6.74e9, "llama2-70b": 68.98e9, "llama3-8b": 8.03e9, "llama3-70b": 70.55e9, "llama-7b": 6.74e9, "llama-13b": 13.02e9, "llama-65b": 65.29e9}
"""Parameters by the name of the file's model: from the catalogue where it has the model, else the published count of LLaMA 1."""


@cache
def reported() -> tuple[Reported, ...]:
    """Runs on A100s and H100s of dense models."""
    found = []
    for row in measured_rows("11_cost_energy"):
        if row["gpu_hours"] and row["chip"] in PEAKS and row["model"] in SIZES:
            known = row["model"].replace("llama3-", "llama3.1-") if row["model"].startswith("llama3") else row["model"]
            size = float(shape_of(known).params) if known in catalogue.transformer_ids() else SIZES[row["model"]]
            name = row["model"].replace("llama-", "LLaMA ").replace("llama2-", "Llama 2 ").replace("llama3-", "Llama 3.1 " if "3_1" in row["group"] else "Llama 3 ").replace("b", "B")
            found.append(Reported(name, PEAKS[row["chip"]], size, float(row["tokens"]), float(row["gpu_hours"]), row["source_title"]))
    return tuple(sorted(found, key=lambda r: r.hours))


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    r = run()
    rate = tokens_per_s_from_hours(train_tokens=2e12, chip_hours=HOURS, n_chips=COUNT, hour_s=3600)
    full = hfu(mfu=given(USUAL), recompute_share=given(1 / 3))
    shares = [x.share for x in reported()]
    return {
        "params": draw.quantity(float(r.params), ""), "tokens": draw.quantity(float(r.tokens), ""), "chips": f"{r.count:,}", "chip": r.chip.name, "usual": draw.percent(USUAL), "days": said(float(r.days(USUAL))),
        "ideal": said(float(r.days(1.0))), "flops": show(r.flops, "FLOP"), "hfu": draw.percent(full), "rate": f"{float(rate):,.0f}", "each": draw.num(rate / COUNT), "runs": str(len(shares)),
        "lowest": draw.percent(min(shares)), "highest": draw.percent(max(shares)),
    }  # fmt: skip


def question() -> Question:
    """How long does Llama 2 70B take on 2,000 A100?"""
    r = run()
    return Question(
        ask=f"Days of {draw.quantity(float(r.params), '')} parameters on {r.count:,} A100", unit="days", scale=1.0, base="days", computed=r.days(USUAL),
        choice_ask="Most of the arithmetic is", choices=("the forward pass", "the backward pass", "the optimizer"), right="the backward pass", example="30",
        because="Going back costs twice as much as going forward: one product for the gradient of the input, one for that of the weights.",
        bought=lambda v: f"Your figure would need {draw.percent(float(r.days(1.0)) / v)} of the chips’ peak.", anchors=(("at the whole peak", float(r.days(1.0)), "compute"),),
    )


def derivation() -> Shown:
    """The days, with the numbers of the panel's first state plugged in."""
    return Shown(explained(run().days(USUAL)))


def measured() -> Shown:
    """Chip-hours that makers reported, beside six operations at the share of the peak that the other runs reached."""
    runs = reported()
    predicted = {}
    for r in runs:
        others = [x.share for x in runs if x.name != r.name and x.chip == r.chip]
        predicted[r.name] = r.ideal / statistics.median(others)
    pairs = [(predicted[r.name], r.hours) for r in runs]
    ends = (min(p for p, _ in pairs), max(p for p, _ in pairs))
    series = [dict(label="chip-hours", kind="compute", line=[(x, x) for x in ends], measured=pairs)]
    picture = draw.measured_band(series, x_label="chip-hours, predicted", y_label="chip-hours, reported", x_log=True, y_log=True)
    rows = [[r.name, catalogue.chip(r.chip).name.split()[1], f"{r.hours:,.0f}", f"{predicted[r.name]:,.0f}", draw.percent(r.share)] for r in runs]
    table = draw.table(["Run", "Chip", "Chip-hours, reported", "Predicted", "Share of the peak implied"], rows, right={2, 3, 4})
    errors = [abs(p / seen - 1) for p, seen in pairs]
    shares = {c: [r.share for r in runs if r.chip == c] for c in PEAKS.values()}
    caption = (
        f"Diamonds: what makers reported. Line: six operations, at the median share of the peak of the other runs on that chip; it is off by {draw.percent(statistics.median(errors))} at the median and {draw.percent(max(errors))} at worst. "
        f"The A100 runs imply {draw.percent(min(shares['a100-80-sxm']))} to {draw.percent(max(shares['a100-80-sxm']))} of the peak, the H100 runs {draw.percent(min(shares['h100-sxm']))} to {draw.percent(max(shares['h100-sxm']))}: "
        "the reports do not say why; a faster chip waits more for its links, and hours may count failed and short runs. A layout says more than an average does: see Parallelism."
    )
    return Shown(draw.figure(picture, caption=caption, source=f"{dated(*(r.source for r in runs))}.", table=table))


def claim_computed() -> str:
    """Tokens a second from chip-hours, and the length that the claim would mean."""
    rate = float(tokens_per_s_from_hours(train_tokens=2e12, chip_hours=HOURS, n_chips=COUNT, hour_s=3600))
    return (
        f"2 × 10¹² tokens on {COUNT:,} chips in {HOURS:,} chip-hours: {rate:,.0f} tokens a second, {draw.num(rate / COUNT)} for each chip. "
        f"At the claimed rate a chip would need {draw.num(3.3e6 / rate, 2)} times as many FLOP/s as it used, {draw.num(3.3e6 / COUNT * 6 * 68.98e9 / 312e12, 2)} times its peak."
    )


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    day = catalogue.constant("day_s")
    flops = training_flops(params=given(405e9), train_tokens=given(1.5e13))
    chip = catalogue.chip("h100-sxm")
    days = days_at_utilisation(training_flops=flops, n_chips=given(16384.0), peak_flops_per_s=chip.peak("bf16"), mfu=given(0.4), day_s=day)
    twice = training_flops(params=given(140e9), train_tokens=given(4e12))
    one = run()
    return {
        "p1_params": draw.quantity(405e9, ""), "p1_tokens": draw.quantity(1.5e13, ""), "p1_chips": "16,384", "p1_share": draw.percent(0.4), "p1_flops": show(flops, "FLOP"), "p1_days": draw.num(days),
        "p1_peak": show(chip.peak("bf16"), "FLOP/s"), "p2_once": show(one.flops, "FLOP"), "p2_twice": show(twice, "FLOP"), "p2_times": draw.num(twice / one.flops), "p2_half": draw.num(1 / 0.5),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """The days of a run."""
    chip = catalogue.chip(rng.choice(("a100-80-sxm", "h100-sxm", "tpu-v4")))
    params, tokens, count, share = rng.choice((8e9, 13e9, 30e9, 65e9, 120e9)), rng.choice((5e11, 1e12, 2e12, 4e12)), rng.choice((256, 512, 1024, 3000)), rng.choice((0.3, 0.35, 0.4, 0.5))
    flops = training_flops(params=given(params, "the question"), train_tokens=given(tokens, "the question"))
    answer = days_at_utilisation(training_flops=flops, n_chips=given(count, "the question"), peak_flops_per_s=chip.peak("bf16"), mfu=given(share, "the question"), day_s=catalogue.constant("day_s"))
    return Item(
        ask=f"{draw.quantity(params, '')} parameters, {draw.quantity(tokens, '')} tokens, {count:,} × {chip.name} with {show(chip.peak('bf16'), 'FLOP/s')} each, at {draw.percent(share)} of the peak. How many days?",
        unit="days", scale=1.0, base="days", answer=answer,
        slips=((share, "that is at the whole peak"), (1 / 3, "two for each parameter and token is the forward pass alone"), (2 / 3, "that is the backward pass alone"), (24.0, "hours for days"), (0.5, "look at the factor of six")),
    )  # fmt: skip
