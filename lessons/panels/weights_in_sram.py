"""Weights in SRAM: one answer's token on hundreds of Groq chips, and on a few GPUs, part by part."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.decoding import user_tokens_per_s
from hwlib.designs import ServingDesign
from hwlib.formula import Figure, given
from hwlib.memory import kv_cache_bytes
from hwlib.replica import BYTES, ONE, Pass, make_pass
from hwlib.transformer import kv_bytes_per_token, shape_of
from lessons import draw
from lessons.panels.parts import WIDE, View, choice, either, explained, steps, wire

MODELS = ("llama2-7b", "llama2-13b", "llama2-70b", "llama3.1-8b")
SEQUENCES = (1, 2, 4, 8, 16, 32, 64)
CONTEXTS = (128, 256, 512, 1024, 2048, 4096)
GROQ, GPU = "groq-lpu-v1", "h100-sxm"
MILLI = 1e3


@dataclass(frozen=True, slots=True)
class Machine:
    """Chips that hold the model, and where the time of one decode step goes. Seconds."""

    name: str
    chips: int
    at: Pass
    memory: Figure
    compute: Figure
    comm: Figure
    hops: Figure
    fixed: Figure
    step: Figure

    @property
    def per_user(self) -> Figure:
        """Tokens a second of one reader."""
        return user_tokens_per_s(tpot_s=self.step)

    @property
    def links_share(self) -> float:
        """Share of a step in which data is on its way between chips."""
        return float((self.comm + self.hops) / self.step)

    @property
    def parts(self) -> list[tuple[str, float, str]]:
        """The step as a bar: milliseconds."""
        reads = self.memory >= self.compute
        work = ("memory", float(self.memory), "reading") if reads else ("compute", float(self.compute), "arithmetic")
        rest = [("network", float(self.comm + self.hops), "links"), ("grey2", float(self.fixed), "launches")]
        return [(kind, value * MILLI, name) for kind, value, name in (work, *rest) if value > 0]


def needed(chip: str, model: str, bits: int, sequences: int, context: int) -> int:
    """Chips that hold weights and cache, the runtime's share left out: all that fit for Groq, a power of two for GPUs."""
    shape, one = shape_of(model), catalogue.chip(chip)
    token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[16])
    held = float(shape.params) * bits / 8 + float(token) * sequences * context
    if chip == GROQ:
        return math.ceil(held / one.mem_bytes)
    usable = float(one.mem_bytes - catalogue.constant("runtime_reserve_bytes"))
    return next(n for n in (1, 2, 4, 8) if n * usable >= held or n == 8)


@cache
def machine(chip: str, chips: int, model: str = "llama2-70b", bits: int = 8, sequences: int = 1, context: int = 512) -> Machine:
    """One decode step on so many chips."""
    at = make_pass(ServingDesign(model=model, accelerator=chip, chips_per_replica=chips, batch_limit=max(1, sequences), replicas=1, weight_bits=bits))
    shape, tokens = at.shape, given(context)
    token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[16])
    said = at.step(given(sequences), kv_cache_bytes(kv_bytes_per_token=token, context_tokens=tokens, sequences=ONE), tokens)
    return Machine(catalogue.chip(chip).name, chips, at, said["memory"], said["compute"], said["comm"], said["hops"], at.layer_fixed, said["step"])


def machines(model: str = "llama2-70b", bits: int = 8, sequences: int = 1, context: int = 512) -> tuple[Machine, Machine, Machine]:
    """As many Groq chips as hold it, as many H100 as hold it, and eight H100."""
    few, gpus = needed(GROQ, model, bits, sequences, context), needed(GPU, model, bits, sequences, context)
    state = (model, bits, sequences, context)
    return machine(GROQ, few, *state), machine(GPU, gpus, *state), machine(GPU, 8, *state)


def rows(found: tuple[Machine, ...]) -> list:
    """A bar for each; one of two that are alike is enough."""
    made = {(m.name, m.chips): m for m in found}
    return [(f"{m.chips:,} × {m.name.split()[1] if m.name.startswith('NVIDIA') else 'Groq LPU'}", m.parts, f"{draw.num(m.per_user)} tokens/s") for m in made.values()]


def picture(found: tuple[Machine, ...], wide: float = WIDE) -> str:
    """Where the time of a token goes, on one scale."""
    return draw.cost_bars(rows(found), unit="ms", title="Time of a token, part by part", wide=wide)


def sentence(found: tuple[Machine, ...], sequences: int) -> str:
    """The result in words."""
    groq, few, _ = found
    ratio = float(groq.per_user / few.per_user)
    readers = f"each of {sequences:,} readers" if sequences > 1 else "one reader"
    return (
        f"<b>{groq.chips:,} Groq chips: {draw.num(groq.per_user)} tokens a second for {readers}</b>, {draw.num(ratio)} times what "
        f"{few.chips:,} H100 give{'s' if few.chips == 1 else ''}. Reading takes {draw.quantity(float(groq.memory), 's')} of a step instead of {draw.quantity(float(few.memory), 's')}; "
        f"links take {draw.percent(groq.links_share)} of it instead of {draw.percent(few.links_share)}."
    )


def table(found: tuple[Machine, ...]) -> str:
    """The bars as numbers."""
    return draw.table(*draw.cost_bars_table(rows(found), unit="ms"))


def view(model: str = "llama2-70b", bits: int = 8, sequences: int = 1, context: int = 512) -> View:
    """The panel's picture and words for one state of its controls."""
    found = machines(model, bits, sequences, context)
    return View(
        picture=picture(found), readout=sentence(found, sequences), table=table(found), why=explained(found[0].step), named=f"{shape_of(model).name} with {sequences:,} together",
        source="As many chips as hold weights and cache, eight at most sharing a matrix. The speeds are this course’s estimates; nothing in them was fitted to Groq.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "model": choice("Model", {shape_of(m).name: m for m in MODELS}, "llama2-70b"),
            "bits": either("Weights in", {"16 bits": 16, "8 bits": 8}, 8),
            "sequences": steps("Answers together", SEQUENCES, 1),
            "context": steps("Tokens of context", CONTEXTS, 512, say=lambda v: f"{v:,}"),
        },
        view,
    )
