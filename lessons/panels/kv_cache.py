"""The KV cache: what conversations hold in memory, with a KV head for each query head, with eight, and with one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.formula import Figure, given
from hwlib.memory import kv_cache_bytes, kv_room_bytes, sequences_that_fit, weight_bytes
from hwlib.replica import BYTES, ONE
from hwlib.transformer import Shape, kv_bytes_per_token, shape_of
from lessons import draw
from lessons.panels.parts import WIDE, View, choice, either, explained, steps, wire
from lessons.panels.roofline import short

CHIPS = ("a100-80-sxm", "h100-sxm", "h200-sxm", "l40s", "mi300x")
SEQUENCES = (1, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
CONTEXTS = (256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)
KINDS = (("mha", "MHA"), ("gqa", "GQA"), ("mqa", "MQA"))


@dataclass(frozen=True, slots=True)
class Held:
    """One way to share heads: bytes of a token, of all conversations, and how many conversations fit."""

    kind: str
    shape: Shape
    per_token: Figure
    cache: Figure
    fit: Figure

    @property
    def label(self) -> str:
        """The name and the heads, as the bar says it."""
        heads = int(self.shape.kv_heads)
        return f"{self.kind} · {heads} head{'s' if heads > 1 else ''}"


@dataclass(frozen=True, slots=True)
class Cache:
    """The panel's state: a chip with a model, and three caches on it. Bytes."""

    chip: catalogue.Chip
    model: str
    sequences: int
    context: int
    bits: int
    weights: Figure
    reserve: Figure
    ways: tuple[Held, ...]

    @property
    def own(self) -> Held:
        """The published model, told by its heads."""
        heads = shape_of(self.model).kv_heads
        return min(self.ways, key=lambda way: abs(way.shape.kv_heads - heads))


@cache
def hold(model: str = "llama2-7b", sequences: int = 100, context: int = 2048, bits: int = 16, chip: str = "a100-80-sxm") -> Cache:
    """Weights in 16 bits, and so many conversations of so many tokens, on one chip."""
    one, reserve = catalogue.chip(chip), catalogue.constant("runtime_reserve_bytes")
    together, tokens = given(sequences), given(context)
    weights = weight_bytes(params=shape_of(model).params, bytes_per_param=BYTES[16])
    room = kv_room_bytes(n_chips=ONE, mem_bytes=one.mem_bytes, reserve_bytes=reserve, weight_bytes=weights)
    ways = []
    for attention, name in KINDS:
        shape = shape_of(model, attention)
        per_token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[bits])
        ways.append(Held(
            name, shape, per_token, kv_cache_bytes(kv_bytes_per_token=per_token, context_tokens=tokens, sequences=together),
            sequences_that_fit(kv_room_bytes=room, kv_bytes_per_token=per_token, held_tokens=tokens),
        ))  # fmt: skip
    return Cache(one, model, sequences, context, bits, weights, reserve, tuple(ways))


def rows(c: Cache) -> list:
    """The three bars, as the picture wants them."""
    return [
        (way.label, [("weights", float(c.weights), "weights"), ("reserve", float(c.reserve), "runtime"), ("kv", float(way.cache), "KV")],
         f"{draw.quantity(float(way.per_token), 'B')} a token")
        for way in c.ways
    ]  # fmt: skip


def picture(c: Cache, wide: float = WIDE) -> str:
    """Memory of one chip under each of the three."""
    return draw.memory_bars(rows(c), capacity_bytes=float(c.chip.mem_bytes), title=f"Memory of one {c.chip.name}", wide=wide)


def sentence(c: Cache) -> str:
    """The result in words."""
    b = lambda v: draw.quantity(float(v), "B")  # noqa: E731
    own = c.own
    total, room = c.weights + c.reserve + own.cache, c.chip.mem_bytes
    over = f"{b(total - room)} too much" if total > room else f"with {b(room - total)} to spare"
    head = f"<b>{c.sequences:,} conversations of {c.context:,} tokens: {b(own.cache)}</b> of cache beside {b(c.weights)} of weights, {over}. "
    fits = ", ".join(f"{draw.num(way.fit)} with {int(way.shape.kv_heads)}" for way in c.ways)
    return f"{head}Room on this chip, by KV heads: {fits}."


def source(c: Cache) -> str:
    """What is published, and what the other bars ask."""
    heads = int(shape_of(c.model).kv_heads)
    return (
        f"{shape_of(c.model).name} was published with {heads} KV heads and {int(shape_of(c.model).heads)} query heads; the other bars ask what the same model would hold with others. "
        f"Weights in 16 bits. Grey: {draw.quantity(float(c.reserve), 'B')} for the runtime."
    )


def table(c: Cache) -> str:
    """The bars as numbers."""
    return draw.table(*draw.memory_bars_table(rows(c), capacity_bytes=float(c.chip.mem_bytes)))


def view(sequences: int = 100, context: int = 2048, bits: int = 16, chip: str = "a100-80-sxm") -> View:
    """The panel's picture and words for one state of its controls."""
    c = hold(sequences=sequences, context=context, bits=bits, chip=chip)
    return View(
        picture=picture(c), readout=sentence(c), source=source(c), why=explained(c.own.cache), table=table(c),
        named=f"{c.sequences:,} conversations of {c.context:,} tokens",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "sequences": steps("Conversations", SEQUENCES, 100, say=lambda v: f"{v:,}"),
            "context": steps("Tokens of context", CONTEXTS, 2048, say=lambda v: f"{v:,}"),
            "bits": either("Cache in", {"16 bits": 16, "8 bits": 8}, 16),
            "chip": choice("Chip", {short(catalogue.chip(c)): c for c in CHIPS}, "a100-80-sxm"),
        },
        view,
    )
