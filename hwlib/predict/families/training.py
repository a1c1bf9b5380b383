"""A training step on chips that a row describes: tokens a second and chip, seconds a step, TFLOP/s as the row counts them."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from hwlib.parallelism import pipelined_s
from hwlib.predict.constants import Constant, Constants
from hwlib.predict.families.training_flops import counted
from hwlib.predict.families.training_row import Run
from hwlib.predict.families.training_work import Work, prepared
from hwlib.predict.family import Family
from hwlib.predict.row import Row

_pipelined = pipelined_s.formula.run
REPEATED = {"none": (0.0, 0.0), "selective": (0.0, 1.0), "minimal": (0.0, 1.0), "offload": (0.5, 1.0), "full": (1.0, 1.0), "unknown": (0.0, 0.0)}
"""Shares of the forward products and of the forward attention that the backward pass computes again."""
OTHER_MEANING = {("torchtitan", "selective"): (0.5, 0.0)}
"""torchtitan's selective mode computes every other product again and keeps attention."""
HOPPER = {"h100-sxm", "h200-sxm", "h100-pcie", "h100-nvl", "gh200", "h800"}
AMPERE_KERNELS = {"composer", "torchtitan"}
"""Stacks measured with attention kernels written for the A100, which reach a smaller share of the H100's peak."""
OLD_ON_NEW = 0.55
"""How much smaller: FlashAttention 2 reaches about 35% of an H100 and 60% and more of an A100, by its authors."""
BACKWARD_ATTENTION = 2.5
"""Fused attention computes its scores again on the way back."""


SUPER_TILE = 1500.0
"""FLOP at 16 bits on each byte that a product brings from memory again: neighbouring tiles of some 3,000 rows and columns share a chip's cache."""
SHARP = 4.0
"""How sharply launching and computing hand over."""


class Coefficients(NamedTuple):
    """What the fit knows about a row's stack and chip."""

    compute: float
    compute8: float
    operands: float
    attention: float
    scores: float
    small: float
    routing: float
    layer_s: float
    expert_s: float
    micro_s: float
    tensor_link: float
    tensor_exposed: float
    expert_exposed: float
    data_link: float
    data_hidden: float
    latency: float
    slice_link: float
    jitter: float
    again: float
    accumulate: float


IDEAL = Coefficients(1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0)
"""The datasheet: peaks reached, everything overlapped, nothing else costs time."""

CONSTANTS = {
    c.name: c
    for c in (
        Constant(name="compute", start=0.70, low=0.30, high=0.95, meaning="share of the 16-bit peak that large products reach", spread=0.12),
        Constant(name="compute8", start=0.85, low=0.30, high=0.98, meaning="the same at 8 bits, over that at 16 bits", spread=0.12),
        Constant(name="operands", start=0.5, low=0.05, high=2.0, meaning="traffic of operands that arithmetic does not hide, over reading and writing each once and again for each block of tiles", spread=0.3),
        Constant(name="attention", start=0.45, low=0.10, high=0.95, meaning="share of the 16-bit peak that attention reaches", spread=0.2),
        Constant(name="scores", start=1.0, low=0.2, high=4.0, meaning="traffic of attention scores in memory, over three writes and three reads at 16 bits", spread=0.3),
        Constant(name="small", start=1.0, low=0.2, high=5.0, meaning="traffic of norms, residuals and gates, over one read and one write of each", spread=0.25),
        Constant(name="routing", start=1.5, low=0.3, high=12.0, meaning="traffic of sorting tokens by expert and back, over two reads and two writes", spread=0.25),
        Constant(name="layer_s", start=100e-6, low=5e-6, high=2e-3, unit="s", meaning="launches of a layer's kernels, forward and backward, that nothing hides", spread=0.4),
        Constant(name="expert_s", start=0.5e-3, low=0.05e-3, high=3e-3, unit="s", meaning="launches for each expert that a chip holds in a layer, under which a small micro-batch waits for the host", spread=0.25),
        Constant(name="micro_s", start=5e-3, low=0.2e-3, high=80e-3, unit="s", meaning="host work for each micro-batch", spread=0.4),
        Constant(name="tensor_link", start=0.70, low=0.30, high=0.95, meaning="share of the link that all-reduces of tensor ranks reach"),
        Constant(name="tensor_exposed", start=0.7, low=0.05, high=1.0, meaning="share of the tensor ranks' messages that arithmetic does not hide", spread=0.3),
        Constant(name="expert_exposed", start=0.7, low=0.05, high=1.0, meaning="share of the messages between experts that arithmetic does not hide", spread=0.3),
        Constant(name="data_link", start=0.60, low=0.15, high=0.95, meaning="share of the link that gathering weights and scattering gradients reaches", spread=0.3),
        Constant(name="data_hidden", start=0.7, low=0.1, high=0.98, meaning="share of that traffic behind arithmetic", spread=0.15),
        Constant(name="latency", start=1.0, low=0.1, high=6.0, meaning="latency of a hop among data-parallel nodes, over 5 µs", spread=0.4),
        Constant(name="slice_link", start=0.6, low=0.15, high=0.95, meaning="share of the network between slices that gradients reach", spread=0.3),
        Constant(name="jitter", start=0.008, low=0.0005, high=0.05, meaning="spread of one node's step, of which the slowest of all counts", spread=0.4),
        Constant(name="again", start=1.0, low=0.3, high=1.5, meaning="cost of computing again, over the same on the way forward", spread=0.4),
        Constant(name="accumulate", start=6.0, low=1.0, high=40.0, unit="B", meaning="traffic of adding a micro-batch's gradients, for each weight of the chip", spread=0.3),
    )
}  # fmt: skip


def mode_of(run: Run) -> str:
    """A way of running the same stack that its users switch on."""
    if "eager" in run.software:
        return "eager"
    return "async" if "async" in run.software else "mixture" if run.model.experts > 1 else "adapters" if run.adapters else ""


def release_of(run: Run) -> str:
    """Releases of Megatron Bridge fall in two for mixtures: until 26.02 (noted as a regression in its own tables) and since."""
    if run.stack != "bridge":
        return run.stack
    found = re.search(r"(\d\d)\.(\d\d)", run.software) or re.search(r"(\d\d)\.(\d\d)", run.group)
    return "bridge until 26.02" if found and (int(found[1]), int(found[2])) <= (26, 2) else "bridge since 26.04"


def coefficients(k: Constants, run: Run) -> Coefficients:
    """The constants of a row's stack, chip and group; a level that the fit has not seen counts for nothing."""
    get, stack, chip, group = k.get, run.stack, run.card.id, run.group
    here, mode = f"{stack}/{chip}", mode_of(run)
    mixed = run.model.experts > 1
    release = release_of(run)
    return Coefficients(
        compute=get("compute", chip, stack, group),
        compute8=1.0 if run.precision == "16bit" else get("compute8", stack, run.precision),
        operands=get("operands", stack),
        attention=get("attention", "fused" if run.fused else "unfused", stack, here) * (OLD_ON_NEW if stack in AMPERE_KERNELS and chip in HOPPER else 1.0),
        scores=0.0 if run.fused else get("scores", stack),
        small=get("small", stack, here, mode),
        routing=get("routing", release) if mixed else 0.0,
        layer_s=get("layer_s", stack, mode),
        expert_s=get("expert_s", release) if mixed else 0.0,
        micro_s=get("micro_s", stack),
        tensor_link=get("tensor_link", run.card.link) if run.tp > 1 else 1.0,
        tensor_exposed=get("tensor_exposed", stack, mode) if run.tp > 1 else 0.0,
        expert_exposed=get("expert_exposed") if run.ep > 1 and mixed else 0.0,
        data_link=get("data_link", stack, here),
        data_hidden=get("data_hidden", stack),
        latency=get("latency", stack),
        slice_link=get("slice_link", chip) if run.slices > 1 else 1.0,
        jitter=get("jitter", stack),
        again=get("again", f"{stack}/{run.recompute}"),
        accumulate=get("accumulate", stack),
    )


def _backward(run: Run) -> float:
    """Products on the way back, over those on the way forward: adapters need no gradients of the weights."""
    return 1.0 if run.adapters else 2.0


def layer_and_head_s(run: Run, w: Work, c: Coefficients) -> tuple[float, float]:
    """Seconds of one layer and of the output projection for one micro-batch, forward, backward and what is computed again."""
    card, back = run.card, _backward(run)
    again, attention_again = OTHER_MEANING.get((run.stack, run.recompute)) or REPEATED[run.recompute]
    if run.fused and again < 1:
        attention_again = 0.0  # fused attention computes its scores again by itself
    again, attention_again = again * c.again, attention_again * c.again
    passes = 1 + back + again
    bandwidth = run.mem_bytes_per_s * 0.85
    peak16 = card.peak("bf16", "fp16", "fp8")
    peak = {"fp8": card.peak("fp8", "bf16", "fp16"), "fp4": card.peak("fp4", "fp8", "bf16")}.get(run.precision, peak16)
    peak16, peak = peak16 * run.sustained, max(peak, peak16) * run.sustained
    scale = run.units  # ranks may be parts of a chip
    operands = w.matmul_bytes + w.matmul_flops / SUPER_TILE * (1.0 if run.precision == "16bit" else 0.5)
    seconds = passes * (w.matmul_flops / (peak * c.compute * c.compute8) + c.operands * operands / bandwidth) * scale
    attention_passes = 1 + (BACKWARD_ATTENTION if run.fused else 2.0) + attention_again
    seconds += attention_passes * (w.attention_flops / (peak16 * c.attention) + c.scores * w.score_bytes / bandwidth) * scale
    seconds += (3 + again) * (c.small * w.small_bytes + c.routing * w.routing_bytes) / bandwidth * scale
    seconds += c.layer_s
    if w.tensor_bytes:
        all_reduce = card.launch_s + w.tensor_steps * card.hop_s + w.tensor_steps / run.tp * w.tensor_bytes / (w.tensor_rate * c.tensor_link)
        seconds += (4 + 2 * min(1.0, again)) * c.tensor_exposed * all_reduce
    if w.expert_s_bytes:
        seconds += (4 + 2 * min(1.0, again)) * c.expert_exposed * (card.launch_s + w.expert_s_bytes / (w.expert_rate * 0.8))
    if c.expert_s and not run.card.id.startswith("tpu"):  # the device waits for the host, or the host for the device
        seconds = (seconds**SHARP + (c.expert_s * w.local_experts) ** SHARP) ** (1 / SHARP)
    if w.context_bytes:  # keys and values forward, again with their gradients on the way back, half of it behind the attention
        seconds += 1.5 * w.context_bytes / (w.context_rate * 0.7)
    head = (1 + back) * (w.head_flops / (peak16 * c.compute) + c.small * w.head_bytes / bandwidth) * scale
    return seconds, head


def step_s(run: Run, w: Work, c: Coefficients) -> float:
    """Seconds of one step: the pipeline over its micro-batches, then what no arithmetic hides."""
    layer, head = layer_and_head_s(run, w, c)
    m = run.micro_batches
    accumulated = 0.0 if run.adapters else c.accumulate * w.stage_params / (run.mem_bytes_per_s * 0.85) * (1 - 1 / m)  # the first is written, not added
    pipe = 2 * w.pipe_bytes / (w.pipe_rate * 0.6) if w.pipe_bytes else 0.0
    stage = max(w.layers * layer, w.last_layers * layer + head) + accumulated + c.micro_s
    stage += 0.5 * pipe * run.interleave * (c.tensor_exposed if run.tp > 1 else 0.7)
    seconds = _pipelined(stage_s=stage, micro_batches=m, pipeline_parallel=run.pp, interleave=run.interleave)
    if w.data_bytes:
        link = w.data_repeats * (w.data_bytes / (w.data_rate * c.data_link) + w.data_calls * w.data_hops * 5e-6 * c.latency * (0.2 if run.card.id.startswith("tpu") else 1.0))
        hideable = stage * (w.data_repeats if w.data_repeats > 1 else min(m, 1 + (run.pp - 1) / 2)) * 0.9
        seconds += link - min(c.data_hidden * link, hideable)
    if w.slice_bytes:
        link = w.slice_bytes / (run.nic_bytes_per_s * c.slice_link)
        seconds += link - min(c.data_hidden * link, 0.6 * stage)
    seconds += w.optimizer_bytes / (run.mem_bytes_per_s * 0.7)
    nodes = run.chips / (8.0 if run.node > 8 else run.node)
    return seconds * (1 + c.jitter * math.sqrt(2 * math.log(max(1.0, nodes))))


def _all(row: Row, run: Run, w: Work, c: Coefficients) -> dict[str, float]:
    seconds = step_s(run, w, c)
    rate = run.global_batch * run.seq / seconds / run.chips
    return {"tokens_per_s_per_chip": rate, "s_per_step": seconds, "tflops_per_chip": rate * counted(row, run) / 1e12}


def predict(row: Row, constants: Constants) -> dict[str, float]:
    """Tokens a second and chip, seconds a step, and TFLOP/s a chip as the row counts them."""
    run, work = prepared(row)
    return _all(row, run, work, coefficients(constants, run))


def datasheet(row: Row) -> dict[str, float]:
    """The same at the peaks, with every message hidden."""
    run, work = prepared(row)
    return _all(row, run, work, IDEAL)


def regime(row: Row) -> str:
    """Mixtures and adapters err more than dense models trained in full."""
    mode = mode_of(prepared(row)[0])
    return mode if mode in ("mixture", "adapters") else ""


def levels(row: Row) -> tuple[str, ...]:
    run, _ = prepared(row)
    return (run.stack, run.card.id, run.group)


FAMILY = Family(
    title="Training", names=("training",), file="1_training_throughput.csv", metrics={"training": ("tokens_per_s_per_chip", "s_per_step", "tflops_per_chip")},
    constants=CONSTANTS, predict=predict, datasheet=datasheet, levels=levels, regime=regime, weights={"tokens_per_s_per_chip": 0.5, "s_per_step": 0.5, "tflops_per_chip": 0.5},
)  # fmt: skip
