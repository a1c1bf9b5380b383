"""What must fit: the same model in training and in serving, on one scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.formula import Figure, defined, given
from hwlib.memory import kv_cache_bytes, state_bytes, state_bytes_per_param, state_bytes_total, weight_bytes
from hwlib.replica import BYTES
from hwlib.transformer import kv_bytes_per_token, shape_of
from lessons import draw
from lessons.panels.parts import WIDE, View, choice, explained, steps, wire

MODELS = ("llama3.1-8b", "llama2-13b", "llama3.1-70b", "llama3.1-405b")
SHARDS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
SEQUENCES = (1, 4, 16, 64, 256, 1024)
CONTEXTS = (512, 1024, 2048, 4096, 8192, 32768)
CHIP = "h100-sxm"
TWO, FOUR = defined(2.0, "16 bits"), defined(4.0, "32 bits")
ALL = defined(1.0, "every chip keeps all of it")


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of one model: its training state, and what a server keeps for so many sequences."""

    name: str
    chips: int
    weights: Figure
    gradients: Figure
    optimizer: Figure
    per_param: Figure
    state: Figure
    share: Figure
    cache: Figure
    sequences: int
    context: int


@cache
def footprint(model: str = "llama3.1-8b", chips: int = 1, sequences: int = 16, context: int = 4096) -> Footprint:
    """Mixed-precision Adam with everything sharded over the chips (ZeRO 3), beside serving in 16 bits."""
    shape, n = shape_of(model), given(chips)
    per_param = state_bytes_per_param(weight_value_bytes=TWO, gradient_value_bytes=TWO, master_value_bytes=FOUR, moment_value_bytes=FOUR)
    token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=TWO)
    part = lambda value: weight_bytes(params=shape.params, bytes_per_param=value)  # noqa: E731
    return Footprint(
        name=shape.name, chips=chips, weights=part(BYTES[16]), gradients=part(TWO), optimizer=part(defined(12.0, "master copy and two moments in 32 bits")), per_param=per_param,
        state=state_bytes_total(params=shape.params, state_bytes_per_param=per_param),
        share=state_bytes(params_per_chip=shape.params, weight_value_bytes=TWO, weight_shards=n, gradient_value_bytes=TWO, gradient_shards=n,
                          optimizer_value_bytes=defined(12.0, "master copy and two moments in 32 bits"), optimizer_shards=n),
        cache=kv_cache_bytes(kv_bytes_per_token=token, context_tokens=given(context), sequences=given(sequences)), sequences=sequences, context=context,
    )  # fmt: skip


def rows(f: Footprint) -> list:
    """Training, a chip's share of it, and serving in 16 and in 8 bits."""
    w, g, o = (float(x) for x in (f.weights, f.gradients, f.optimizer))
    training = [("weights", w, "weights"), ("optimizer", g, "gradients"), ("optimizer", o, "master copy, moments")]
    serving = [("weights", w, "weights"), ("kv", float(f.cache), "KV")]
    found = [("training, all of it", training, "")]
    if f.chips > 1:
        found.append((f"a chip of {f.chips:,}", [(k, v / f.chips, n) for k, v, n in training], ""))
    return [*found, ("serving, 16 bits", serving, ""), ("serving, 8-bit weights", [("weights", w / 2, "weights"), ("kv", float(f.cache), "KV")], "")]


def picture(f: Footprint, wide: float = WIDE) -> str:
    """The bars, with the memory of one H100."""
    return draw.memory_bars(rows(f), capacity_bytes=float(catalogue.chip(CHIP).mem_bytes), capacity_label=f"one {catalogue.chip(CHIP).name.split()[1]}", title=f"What {f.name} must find room for", wide=wide)


def sentence(f: Footprint) -> str:
    """The result in words."""
    b = lambda v: draw.quantity(float(v), "B")  # noqa: E731
    serving = f.weights + f.cache
    said = f"Split over {f.chips:,} chips that is {b(f.share)} each, activations not counted. " if f.chips > 1 else "Activations come on top. "
    return (
        f"<b>{f.name} trains in {b(f.state)} and serves {f.sequences:,} sequences in {b(serving)}</b>, {draw.num(float(f.state / serving))} times less. {said}"
        f"In serving {draw.percent(float(f.cache / serving))} of the bytes are cache."
    )


def table(f: Footprint) -> str:
    """The bars as numbers."""
    return draw.table(*draw.memory_bars_table(rows(f), capacity_bytes=float(catalogue.chip(CHIP).mem_bytes)))


def view(model: str = "llama3.1-8b", chips: int = 1, sequences: int = 16, context: int = 4096) -> View:
    """The panel's picture and words for one state of its controls."""
    f = footprint(model, chips, sequences, context)
    return View(
        picture=picture(f), readout=sentence(f), table=table(f), why=explained(f.share if f.chips > 1 else f.state), named=f"{f.name} on {f.chips:,} chips",
        source="Training: weights and gradients in 16 bits, master copy and two moments of Adam in 32, all split over the chips. Serving: cache in 16 bits. Activations and the runtime are left out of all bars.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "model": choice("Model", {shape_of(m).name: m for m in MODELS}, "llama3.1-8b"),
            "chips": steps("Training state split over", SHARDS, 1, say=lambda v: f"{v:,}"),
            "sequences": steps("Sequences served", SEQUENCES, 16, say=lambda v: f"{v:,}"),
            "context": steps("Tokens of each", CONTEXTS, 4096, say=lambda v: f"{v:,}"),
        },
        view,
    )
