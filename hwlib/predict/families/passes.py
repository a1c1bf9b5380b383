"""One pass of tokens through a replica, as seconds: the same physics for a decode step, a prompt, or both mixed.

Products of the layers take the longer of reading their weights and of their arithmetic (smoothly joined, because some
kernels of a pass are bound by one and some by the other). Then come the attention over the cache, the attention inside
prompts, the activations that small kernels read and write, the output projection, the all-reduces of the tensor
ranks, the floor under every layer's kernels, and what the engine spends on a step and on each sequence.
"""

from __future__ import annotations

from typing import NamedTuple

from hwlib.predict.constants import Constant, Constants
from hwlib.predict.families.replica_row import UNFUSED, Replica

SHARP = 3.0
"""How sharply reading and arithmetic hand over; infinity would be the plain roofline."""
SCORE_BYTES = 16.0
"""Bytes that unfused attention moves for each score: written at 32 bits, read and written by the softmax, read again."""


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


IDEAL = Coefficients(1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""The datasheet: every peak reached, nothing else costs time."""

CONSTANTS = {
    c.name: c
    for c in (
        Constant(name="memory", start=0.75, low=0.30, high=0.95, meaning="share of the bandwidth at which weights are read"),
        Constant(name="compute", start=0.60, low=0.30, high=0.95, meaning="share of the peak that the products of the layers reach"),
        Constant(name="cache", start=0.60, low=0.05, high=0.95, meaning="share of the bandwidth at which the cache is read, one reading for all query heads of a key-value head", spread=0.3),
        Constant(name="attention", start=0.45, low=0.10, high=0.95, meaning="share of the 16-bit peak that attention inside a prompt reaches", spread=0.3),
        Constant(name="scores", start=1.0, low=0.2, high=6.0, meaning="traffic of attention scores that are written to memory, over 16 bytes a score", spread=0.3),
        Constant(name="activations", start=1.0, low=0.2, high=5.0, meaning="traffic of the small kernels, over one read and one write of each layer's intermediate values", spread=0.3),
        Constant(name="layer_s", start=12e-6, low=1e-6, high=150e-6, unit="s", meaning="floor under the kernels of one layer", spread=0.4),
        Constant(name="step_s", start=0.8e-3, low=0.02e-3, high=20e-3, unit="s", meaning="scheduler, launch and sampling of one step, whatever its size", spread=0.5),
        Constant(name="sequence_s", start=4e-6, low=0.2e-6, high=300e-6, unit="s", meaning="sampling and host work for each sequence in a step", spread=0.5),
        Constant(name="latency", start=1.0, low=0.3, high=6.0, meaning="latency of an all-reduce, over the link's launch and hops as NCCL shows them", spread=0.4),
        Constant(name="link", start=0.65, low=0.30, high=0.95, meaning="share of the link's rate that an all-reduce of many tokens reaches"),
        Constant(name="dequantise", start=0.15, low=0.02, high=1.5, meaning="widening weights of less than 8 bits, over reading the same weights at 16 bits", spread=0.4),
    )
}  # fmt: skip


def coefficients(k: Constants, r: Replica) -> Coefficients:
    """The constants of a row's engine, stack and chip; a level that the fit has not seen counts for nothing."""
    engine, stack, chip = r.engine, r.stack, r.card.id
    kind = f"{engine}/{r.card.memory}"
    here = f"{stack}/{chip}"
    product = "fp4" if r.peak > 2.5 * r.peak16 else "8bit" if r.peak > r.peak16 else "16bit"
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
        dequantise=get("dequantise", engine, kind) if r.weight_bits < 8 and r.peak <= r.peak16 else 0.0,
    )


def pass_s(r: Replica, c: Coefficients, *, tokens: float, sequences: float, cached: float, pairs: float = 0.0) -> float:
    """Seconds of one pass of ``tokens`` tokens, of which ``sequences`` get a next token.

    ``cached`` counts the tokens of cache that decoding sequences read; ``pairs`` the pairs of query and key inside prompts.
    """
    chips, card = r.chips, r.card
    rate = chips * card.mem_bytes_per_s
    # Weights: attention's and the output's always, of the experts those that some token chose.
    weights = (r.attention_params + r.ffn_params * (r.active if tokens <= 1 else r.touched_experts(tokens))) * r.layer_bits / 8
    read = weights / (rate * c.memory)
    flops = 2.0 * tokens * (r.attention_params + r.ffn_params * r.active) / (chips * r.peak * c.compute)
    seconds = (read**SHARP + flops**SHARP) ** (1 / SHARP)
    if c.dequantise:  # widened once for a step or a prompt
        seconds += weights * 16 / r.layer_bits * c.dequantise / (rate * c.memory)
    head_read = r.head_bytes / (rate * c.memory)
    head_flops = 2.0 * sequences * r.head_params / (chips * r.peak16 * c.compute)
    seconds += (head_read**SHARP + head_flops**SHARP) ** (1 / SHARP)
    if cached:
        seconds += cached * r.kv_token_bytes / (r.kv_ranks * card.mem_bytes_per_s * chips / r.ranks * c.cache)
    if pairs:
        seconds += 4.0 * pairs * r.heads * r.head_dim * r.layers / (chips * r.peak16 * c.attention)
        if c.scores:
            seconds += pairs * r.heads * r.layers * SCORE_BYTES * c.scores / (rate * 0.8)
    if c.activations:  # norms, rotations, residuals and the gate: about eight hidden and three inner widths at 16 bits
        seconds += tokens * r.layers * (8 * r.hidden + 3 * r.ffn * r.active / r.ranks) * 2 * c.activations / (card.mem_bytes_per_s * 0.8)
    if r.ranks > 1:
        message = 2.0 * tokens * r.hidden
        hops = 2 * (r.ranks - 1)
        once = c.latency * (card.launch_s + hops * card.hop_s) + hops / r.ranks * message / (card.link_bytes_per_s * c.link)
        seconds += 2 * r.layers * once
    return seconds + r.layers * c.layer_s + c.step_s + sequences * c.sequence_s
