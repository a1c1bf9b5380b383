"""The chapter on fewer bits: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from hwlib.cases import rows as measured_rows
from hwlib.fleet import weights_per_chip
from hwlib.formula import defined, given
from hwlib.memory import weight_bytes
from hwlib.transformer import kv_bytes_per_token, shape_of
from hwlib.units import show
from lessons import draw
from lessons.panels.fewer_bits import widths
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item

FILE_BITS, LENGTH, MODEL = 4.85, 512, "llama3-8b"
"""Bits a weight of llama.cpp's file Q4_K_M, with its scales; the shortest run of the benchmark."""
BIG = "llama.cpp-llama3-70b"
PAST = 32
"""Answers with a long past that still fit on one H100 beside the weights in 16 bits."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One card with the same model in 16 bits and in the small file: tokens a second, written and read."""

    chip: str
    wrote: tuple[float, float]
    read: tuple[float, float]

    @property
    def faster(self) -> float:
        """How many times as fast the small file writes."""
        return self.wrote[1] / self.wrote[0]

    @property
    def reads(self) -> float:
        """The same of reading a prompt."""
        return self.read[1] / self.read[0]


@cache
def pairs() -> tuple[Pair, ...]:
    """Cards that ran both files alone, fastest gain first."""
    found: dict[str, dict[tuple[str, str], float]] = defaultdict(dict)
    for file, column, length in (("3_decode_batch1", "tokens_per_s", "output_len"), ("4_static_batch_and_prefill", "prefill_tokens_per_s", "input_len")):
        for row in measured_rows(file):
            if row["group"] == "llama.cpp-gpubench" and row["n_chips"] == "1" and row["model"] == MODEL and row[length] == str(LENGTH):
                found[row["chip"]][column, row["weight_bits"]] = float(row[column])
    keys = [(c, b) for c in ("tokens_per_s", "prefill_tokens_per_s") for b in ("16", str(FILE_BITS))]
    made = (Pair(chip, (f[keys[0]], f[keys[1]]), (f[keys[2]], f[keys[3]])) for chip, f in found.items() if all(k in f for k in keys))
    return tuple(sorted(made, key=lambda p: -p.faster))


@cache
def bytes_alone() -> float:
    """The gain that bytes alone would give: weights and the cache of half the answer."""
    shape = shape_of(MODEL)
    token = float(kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=defined(2.0, "16 bits")))
    read = lambda bits: float(shape.params) * bits / 8 + token * LENGTH / 2  # noqa: E731
    return read(16) / read(FILE_BITS)


@cache
def perplexities() -> tuple[tuple[float, float, str], ...]:
    """Bits a weight, per cent of perplexity more than in 16 bits, and the name of the file, of one model."""
    found = [(float(r["weight_bits"]), float(r["delta_pct"]), r["method"].removeprefix("llama.cpp ")) for r in measured_rows("9_quantisation") if r["group"] == BIG]
    return tuple(sorted(f for f in found if f[0] < 16))


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    _, eight, four = widths()
    wide = widths()[0]
    busy, long = widths(sequences=256), widths(sequences=PAST, context=8192)
    gain = lambda found, k: draw.num(found[0].machine.step / found[k].machine.step)  # noqa: E731
    weights = weight_bytes(params=shape_of("llama3-8b").params, bytes_per_param=defined(2.0, "16 bits"))
    low, mid = (min(perplexities(), key=lambda p: abs(p[0] - bits)) for bits in (2.5, 4.6))
    return {
        "bits": f"{FILE_BITS}", "wide_size": show(weights, "B"), "size": draw.quantity(float(weights) * FILE_BITS / 16, "B"), "smaller": draw.num(16 / FILE_BITS, 2),
        "together": "8", "eight": draw.num(wide.machine.step / eight.machine.step), "four": draw.num(wide.machine.step / four.machine.step),
        "many": "256", "many_four": gain(busy, 2), "past": f"{PAST}", "past_tokens": f"{8192:,}", "past_four": gain(long, 2),
        "alone": draw.num(bytes_alone(), 2), "median": draw.num(statistics.median(p.faster for p in pairs()), 2), "cards": str(len(pairs())),
        "reads": draw.num(statistics.median(p.reads for p in pairs()), 2), "low_bits": f"{low[0]}", "low_more": f"{low[1]:.0f}%", "mid_bits": f"{mid[0]}", "mid_more": f"{mid[1]:.0f}%",
    }  # fmt: skip


def question() -> Question:
    """How much faster does a card write with a file 3.3 times smaller?"""
    middle = statistics.median(p.faster for p in pairs())
    reads = statistics.median(p.reads for p in pairs())
    asked = weights_per_chip(weight_bytes=defined(middle, "median of the measured gains"), n_chips=defined(1.0))
    return Question(
        ask="Writing gets faster by a factor of", unit="times", scale=1.0, base="", computed=asked, choice_ask="A prompt is then read", choices=("as much faster", "as fast as before", "more slowly"),
        right="more slowly", example="2", because=f"The weights must be widened before they multiply: {draw.num(reads, 2)} times the speed, at the median of {len(pairs())} cards.",
        bought=lambda v: f"Your factor would need {draw.num(16 / v, 2)} bits a weight, if nothing but bytes took time.", anchors=(("the file shrinks by", 16 / FILE_BITS, "weights"),),
    )


def derivation() -> Shown:
    """A decode step in 8 bits with the numbers of the panel's first state plugged in."""
    return Shown(explained(widths()[1].machine.step))


def measured() -> Shown:
    """The gain and the loss of the small file on real cards, then what fewer bits do to a model's predictions."""
    bars = [(p.chip.replace("‑", "-"), [("ink", p.faster, "")], f"prompt {draw.num(p.reads, 2)}×") for p in pairs()]
    gains = draw.cost_bars(bars, unit="×", budget=bytes_alone(), budget_label=f"bytes alone: {draw.num(bytes_alone(), 2)}×", title=f"Writing with {FILE_BITS} bits a weight against 16")
    table = draw.table(["Card", "Writing, ×", "Reading a prompt, ×"], [[p.chip, f"{p.faster:.2f}", f"{p.reads:.2f}"] for p in pairs()], right={1, 2})
    said = (
        f"Llama 3 8B, one answer of {LENGTH} tokens: how many times as fast the file of {FILE_BITS} bits writes. Line: what bytes alone predict. No card reaches it, because widening the weights takes time; "
        f"under each card its factor for reading a prompt of {LENGTH} tokens, below one on {sum(p.reads < 1 for p in pairs())} of {len(pairs())}."
    )
    series = [dict(label="Llama 3 70B", kind="ink", measured=[(bits, more) for bits, more, _ in perplexities()])]
    curve = draw.measured_band(series, x_label="bits a weight", y_label="perplexity more than in 16 bits", unit="%", y_log=True)
    second = draw.table(["File", "Bits a weight", "Perplexity more, %"], [[name, f"{bits}", f"{more:.2f}"] for bits, more, name in perplexities()], right={1, 2})
    words = f"Perplexity on WikiText-2, {len(perplexities())} files of one model. Measured only: this course does not predict quality. Perplexity is not a task; evaluate your own before you ship."
    return Shown(
        draw.figure(gains, caption=said, source="llama.cpp, 2024. XiongjieDai, GPU-Benchmarks-on-LLM-Inference.", table=table)
        + draw.figure(curve, caption=words, source="llama.cpp, 2024, Llama 3 70B. XiongjieDai, GPU-Benchmarks-on-LLM-Inference.", table=second)
    )


def claim_computed() -> str:
    """Gains of a step at three loads."""
    said = []
    for sequences, context in ((1, 512), (64, 2048), (256, 1024)):
        found = widths(sequences=sequences, context=context)
        eight, four = (draw.num(found[0].machine.step / s.machine.step, 2) for s in found[1:])
        said.append(f"{eight} and {four} times with {sequences:,} answer{'s' if sequences > 1 else ''} of {context:,} tokens")
    return f"Llama 3.1 8B on an H100 in 8 and in 4 bits: {'; '.join(said)}. That is speed of a step; with more room for cache a server can also take more answers."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    found = widths(chip="a100-80-sxm", sequences=1, context=512)
    shape = shape_of("llama3.1-70b")
    real = float(shape.params) * FILE_BITS / 8
    ideal = float(shape.params) * 4 / 8
    four = found[2].machine
    return {
        "p1_wide": draw.quantity(float(found[0].machine.step), "s"), "p1_four": draw.quantity(float(four.step), "s"), "p1_reading": draw.quantity(float(four.memory), "s"),
        "p1_rest": draw.quantity(float(four.step - four.memory), "s"), "p1_gain": draw.num(found[0].machine.step / four.step), "p1_context": "512",
        "p2_ideal": draw.quantity(ideal, "B"), "p2_real": draw.quantity(real, "B"), "p2_bits": f"{FILE_BITS}", "p2_left": draw.quantity(48e9 - real, "B"), "p2_card": draw.quantity(48e9, "B"),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """The size of a file with scales."""
    name = rng.choice(("llama3.1-8b", "llama2-13b", "llama3.1-70b", "qwen2.5-72b", "llama3.1-405b"))
    bits = rng.choice((4.25, 4.5, 4.85, 5.5, 6.6, 8.5))
    answer = weight_bytes(params=shape_of(name).params, bytes_per_param=defined(bits / 8, "the file's bits"))
    return Item(
        ask=f"{shape_of(name).name} has {draw.quantity(float(shape_of(name).params), '')} parameters. A file keeps {bits} bits for each, scales included. How many GB is it?",
        unit="GB", scale=1e9, base="B", answer=given(answer), slips=((8.0, "bits for bytes"), (16 / bits, "that is the file in 16 bits"), (int(bits) / bits, "the scales are left out"), (2.0, "look at the bits again")),
    )  # fmt: skip
