"""Corrections of claims, computed: what the exercises of "Spot the error" show once the error is found."""

from __future__ import annotations

from hwlib import catalogue
from hwlib.cases import rows
from hwlib.collectives import ring_all_reduce_bytes
from hwlib.formula import given
from hwlib.memory import state_bytes_total, weight_bytes
from hwlib.replica import BYTES
from hwlib.transformer import kv_bytes_per_token, shape_of
from hwlib.units import show
from lessons import draw
from lessons.pages import long_context
from lessons.panels.tokens_to_dollars import bill, span
from lessons.questions import training as run_of_llama

TEXT_RUN = 50e6
"""The cheaper of the text's training runs."""
LLAMA3_FAILURES, LLAMA3_DAYS, LLAMA3_CHIPS = 419, 54, 16384
"""Unexpected interruptions that Meta logged for Llama 3 405B."""
ROLLOUTS, ROLLOUT_TOKENS = 512, 4096
"""Answers of a reinforcement-learning step that are written at the same time, and their length: an example."""
CORES = 2
"""NeuronCores of a chip."""
SHARED = 64
"""Answers that share a step in the example."""


def tenth() -> str:
    """Ten per cent of the right bill."""
    b = bill()
    return f"A tenth of {show(b.year_usd, 'usd')} is {show(0.1 * b.year_usd, 'usd')}."


def months() -> str:
    """How long serving takes to equal the cheaper run."""
    b = bill(run=TEXT_RUN)
    return f"At {show(b.year_usd, 'usd')} a year it takes {span(b.months)} to equal a run of {show(TEXT_RUN, 'usd')}."


def rate() -> str:
    """Tokens a second from tokens and GPU-hours."""
    return (
        f"{draw.quantity(float(run_of_llama.TOKENS), '')} tokens over {draw.num(float(run_of_llama.GPU_HOURS))} GPU-hours are {draw.num(run_of_llama.tokens_a_second(1.0))} tokens a second and GPU, "
        f"{draw.quantity(run_of_llama.tokens_a_second(), '')} on {draw.num(float(run_of_llama.GPUS))} of them."
    )


def weights_and_session() -> str:
    """What the card would have to hold."""
    weights, own = weight_bytes(params=shape_of("llama2-70b").params, bytes_per_param=BYTES[16]), long_context.cache_bytes("llama2-70b")
    return f"In 16 bits the weights are {show(weights, 'B')} and the session {show(own, 'B')}: {show(weights + own, 'B')} on a card of {show(catalogue.chip('h100-sxm').mem_bytes, 'B')}."


def restarts() -> str:
    """Failures to expect, from a run that published its own."""
    each = LLAMA3_FAILURES / (LLAMA3_DAYS * LLAMA3_CHIPS)
    days = float(run_of_llama.GPU_HOURS) / float(run_of_llama.GPUS) / 24
    return f"At the rate of a run whose failures are published, {LLAMA3_FAILURES} in {LLAMA3_DAYS} days of {LLAMA3_CHIPS:,} chips, {draw.num(float(run_of_llama.GPUS))} chips see {draw.num(each * float(run_of_llama.GPUS) * days, 2)} in {draw.num(days, 2)} days."


def link() -> str:
    """One chip's links, from the catalogue."""
    one = catalogue.chip("tpu-v4").link_bytes_per_s
    return f"The catalogue has {show(one, 'B/s')} a chip in one direction, {show(8 * one / 1e9, '')} Gb/s."


def pair() -> str:
    """Two cards."""
    one = catalogue.chip("h100-nvl").mem_bytes
    return f"One card has {show(one, 'B')}; a bridged pair has {show(2 * one, 'B')}."


def rollouts() -> str:
    """The cache of answers that training itself writes."""
    shape = shape_of("llama2-70b")
    token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[16])
    return f"{ROLLOUTS:,} answers of {ROLLOUT_TOKENS:,} tokens, written by Llama 2 70B in a step of reinforcement learning, hold {show(ROLLOUTS * ROLLOUT_TOKENS * token, 'B')} of keys and values."


def scratchpad_tokens() -> str:
    """How much of a conversation one core's memory would hold."""
    shape, chip = shape_of("llama2-7b"), catalogue.chip("inferentia2")
    token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[16])
    return f"All {show(chip.sram_bytes, 'B')} of a chip, were nothing else in them, hold {draw.num(float(chip.sram_bytes) // float(token))} tokens of Llama 2 7B’s cache in 16 bits."


def same_core() -> str:
    """A chip for inference and one for training, by the catalogue."""
    one, other = catalogue.chip("inferentia2"), catalogue.chip("trainium1")
    return f"{one.name}: {show(one.sram_bytes, 'B')} on the chip. {other.name}, which trains: {show(other.sram_bytes, 'B')}."


def scratchpads() -> str:
    """On-chip memory by core."""
    one = catalogue.chip("inferentia2").sram_bytes
    return f"{show(one, 'B')} a chip over {CORES} cores: {draw.num(float(one) / CORES / 2**20)} MiB each, accumulators included."


def caches() -> str:
    """The two chips' last-level caches."""
    return "; ".join(f"{catalogue.chip(i).name}: {draw.num(float(catalogue.chip(i).sram_bytes) / 2**20)} MiB" for i in ("a100-80-sxm", "h100-sxm")) + ". Both are the last cache before the memory."


def formats() -> str:
    """Which chips multiply FP8."""
    return "; ".join(f"{catalogue.chip(i).name}: {', '.join(f.upper() for f in catalogue.chip(i).formats)}" for i in ("a100-80-sxm", "h100-sxm")) + "."


def generations() -> str:
    """What one generation gained over the other."""
    old, new = catalogue.chip("inferentia1"), catalogue.chip("inferentia2")
    return f"From {old.name} to {new.name} the 16-bit peak grew {draw.num(new.peak('bf16') / old.peak('bf16'), 2)} times and the bandwidth {draw.num(new.mem_bytes_per_s / old.mem_bytes_per_s, 2)} times: a large factor over one’s own last chip says nothing about others."


def perplexity() -> str:
    """Published losses in eight bits, by who measured them."""
    found = [r for r in rows("9_quantisation") if "70B" in r["model"] and r["weight_bits"] in ("8", "8.5")]
    return "Measured by others in eight bits: " + "; ".join(f"{r['model'].replace('-', ' ')}, {r['method']}, {r['delta_pct']}% more perplexity" for r in found) + "."


def same_package() -> str:
    """Two bins of one package."""
    low, high = catalogue.chip("b100"), catalogue.chip("b200-sxm")
    return "; ".join(f"{c.name}: {show(c.power_w, 'W')}, {show(c.peak('bf16'), 'FLOP/s')} in BF16, {show(c.mem_bytes, 'B')}" for c in (low, high)) + ". Both multiply in FP4, and both train and serve."


def one_direction() -> str:
    """What a chip can send."""
    one = catalogue.link("nvlink3").bytes_per_s
    return f"{show(one, 'B/s')} out and as much in. A chip that sends {show(1e9, 'B')} takes {show(1e9 / one, 's')}, not half of that."


def all_states() -> str:
    """What 2.8 TB is, and what the optimizer's part of it is."""
    params = shape_of("gpt3-175b").params
    parts = {"all of the state": 16, "moments and master copy": 12, "the two moments": 8}
    return "; ".join(f"{words}, {each} bytes a parameter: {show(state_bytes_total(params=params, state_bytes_per_param=given(float(each))), 'B')}" for words, each in parts.items()) + "."


def port() -> str:
    """One port a generation."""
    old, new = catalogue.link("ib-hdr"), catalogue.link("ib-ndr")
    message = given(float(2**30))
    sent = ring_all_reduce_bytes(message_bytes=message, ranks=given(16.0))
    return f"{old.name}: {show(old.bytes_per_s, 'B/s')}; {new.name}: {show(new.bytes_per_s, 'B/s')}. An all-reduce of {show(message, 'B')} over sixteen such ports sends {show(sent, 'B')} through each: {show(sent / old.bytes_per_s, 's')} and {show(sent / new.bytes_per_s, 's')} at the full rate."


def per_step() -> str:
    """Weights read once, for everybody."""
    one = catalogue.chip("a100-80-sxm")
    weights = weight_bytes(params=shape_of("llama2-70b").params, bytes_per_param=BYTES[16])
    steps = one.mem_bytes_per_s / weights
    return f"The bandwidth of one {one.name} reads {show(weights, 'B')} of weights {draw.num(steps)} times a second. With {SHARED} answers in a step that is {draw.num(SHARED * float(steps))} tokens a second and not {draw.num(steps)}."


def pieces() -> str:
    """Chips that hold the weights."""
    one = catalogue.chip("tpu-v5e")
    said = [f"{bits} bits: {show(w, 'B')}, {draw.num(-(-float(w) // float(one.mem_bytes)))} chips" for bits in (16, 8) for w in [weight_bytes(params=shape_of("llama2-70b").params, bytes_per_param=BYTES[bits])]]
    return f"A {one.name} has {show(one.mem_bytes, 'B')}. Llama 2 70B’s weights in {'; in '.join(said)}, before cache and rounding up to a slice."


def context_of_gpt() -> str:
    """The same window on a model whose shape is public."""
    return long_context.claim_computed()
