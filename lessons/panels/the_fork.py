"""The fork: one model on one chip, learning, reading and writing: what each keeps busy, and how many tokens an hour brings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.formula import Figure, defined, given
from hwlib.memory import kv_cache_bytes, state_bytes_total, weight_bytes
from hwlib.replica import BYTES, ONE
from hwlib.roofline import (
    attainable_flops_per_s,
    decode_intensity,
    prefill_intensity,
    ridge_point,
    training_intensity,
)
from hwlib.transformer import kv_bytes_per_token, shape_of
from lessons import draw
from lessons.panels.parts import WIDE, View, choice, explained, steps, wire
from lessons.panels.roofline import STATE, short

CHIPS = ("a100-80-sxm", "h100-sxm", "h200-sxm", "l40s", "tpu-v5e", "mi300x")
MODELS = ("llama3.1-8b", "llama2-7b", "llama2-13b", "llama3.1-70b")
LEARNED = (512, 1024, 2048, 4096, 8192, 16384, 32768)
TOGETHER = (1, 2, 4, 8, 16, 32, 64, 128, 256)
PROMPT, CONTEXT = given(512.0, "a prompt of one page", "assumption"), given(1024.0, "tokens that a sequence holds", "assumption")
SIX, TWO = defined(6.0, "forward and backward"), defined(2.0, "forward")


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of work at its roof. FLOP per byte, FLOP a second, tokens an hour; shares between 0 and 1."""

    name: str
    intensity: Figure
    attainable: Figure
    compute: float
    memory: float
    tokens_per_hour: float

    @property
    def waits_for(self) -> str:
        """What is busy all the time."""
        return "memory" if self.memory > self.compute else "arithmetic"


@dataclass(frozen=True, slots=True)
class Fork:
    """Three kinds of work on one chip."""

    chip: catalogue.Chip
    model: str
    ridge: Figure
    works: tuple[Work, Work, Work]


@cache
def fork(chip: str = "h100-sxm", model: str = "llama3.1-8b", learned: int = 8192, together: int = 8) -> Fork:
    """Place the three; the weights may lie on several such chips, since intensity does not change with their number."""
    one, shape = catalogue.chip(chip), shape_of(model)
    peak, bandwidth = one.peak("bf16"), one.mem_bytes_per_s
    weights = weight_bytes(params=shape.params, bytes_per_param=BYTES[16])
    per_token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[16])
    held = kv_cache_bytes(kv_bytes_per_token=per_token, context_tokens=CONTEXT, sequences=ONE)
    state = state_bytes_total(params=shape.params, state_bytes_per_param=STATE)
    kinds = (
        ("learning", training_intensity(matmul_params=shape.matmul_params, tokens_per_chip=given(learned), weight_bytes=weights, state_bytes=state), SIX),
        ("reading", prefill_intensity(matmul_params=shape.matmul_params, prompt_tokens=PROMPT, weight_bytes=weights, kv_bytes_per_token=per_token), TWO),
        ("writing", decode_intensity(matmul_params=shape.matmul_params, sequences=given(together), weight_bytes=weights, kv_bytes_per_sequence=held), TWO),
    )
    ridge = ridge_point(peak_flops_per_s=peak, mem_bytes_per_s=bandwidth)
    works = []
    for name, intensity, each in kinds:
        attainable = attainable_flops_per_s(peak_flops_per_s=peak, mem_bytes_per_s=bandwidth, intensity=intensity)
        works.append(Work(
            name, intensity, attainable, float(attainable / peak), float(attainable / intensity / bandwidth),
            float(attainable / (each * shape.matmul_params) * catalogue.constant("hour_s")),
        ))  # fmt: skip
    return Fork(one, shape.name, ridge, tuple(works))


def rows(f: Fork) -> list:
    """For each kind of work the busy share of the arithmetic and of the memory."""
    found = []
    for w in f.works:
        found += [(f"{w.name}: arithmetic", [("compute", 100 * w.compute, "")], ""), (f"{w.name}: memory", [("memory", 100 * w.memory, "")], "")]
    return found


def said(f: Fork) -> str:
    """The picture in words."""
    return "; ".join(f"{w.name} keeps the arithmetic {draw.percent(w.compute)} and the memory {draw.percent(w.memory)} busy" for w in f.works)


def picture(f: Fork, wide: float = WIDE) -> str:
    """Busy shares of arithmetic and memory, kind by kind."""
    return draw.cost_bars(rows(f), unit="%", most=100, title=f"What {f.model} keeps busy on {f.chip.name}", says=said(f), wide=wide)


def sentence(f: Fork) -> str:
    """The result in words."""
    learn, read, write = f.works
    t = lambda w: draw.quantity(w.tokens_per_hour, "")  # noqa: E731
    ratio = read.tokens_per_hour / write.tokens_per_hour
    return (
        f"<b>The same chip and the same weights: learning keeps {draw.percent(learn.compute)} of the arithmetic busy, writing {draw.percent(write.compute)}.</b> "
        f"In an hour it learns from {t(learn)} tokens, reads {t(read)} or writes {t(write)} at most; a written token takes as long as {draw.num(ratio, 2)} read ones. Writing waits for {'memory' if write.waits_for == 'memory' else 'arithmetic'}."
    )


def table(f: Fork) -> str:
    """The three kinds as numbers."""
    body = [[w.name, draw.num(w.intensity), draw.percent(w.compute), draw.percent(w.memory), draw.quantity(w.tokens_per_hour, "")] for w in f.works]
    return draw.table(["Work", "FLOP per byte", "Arithmetic busy", "Memory busy", "Tokens an hour, at most"], body, right={1, 2, 3, 4})


def view(chip: str = "h100-sxm", model: str = "llama3.1-8b", learned: int = 8192, together: int = 8) -> View:
    """The panel's picture and words for one state of its controls."""
    f = fork(chip, model, learned, together)
    return View(
        picture=picture(f), readout=sentence(f), table=table(f), why=explained(f.works[0].intensity) + explained(f.works[2].intensity), named=f"{f.model} on {f.chip.name}",
        source=f"Roofs, not speeds: dense BF16 peak and full bandwidth, nothing lost. Learning: mixed-precision Adam, activations not counted. Reading: prompts of {PROMPT:.0f} tokens. Writing: {CONTEXT:,.0f} tokens of context each. Ridge of this chip: {draw.num(f.ridge)} FLOP per byte.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "chip": choice("Chip", {short(catalogue.chip(c)): c for c in CHIPS}, "h100-sxm"),
            "model": choice("Model", {shape_of(m).name: m for m in MODELS}, "llama3.1-8b"),
            "learned": steps("Learning: tokens a step", LEARNED, 8192, say=lambda v: f"{v:,}"),
            "together": steps("Writing: answers together", TOGETHER, 8),
        },
        view,
    )
