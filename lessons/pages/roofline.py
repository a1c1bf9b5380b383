"""The roofline chapter: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
from functools import cache

from hwlib import catalogue
from hwlib.calibration import calibrated
from hwlib.cases import decode_cases, predict_decode
from hwlib.formula import given
from hwlib.memory import weight_bytes
from hwlib.replica import BYTES
from hwlib.roofline import attainable_flops_per_s, decode_intensity, ridge_point
from hwlib.transformer import shape_of
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import dated_cases
from lessons.panels import evidence
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item
from lessons.panels.roofline import PROMPT, place

A100 = "a100-80-sxm"
TERA = 1e12


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    eight, full, l40s = place(), place(sequences=int(place().fit)), place(chip="l40s")
    v5e, a100 = place(chip="tpu-v5e"), place(chip=A100)
    small, long = place(sequences=64, context=128), place(sequences=64, context=8192)
    return {
        "peak": show(eight.peak, "FLOP/s"), "bandwidth": show(eight.bandwidth, "B/s"), "ridge": draw.num(eight.ridge),
        "eight": str(eight.sequences),
        "full": draw.num(eight.fit), "full_decode": draw.num(full.decode),
        "prefill": draw.num(eight.prefill), "training": draw.num(eight.training), "weights": show(eight.weights, "B"),
        "ridge_l40s": draw.num(l40s.ridge), "ridge_v5e": draw.num(v5e.ridge), "ridge_a100": draw.num(a100.ridge),
        "many": str(small.sequences), "short_context": f"{small.context:,}", "long_context": f"{long.context:,}",
        "short_decode": draw.num(small.decode), "long_decode": draw.num(long.decode),
        "prompt": draw.num(PROMPT),
    }  # fmt: skip


def question() -> Question:
    """What share of its peak can one H100 use while it writes eight answers?"""
    p = place()
    return Question(
        ask=f"In use with {p.sequences} together", unit="TFLOP/s", scale=TERA, base="FLOP/s", computed=p.decode_at_most,
        choice_ask="It waits for", choices=("arithmetic", "memory", "the network"), right="memory", example="100",
        because=f"{draw.num(p.decode)} FLOP for each byte is far left of the ridge at {draw.num(p.ridge)}: the memory is busy all the time.",
        bought=lambda v: f"Your figure would need about {draw.num(8 * v / p.decode_at_most, 2)} answers together, if no answer had a past to read.",
        anchors=(("the peak", float(p.peak), "compute"),),
    )


def derivation() -> Shown:
    """The formula with the numbers plugged in, for the panel's first state."""
    return Shown(explained(place().decode_at_most))


@cache
def held_out() -> tuple[evidence.Held, ...]:
    """One sequence alone on A100s: rows that no constant was fitted on."""
    return tuple(evidence.Held(c, float(predict_decode(c))) for c in decode_cases() if c.chip == A100)


def _intensity(held: evidence.Held) -> tuple[float, float]:
    """FLOP a byte, and FLOP/s reached by each chip."""
    row = held.case.row
    shape = shape_of(row["model"])
    bits = {16.0: 16, 8.0: 8, 4.0: 4}[float(row["weight_bits"])]
    weights = weight_bytes(params=shape.params, bytes_per_param=BYTES[bits])
    at = decode_intensity(matmul_params=shape.matmul_params, sequences=given(1), weight_bytes=weights, kv_bytes_per_sequence=given(0.0))
    return float(at), 2 * shape.matmul_params * held.case.observed / float(row["tp"])


def _name(held: evidence.Held) -> str:
    row = held.case.row
    size = shape_of(row["model"]).name.split()[-1]
    chips = f", {row['tp']} chips" if row["tp"] != "1" else ""
    return f"{float(row['weight_bits']):.0f} bits, {size}{chips}"  # the bits first: a narrow picture keeps what stands before the comma


def measured() -> Shown:
    """Published decode speeds under the A100's roofs, then beside the prediction."""
    p = place(chip=A100)
    alone = [h for h in held_out() if h.case.row["tp"] == "1" and "7b" in h.case.row["model"]]
    points = [(_name(h), *_intensity(h)) for h in alone]
    picture = draw.roofline(points, peak_flop_per_s=float(p.peak), mem_bytes_per_s=float(p.bandwidth), chip=p.chip.name)
    spread = evidence.band([h for h in evidence.saturated() if h.case.chip == A100])
    inside = spread.inside(h.ratio for h in held_out())
    rows = [
        [_name(h), h.case.observed, h.predicted, f"{draw.num(h.predicted * spread.low)} to {draw.num(h.predicted * spread.high)}",
         "inside" if spread.low <= h.ratio <= spread.high else "outside"]
        for h in held_out()
    ]  # fmt: skip
    outside = [f"“{_name(h)}” ({'slower' if h.ratio < 1 else 'faster'} than predicted)" for h in held_out() if not spread.low <= h.ratio <= spread.high]
    table = draw.table(["One sequence, A100", "Measured, tokens a second", "Predicted", "80% interval", "Measured lies"], rows, right={1, 2, 3})
    memory = calibrated("decode_memory_efficiency", A100)
    words = (
        "Llama 2 7B, one sequence alone on an A100: halving the bits doubles the intensity, and the speed follows until other costs show. Diamonds: measured."
    )
    under = (
        f"Prediction: bytes over {draw.percent(memory)} of the bandwidth, a share fitted on {spread.count} runs of busy servers, plus a fixed cost for each layer. "
        f"None of these {len(held_out())} rows was used for it. The interval should hold {draw.percent(evidence.SHARE)} of cases like those it was taken from; here it holds {inside} of {len(held_out())}. "
        f"Outside lie {' and '.join(outside)}: the constant was fitted to many sequences at once and has seen no single one."
    )
    series = [evidence.series(held_out(), spread, label="one sequence alone", kind="memory")]
    second = draw.measured_band(series, x_label="tokens a second, predicted", y_label="tokens a second, measured", x_log=True, y_log=True)
    source = dated_cases(held_out()) + ", pytorch-labs."
    return Shown(draw.figure(picture, caption=words) + draw.figure(second, caption=under, source=source, table=table))


def claim_computed() -> str:
    """The intensity of decoding at a few batches, with hardly any past to read."""
    said = ", ".join(f"{draw.num(place(sequences=n, context=128).decode)} at {n}" for n in (1, 8, 32))
    return f"Llama 3.1 8B in 16 bits with 128 tokens of context: {said}. A prompt of {draw.num(PROMPT)} tokens: {draw.num(place().prefill)}."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    p, b200 = place(chip="l40s", sequences=32), place(chip="b200-sxm")
    h100 = place()
    return {
        "p1_decode": draw.num(p.decode), "p1_ridge": draw.num(p.ridge), "p1_share": draw.percent(p.decode / p.ridge), "p1_sequences": str(p.sequences),
        "p2_peak": draw.num(b200.peak / h100.peak), "p2_band": draw.num(b200.bandwidth / h100.bandwidth), "p2_ridge": draw.num(b200.ridge),
        "p2_h100": draw.num(h100.ridge), "p2_gain": draw.num(b200.decode_at_most / h100.decode_at_most),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """What a chip reaches at an intensity: the slope or the roof."""
    chip = catalogue.chip(rng.choice((A100, "h100-sxm", "l40s", "tpu-v5e", "h200-sxm")))
    at = given(rng.choice((1, 2, 3, 5, 8, 12, 20, 30, 600, 1000)), "the question")
    peak, bandwidth = chip.peak("bf16"), chip.mem_bytes_per_s
    answer = attainable_flops_per_s(peak_flops_per_s=peak, mem_bytes_per_s=bandwidth, intensity=at)
    other = peak if answer < peak else bandwidth * at
    ridge = ridge_point(peak_flops_per_s=peak, mem_bytes_per_s=bandwidth)
    return Item(
        ask=f"{chip.name} has {show(peak, 'FLOP/s')} in BF16 and {show(bandwidth, 'B/s')}. A kernel does {draw.num(at)} FLOP for each byte. "
            "How many TFLOP/s can it reach at most?",
        unit="TFLOP/s", scale=TERA, base="FLOP/s", answer=answer,
        slips=((float(other / answer), f"that is the other roof; the ridge lies at {draw.num(ridge)} FLOP per byte"), (0.001, "giga for tera"), (1000.0, "giga for tera"),
               (2.0, "two bytes a value is not asked here"), (0.5, "two bytes a value is not asked here")),
    )  # fmt: skip
