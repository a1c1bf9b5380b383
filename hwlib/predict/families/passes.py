"""One pass of tokens through a replica, as seconds: the same physics for a decode step, a prompt, or both mixed.

Products of the layers take the longer of reading their weights and of their arithmetic (smoothly joined, because some
kernels of a pass are bound by one and some by the other). Then come the attention over the cache, the attention inside
prompts, the activations that small kernels read and write, the output projection, the all-reduces of the tensor
ranks, the floor under every layer's kernels, and what the engine spends on a step and on each sequence.

Engines whose kernels are written for any chip (`PLAIN`) differ in ways that carry over from chip to chip: a
processor keeps only so many bytes under way, a prompt is read in chunks of a fixed size, its tiles leave processors
idle, weights of few bits are widened in memory first, and the cache is read again for each query head.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from hwlib.predict.constants import Constant, Constants
from hwlib.predict.families.processors import cycles_of, processors_of
from hwlib.predict.families.replica_row import UNFUSED, Replica

SHARP = 3.0
"""How sharply reading and arithmetic hand over; infinity would be the plain roofline."""
STREAM_SHARP = 5.0
"""The same between what memory gives and what the processors can keep under way."""
SCORE_BYTES = 24.0
"""Bytes that unfused attention moves for each score: written at 32 bits, read and written by scale, mask and softmax,
read and written again as it is narrowed for the sum."""
PLAIN = {"llama.cpp"}
"""Engines with portable kernels: one row of a matrix for each group of threads, libraries for whole prompts."""
CHUNK = 512.0
"""Tokens of a prompt that llama.cpp reads at a time (its option `--ubatch-size`)."""
WIDENED_FOR = 32.0
"""Tokens of a tile for which a chip without matrix units widens a weight once."""
TILE = 128.0
"""Rows and columns of a library's usual tile."""


class Coefficients(NamedTuple):
    """What the fit knows about a row's stack and chip."""

    memory: float
    compute: float
    cache: float
    attention: float
    scores: float
    activations: float
    layer_s: float
    step_s: float
    sequence_s: float
    latency: float
    link: float
    dequantise: float
    stream: float = math.inf
    again: float = 0.0
    widen: float = 0.0


IDEAL = Coefficients(1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""The datasheet: every peak reached, nothing else costs time."""

CONSTANTS = {
    c.name: c
    for c in (
        Constant(name="memory", start=0.75, low=0.30, high=0.95, meaning="share of the bandwidth at which weights are read"),
        Constant(name="compute", start=0.60, low=0.30, high=0.95, meaning="share of the peak that the products of the layers reach"),
        Constant(name="cache", start=0.60, low=0.30, high=0.95, meaning="share of the bandwidth at which the cache is read, one reading for all query heads of a key-value head", spread=0.3),
        Constant(name="again", start=0.7, low=0.05, high=3.0, meaning="readings of the cache by plain kernels for each further query head of a key-value head, beyond the first; the chip's own cache saves some", spread=0.3),
        Constant(name="attention", start=0.45, low=0.30, high=0.95, meaning="share of the 16-bit peak that attention inside a prompt reaches", spread=0.3),
        Constant(name="scores", start=1.0, low=0.2, high=6.0, meaning="traffic of attention scores that are written to memory, over 24 bytes a score", spread=0.3),
        Constant(name="activations", start=1.0, low=0.2, high=8.0, meaning="traffic of the small kernels, over one read and one write of each layer's intermediate values", spread=0.3),
        Constant(name="layer_s", start=12e-6, low=1e-6, high=150e-6, unit="s", meaning="floor under the kernels of one layer", spread=0.4),
        Constant(name="step_s", start=0.8e-3, low=0.02e-3, high=20e-3, unit="s", meaning="scheduler, launch and sampling of one step, whatever its size", spread=0.5),
        Constant(name="sequence_s", start=4e-6, low=0.2e-6, high=300e-6, unit="s", meaning="sampling and host work for each sequence in a step", spread=0.5),
        Constant(name="latency", start=1.0, low=0.3, high=6.0, meaning="latency of an all-reduce, over the link's launch and hops as NCCL shows them", spread=0.4),
        Constant(name="link", start=0.65, low=0.30, high=0.95, meaning="share of the link's rate that an all-reduce of many tokens reaches"),
        Constant(name="dequantise", start=0.15, low=0.02, high=1.5, meaning="widening weights of less than 8 bits, over reading the same weights at 16 bits", spread=0.4),
        Constant(name="stream", start=7.0, low=2.0, high=30.0, unit="byte", meaning="bytes that plain kernels get through one processor in a clock cycle, which bounds chips with much bandwidth for each", spread=0.3),
        Constant(name="widen", start=25.0, low=5.0, high=80.0, unit="FLOP", meaning="operations that widen one weight of less than 8 bits on a chip without matrix units", spread=0.3),
    )
}  # fmt: skip


def coefficients(k: Constants, r: Replica) -> Coefficients:
    """The constants of a row's engine, stack and chip; a level that the fit has not seen counts for nothing."""
    engine, stack, chip = r.engine, r.stack, r.card.id
    kind = f"{engine}/{r.card.memory}"
    here = f"{stack}/{chip}"
    product = "fp4" if r.peak > 2.5 * r.peak16 else "8bit" if r.peak > r.peak16 else "16bit"
    plain = engine in PLAIN
    few = r.weight_bits < 8 and r.peak <= r.peak16
    scalar = r.card.memory == "lpddr"
    get = k.get
    return Coefficients(
        memory=get("memory", engine, stack, kind, chip, here),
        compute=get("compute", product, engine, stack, kind, here),
        cache=get("cache", engine, stack, kind, here),
        attention=get("attention", engine, kind),
        scores=get("scores", kind) if engine in UNFUSED else 0.0,
        activations=get("activations", engine),
        layer_s=get("layer_s", engine, stack),
        step_s=get("step_s", engine, stack),
        sequence_s=get("sequence_s", engine, stack),
        latency=get("latency", engine, stack, r.card.link) if r.ranks > 1 else 1.0,
        link=get("link", r.card.link) if r.ranks > 1 else 1.0,
        dequantise=get("dequantise", engine) if few and not (plain and scalar) else 0.0,
        stream=get("stream", engine) if plain and not scalar else math.inf,
        again=get("again", kind, here) if plain else 0.0,
        widen=get("widen", engine) if few and plain and scalar else 0.0,
    )


def stream_rate(r: Replica, c: Coefficients) -> float:
    """Bytes a second of one chip: its memory's, or what its processors keep under way where that is less."""
    memory = r.card.mem_bytes_per_s * c.memory
    if c.stream == math.inf:
        return memory
    return (memory**-STREAM_SHARP + (cycles_of(r.card.id) * c.stream) ** -STREAM_SHARP) ** (-1 / STREAM_SHARP)


def filled(r: Replica, tokens: float) -> float:
    """Share of the processors that the tiles of a layer's products keep at work, over the whole layer.

    A last wave of tiles that fills no chip takes as long as a full one.
    """
    processors = processors_of(r.card.id)
    if processors <= 1:
        return 1.0
    rows = math.ceil(tokens / TILE)
    inner = r.heads * r.head_dim
    shapes = ((inner, r.hidden, 1), (2 * r.kv_heads * r.head_dim, r.hidden, 1), (r.hidden, inner, 1), (r.ffn, r.hidden, 2), (r.hidden, r.ffn, 1))
    work = spent = 0.0
    for columns, depth, times in shapes:
        tiles = rows * max(1.0, columns / r.ranks / TILE)
        parts = 2.0 if tiles < processors / 2 else 1.0  # a library cuts the sum where tiles are few
        product = times * columns * depth
        work += product
        spent += product * math.ceil(tiles * parts / processors) * processors / (tiles * parts)
    return work / spent


def terms(r: Replica, c: Coefficients, *, tokens: float, sequences: float, cached: float, pairs: float = 0.0) -> Iterator[tuple[str, float]]:
    """What one pass of ``tokens`` tokens, of which ``sequences`` get a next token, spends its seconds on, by name.

    ``cached`` counts the tokens of cache that decoding sequences read; ``pairs`` the pairs of query and key inside prompts.
    """
    chips, card = r.chips, r.card
    rate = chips * stream_rate(r, c)
    plain = r.engine in PLAIN and c is not IDEAL
    compute = c.compute * filled(r, tokens) if plain and tokens >= TILE / 2 else c.compute
    # Weights: attention's and the output's always, of the experts those that some token chose.
    params = r.attention_params + r.ffn_params * (r.active if tokens <= 1 else r.touched_experts(tokens))
    weights = params * r.layer_bits / 8
    read = weights / rate
    flops = 2.0 * tokens * (r.attention_params + r.ffn_params * r.active) / (chips * r.peak * compute)
    if c.widen:  # the same units widen and multiply
        flops += params * max(1.0, tokens / WIDENED_FOR) * c.widen / (chips * r.peak16)
    yield "products", (read**SHARP + flops**SHARP) ** (1 / SHARP)
    if c.dequantise:  # widened once for a step or a prompt
        yield "widening", weights * 16 / r.layer_bits * c.dequantise / rate
        if plain and tokens >= TILE / 2:  # a library's products want 16 bits: written once, read again
            yield "writing widened weights", params * (16 + r.layer_bits) / 8 / rate
    head_read = r.head_bytes / rate
    head_flops = 2.0 * sequences * r.head_params / (chips * r.peak16 * c.compute)
    yield "output projection", (head_read**SHARP + head_flops**SHARP) ** (1 / SHARP)
    if cached:
        often = 1 + c.again * (r.heads / r.kv_heads - 1)
        yield "cache", often * cached * r.kv_token_bytes / (r.kv_ranks * card.mem_bytes_per_s * chips / r.ranks * c.cache)
    if pairs:
        yield "attention in prompts", 4.0 * pairs * r.heads * r.head_dim * r.layers / (chips * r.peak16 * c.attention)
        if c.scores:
            yield "scores in memory", pairs * r.heads * r.layers * SCORE_BYTES * c.scores / (rate if plain else chips * card.mem_bytes_per_s * 0.8)
    if c.activations:  # norms, rotations, residuals and the gate: about eight hidden and three inner widths at 16 bits
        yield "small kernels", tokens * r.layers * (8 * r.hidden + 3 * r.ffn * r.active / r.ranks) * 2 * c.activations / (card.mem_bytes_per_s * 0.8)
    if r.ranks > 1:
        message = 2.0 * tokens * r.hidden
        hops = 2 * (r.ranks - 1)
        once = c.latency * (card.launch_s + hops * card.hop_s) + hops / r.ranks * message / (card.link_bytes_per_s * c.link)
        yield "all-reduces", 2 * r.layers * once
    yield "kernel floors", r.layers * c.layer_s
    yield "engine", c.step_s + sequences * c.sequence_s


def pass_s(r: Replica, c: Coefficients, *, tokens: float, sequences: float, cached: float, pairs: float = 0.0) -> float:
    """Seconds of one pass: the sum of its `terms`."""
    return sum(seconds for _, seconds in terms(r, c, tokens=tokens, sequences=sequences, cached=cached, pairs=pairs))
