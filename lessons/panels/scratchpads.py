"""Scratchpads: a matrix product cut to fit a core of Inferentia2, piece by piece, and the bytes that the cut moves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hwlib.formula import Figure, defined
from hwlib.scratchpad import STEP, Core, Tiling, core_of, plan_product, tiled_bytes
from lessons import draw
from lessons.draw import Pic, two
from lessons.panels.parts import WIDE, View, either, explained, steps, wire

CHIP = "inferentia2"
K, N = 4096, 11008
"""Rows and columns of the weights: one matrix of a feed-forward block of Llama 2 7B."""
TOKENS = (1, 16, 128, 512, 1024, 2048, 4096, 8192)
SIZES = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4)
"""Size of the scratchpad, over what the chip has."""
SHARES = tuple(range(0, 101, 4))
BUFFERS = {"ahead of its use": 2, "when it is needed": 1}


@dataclass(frozen=True, slots=True)
class Cut:
    """The product on one core, and how far it has come."""

    tokens: int
    core: Core
    buffers: int
    plan: Tiling
    share: int

    @property
    def grid(self) -> tuple[int, int]:
        """Tiles of the result, down and across."""
        return -(-self.tokens // int(self.plan.tile_m)), -(-N // int(self.plan.tile_n))

    @property
    def done(self) -> int:
        """Tiles of the result that are finished."""
        rows, columns = self.grid
        return self.share * rows * columns // 100

    @property
    def time(self) -> Figure:
        return self.plan.overlapped_s if self.buffers > 1 else self.plan.in_turn_s

    def at(self, k: int) -> tuple[int, int]:
        """Row and column of the tile that is made k-th: along the panel that stays, or row by row."""
        rows, columns = self.grid
        return (k % rows, k // rows) if self.plan.stays == "right" else (k // columns, k % columns)


@cache
def core(size: float = 1.0) -> Core:
    """A core with a scratchpad so many times as large."""
    found = core_of(CHIP)
    return found if size == 1 else replace(found, scratch_bytes=defined(float(found.scratch_bytes) * size, f"{draw.num(size)} times the scratchpad of the chip"))


@cache
def cut(tokens: int = 4096, size: float = 1.0, buffers: int = 2, share: int = 40) -> Cut:
    """The cut that moves the fewest bytes of all that fit."""
    return Cut(tokens, core(size), buffers, plan_product(core(size), m=tokens, k=K, n=N, buffers=buffers), share)


@cache
def smallest(tokens: int) -> float:
    """Bytes with tiles of the matrix unit's own size, and nothing kept between them."""
    return float(tiled_bytes(gemm_m=float(tokens), gemm_n=float(N), gemm_k=float(K), tile_m=float(min(tokens, STEP)), tile_n=float(STEP), bytes_per_value=2.0))


def words(c: Cut) -> str:
    """What stays on the core, in words."""
    return {"left": "a panel of the tokens stays, the weights stream by", "right": "a panel of the weights stays, the tokens stream by", "result": "a tile of the result stays, both inputs stream by"}[c.plan.stays]


def matrices(c: Cut, wide: float = WIDE) -> str:
    """Tokens at the left, weights above, the result between them: what is held, what streams in, what is finished."""
    rows, columns = c.grid
    says = f"{rows * columns:,} tiles of the result, {c.done:,} finished; {words(c)}"

    def picture(w: float) -> Pic:
        scale = (w - 22) / (K + N)
        left, above = K * scale, max(40.0, K * scale)
        tall = max(10.0, c.tokens * scale)
        x0, y0 = left + 16, above + 36
        pic = Pic(w, y0 + tall + 54, "A product cut to fit one core", says)
        pic.text(x0, 14, f"weights, {K:,} × {N:,}", bold=True, size=12.5)
        pic.text(0, y0 - 8, f"{c.tokens:,} tokens", bold=True, size=12.5)
        pic.rect(x0, 22, N * scale, above, fill="wash", stroke="axis").rect(0, y0, left, tall, fill="wash", stroke="axis").rect(x0, y0, N * scale, tall, fill="wash", stroke="axis")
        tile_w, tile_h = N * scale / columns, tall / rows
        done = [c.at(k) for k in range(min(c.done, rows * columns))]
        pic.rects([(x0 + j * tile_w, y0 + i * tile_h, tile_w, tile_h) for i, j in done], fill="c-compute")
        if c.done < rows * columns:
            i, j = c.at(c.done)
            stays = c.plan.stays
            pic.rect(0, y0 + i * tile_h, left, tile_h, fill="c-weights" if stays == "left" else "c-memory")
            pic.rect(x0 + j * tile_w, 22, max(1.5, tile_w), above, fill="c-weights" if stays == "right" else "c-memory")
            pic.rect(x0 + j * tile_w, y0 + i * tile_h, max(2.0, tile_w), tile_h, fill="c-weights" if stays == "result" else "ink")
        y = y0 + tall + 18
        pic.rect(0, y - 10, 11, 11, fill="c-weights").text(16, y, "stays", size=12)
        pic.rect(66, y - 10, 11, 11, fill="c-memory").text(82, y, "streams in", size=12)
        pic.rect(160, y - 10, 11, 11, fill="c-compute").text(176, y, "finished", size=12)
        pic.text(0, y + 19, f"{rows:,} × {columns:,} tiles; {words(c)}" if w > 430 else words(c), c="ink2", size=12)
        return pic

    return two(picture, wide=wide)


def lines(tokens: int, buffers: int) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """MB moved over MiB of scratchpad: the best cut, and what none can go below."""
    plans = [(float(core(s).scratch_bytes) / 2**20, cut(tokens, s, buffers).plan) for s in SIZES]
    return [(x, float(p.moved_bytes) / 1e6) for x, p in plans], [(x, float(p.bound_bytes) / 1e6) for x, p in plans]


def curve(c: Cut, wide: float = WIDE) -> str:
    """The bytes over the size of the scratchpad."""
    moved, bound = lines(c.tokens, c.buffers)
    here = float(c.core.scratch_bytes) / 2**20
    return draw.curve(
        moved, label="this cut", others=[("no cut below", bound)], yours=(here, float(c.plan.moved_bytes) / 1e6), yours_label=draw.quantity(float(c.plan.moved_bytes), "B"), x_label="scratchpad, MiB", y_label="moved, MB", x_log=True, y_log=True, kind="memory", wide=wide,
        title="Bytes that the product moves",
    )


def sentence(c: Cut) -> str:
    """The result in words."""
    p = c.plan
    least = float(p.moved_bytes / p.compulsory_bytes)
    often = "each value once, and no cut can do better" if least < 1.001 else f"{draw.num(least)} times what moving each value once would take"
    waits = "memory" if p.memory_s > p.compute_s else "arithmetic"
    return f"<b>{draw.quantity(float(p.moved_bytes), 'B')} move: {often}.</b> That is {draw.num(float(p.intensity))} operation{'' if float(p.intensity) < 1.005 else 's'} for each byte; the product takes {draw.quantity(float(c.time), 's')} on one core, and {waits} sets the pace."


def table(c: Cut) -> str:
    """The curve as numbers."""
    moved, bound = lines(c.tokens, c.buffers)
    return draw.table(["Scratchpad, MiB", "Moved, MB", "No cut below, MB"], [[draw.num(x), f"{y:,.0f}", f"{z:,.0f}"] for (x, y), (_, z) in zip(moved, bound, strict=True)], right={0, 1, 2})


def view(tokens: int = 4096, size: float = 1.0, buffers: int = 2, share: int = 40) -> View:
    """The panel's pictures and words for one state of its controls."""
    c = cut(tokens, size, buffers, share)
    return View(
        picture=matrices(c) + curve(c), readout=sentence(c), table=table(c), why=explained(c.plan.moved_bytes) + explained(c.time), named=f"{tokens:,} tokens with {draw.num(float(c.core.scratch_bytes) / 2**20)} MiB",
        source=f"One matrix of a feed-forward block of Llama 2 7B in BF16, on one of the chip’s two cores with its half of peak and bandwidth. The cut is the best of all that fit, in tiles of {STEP}; the compiler’s own may be another.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "tokens": steps("Tokens", TOKENS, 4096, say=lambda v: f"{v:,}"),
            "size": steps("Scratchpad, MiB", SIZES, 1, say=lambda v: draw.num(float(core(v).scratch_bytes) / 2**20)),
            "buffers": either("The next piece comes", BUFFERS, 2),
            "share": steps("Work done", SHARES, 40, say=lambda v: f"{v}%"),
        },
        view,
    )
