"""The chapter on Inferentia2: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
import statistics
from functools import cache

from hwlib import catalogue
from hwlib.calibrate import grid
from hwlib.cases import decode_cases, predict_decode
from hwlib.formula import given
from hwlib.memory import weight_bytes
from hwlib.replica import BYTES
from hwlib.roofline import ridge_point
from hwlib.scratchpad import tiled_bytes
from hwlib.transformer import shape_of
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import band_words, dated_cases
from lessons.panels import evidence
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item
from lessons.panels.scratchpads import CHIP, STEP, K, N, core, cut, smallest, words

SEVEN, TRAINING = "llama2-7b", "trainium1"
BUCKET, PROMPT = 2048, 1100


def mebibytes(value: float) -> str:
    """Memory on a die, in the unit that its makers use."""
    return f"{float(value) / 2**20:,.0f} MiB"


@cache
def on_chip() -> float:
    """Bytes of both kinds of memory in all cores."""
    c = core()
    return float(c.cores) * float(c.scratch_bytes + c.accumulator_bytes)


@cache
def held() -> tuple[evidence.Held, ...]:
    """AWS's times of a token, each predicted by a share of the bandwidth chosen without it."""
    cases = [c for c in decode_cases() if c.chip == CHIP]
    return evidence.held_out(cases, predict_decode, [{"memory_efficiency": m} for m in grid(0.05)])


def of_batch(batch: str) -> list[evidence.Held]:
    """The cases with so many answers together."""
    return [h for h in held() if h.case.row["batch"] == batch]


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    c, chip = core(), catalogue.chip(CHIP)
    many, one, some = cut(), cut(tokens=1), cut(tokens=2048)
    tiny = cut(size=1 / 64)
    turn = cut(tokens=512, buffers=1)
    ahead = cut(tokens=512)
    weights = float(weight_bytes(params=shape_of(SEVEN).params, bytes_per_param=BYTES[16]))
    alone, eight = (statistics.median(h.ratio for h in of_batch(b)) for b in ("1", "8"))
    return {
        "scratch": mebibytes(c.scratch_bytes), "sums": mebibytes(c.accumulator_bytes), "cores": draw.num(c.cores), "tokens": f"{many.tokens:,}", "matrix": draw.quantity(2.0 * K * N, "B"), "moved": show(many.plan.moved_bytes, "B"), "naive": draw.quantity(smallest(4096), "B"),
        "saves": draw.num(smallest(4096) / float(many.plan.moved_bytes), 2), "least": show(many.plan.compulsory_bytes, "B"), "tile": str(STEP), "stays": words(many), "fewer": f"{some.tokens:,}", "fewer_moved": show(some.plan.moved_bytes, "B"),
        "intensity": draw.num(many.plan.intensity), "ridge": draw.num(ridge_point(peak_flops_per_s=chip.peak("bf16"), mem_bytes_per_s=chip.mem_bytes_per_s)), "tiny": draw.quantity(float(tiny.core.scratch_bytes), "B"), "tiny_moved": show(tiny.plan.moved_bytes, "B"),
        "one_moved": show(one.plan.moved_bytes, "B"), "one_intensity": draw.num(one.plan.intensity, 2), "overlap_tokens": "512", "in_turn": show(turn.time, "s"), "ahead": show(ahead.time, "s"), "model": draw.quantity(weights, "B"), "chip": mebibytes(on_chip()), "times": draw.num(weights / on_chip()),
        "cases": str(len(held())), "alone": draw.num(alone, 2), "eight": draw.num(eight, 2), "together": "8",
    }  # fmt: skip


def question() -> Question:
    """What comes through memory."""
    c, one = cut(), cut(tokens=1)
    return Question(
        ask=f"Bytes moved for {c.tokens:,} tokens through the matrix, best cut", unit="MB", scale=1e6, base="B", computed=c.plan.moved_bytes, choice_ask="For one token the scratchpad saves", choices=("as large a share", "a little", "nothing"), right="nothing", example="500",
        because=f"{show(one.plan.moved_bytes, 'B')} move with it or without: every weight is used once, so there is nothing to keep.",
        bought=lambda v: f"Your figure would be {draw.num(2.0 * c.tokens * K * N / v)} operations for each byte.", anchors=(("each value once", float(c.plan.compulsory_bytes)), ("nothing kept", smallest(c.tokens), "memory")),
    )


def derivation() -> Shown:
    """The bytes of the panel's first state, and what no cut can go below."""
    p = cut().plan
    return Shown(explained(p.moved_bytes) + explained(p.bound_bytes))


def measured() -> Shown:
    """AWS's own times of a token on twelve chips, one answer and eight, beside predictions."""
    spread = evidence.band(held())
    ms = lambda some: [(h.predicted, h.case.observed) for h in some]  # noqa: E731
    ends = sorted(h.predicted for h in held())
    line = [(ends[0], ends[0]), (ends[-1], ends[-1])]
    band = [(x, x * spread.low, x * spread.high) for x, _ in line]
    series = [dict(label="one answer", kind="memory", line=line, band=band, measured=ms(of_batch("1"))), dict(label="eight answers", kind="ink", measured=ms(of_batch("8")))]
    picture = draw.measured_band(series, x_label="predicted, ms a token", y_label="measured, ms a token", x_log=True, y_log=True)
    body = [
        [h.case.row["model"], h.case.row["batch"], h.case.row["input_len"], h.case.row["output_len"], h.case.row["weight_bits"], f"{h.predicted:.1f}", f"{h.case.observed:.1f}", f"{h.ratio:.2f}"]
        for h in sorted(held(), key=lambda h: (h.case.row["batch"], h.predicted))
    ]  # fmt: skip
    table = draw.table(["Model", "Answers", "Tokens in", "Tokens out", "Bits", "Predicted, ms", "Measured, ms", "Measured over predicted"], body, right={1, 2, 3, 4, 5, 6, 7})
    caption = band_words(spread, "every point is an instance of twelve chips.") + (
        f" With one answer the median is {draw.num(statistics.median(h.ratio for h in of_batch('1')), 2)} times the prediction, with eight {draw.num(statistics.median(h.ratio for h in of_batch('8')), 2)} times: one share of the bandwidth does not serve both, and our model is too quick for these chips when answers come together. "
        "Of single products, cut by hand or by the compiler, we have found no public times."
    )
    return Shown(draw.figure(picture, caption=caption, source=dated_cases(held()) + ".", table=table))


def claim_computed() -> str:
    """The die against the model, and one product of each kind."""
    weights = float(weight_bytes(params=shape_of(SEVEN).params, bytes_per_param=BYTES[16]))
    many, one = cut(), cut(tokens=1)
    return (
        f"Llama 2 7B in BF16 is {draw.num(weights / on_chip())} times the {mebibytes(on_chip())} on a chip. With {many.tokens:,} tokens the scratchpad cuts the traffic of a product from {draw.quantity(smallest(many.tokens), 'B')} to {show(many.plan.moved_bytes, 'B')}; "
        f"with one token it is {show(one.plan.moved_bytes, 'B')} either way."
    )


def cores_computed() -> str:
    """The same core in both chips."""
    a, b = core(), catalogue.constant(f"scratch_bytes.{TRAINING}")
    return f"{mebibytes(a.scratch_bytes)} and {mebibytes(a.accumulator_bytes)} a core, {mebibytes(on_chip())} on the chip; {catalogue.chip(TRAINING).name}, made for training, has {mebibytes(b)} a core as well."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    half, full = cut(tokens=8192, size=1 / 2).plan, cut(tokens=8192).plan
    real, padded = (cut(tokens=n).plan for n in (1024, 2048))
    per_token = float(padded.overlapped_s) / BUCKET
    return {
        "p1_tokens": "8,192", "p1_full": show(full.moved_bytes, "B"), "p1_half": show(half.moved_bytes, "B"), "p1_ratio": draw.num(float(half.moved_bytes / full.moved_bytes), 2), "p1_bound": draw.num(float(half.bound_bytes / full.bound_bytes), 3), "p1_time": show(full.overlapped_s, "s"), "p1_half_time": show(half.overlapped_s, "s"),
        "p2_prompt": f"{PROMPT:,}", "p2_small": "1,024", "p2_bucket": f"{BUCKET:,}", "p2_time": show(padded.overlapped_s, "s"), "p2_needed": draw.quantity(per_token * PROMPT, "s"), "p2_lost": draw.percent(1 - PROMPT / BUCKET), "p2_fits": show(real.overlapped_s, "s"),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """Bytes of a product in tiles."""
    m, k, n = rng.choice((512, 1024, 2048)), rng.choice((1024, 2048, 4096)), rng.choice((2048, 4096, 8192))
    tile = rng.choice((128, 256, 512))
    answer = tiled_bytes(gemm_m=given(m, "the question"), gemm_n=given(n, "the question"), gemm_k=given(k, "the question"), tile_m=given(tile, "the question"), tile_n=given(tile, "the question"), bytes_per_value=given(2, "the question"))
    once = 2.0 * (m * k + k * n + m * n)
    return Item(
        ask=f"{m:,} × {k:,} values times {k:,} × {n:,} values, two bytes each. Tiles of {tile} × {tile} of the result stay on the core while strips of both inputs stream in, and nothing else is kept. How many MB move?",
        unit="MB", scale=1e6, base="B", answer=answer,
        slips=((once / float(answer), "each strip comes again for every tile that needs it"), (0.5, "a value has two bytes"), (8.0, "bytes, not bits")),
    )  # fmt: skip
