"""A training cluster estimated: what a chip holds, how long a step takes, how many days, how many failures."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache

from hwlib import catalogue
from hwlib.calibration import calibrated
from hwlib.collectives import (
    hierarchical_all_reduce_s,
    point_to_point_s,
    ring_all_reduce_bytes,
    ring_all_reduce_s,
    torus_all_reduce_s,
    two_level_all_reduce_s,
)
from hwlib.designs import TrainingDesign, TrainingLoad, check_layout, check_values
from hwlib.errors import NotSupported
from hwlib.formula import Figure, defined, given
from hwlib.layout import check_divides
from hwlib.memory import (
    activation_bytes,
    activations_full,
    activations_kept,
    activations_selective,
    micro_batches_in_flight,
    params_per_chip,
    state_bytes,
    state_bytes_per_param,
    state_bytes_total,
    training_bytes,
)
from hwlib.parallelism import (
    activation_message_bytes,
    data_comm_exposed_s,
    gradient_message_bytes,
    largest_stage_layers,
    micro_batches,
    nodes_spanned,
    pipeline_bubble,
    pipeline_comm_s,
    ranks_in_node,
    slowest_stage_s,
    tensor_comm_s,
)
from hwlib.reliability import (
    best_interval_s,
    checkpoint_bytes,
    checkpoint_write_s,
    cluster_mtbf_s,
    failures,
    goodput,
)
from hwlib.replica import ONE, ZERO
from hwlib.step import (
    exposed_comm_share,
    hfu,
    mfu,
    optimizer_bytes_per_chip,
    optimizer_s,
    optimizer_value_bytes,
    paid_chips,
    peak_ratio,
    precision_gain,
    recompute_s,
    run_days,
    run_seconds,
    run_usd,
    step_arithmetic_s,
    step_flops_per_chip,
    step_tokens_per_s,
    training_flops,
    training_step_s,
    training_steps,
)
from hwlib.topology import RULES, one_link_bytes_per_s, torus_side
from hwlib.transformer import Shape, forward_flops_per_token, make_shape

_STATE = {"fp32": defined(4.0, "FP32"), "bf16": defined(2.0, "BF16"), "fp8": defined(1.0, "FP8")}
_TWO_BYTES = defined(2.0, "16 bits; FP8 products keep 16-bit weights and gradients")
_RECOMPUTE = {
    "none": defined(0.0, "nothing is computed again"),
    "selective": defined(0.03, "attention scores computed again, a few per cent (Korthikanti et al.)"),
    "full": defined(1 / 3, "the forward pass again: a third of forward and backward"),
}
_TRAFFIC = {0: defined(1.0, "one all-reduce"), 1: defined(1.0, "as much as an all-reduce"), 2: defined(1.0, "as much as an all-reduce"),
            3: defined(1.5, "weights gathered twice, gradients scattered once")}


@dataclass(frozen=True, slots=True)
class TrainingEstimate:
    """All that is known of a cluster. Bytes and seconds a chip unless the name says otherwise."""

    params: Figure
    flops_per_token: Figure
    training_flops: Figure
    n_chips: Figure
    weight_bytes: Figure
    gradient_bytes: Figure
    optimizer_bytes: Figure
    state_bytes_per_param: Figure
    state_bytes: Figure
    state_bytes_total: Figure
    activation_bytes: Figure
    reserve_bytes: Figure
    total_bytes: Figure
    mem_bytes: Figure
    fits: bool
    micro_batches: Figure
    bubble: Figure
    precision_gain: Figure
    compute_s: Figure
    recompute_s: Figure
    tensor_comm_s: Figure
    pipeline_comm_s: Figure
    data_comm_s: Figure
    data_comm_exposed_s: Figure
    optimizer_s: Figure
    step_s: Figure
    exposed_comm_share: Figure
    tokens_per_s: Figure
    mfu: Figure
    hfu: Figure
    steps: Figure
    ideal_days: Figure
    days: Figure
    usd_per_chip_hour: Figure
    usd: Figure
    message_bytes: Figure
    all_reduce_s: Figure
    allreduce_bytes: Figure
    checkpoint_bytes: Figure
    checkpoint_write_s: Figure
    mtbf_s: Figure
    best_interval_s: Figure
    goodput: Figure
    failures: Figure

    def figures(self) -> dict[str, Figure]:
        """The figures by name."""
        return {f.name: v for f in fields(self) if isinstance(v := getattr(self, f.name), Figure)}


@dataclass(frozen=True, slots=True)
class Wire:
    """A link as a collective sees it."""

    link_bytes_per_s: Figure
    link_efficiency: Figure
    launch_s: Figure
    hop_s: Figure

    def all_reduce(self, message: Figure, ranks: Figure) -> Figure:
        return ring_all_reduce_s(
            message_bytes=message, ranks=ranks, link_bytes_per_s=self.link_bytes_per_s, link_efficiency=self.link_efficiency,
            launch_s=self.launch_s, hop_s=self.hop_s,
        )


def wire(link_id: str | None, rate: Figure | None = None) -> Wire:
    """The catalogue's link with stated defaults where nothing was measured."""
    link = catalogue.link(link_id) if link_id else None

    def known(name: str) -> Figure:
        return (getattr(link, name) if link is not None else None) or catalogue.constant(f"link_{name}")

    return Wire(rate or link.bytes_per_s, known("efficiency"), known("launch_s"), known("step_s"))


def scale_up(design: TrainingDesign, chip: catalogue.Chip) -> Wire:
    """The link inside a node: the chip's own fast link, or PCIe."""
    if chip.link_bytes_per_s is None and not chip.link_id:
        return wire("pcie4-x16")
    return wire(chip.link_id, chip.link_bytes_per_s)


def scale_out(design: TrainingDesign, chip: catalogue.Chip) -> Wire:
    """The link between nodes, for one chip; ``none`` leaves the nodes on ordinary Ethernet shared by eight chips."""
    if design.scale_out_link != "none":
        return wire(design.scale_out_link)
    return Wire(given(12.5e9 / 8, "100 Gb/s Ethernet shared by eight chips", "assumption"), *(catalogue.constant(f"link_{n}") for n in ("efficiency", "launch_s", "step_s")))


def torus_wire(design: TrainingDesign, chip: catalogue.Chip) -> Wire | None:
    """One link of the torus that joins the chips of a TPU pod; None where the design has none. `NotSupported` past the pod."""
    if design.topology != "torus" or chip.id not in RULES:
        return None
    if design.n_chips > chip.domain:
        raise NotSupported(f"topology = 'torus': a pod of {chip.name} has {chip.domain:,.0f} chips, and {design.n_chips:,} are asked for; several pods are not modelled", field="nodes")
    whole = wire(chip.link_id)
    return replace(whole, link_bytes_per_s=one_link_bytes_per_s(chip_bytes_per_s=chip.link_bytes_per_s, chip_links=catalogue.constant(f"chip_links.{chip.id}")))


def torus_axes(chip: catalogue.Chip, tensor_parallel: int) -> int:
    """Axes that are left to the data-parallel ranks: tensor parallelism keeps one to itself."""
    return RULES[chip.id].axes - (tensor_parallel > 1)


def over_torus(message: Figure, ranks: Figure, axes: Figure, link: Wire) -> Figure:
    """An all-reduce along so many axes of a torus, each a ring in both directions."""
    return torus_all_reduce_s(
        message_bytes=message, side_ranks=torus_side(ranks=ranks, torus_axes=axes), torus_axes=axes, link_bytes_per_s=link.link_bytes_per_s,
        link_efficiency=link.link_efficiency, launch_s=link.launch_s, hop_s=link.hop_s,
    )


def data_all_reduce(message: Figure, design: TrainingDesign, inside: Wire, outside: Wire) -> Figure:
    """The all-reduce of the data-parallel ranks: the ranks of a node add up first, then every network card carries a share."""
    dp = given(design.data_parallel)
    if design.n_chips <= design.chips_per_node:
        return inside.all_reduce(message, dp)
    local = ranks_in_node(data_parallel=dp, chips_per_node=given(design.chips_per_node), tensor_parallel=given(design.tensor_parallel))
    return hierarchical_all_reduce_s(message_bytes=message, ranks_per_node=local, nodes=nodes_spanned(group_ranks=dp, ranks_per_node=local), **both_levels(inside, outside))


def both_levels(inside: Wire, outside: Wire) -> dict[str, Figure]:
    """The links inside a node and between nodes, as the formulas of two levels take them."""
    return {
        "link_bytes_per_s": inside.link_bytes_per_s, "link_efficiency": inside.link_efficiency, "nic_bytes_per_s": outside.link_bytes_per_s,
        "nic_efficiency": outside.link_efficiency, "launch_s": outside.launch_s, "hop_s": inside.hop_s, "nic_hop_s": outside.hop_s,
    }  # fmt: skip


def tensor_all_reduce(message: Figure, design: TrainingDesign, inside: Wire, outside: Wire) -> Figure:
    """The all-reduce of the tensor-parallel ranks: inside a node, or over as many nodes as they fill."""
    tp, node = given(design.tensor_parallel), given(design.chips_per_node)
    if design.tensor_parallel <= design.chips_per_node:
        return inside.all_reduce(message, tp)
    return two_level_all_reduce_s(message_bytes=message, ranks_per_node=node, nodes=nodes_spanned(group_ranks=tp, ranks_per_node=node), **both_levels(inside, outside))


def check_training(design: TrainingDesign, load: TrainingLoad, *, uneven: bool = False) -> None:
    """Refuse what cannot be laid out or computed, in one sentence; with ``uneven`` pieces may be of unequal size."""
    check_values(design)
    check_values(load, where="load")
    if uneven:
        check_layout(design)
    else:
        check_divides(design, load)
    chip = catalogue.chip(design.accelerator)
    if chip.mem_bytes is None or "bf16" not in chip.formats and "fp16" not in chip.formats:
        raise NotSupported(f"accelerator = {chip.id!r} has no 16-bit peak or no memory size in the catalogue, so training on it cannot be predicted", field="accelerator")


@lru_cache(maxsize=256)
def _told(load: TrainingLoad) -> tuple[dict[str, Figure], Figure, Shape]:
    """What a load alone decides: its figures, read only, the width of a head and the model. One load serves many designs."""
    told = {name: given(getattr(load, name), by="brief") for name in load.__slots__}
    head_dim = defined(load.hidden / load.heads, "width over heads")
    shape = make_shape(
        name="the brief's model", layers=told["layers"], hidden=told["hidden"], ffn=told["ffn"], gated=True, heads=told["heads"], kv_heads=told["kv_heads"],
        head_dim=head_dim, vocab=told["vocab"], tied=False,
    )
    return told, head_dim, shape


def estimate_training(design: TrainingDesign, load: TrainingLoad, *, uneven: bool = False) -> TrainingEstimate:
    """Estimate a cluster and its run. Raises `BadInput` when a layout does not come out even.

    ``uneven`` is for published runs whose stages differ, because their framework counts the embeddings as layers: the
    stage with the most layers then sets the pace and holds the most.
    """
    check_training(design, load, uneven=uneven)
    chip = catalogue.chip(design.accelerator)
    told, head_dim, shape = _told(load)
    tp, pp, dp = given(design.tensor_parallel), given(design.pipeline_parallel), given(design.data_parallel)
    n, seq, mb, chunks = given(design.n_chips), given(design.seq_len), given(design.micro_batch), given(design.interleave)
    batch = given(design.global_batch_tokens)
    flops = forward_flops_per_token(
        matmul_params=shape.matmul_params, layers=shape.layers, heads=shape.heads, head_dim=head_dim,
        attended_tokens=defined(design.seq_len / 2, "causal: half the sequence on average"),
    )
    # --- memory
    per_chip = params_per_chip(params=shape.params, tensor_parallel=tp, pipeline_parallel=pp)
    master = _STATE[design.state_precision]
    shards = {stage: dp if design.zero_stage >= stage else ONE for stage in (1, 2, 3)}
    optimizer_value = optimizer_value_bytes(master_value_bytes=master, moment_value_bytes=master)
    per_param = state_bytes_per_param(weight_value_bytes=_TWO_BYTES, gradient_value_bytes=_TWO_BYTES, master_value_bytes=master, moment_value_bytes=master)
    nothing = {"weight_value_bytes": ZERO, "gradient_value_bytes": ZERO, "optimizer_value_bytes": ZERO}
    parts = {"weight_value_bytes": _TWO_BYTES, "gradient_value_bytes": _TWO_BYTES, "optimizer_value_bytes": optimizer_value}
    split = {"weight_shards": shards[3], "gradient_shards": shards[2], "optimizer_shards": shards[1]}

    def state(**chosen: Figure) -> Figure:
        return state_bytes(params_per_chip=per_chip, **{**nothing, **chosen}, **split)

    own_state = state(**parts)
    m = micro_batches(global_batch_tokens=batch, seq_len=seq, micro_batch=mb, data_parallel=dp)
    layer = {"seq_len": seq, "micro_batch": mb, "hidden": shape.hidden, "bytes_per_value": defined(2.0, "16 bits"), "tensor_parallel": tp}
    kept = {"none": lambda: activations_kept(**layer, heads=shape.heads), "selective": lambda: activations_selective(**layer), "full": lambda: activations_full(**layer)}
    largest = {"layers": shape.layers, "pipeline_parallel": pp}
    if load.layers % design.pipeline_parallel:
        largest = {"layers": largest_stage_layers(**largest), "pipeline_parallel": ONE}
    activations = activation_bytes(
        activation_bytes_per_layer=kept[design.recompute](), **largest,
        micro_batches_in_flight=micro_batches_in_flight(pipeline_parallel=pp, micro_batches=m, interleave=chunks),
    )
    reserve = catalogue.constant("runtime_reserve_bytes")
    total = training_bytes(state_bytes=own_state, activation_bytes=activations, reserve_bytes=reserve)
    # --- time
    peak = sixteen_bit_peak(design, chip)
    gain = gain_of(design, chip, peak)
    own_flops = step_flops_per_chip(forward_flops=flops, global_batch_tokens=batch, n_chips=n)
    compute = step_arithmetic_s(step_flops_per_chip=own_flops, peak_flops_per_s=peak, compute_efficiency=calibrated("training_compute_efficiency", chip.id), precision_gain=gain)
    if load.layers % design.pipeline_parallel:
        compute = slowest_stage_s(compute_s=compute, stage_layers=largest["layers"], layers=shape.layers, pipeline_parallel=pp)
    again = recompute_s(compute_s=compute, recompute_share=_RECOMPUTE[design.recompute])
    inside, outside = scale_up(design, chip), scale_out(design, chip)
    message = activation_message_bytes(micro_batch=mb, seq_len=seq, hidden=shape.hidden, bytes_per_value=defined(2.0, "16 bits"))
    torus = torus_wire(design, chip)
    reduce_one = ZERO
    if design.tensor_parallel > 1:
        reduce_one = over_torus(message, tp, ONE, torus) if torus else tensor_all_reduce(message, design, inside, outside)
    tensor = tensor_comm_s(all_reduce_s=reduce_one, **largest, micro_batches=m) if design.tensor_parallel > 1 else ZERO
    fill = ZERO
    if design.pipeline_parallel > 1:
        next_stage = torus or outside
        hop = point_to_point_s(message_bytes=message, link_bytes_per_s=next_stage.link_bytes_per_s, link_efficiency=next_stage.link_efficiency, hop_s=next_stage.hop_s)
        fill = pipeline_comm_s(transfer_s=hop, pipeline_parallel=pp, interleave=chunks)
    gradients = gradient_message_bytes(params_per_chip=per_chip, gradient_value_bytes=_TWO_BYTES, traffic_factor=_TRAFFIC[design.zero_stage])
    data = ZERO
    if design.data_parallel > 1:
        axes = defined(float(torus_axes(chip, design.tensor_parallel)), "axes of the torus that tensor parallelism leaves") if torus else ONE
        data = over_torus(gradients, dp, axes, torus) if torus else data_all_reduce(gradients, design, inside, outside)
    exposed = data_comm_exposed_s(data_comm_s=data, compute_s=compute, overlap_share=calibrated("sharded_overlap_share" if design.zero_stage == 3 else "overlap_share"))
    bubble = pipeline_bubble(pipeline_parallel=pp, micro_batches=m, interleave=chunks)
    own_optimizer = optimizer_bytes_per_chip(params_per_chip=per_chip, optimizer_value_bytes=optimizer_value, optimizer_shards=shards[1])
    update = optimizer_s(optimizer_bytes_per_chip=own_optimizer, mem_bytes_per_s=chip.mem_bytes_per_s, memory_efficiency=catalogue.constant("mem_bandwidth_efficiency"))
    step = training_step_s(
        compute_s=compute, recompute_s=again, tensor_comm_s=tensor, bubble=bubble, pipeline_comm_s=fill, data_comm_exposed_s=exposed, optimizer_s=update
    )
    # --- the run
    saved = checkpoint_bytes(params=shape.params, weight_value_bytes=_TWO_BYTES, optimizer_value_bytes=optimizer_value)
    write = checkpoint_write_s(checkpoint_bytes=saved, storage_bytes_per_s=told["storage_bytes_per_s"])
    hour, day = catalogue.constant("hour_s"), catalogue.constant("day_s")
    mtbf = cluster_mtbf_s(mtbf_chip_hours=told["mtbf_chip_hours"], n_chips=n, hour_s=hour)
    good = goodput(checkpoint_write_s=write, checkpoint_interval_s=given(design.checkpoint_interval_s), restart_s=told["restart_s"], mtbf_s=mtbf)
    steps = training_steps(train_tokens=told["train_tokens"], global_batch_tokens=batch)
    days = run_days(steps=steps, step_s=step, goodput=good, day_s=day)
    price = given(load.usd_per_chip_hour, by="brief") if load.usd_per_chip_hour else catalogue.price(chip.id)
    use = mfu(step_flops_per_chip=own_flops, step_s=step, peak_flops_per_s=peak)
    paid = paid_chips(nodes=given(design.nodes), spare_nodes=given(design.spare_nodes), chips_per_node=given(design.chips_per_node))
    return TrainingEstimate(
        params=shape.params, flops_per_token=flops, training_flops=training_flops(params=shape.params, train_tokens=told["train_tokens"]), n_chips=n,
        weight_bytes=state(weight_value_bytes=_TWO_BYTES), gradient_bytes=state(gradient_value_bytes=_TWO_BYTES),
        optimizer_bytes=state(optimizer_value_bytes=optimizer_value), state_bytes_per_param=per_param, state_bytes=own_state,
        state_bytes_total=state_bytes_total(params=shape.params, state_bytes_per_param=per_param), activation_bytes=activations, reserve_bytes=reserve,
        total_bytes=total, mem_bytes=chip.mem_bytes, fits=total <= chip.mem_bytes, micro_batches=m, bubble=bubble, precision_gain=gain, compute_s=compute,
        recompute_s=again, tensor_comm_s=tensor, pipeline_comm_s=fill, data_comm_s=data, data_comm_exposed_s=exposed, optimizer_s=update, step_s=step,
        exposed_comm_share=exposed_comm_share(tensor_comm_s=tensor, pipeline_comm_s=fill, data_comm_exposed_s=exposed, step_s=step),
        tokens_per_s=step_tokens_per_s(global_batch_tokens=batch, step_s=step), mfu=use, hfu=hfu(mfu=use, recompute_share=_RECOMPUTE[design.recompute]),
        steps=steps, ideal_days=run_days(steps=steps, step_s=step, goodput=ONE, day_s=day), days=days, usd_per_chip_hour=price,
        usd=run_usd(n_chips=paid, days=days, day_s=day, hour_s=hour, usd_per_chip_hour=price), message_bytes=message, all_reduce_s=reduce_one,
        allreduce_bytes=ring_all_reduce_bytes(message_bytes=gradients, ranks=dp), checkpoint_bytes=saved, checkpoint_write_s=write, mtbf_s=mtbf,
        best_interval_s=best_interval_s(checkpoint_write_s=write, mtbf_s=mtbf), goodput=good, failures=failures(run_s=run_seconds(days=days, day_s=day), mtbf_s=mtbf),
    )


def sixteen_bit_peak(design: TrainingDesign, chip: catalogue.Chip) -> Figure:
    """The 16-bit peak by which MFU is counted: of the format chosen, or where that is another width, of the one that the chip has."""
    if design.matmul_precision in ("bf16", "fp16"):
        return chip.peak(design.matmul_precision)
    return chip.peak("bf16" if "bf16" in chip.formats else "fp16")


def gain_of(design: TrainingDesign, chip: catalogue.Chip, peak: Figure) -> Figure:
    """What the chosen number format does to the arithmetic; `NotSupported` when the chip lacks it."""
    if design.matmul_precision in ("bf16", "fp16"):
        return ONE
    lower = chip.peak(design.matmul_precision)
    ratio = peak_ratio(lower_peak_flops_per_s=lower, peak_flops_per_s=peak)
    share = calibrated("fp8_matmul_share") if design.matmul_precision == "fp8" else ONE
    return precision_gain(matmul_share=share, peak_ratio=ratio)
