"""What a row of a training measurement says: the model, the chips, the layout, and what follows where a cell is blank."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import NamedTuple

from hwlib import catalogue
from hwlib.predict.families.cards import Card, card_of_row
from hwlib.predict.families.model_names import filled
from hwlib.predict.families.training_model import Model, model_of, sane
from hwlib.predict.row import Refused, Row

STACKS = (
    ("neuron", "neuron"), ("trainium", "neuron"), ("megatron-bridge", "bridge"), ("deepspeed", "megatron-deepspeed"), ("bloom", "megatron-deepspeed"), ("mt-nlg", "megatron-deepspeed"),
    ("foundry", "composer"), ("composer", "composer"), ("torchtitan", "torchtitan"), ("maxtext", "maxtext"), ("ironwood", "maxtext"), ("tpu", "maxtext"),
    ("nemo", "mcore"), ("megatron-core", "mcore"), ("mcore", "mcore"), ("mlperf", "mcore"), ("megatron", "megatron"), ("korthikanti", "megatron"),
)  # fmt: skip
UNFUSED = {"megatron", "megatron-deepspeed", "neuron"}
"""Stacks that (in the versions measured) write the attention scores to memory and compute the masked half too."""
SHARDED_OPTIMIZER = {"mcore", "bridge", "megatron-deepspeed", "neuron", "other"}
"""Stacks whose optimizer state is split over the data-parallel ranks even when the row does not say so."""
SEQUENCE_PARALLEL = {"mcore", "bridge", "torchtitan", "maxtext", "neuron", "other"}
"""Stacks that split norms and residuals over the tensor ranks as a rule."""
CORES_PER_CHIP = {"trainium1": 2}
"""Where tp and dp count cores, not chips."""
PACKED = 0.25
"""Fine-tuning packs short samples into a sequence, and a token looks back within its own: assumed a quarter of the sequence."""


class Run(NamedTuple):
    """A training run as laid out. Ranks count chips, or cores where the row does; ``chips`` are always chips."""

    model: Model
    card: Card
    stack: str
    group: str
    software: str
    chips: float
    units: float
    """Ranks on one chip."""
    tp: float
    pp: float
    dp: float
    cp: float
    ep: float
    interleave: float
    micro_batch: float
    global_batch: float
    seq: float
    precision: str
    """"16bit", "fp8" or "fp4"."""
    recompute: str
    zero: int
    sustained: float
    """Share of the peak that a stated power cap leaves."""
    mem_bytes_per_s: float
    slices: float
    node: float
    """Chips that share the fast link."""
    nic_bytes_per_s: float
    """Of one chip, one direction."""
    gradient_bytes: float
    adapters: bool
    """Whether only adapters learn (LoRA): no gradients of the weights."""
    fused: bool
    sequence_parallel: bool
    attended: float
    """Mean tokens that a token looks back on and that are computed."""

    @property
    def micro_batches(self) -> float:
        return max(1.0, self.global_batch / (self.dp * self.micro_batch))


def stack_of(software: str, group: str = "") -> str:
    """The software's short name.

    >>> stack_of("Megatron-Bridge NeMo 26.02"), stack_of("Neuron 2.15 nemo"), stack_of("", "ironwood"), stack_of("mine")
    ('bridge', 'neuron', 'maxtext', 'other')
    """
    for text in (software.lower(), group.lower()):
        for needle, name in STACKS:
            if needle in text:
                return name
    return "other"


def nic_of(text: str, node: float, card: Card) -> float:
    """Bytes a second that one chip sends to other nodes: the text counts cards of a node, or the whole node.

    >>> from hwlib.predict.families.cards import card_of
    >>> nic_of("8x400Gb/s NDR IB", 8, card_of("h100")) / 1e9, nic_of("1600Gb/s RoCE per node", 8, card_of("h100")) / 1e9
    (50.0, 25.0)
    >>> nic_of("4x100Gb/s Omni-Path per node", 8, card_of("a100")) / 1e9
    6.25
    """
    found = re.search(r"(?:(\d+)\s*x\s*)?(\d+)[^G]*Gb/s", text)
    if found:
        return float(found[1] or 1) * float(found[2]) * 1e9 / 8 / node
    chip = catalogue.chip(card.id) if card.id in catalogue.chip_ids() else None
    nic = getattr(chip, "nic_bytes_per_s", None)
    return float(nic) if nic else 12.5e9


def capped(name: str, card: Card) -> tuple[float, float]:
    """What a name like "H100-96GB-HBM2e-500W" takes from the catalogue's chip: share of the peak, bytes a second of memory.

    Power falls with the cube of the clock at most and with the clock at least; the square is between the two.

    >>> from hwlib.predict.families.cards import card_of
    >>> share, rate = capped("H100-96GB-HBM2e-500W", card_of("h100")); round(share, 3), rate / 1e9
    (0.845, 2400.0)
    >>> capped("H100-SXM-80GB", card_of("h100"))[0]
    1.0
    """
    watts = re.search(r"(\d+)\s*W\b", name)
    chip = catalogue.chip(card.id) if card.id in catalogue.chip_ids() else None
    full = getattr(chip, "power_w", None)
    share = min(1.0, math.sqrt(float(watts[1]) / float(full))) if watts and full and float(watts[1]) > 0 else 1.0
    older = "hbm2e" in name.lower() and card.id == "h100-sxm"
    return share, 2.4e12 if older else card.mem_bytes_per_s


def _shards(text: str, stack: str) -> int:
    """The ZeRO stage that a cell means."""
    lower = text.lower()
    if "shard_grad" in lower or "zero-2" in lower:
        return 2
    if "zero-1" in lower:
        return 1
    if "zero-0" in lower or lower == "0" and stack not in SHARDED_OPTIMIZER:
        return 0
    if text and lower != "0":
        return 3
    return 1 if stack in SHARDED_OPTIMIZER else 3 if stack in ("composer", "torchtitan", "maxtext") else 0


def _recompute(text: str) -> str:
    lower = text.lower()
    for needle, name in (("none/unknown", "unknown"), ("selective/none", "none"), ("selective", "selective"), ("seqsel", "selective"), ("full", "full"), ("minimal", "minimal"),
                         ("offload", "offload"), ("custom", "offload"), ("none", "none")):  # fmt: skip
        if needle in lower:
            return name
    return "unknown"


def _divisors(n: float, most: float) -> list[float]:
    return [float(d) for d in range(1, int(most) + 1) if n % d == 0]


def _layout(row: Row, model: Model, card: Card, stack: str, chips: float, node: float, zero: int, bytes_per_param: float) -> tuple[float, float]:
    """Tensor and pipeline ranks; where neither is stated, the fewest that leave two fifths of the memory to activations."""
    tp, pp = row.number("tp", 0.0) if row.text("tp") else 0.0, row.number("pp", 0.0) if row.text("pp") else 0.0
    if tp or pp or zero == 3:
        return tp or 1.0, pp or 1.0
    tp = pp = 1.0
    room = 0.6 * card.mem_bytes
    while tp < min(8.0, node, chips) and model.params * bytes_per_param / tp > room:
        tp *= 2
    for d in _divisors(model.layers, model.layers):
        if model.params * bytes_per_param / (tp * d) <= room and chips % (tp * d) == 0:
            return tp, d
    return tp, pp


def activation_estimate(model: Model, *, tokens: float, tp: float, recompute: str, sequence_parallel: bool, fused: bool, seq: float) -> float:
    """Bytes of one layer's activations of one micro-batch on one rank, for choosing what a row leaves open."""
    if recompute == "full":
        return 2 * tokens * model.hidden / (tp if sequence_parallel else 1)
    scores = 0.0 if fused or recompute == "selective" else 5 * model.heads * seq * tokens / tp
    inside = 4 * (model.heads + model.kv_heads) * model.head_dim + 2 * (model.active + model.shared) * model.matrices * model.ffn
    return tokens * (10 * model.hidden / (tp if sequence_parallel else 1) + inside / tp) + scores


def _micro_batch(row: Row, model: Model, card: Card, local: float, pp: float, tp: float, cp: float, states: float, recompute: str, seq: float, **how: bool) -> float:
    """The largest micro-batch (a power of two) that fits and keeps the bubble small; one where nothing fits."""
    best = 1.0
    candidate = 1.0
    while candidate * 2 <= local:
        candidate *= 2
        if local % candidate or candidate * seq / cp > 65536 and candidate > 1:
            break
        if pp > 1 and local / candidate < 8 * pp:
            break
        layer = activation_estimate(model, tokens=candidate * seq / cp, tp=tp, recompute=recompute, seq=seq, **how)
        logits = 6 * candidate * seq / cp * model.vocab / tp if pp == 1 else 0.0
        if states + layer * model.layers * (1.0 if recompute == "full" else 1.1) + logits > 0.85 * card.mem_bytes:
            break
        best = candidate
    return best


def _chunks(row: Row, model: Model, stack: str, pp: float) -> float:
    """Chunks of layers on a stage: as stated; the newer Megatron's runs interleave unless told otherwise."""
    if row.text("interleave"):
        return max(1.0, row.number("interleave", 1.0))
    if pp <= 1 or stack not in ("mcore", "bridge"):
        return 1.0
    layers = model.layers if model.layers % pp == 0 else model.layers + 2
    per_stage = layers / pp
    return max((d for d in _divisors(per_stage, 4)), default=1.0) if per_stage == int(per_stage) else 1.0


def _run(key: tuple[tuple[str, str], ...]) -> Run:
    row = sane(filled(Row(dict(key))))
    model = model_of(row)
    if not row.text("chip"):
        raise Refused("chip is missing", field="chip")
    card = card_of_row(row)
    stack = stack_of(row.text("software"), row.text("group"))
    words = f"{row.text('software')} {row.text('group')} {row.text('tflops_counts')} {row.text('model')}".lower()
    adapters = "lora" in words or "peft" in words
    units = CORES_PER_CHIP.get(card.id, 1.0)
    told = [row.number(n, 1.0) for n in ("tp", "pp", "dp", "cp")]
    chips = row.number("n_chips") if row.text("n_chips") or not row.text("tp") else math.prod(told) / units
    domain = 8.0
    if card.id in catalogue.chip_ids():
        domain = float(catalogue.chip(card.id).domain or 8.0)
    node = 1.0 if card.link.startswith("pcie") else domain if card.id.startswith("tpu") else min(row.number("chips_per_node", domain), chips)
    if domain > 16 and not card.id.startswith("tpu"):  # a rack that shares its fast link, whatever the row calls a node
        node = min(domain, chips)
    node = max(1.0, node)
    zero = _shards(row.text("fsdp"), stack)
    recompute = _recompute(row.text("recompute"))
    precision_text = row.text("precision", "bf16").lower()
    precision = "fp4" if "fp4" in precision_text else "fp8" if "fp8" in precision_text else "16bit"
    per_param = 2.0 if adapters else 6.0 if zero else 18.0
    tp, pp = _layout(row, model, card, stack, chips, node, zero, per_param)
    cp = max(1.0, row.number("cp", 1.0))
    seq = row.number("seq_len")
    dp = chips * units / (tp * pp * cp)
    if dp < 1:
        raise Refused(f"tp × pp × cp = {tp * pp * cp:g} ranks do not fit on {chips:g} chips", field="n_chips")
    stated = row.number("dp", dp)
    if stated * tp * pp * cp == chips * units or dp != int(dp):
        dp = stated
    dp = max(1.0, dp)
    ep = max(1.0, row.number("ep", 1.0))
    if row.text("global_batch"):
        batch = row.number("global_batch")
    elif row.text("local_batch"):
        batch = row.number("local_batch") * dp
    elif row.text("micro_batch"):
        batch = row.number("micro_batch") * dp * row.number("grad_accum", 1.0)
    else:
        raise Refused("global_batch is missing, and local_batch and micro_batch too, from which it would follow", field="global_batch")
    if batch < dp:  # fewer sequences than ranks: the ranks of one sequence share it
        cp *= dp / batch
        dp = batch
    fused = stack not in UNFUSED
    sequence_parallel = stack in SEQUENCE_PARALLEL or "seq" in row.text("recompute").lower()
    lean = 4 if stack in ("mcore", "bridge") else 6  # 16-bit gradients
    states = model.params / (tp * pp) * (2 if adapters else lean + 12 / dp if zero in (1, 2) else 18 / dp if zero == 3 else 18) / units
    if model.experts > 1:
        resident = model.params - model.layers * model.expert_params * (model.experts - model.experts / ep)
        states *= resident / model.params
    if recompute == "unknown":
        for recompute in ("none", "selective", "full"):  # the least that fits; published runs fill the memory
            layer = activation_estimate(model, tokens=seq / cp, tp=tp, recompute=recompute, sequence_parallel=sequence_parallel, fused=fused, seq=seq)
            kept = 1.0 if precision == "16bit" or recompute == "full" else 0.6  # inputs of 8-bit products are kept at 8 bits
            if states + kept * layer * model.layers <= 1.05 * card.mem_bytes:
                break
    local = max(1.0, batch / dp)
    if row.text("micro_batch"):
        micro = row.number("micro_batch")
    elif row.text("local_batch"):
        micro = row.number("local_batch") if pp == 1 else 1.0  # a pipeline cuts it into single sequences
    elif card.id.startswith("tpu"):
        micro = local
    else:
        micro = _micro_batch(row, model, card, local, pp, tp, cp, states, recompute, seq, sequence_parallel=sequence_parallel, fused=fused)
    if pp > model.layers:
        raise Refused(f"pp = {pp:g} is more than the {model.layers:g} layers: a stage needs at least one", field="pp")
    return Run(
        model, card, stack, row.text("group"), row.text("software").lower(), chips, units, tp, pp, dp, cp, ep, _chunks(row, model, stack, pp), min(micro, local) if card.id.startswith("tpu") else micro,
        batch, seq, precision, recompute, zero, *capped(row.text("chip"), card), max(1.0, row.number("n_slices", 1.0)), node, nic_of(row.text("inter_link"), max(1.0, row.number("chips_per_node", 8.0)), card),
        4.0 if "fp32 grad" in precision_text else 2.0, adapters, fused, sequence_parallel, seq * (0.5 if fused else 1.0) * (PACKED if "sft" in words or "-ft" in words else 1.0),
    )  # fmt: skip


INPUTS = (
    "group", "software", "model", "params_b", "n_layers", "d_model", "n_heads", "n_kv_heads", "d_ff", "vocab", "gated_mlp", "n_experts", "experts_per_tok", "chip", "n_chips",
    "chips_per_node", "inter_link", "tp", "pp", "dp", "cp", "ep", "fsdp", "interleave", "micro_batch", "local_batch", "grad_accum", "global_batch", "seq_len", "precision",
    "recompute", "n_slices", "tflops_counts", "peak_tflops_used",
)  # fmt: skip


def inputs_of(row: Row) -> tuple[tuple[str, str], ...]:
    """The cells that say what ran; nothing measured is among them."""
    cells = row.cells
    return tuple((name, cells[name]) for name in INPUTS if cells.get(name))


@lru_cache(maxsize=8192)
def run_of_inputs(inputs: tuple[tuple[str, str], ...]) -> Run:
    """The run that these cells describe; `Refused` names the first input that is missing."""
    return _run(inputs)
