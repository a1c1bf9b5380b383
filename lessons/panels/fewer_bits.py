"""Fewer bits: what 8 and 4 bits a weight buy for a token and for a prompt, at any number of answers together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.formula import Figure, given
from hwlib.replica import BYTES
from hwlib.transformer import kv_bytes_per_token, shape_of
from lessons import draw
from lessons.panels.parts import WIDE, View, choice, explained, steps, wire
from lessons.panels.roofline import short
from lessons.panels.weights_in_sram import Machine, machine, needed

CHIPS = ("a100-80-sxm", "h100-sxm", "l40s", "tpu-v5e")
MODELS = ("llama3.1-8b", "llama2-13b", "llama3.1-70b")
SEQUENCES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
CONTEXTS = (256, 512, 1024, 2048, 4096, 8192, 16384)
BITS = (16, 8, 4)
PROMPT = given(512, "a prompt of a page", "assumption")


@dataclass(frozen=True, slots=True)
class Step:
    """One width of the weights: a decode step, and the reading of a prompt. Seconds."""

    bits: int
    machine: Machine
    prefill: Figure


@cache
def widths(chip: str = "h100-sxm", model: str = "llama3.1-8b", sequences: int = 8, context: int = 1024) -> tuple[Step, ...]:
    """The same chips with weights of 16, 8 and 4 bits; as many chips as 16 bits need."""
    n = needed(chip, model, 16, 1, context)
    steps_ = (machine(chip, n, model, bits, sequences, context) for bits in BITS)
    return tuple(Step(bits, m, m.at.prefill(PROMPT)[0]) for bits, m in zip(BITS, steps_, strict=True))


def rows(found: tuple[Step, ...]) -> list:
    """A bar for each width of the weights."""
    first = found[0]
    return [(f"{s.bits} bits", s.machine.parts, f"{draw.num(first.machine.step / s.machine.step)} times as fast" if s is not first else "") for s in found]


def picture(found: tuple[Step, ...], wide: float = WIDE) -> str:
    """Where the time of a token goes, at each width."""
    return draw.cost_bars(rows(found), unit="ms", title="Time of a token", wide=wide)


def sentence(found: tuple[Step, ...], sequences: int) -> str:
    """The result in words."""
    wide, eight, four = found
    gain = lambda s: draw.num(wide.machine.step / s.machine.step)  # noqa: E731
    read = lambda s: f"{draw.num(wide.prefill / s.prefill)} times as fast" if wide.prefill / s.prefill > 1.005 else "no faster"  # noqa: E731
    return (
        f"<b>{sequences:,} together: {gain(eight)} times as fast in 8 bits, {gain(four)} times in 4.</b> "
        f"A prompt of {draw.num(PROMPT)} tokens is read {read(eight)} in 8 bits and {read(four)} in 4."
    )


def table(found: tuple[Step, ...]) -> str:
    """The step and the prompt at each width."""
    body = [[f"{s.bits} bits", draw.quantity(float(s.machine.memory), "s"), draw.quantity(float(s.machine.compute), "s"), draw.quantity(float(s.machine.step), "s"), draw.quantity(float(s.prefill), "s")] for s in found]
    return draw.table(["Weights", "Reading", "Arithmetic", "A step", "The prompt"], body, right={1, 2, 3, 4})


def view(chip: str = "h100-sxm", model: str = "llama3.1-8b", sequences: int = 8, context: int = 1024) -> View:
    """The panel's picture and words for one state of its controls."""
    found = widths(chip, model, sequences, context)
    chips = found[0].machine.chips
    shape, memory = shape_of(model), catalogue.chip(chip).mem_bytes - catalogue.constant("runtime_reserve_bytes")
    token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[16])
    cache_bytes = float(token) * sequences * context
    over = float(shape.params) * 2 + cache_bytes > chips * float(memory)
    fits = f" The caches take {draw.quantity(cache_bytes, 'B')} and do not all fit beside the weights in 16 bits: read these times as if they did." if over else ""
    return View(
        picture=picture(found), readout=sentence(found, sequences), table=table(found), why=explained(found[1].machine.step), named=f"{sequences:,} together on {found[0].machine.name}",
        source=f"{chips} chip{'s' if chips > 1 else ''}, which 16 bits need; cache in 16 bits. Eight bits multiply at the chip’s 8-bit rate where it has one; four are widened to 16 before they multiply.{fits}",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "chip": choice("Chip", {short(catalogue.chip(c)): c for c in CHIPS}, "h100-sxm"),
            "model": choice("Model", {shape_of(m).name: m for m in MODELS}, "llama3.1-8b"),
            "sequences": steps("Answers together", SEQUENCES, 8),
            "context": steps("Tokens of context", CONTEXTS, 1024, say=lambda v: f"{v:,}"),
        },
        view,
    )
