"""One replica: some chips, a model on them, and what a prompt or a step costs there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from hwlib import catalogue
from hwlib.calibration import calibrated
from hwlib.collectives import point_to_point_s, ring_all_reduce_s
from hwlib.decoding import (
    decode_step_s,
    hops_s,
    layer_comm_s,
    prefill_compute_s,
    prefill_memory_s,
    prefill_s,
    stages,
    step_compute_s,
    step_memory_s,
    step_overhead_s,
    tensor_ranks,
)
from hwlib.designs import ServingDesign
from hwlib.errors import NotSupported
from hwlib.formula import Figure, defined, given
from hwlib.memory import copied_kv_bytes_per_token, weight_bytes
from hwlib.parallelism import activation_message_bytes
from hwlib.transformer import Shape, forward_flops_per_token, shape_of

ONE = defined(1.0)
ZERO = defined(0.0)
NODE = defined(8.0, "chips of one server, joined at least by PCIe")
BYTES = {16: defined(2.0, "16 bits"), 8: defined(1.0, "8 bits"), 4: defined(0.5, "4 bits")}
TWO_BYTES = BYTES[16]


@dataclass(frozen=True, slots=True)
class Group:
    """One replica's chips as the formulas see them: chip figures, layout and link."""

    chip: catalogue.Chip
    n_chips: Figure
    tensor_ranks: Figure
    stages: Figure
    peak: Figure
    mem_bytes: Figure
    mem_bytes_per_s: Figure
    memory_efficiency: Figure
    compute_efficiency: Figure
    link_bytes_per_s: Figure
    link_efficiency: Figure
    launch_s: Figure
    hop_s: Figure


def group_of(accelerator: str, chips: int, weight_bits: int) -> Group:
    """The chips of one replica; `NotSupported` when the chip lacks the figures or the number format."""
    chip = catalogue.chip(accelerator)
    for what, value in (("memory", chip.mem_bytes), ("memory bandwidth", chip.mem_bytes_per_s)):
        if value is None:
            raise NotSupported(f"accelerator = {chip.id!r}: no {what} is published, so nothing can be predicted for it", field="accelerator")
    n = given(chips)
    domain = chip.domain if chip.domain is not None and chip.domain >= 8 else NODE
    if chip.mem_bytes < 1e9 or domain > 8:  # matrices are split over eight chips at most; more chips make further stages
        domain = NODE
    ranks = tensor_ranks(n_chips=n, domain_chips=domain)
    link = catalogue.link(chip.link_id) if chip.link_id else None

    def of_link(name: str) -> Figure:
        """What the catalogue knows of the link, or the stated default."""
        return (getattr(link, name) if link is not None else None) or catalogue.constant(f"link_{name}")

    rate = chip.link_bytes_per_s or (link.bytes_per_s if link is not None else None) or catalogue.link("pcie4-x16").bytes_per_s
    return Group(
        chip=chip, n_chips=n, tensor_ranks=ranks, stages=stages(n_chips=n, tensor_ranks=ranks), peak=serving_peak(chip, weight_bits),
        mem_bytes=chip.mem_bytes, mem_bytes_per_s=chip.mem_bytes_per_s,
        memory_efficiency=calibrated("decode_memory_efficiency", chip.id), compute_efficiency=calibrated("serving_compute_efficiency", chip.id),
        link_bytes_per_s=rate, link_efficiency=of_link("efficiency"), launch_s=of_link("launch_s"),
        hop_s=of_link("step_s"),
    )


def serving_peak(chip: catalogue.Chip, weight_bits: int) -> Figure:
    """The peak that prefill uses: 8-bit weights run at an 8-bit rate where the chip has one, 4-bit weights at 16 bits.

    Weight-only formats are widened before the product, so they read less but do not compute faster.
    """
    if weight_bits == 8:
        for fmt in ("fp8", "int8"):
            if fmt in chip.formats:
                return chip.peak(fmt)
    for fmt in ("bf16", "fp16", *(("fp8",) if weight_bits == 4 else ())):
        if fmt in chip.formats:
            return chip.peak(fmt)
    what = "16-bit peak" if chip.formats else "peak"
    raise NotSupported(f"accelerator = {chip.id!r}: no {what} is published, so {weight_bits}-bit weights on it cannot be predicted", field="accelerator")


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of tokens through a replica, for a prompt or a step."""

    shape: Shape
    group: Group
    weights: Figure
    layer_fixed: Figure
    read_s: Figure
    """Reading the weights once, the floor of a prefill."""

    @classmethod
    def of(cls, shape: Shape, group: Group, weights: Figure, layer_fixed: Figure) -> Pass:
        """The pass with what no number of tokens changes."""
        read = prefill_memory_s(
            weight_bytes=weights, tensor_ranks=group.tensor_ranks, mem_bytes_per_s=group.mem_bytes_per_s, memory_efficiency=group.memory_efficiency
        )
        return cls(shape, group, weights, layer_fixed, read)

    def cache_bytes_per_token(self, bits: int) -> Figure:
        """Bytes that one token leaves on all chips of a stage together: ranks that share a KV head each keep a copy."""
        token, ranks = self.shape.cache_bytes_per_token(BYTES[bits]), self.group.tensor_ranks
        heads = ONE if self.shape.kv_rank is not None else self.shape.kv_heads
        return token if ranks <= heads else copied_kv_bytes_per_token(kv_bytes_per_token=token, tensor_ranks=ranks, kv_heads=heads)

    def comm_s(self, tokens: Figure) -> Figure:
        """All-reduces of all layers for this many tokens; nothing on a single rank."""
        g = self.group
        if g.tensor_ranks <= 1:
            return ZERO
        message = activation_message_bytes(micro_batch=ONE, seq_len=tokens, hidden=self.shape.hidden, bytes_per_value=TWO_BYTES)
        each = ring_all_reduce_s(
            message_bytes=message, ranks=g.tensor_ranks, link_bytes_per_s=g.link_bytes_per_s, link_efficiency=g.link_efficiency,
            launch_s=g.launch_s, hop_s=g.hop_s,
        )
        return layer_comm_s(all_reduce_s=each, layers=self.shape.layers)

    def hops_s(self, tokens: Figure) -> Figure:
        g = self.group
        if g.stages <= 1:
            return ZERO
        message = activation_message_bytes(micro_batch=ONE, seq_len=tokens, hidden=self.shape.hidden, bytes_per_value=TWO_BYTES)
        one = point_to_point_s(message_bytes=message, link_bytes_per_s=g.link_bytes_per_s, link_efficiency=g.link_efficiency, hop_s=g.hop_s)
        return hops_s(stages=g.stages, transfer_s=one)

    def flops(self, attended: Figure) -> Figure:
        s = self.shape
        return forward_flops_per_token(matmul_params=s.matmul_params, layers=s.layers, heads=s.heads, head_dim=s.head_dim, attended_tokens=attended)

    def prefill(self, prompt: Figure) -> tuple[Figure, Figure, Figure]:
        """Time of a prompt, its arithmetic and its links."""
        g = self.group
        compute = prefill_compute_s(
            prompt_tokens=prompt, forward_flops=self.flops(self.shape.attended_tokens(prompt)), tensor_ranks=g.tensor_ranks, peak_flops_per_s=g.peak, compute_efficiency=g.compute_efficiency
        )
        comm = self.comm_s(prompt)
        whole = prefill_s(
            prefill_compute_s=compute, prefill_memory_s=self.read_s, prefill_comm_s=comm, hops_s=self.hops_s(prompt), step_overhead_s=self.layer_fixed
        )
        return whole, compute, comm

    def step(self, sequences: Figure, kv_per_sequence: Figure, attended: Figure) -> dict[str, Figure]:
        """Time of a decode step and its parts."""
        return self.step_at(sequences, kv_per_sequence, self.flops(attended))

    def step_at(self, sequences: Figure, kv_per_sequence: Figure, flops: Figure) -> dict[str, Figure]:
        """The same from a token's arithmetic, which steps of different batches share."""
        g = self.group
        memory = step_memory_s(
            weight_bytes=self.weights, sequences=sequences, stages=g.stages, kv_bytes_per_sequence=kv_per_sequence, tensor_ranks=g.tensor_ranks,
            mem_bytes_per_s=g.mem_bytes_per_s, memory_efficiency=g.memory_efficiency,
        )
        compute = step_compute_s(
            sequences=sequences, stages=g.stages, forward_flops=flops, tensor_ranks=g.tensor_ranks, peak_flops_per_s=g.peak,
            compute_efficiency=g.compute_efficiency,
        )
        comm, hops = self.comm_s(sequences), self.hops_s(sequences)
        whole = decode_step_s(step_memory_s=memory, step_compute_s=compute, step_comm_s=comm, hops_s=hops, step_overhead_s=self.layer_fixed)
        return {"memory": memory, "compute": compute, "comm": comm, "hops": hops, "step": whole}


def make_pass(design: ServingDesign) -> Pass:
    """The replica's chips with the model on them. What else a design says changes neither, so replicas are remembered."""
    return pass_of(design.model, design.attention, design.accelerator, design.chips_per_replica, design.weight_bits)


@lru_cache(maxsize=1024)
def pass_of(model: str, attention: str, accelerator: str, chips: int, bits: int) -> Pass:
    """The pass of a model on so many chips."""
    shape = shape_of(model, attention)
    weights = weight_bytes(params=shape.params, bytes_per_param=BYTES[bits])
    fixed = step_overhead_s(layers=shape.layers, kernel_floor_s=calibrated("kernel_floor_s", accelerator), scheduler_s=calibrated("scheduler_s", accelerator))
    return Pass.of(shape, group_of(accelerator, chips, bits), weights, fixed)
