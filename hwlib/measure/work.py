"""What one pass of the small transformer does, by its dimensions, and how long this machine's roofline lets it take."""

from __future__ import annotations

from dataclasses import dataclass

from hwlib.formula import Figure, defined
from hwlib.roofline import operation_s, pass_s
from hwlib.tiny_transformer import Size


@dataclass(frozen=True, slots=True)
class Group:
    """Alike operations of a pass."""

    flops: float
    moved_bytes: float
    calls: int
    edge: float
    """The side of a cube with a product's arithmetic: the size whose measured speed counts."""


def groups(size: Size, new: int, before: int) -> dict[str, Group]:
    """A pass over ``new`` tokens with ``before`` in the cache, in three groups. FP32 is four bytes; the calls are those of the code."""
    s, text = size, before + new
    wide = s.kv_heads * s.head_dim
    weights = s.matmul_params
    # The output head sees the last token only.
    seen = new * (weights - s.hidden * s.vocab) + s.hidden * s.vocab
    columns = weights / s.hidden / s.layers / 2
    products = Group(2.0 * seen, 4.0 * weights, 4 * s.layers + 1, (new * s.hidden * columns) ** (1 / 3))
    attention = Group(
        4.0 * s.layers * s.heads * s.head_dim * new * text, 4.0 * s.layers * (2 * wide * text + 2 * s.heads * new * text), 2 * s.layers * s.kv_heads, (new * s.heads / s.kv_heads * s.head_dim * text) ** (1 / 3)
    )
    # Reads and writes: norms and sums over the width, the gate over the feed-forward width, the softmax over the scores.
    values = s.layers * (new * (2 * 10 * s.hidden + 6 * s.hidden + 4 * (s.hidden + 2 * wide) + 13 * s.ffn) + 11 * s.heads * new * text)
    elementwise = Group(0.0, 4.0 * values, 44 * s.layers + 16, 0.0)
    return {"products": products, "attention": attention, "elementwise": elementwise}


def predicted(size: Size, new: int, before: int, *, speed, read, stream: Figure, floor: Figure) -> Figure:
    """Seconds of a pass: ``speed(edge)`` in FLOP/s, ``read(bytes)`` and ``stream`` in bytes a second, as measured here."""
    seconds = {}
    for name, g in groups(size, new, before).items():
        seconds[f"{name}_s"] = operation_s(
            flops=defined(g.flops, "counted from the dimensions"), peak_flops_per_s=speed(g.edge or 1.0), moved_bytes=defined(g.moved_bytes, "counted from the dimensions"),
            mem_bytes_per_s=stream if name == "elementwise" else read(g.moved_bytes), calls=defined(float(g.calls), "calls of the code"), kernel_floor_s=floor,
        )
    return pass_s(**seconds)
