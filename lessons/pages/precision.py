"""The chapter on precision in training: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

import numpy as np

from hwlib import catalogue
from hwlib.calibration import calibrated
from hwlib.cases import rows as measured_rows
from hwlib.cases import shape_of_row
from hwlib.formula import Figure, defined, given
from hwlib.number_formats import format_of
from hwlib.numerics import quantise, scale_of
from hwlib.step import peak_ratio, precision_gain
from hwlib.tiny_training import BACKWARD, FORWARD
from hwlib.transformer import forward_flops_per_token
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import dated
from lessons.panels.parts import Shown, explained
from lessons.panels.precision import LEARNING, run
from lessons.panels.predict import Question
from lessons.panels.quiz import Item

CHIP, OLDER, NEWER = "h100-sxm", "a100-80-sxm", "b200-sxm"
GROUPS = ("llm-foundry-h100_80gb", "torchtitan-202412", "torchtitan-asynctp")
"""Published runs of one program in 16 bits and in FP8."""


@cache
def ratio(chip: str = CHIP, lower: str = "fp8", upper: str = "bf16") -> Figure:
    """The peak in fewer bits over the peak in more."""
    found = catalogue.chip(chip)
    return peak_ratio(lower_peak_flops_per_s=found.peak(lower), peak_flops_per_s=found.peak(upper))


@cache
def step_gain() -> Figure:
    """How much faster a step gets, by the share that the course assumes to speed up."""
    return precision_gain(matmul_share=calibrated("fp8_matmul_share"), peak_ratio=ratio())


@dataclass(frozen=True, slots=True)
class Pair:
    """The same run in 16 bits and in FP8: tokens a second and chip, and the share of its arithmetic that FP8 may touch."""

    name: str
    tokens: int
    chips: int
    wide: float
    narrow: float
    share: float

    @property
    def gain(self) -> float:
        return self.narrow / self.wide

    @property
    def at_most(self) -> float:
        """The gain if a step were arithmetic and nothing else."""
        return float(precision_gain(matmul_share=self.share, peak_ratio=float(ratio())))


def _share(row: dict[str, str]) -> float:
    """Products of a block's weights, over all arithmetic: attention itself and the output layer stay in 16 bits."""
    shape = shape_of_row(row)
    whole = forward_flops_per_token(matmul_params=shape.matmul_params, layers=shape.layers, heads=shape.heads, head_dim=shape.head_dim, attended_tokens=defined(float(row["seq_len"]) / 2, "causal: half the sequence"))
    return 2 * float(shape.attention_params + shape.feed_forward_params) / float(whole)


@cache
def pairs() -> tuple[Pair, ...]:
    """Every published run that was timed both ways, the best row of each, least share first."""
    found: dict[tuple[str, ...], dict[bool, dict[str, str]]] = {}
    for row in measured_rows("1_training_throughput"):
        if row["group"] not in GROUPS or not row["tokens_per_s_per_chip"]:
            continue
        both = found.setdefault(tuple(row[k] for k in ("group", "model", "n_chips", "seq_len")), {})
        narrow = "fp8" in row["precision"]
        if narrow not in both or float(row["tokens_per_s_per_chip"]) > float(both[narrow]["tokens_per_s_per_chip"]):
            both[narrow] = row
    made = []
    for both in found.values():
        if len(both) == 2:
            row = both[True]
            name = {"mpt-1b": "MPT 1B", "llama3-8b": "Llama 3 8B"}[row["model"]]
            made.append(Pair(name, int(row["seq_len"]), int(row["n_chips"]), *(float(both[k]["tokens_per_s_per_chip"]) for k in (False, True)), share=_share(row)))
    return tuple(sorted(made, key=lambda p: p.share))


@cache
def best_products() -> tuple[float, float]:
    """TFLOP/s of the best matrix product found on an H100, in 16 bits and in FP8."""
    found = {r["precision"]: float(r["tflops"]) for r in measured_rows("8_gemm_micro") if r["group"] == "mamf" and r["chip"] == "NVIDIA H100 SXM"}
    return found["bf16"], found["fp8"]


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    chip, small, large = catalogue.chip(CHIP), format_of(BACKWARD), format_of(FORWARD)
    s, bare, few, cut = run(), run(recipe="fp8"), run(chips=256, recipe="fp8"), run(recipe="fp8", size=1000)
    wide, narrow = best_products()
    return {
        "wide": show(chip.peak("bf16"), "FLOP/s"), "narrow": show(chip.peak("fp8"), "FLOP/s"), "ratio": draw.num(ratio()),
        "four_max": draw.num(large.max), "four_least": show(large.quantum), "five_max": draw.num(small.max), "five_least": show(small.quantum),
        "chips": f"{s.chips:,}", "steps": str(LEARNING), "fp32": draw.num(s.fp32.last), "scaled": draw.num(s.mine.last), "bare": draw.num(bare.mine.last), "start": draw.num(bare.mine.first),
        "few": str(few.chips), "few_lost": draw.percent(few.gradient.lost), "few_loss": draw.num(few.mine.last), "times": f"{cut.size:,}",
        "share": draw.percent(calibrated("fp8_matmul_share")), "gain": draw.num(step_gain()), "best": draw.num(narrow / wide), "best_narrow": draw.num(narrow), "best_wide": draw.num(wide), "runs": str(len(pairs())),
        "least": draw.num(min(p.gain for p in pairs())), "most": draw.num(max(p.gain for p in pairs())), "four_bits": draw.num(ratio(NEWER, "fp4")),
    }  # fmt: skip


def question() -> Question:
    """Twice the rate: how much faster is a step?"""
    return Question(
        ask="A training step gets faster by a factor of", unit="times", scale=1.0, base="", computed=step_gain(), choice_ask="Without scales, the small network below learns",
        choices=("as well as in FP32", "more slowly", "nothing"), right="nothing", example="2",
        because=f"Its gradients are smaller than half the smallest value of E5M2, {show(format_of(BACKWARD).quantum)}. They become zero, and the loss stays where it began.",
        bought=lambda v: f"Your factor would need {draw.percent(min(1.0, max(0.0, (1 - 1 / v) / (1 - 1 / float(ratio())))))} of the step to run at the doubled rate{', and more than that' if v > float(ratio()) else ''}.",
        anchors=(("the peaks", float(ratio()), "compute"),),
    )


def derivation() -> Shown:
    """The scale of the panel's first state, and the gain of a step."""
    return Shown(explained(run().scale) + explained(step_gain()))


def measured() -> Shown:
    """Gains of whole runs, over the share of their arithmetic that FP8 may touch, under the line of that share alone."""
    found = pairs()
    line = [(k / 20, float(precision_gain(matmul_share=k / 20, peak_ratio=float(ratio())))) for k in range(6, 21)]
    by_name: dict[str, list[Pair]] = {}
    for p in found:
        by_name.setdefault(p.name, []).append(p)
    series = [dict(label="arithmetic alone", kind="compute", line=[(100 * x, y) for x, y in line])]
    series += [dict(label=name, kind="ink", measured=[(100 * p.share, p.gain) for p in some]) for name, some in by_name.items()]
    picture = draw.measured_band(series, x_label="share of the arithmetic that FP8 may touch, %", y_label="FP8 against 16 bits, whole runs", unit="×")
    table = draw.table(
        ["Run", "Chips", "Tokens of a sequence", "Share that FP8 may touch, %", "At most, ×", f"With {draw.percent(calibrated('fp8_matmul_share'))} of the step, ×", "Measured, ×"],
        [[p.name, p.chips, p.tokens, round(100 * p.share), f"{p.at_most:.2f}", f"{step_gain():.2f}", f"{p.gain:.2f}"] for p in found], right={1, 2, 3, 4, 5, 6},
    )
    realised = sorted((p.gain - 1) / (p.at_most - 1) for p in found)
    caption = (
        f"Diamonds: tokens a second in FP8 over tokens a second in 16 bits, {len(found)} pairs of runs on H100, the faster row where several were published. Line: what twice the rate gives if a step is arithmetic and nothing else. "
        f"It is a bound and no run reaches it: of the extra speed {draw.percent(realised[0])} to {draw.percent(realised[-1])} arrive, because casting, norms, the optimizer and links take as long as before. "
        f"The course’s own share gives {draw.num(step_gain())} for every run; it was chosen within the range of such gains, so it is no test. Long sequences gain least: attention itself stays in 16 bits."
    )
    return Shown(draw.figure(picture, caption=caption, source=f"{dated('MosaicML llm-foundry training benchmarks', 'torchtitan H100 benchmarks Dec 2024')}. One pair of MPT differs in its batch.", table=table))


def claim_computed() -> str:
    """What keeps the scales, and what they do, in this page's network."""
    s, bare = run(), run(recipe="fp8")
    return (
        f"On this page the scales are kept by ordinary code that remembers the largest values of the steps before. "
        f"With them the loss falls from {draw.num(bare.mine.first)} to {draw.num(s.mine.last)}, without them it stays at {draw.num(bare.mine.last)}: the recipe decides, and somebody has to choose it."
    )


def older_computed() -> str:
    """The formats that an A100 multiplies in."""
    chip = catalogue.chip(OLDER)
    return f"{chip.name} multiplies in {', '.join(f.upper() for f in chip.formats)}; FP8 is not among them."


@cache
def outlier() -> tuple[float, float, float, float]:
    """Shares that become zero in FP4, under one scale and under a scale for each 32 values; bits a value of each."""
    x = np.random.default_rng(11).standard_normal(4096).astype(np.float32)
    x[0] = 1000.0
    whole, groups = quantise(x, "fp4-e2m1", "tensor"), quantise(x, "fp4-e2m1", "group", group=32, power_of_two=True)
    return float(whole.underflow_share), float(groups.underflow_share), float(whole.bits_per_value), float(groups.bits_per_value)


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    tiny = format_of("fp4-e2m1")
    largest, f = 3e-6, format_of(BACKWARD)
    scale = scale_of(amax=given(largest, "the problem"), format_max=defined(f.max, "largest value of E5M2"))
    one, many, one_bits, many_bits = outlier()
    return {
        "p1_largest": show(largest), "p1_least": show(f.quantum), "p1_half": show(f.quantum / 2), "p1_scale": show(scale), "p1_kept": show(f.quantum * float(scale)), "p1_span": show(f.max / f.quantum),
        "p2_over": draw.num(tiny.max / tiny.quantum), "p2_values": "4,096", "p2_out": "1,000", "p2_group": "32", "p2_one": f"{round(4096 * one):,}", "p2_many": f"{round(4096 * many):,}", "p2_one_bits": draw.num(one_bits), "p2_many_bits": draw.num(many_bits),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """Amdahl's law over fewer bits."""
    share, faster = rng.choice((0.3, 0.4, 0.5, 0.6, 0.7, 0.8)), rng.choice((1.5, 2.0, 3.0, 4.0))
    answer = precision_gain(matmul_share=given(share, "the question"), peak_ratio=given(faster, "the question"))
    return Item(
        ask=f"Products take {draw.percent(share)} of a step. In fewer bits they run {draw.num(faster)} times as fast, and nothing else changes. How many times as fast is the step?",
        unit="times", scale=1.0, base="", answer=answer,
        slips=((faster / float(answer), "that is the products alone"), ((1 + share * (faster - 1)) / float(answer), "shares of time, not of speed, add up"), (float(answer) ** -2, "that is the time, not the speed")),
    )  # fmt: skip
