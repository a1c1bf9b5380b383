"""The roofline: where decode, prefill and training of one model stand under one chip's two roofs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.calibration import calibrated
from hwlib.decoding import batch_tokens_per_s, decode_step_s, step_compute_s, step_memory_s, user_tokens_per_s
from hwlib.formula import Figure, defined, given
from hwlib.memory import kv_cache_bytes, kv_room_bytes, sequences_that_fit, state_bytes_total, weight_bytes
from hwlib.replica import BYTES, ONE, ZERO
from hwlib.roofline import (
    attainable_flops_per_s,
    decode_intensity,
    prefill_intensity,
    ridge_point,
    training_intensity,
)
from hwlib.transformer import forward_flops_per_token, kv_bytes_per_token, shape_of
from lessons import draw
from lessons.panels.parts import WIDE, View, choice, explained, steps, wire

CHIPS = ("a100-80-sxm", "h100-sxm", "h200-sxm", "b200-sxm", "mi300x", "l40s", "tpu-v5e", "inferentia2")
MODELS = ("llama3.1-8b", "llama2-7b", "llama2-13b", "llama3.1-70b", "llama3.1-405b")
SEQUENCES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
CONTEXTS = (128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)
PROMPT = given(512, "a prompt of a page", "assumption")
TOKENS_PER_CHIP = given(8192, "two sequences of 4,096 tokens on each chip", "assumption")
STATE = defined(16.0, "weight, gradient, master copy and two moments of mixed-precision Adam")


@dataclass(frozen=True, slots=True)
class Placed:
    """The three kinds of work on one chip. Intensities in FLOP a byte, rates in FLOP/s and tokens a second."""

    chip: catalogue.Chip
    model: str
    sequences: int
    context: int
    peak: Figure
    bandwidth: Figure
    ridge: Figure
    decode: Figure
    prefill: Figure
    training: Figure
    decode_at_most: Figure
    fit: Figure
    weights: Figure
    step_s: Figure
    tokens_per_s: Figure
    user_tokens_per_s: Figure

    @property
    def waits(self) -> float:
        """Share of the time in which the arithmetic has nothing to do."""
        return 1 - self.decode_at_most / self.peak

    @property
    def waits_words(self) -> str:
        """The same as a percentage that never rounds up to all of it."""
        return draw.percent(self.waits, 2 if self.waits < 0.995 else 3)

    @property
    def chips_needed(self) -> int:
        """Chips that hold the weights: 1, or as many as it takes."""
        usable = self.chip.mem_bytes - catalogue.constant("runtime_reserve_bytes")
        return math.ceil(self.weights / usable)


@cache
def place(chip: str = "h100-sxm", model: str = "llama3.1-8b", sequences: int = 8, context: int = 2048) -> Placed:
    """Place the work: 16-bit weights and cache, dense peaks, nothing lost."""
    one, shape = catalogue.chip(chip), shape_of(model)
    peak, bandwidth = one.peak("bf16"), one.mem_bytes_per_s
    together, tokens = given(sequences), given(context)
    weights = weight_bytes(params=shape.params, bytes_per_param=BYTES[16])
    per_token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[16])
    cache_bytes = kv_cache_bytes(kv_bytes_per_token=per_token, context_tokens=tokens, sequences=ONE)
    decode = decode_intensity(matmul_params=shape.matmul_params, sequences=together, weight_bytes=weights, kv_bytes_per_sequence=cache_bytes)
    forward = forward_flops_per_token(
        matmul_params=shape.matmul_params, layers=shape.layers, heads=shape.heads, head_dim=shape.head_dim,
        attended_tokens=defined(0.0, "the roofline counts the products with the weights"),
    )
    ideal = {"tensor_ranks": ONE, "stages": ONE}
    step = decode_step_s(
        step_memory_s=step_memory_s(weight_bytes=weights, sequences=together, kv_bytes_per_sequence=cache_bytes, mem_bytes_per_s=bandwidth,
                                    memory_efficiency=_ALL, **ideal),
        step_compute_s=step_compute_s(sequences=together, forward_flops=forward, peak_flops_per_s=peak, compute_efficiency=_ALL, **ideal),
        step_comm_s=ZERO, hops_s=ZERO, step_overhead_s=ZERO,
    )
    room = kv_room_bytes(n_chips=ONE, mem_bytes=one.mem_bytes, reserve_bytes=catalogue.constant("runtime_reserve_bytes"), weight_bytes=weights)
    return Placed(
        chip=one, model=shape.name, sequences=sequences, context=context, peak=peak, bandwidth=bandwidth,
        ridge=ridge_point(peak_flops_per_s=peak, mem_bytes_per_s=bandwidth), decode=decode,
        prefill=prefill_intensity(matmul_params=shape.matmul_params, prompt_tokens=PROMPT, weight_bytes=weights, kv_bytes_per_token=per_token),
        training=training_intensity(
            matmul_params=shape.matmul_params, tokens_per_chip=TOKENS_PER_CHIP, weight_bytes=weights,
            state_bytes=state_bytes_total(params=shape.params, state_bytes_per_param=STATE),
        ),
        decode_at_most=attainable_flops_per_s(peak_flops_per_s=peak, mem_bytes_per_s=bandwidth, intensity=decode),
        fit=sequences_that_fit(kv_room_bytes=room, kv_bytes_per_token=per_token, held_tokens=tokens), weights=weights,
        step_s=step, tokens_per_s=batch_tokens_per_s(sequences=together, step_s=step), user_tokens_per_s=user_tokens_per_s(tpot_s=step),
    )


_ALL = defined(1.0, "a roof counts no loss")


def points(p: Placed) -> list[tuple[str, float]]:
    """The work as the picture wants it; decoding is the reader's own."""
    return [(yours(p), float(p.decode)), (f"prefill, {PROMPT:.0f} tokens", float(p.prefill)), ("training", float(p.training))]


def yours(p: Placed) -> str:
    """The name of the reader's point."""
    return f"decode, {p.sequences:,} together"


def picture(p: Placed, wide: float = WIDE) -> str:
    """The two roofs, what kernels achieve in thin dashes, and the three kinds of work."""
    return draw.roofline(
        points(p), yours=yours(p), peak_flop_per_s=float(p.peak), mem_bytes_per_s=float(p.bandwidth), chip=p.chip.name, wide=wide,
        achieved_flop_per_s=p.peak * calibrated("serving_compute_efficiency", p.chip.id),
        achieved_bytes_per_s=p.bandwidth * calibrated("decode_memory_efficiency", p.chip.id),
    )


def sentence(p: Placed) -> str:
    """The result in words."""
    n, tera = draw.num, 1e12
    head = f"<b>{p.sequences:,} together:</b> {n(p.decode)} FLOP per byte, so at most {n(p.decode_at_most / tera)} of {n(p.peak / tera)} TFLOP/s. "
    waits = f"The arithmetic waits {p.waits_words} of the time. " if p.decode < p.ridge else "The arithmetic is busy all the time. "
    if p.chips_needed > 1:
        tail = f"It takes {p.chips_needed} such chips to hold the weights; each of them stands at this same point."
    elif p.sequences > p.fit:
        tail = f"The memory is full at {n(p.fit)}: this point is out of reach on one chip."
    else:
        tail = f"One reader gets at most {n(p.user_tokens_per_s)} tokens a second, all of them {n(p.tokens_per_s)}."
    return head + waits + tail


def source(p: Placed) -> str:
    """What the dashes are, and where their two shares come from."""
    shares = [calibrated(name, p.chip.id) for name in ("decode_memory_efficiency", "serving_compute_efficiency")]
    memory, compute = (draw.percent(share) for share in shares)
    if all(share.origin.kind == "fitted" for share in shares):
        where = "fitted to published runs of this chip"
    else:
        where = "at least one of the two is an estimate, for want of published runs of this chip"
    return (
        f"Dense BF16, 16-bit weights and cache. Thin dashes: what kernels reach, {memory} of the bandwidth and {compute} of the peak, {where}. "
        f"Training: {draw.num(TOKENS_PER_CHIP)} tokens a chip and step."
    )


def view(chip: str = "h100-sxm", model: str = "llama3.1-8b", sequences: int = 8, context: int = 2048) -> View:
    """The panel's picture and words for one state of its controls."""
    p = place(chip, model, sequences, context)
    table = draw.table(*draw.roofline_table(points(p), peak_flop_per_s=float(p.peak), mem_bytes_per_s=float(p.bandwidth), yours=yours(p)))
    return View(
        picture=picture(p), readout=sentence(p), source=source(p), why=explained(p.decode_at_most), table=table,
        named=f"{p.sequences:,} sequences of {p.context:,} tokens on {p.chip.name}",
    )


def short(chip: catalogue.Chip) -> str:
    """The chip's name without its vendor, for a narrow list.

    >>> short(catalogue.chip("h100-sxm"))
    'H100 SXM5 80 GB'
    """
    return chip.name.removeprefix(f"{chip.vendor} ")


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "chip": choice("Chip", {short(catalogue.chip(c)): c for c in CHIPS}, "h100-sxm"),
            "model": choice("Model", {shape_of(m).name: m for m in MODELS}, "llama3.1-8b"),
            "sequences": steps("Sequences together", SEQUENCES, 8),
            "context": steps("Tokens of context", CONTEXTS, 2048, say=lambda v: f"{v:,}"),
        },
        view,
    )
