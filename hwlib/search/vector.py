"""The training estimate on arrays: the formulas of `hwlib.training`, many layouts at a time.

What no layout changes (the model's arithmetic, the chip's figures) is read off one scalar estimate; the rest is the
same formulas called with arrays. Rows run down the first axis, ZeRO stages along the second, recomputation along
the third, so that most of the work is done once a row and not once a layout.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hwlib import catalogue
from hwlib.calibration import calibrated
from hwlib.collectives import (
    hierarchical_all_reduce_s,
    point_to_point_s,
    ring_all_reduce_s,
    two_level_all_reduce_s,
)
from hwlib.designs import TrainingDesign, TrainingLoad
from hwlib.memory import (
    activation_bytes,
    activations_full,
    activations_kept,
    activations_selective,
    micro_batches_in_flight,
    params_per_chip,
    state_bytes,
    training_bytes,
)
from hwlib.parallelism import (
    activation_message_bytes,
    data_comm_exposed_s,
    gradient_message_bytes,
    micro_batches,
    nodes_spanned,
    pipeline_bubble,
    pipeline_comm_s,
    ranks_in_node,
    tensor_comm_s,
)
from hwlib.reliability import cluster_mtbf_s, goodput
from hwlib.search.space import AXES, Space
from hwlib.step import (
    optimizer_bytes_per_chip,
    optimizer_s,
    optimizer_value_bytes,
    paid_chips,
    recompute_s,
    run_days,
    run_usd,
    step_arithmetic_s,
    step_flops_per_chip,
    training_step_s,
    training_steps,
)
from hwlib.training import (
    _RECOMPUTE,
    _STATE,
    _TRAFFIC,
    _TWO_BYTES,
    TrainingEstimate,
    Wire,
    both_levels,
    estimate_training,
    over_torus,
    scale_out,
    scale_up,
    sixteen_bit_peak,
    torus_axes,
    torus_wire,
)

OBJECTIVES = ("days", "usd", "total_bytes")
"""What a search makes small: days of the run, its price, memory of a chip."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of layouts estimated, each an array of rows × ZeRO stages × recomputation."""

    step_s: np.ndarray
    days: np.ndarray
    usd: np.ndarray
    total_bytes: np.ndarray


def any_layout(design: TrainingDesign, load: TrainingLoad) -> TrainingEstimate:
    """The scalar estimate of some layout of the design, for the figures that no layout changes."""
    plain = replace(design, nodes=1, chips_per_node=1, tensor_parallel=1, pipeline_parallel=1, data_parallel=1, interleave=1, micro_batch=1)
    return estimate_training(plain, load, uneven=True)  # the space may hold batches that divide where this one does not


class Estimator:
    """One chip and precision, ready to estimate blocks of rows."""

    def __init__(self, design: TrainingDesign, load: TrainingLoad, space: Space) -> None:
        self.design, self.load = design, load
        self.chip = catalogue.chip(design.accelerator)
        self.fixed = any_layout(design, load)
        self.peak = sixteen_bit_peak(design, self.chip)
        self.inside, self.outside = scale_up(design, self.chip), scale_out(design, self.chip)
        self.torus = torus_wire(replace(design, nodes=max(space.of(design, "nodes"))), self.chip)
        self.stages = np.array(space.zero_stage)[None, :, None]
        self.recompute = space.recompute
        self.again = np.array([float(_RECOMPUTE[name]) for name in space.recompute])[None, None, :]
        self.hidden = np.where(self.stages == 3, float(calibrated("sharded_overlap_share")), float(calibrated("overlap_share")))
        self.traffic = np.array([float(_TRAFFIC[stage]) for stage in space.zero_stage])[None, :, None]

    def __call__(self, table: np.ndarray) -> Block:
        """Estimate the rows of a table with columns `AXES`."""
        d, load, one = self.design, self.load, self.fixed
        nodes, batch, tp, pp, dp, chunks, mb = (table[i].astype(float)[:, None, None] for i in range(len(AXES)))
        n = nodes * d.chips_per_node
        per_chip = params_per_chip(params=one.params, tensor_parallel=tp, pipeline_parallel=pp)
        master = _STATE[d.state_precision]
        optimizer_value = optimizer_value_bytes(master_value_bytes=master, moment_value_bytes=master)
        shards = {stage: np.where(self.stages >= stage, dp, 1.0) for stage in (1, 2, 3)}
        state = state_bytes(
            params_per_chip=per_chip, weight_value_bytes=_TWO_BYTES, gradient_value_bytes=_TWO_BYTES, optimizer_value_bytes=optimizer_value,
            weight_shards=shards[3], gradient_shards=shards[2], optimizer_shards=shards[1],
        )
        m = micro_batches(global_batch_tokens=batch, seq_len=d.seq_len, micro_batch=mb, data_parallel=dp)
        flight = micro_batches_in_flight(pipeline_parallel=pp, micro_batches=m, interleave=chunks)
        activations = activation_bytes(activation_bytes_per_layer=self._layer(mb, tp), layers=load.layers, pipeline_parallel=pp, micro_batches_in_flight=flight)
        total = training_bytes(state_bytes=state, activation_bytes=activations, reserve_bytes=one.reserve_bytes)
        compute = step_arithmetic_s(
            step_flops_per_chip=step_flops_per_chip(forward_flops=one.flops_per_token, global_batch_tokens=batch, n_chips=n), peak_flops_per_s=self.peak,
            compute_efficiency=calibrated("training_compute_efficiency", self.chip.id), precision_gain=one.precision_gain,
        )
        update = optimizer_s(
            optimizer_bytes_per_chip=optimizer_bytes_per_chip(params_per_chip=per_chip, optimizer_value_bytes=optimizer_value, optimizer_shards=shards[1]),
            mem_bytes_per_s=self.chip.mem_bytes_per_s, memory_efficiency=catalogue.constant("mem_bandwidth_efficiency"),
        )
        tensor, fill = self._tensor(mb, tp, pp, m), self._fill(mb, pp, chunks)
        step = training_step_s(
            compute_s=compute, recompute_s=recompute_s(compute_s=compute, recompute_share=self.again), tensor_comm_s=tensor,
            bubble=pipeline_bubble(pipeline_parallel=pp, micro_batches=m, interleave=chunks), pipeline_comm_s=fill,
            data_comm_exposed_s=self._exposed(per_chip, tp, dp, n, compute), optimizer_s=update,
        )
        hour, day = catalogue.constant("hour_s"), catalogue.constant("day_s")
        good = goodput(
            checkpoint_write_s=one.checkpoint_write_s, checkpoint_interval_s=d.checkpoint_interval_s, restart_s=load.restart_s,
            mtbf_s=cluster_mtbf_s(mtbf_chip_hours=load.mtbf_chip_hours, n_chips=n, hour_s=hour),
        )
        days = run_days(steps=training_steps(train_tokens=load.train_tokens, global_batch_tokens=batch), step_s=step, goodput=good, day_s=day)
        paid = paid_chips(nodes=nodes, spare_nodes=d.spare_nodes, chips_per_node=d.chips_per_node)
        usd = run_usd(n_chips=paid, days=days, day_s=day, hour_s=hour, usd_per_chip_hour=one.usd_per_chip_hour)
        return Block(step, days, usd, np.broadcast_to(total, step.shape))

    def _layer(self, mb: np.ndarray, tp: np.ndarray) -> np.ndarray:
        """Activations of one layer and micro-batch, one column for each way of recomputing."""
        layer = {"seq_len": self.design.seq_len, "micro_batch": mb, "hidden": self.load.hidden, "bytes_per_value": _TWO_BYTES, "tensor_parallel": tp}
        ways = {"none": lambda: activations_kept(**layer, heads=self.load.heads), "selective": lambda: activations_selective(**layer), "full": lambda: activations_full(**layer)}
        return np.concatenate([ways[name]() for name in self.recompute], axis=2)

    def _message(self, mb: np.ndarray) -> np.ndarray:
        return activation_message_bytes(micro_batch=mb, seq_len=self.design.seq_len, hidden=self.load.hidden, bytes_per_value=_TWO_BYTES)

    def _tensor(self, mb: np.ndarray, tp: np.ndarray, pp: np.ndarray, m: np.ndarray) -> np.ndarray:
        message, node = self._message(mb), float(self.design.chips_per_node)
        if self.torus:
            one = over_torus(message, tp, np.ones_like(tp), self.torus)
        else:
            across = two_level_all_reduce_s(message_bytes=message, ranks_per_node=node, nodes=nodes_spanned(group_ranks=tp, ranks_per_node=node), **both_levels(self.inside, self.outside))
            one = np.where(tp <= node, _all_reduce(self.inside, message, tp), across)
        return np.where(tp > 1, tensor_comm_s(all_reduce_s=one, layers=self.load.layers, pipeline_parallel=pp, micro_batches=m), 0.0)

    def _fill(self, mb: np.ndarray, pp: np.ndarray, chunks: np.ndarray) -> np.ndarray:
        o = self.torus or self.outside
        hop = point_to_point_s(message_bytes=self._message(mb), link_bytes_per_s=o.link_bytes_per_s, link_efficiency=o.link_efficiency, hop_s=o.hop_s)
        return pipeline_comm_s(transfer_s=hop, pipeline_parallel=pp, interleave=chunks)  # one stage: no transfer, so zero

    def _exposed(self, per_chip: np.ndarray, tp: np.ndarray, dp: np.ndarray, n: np.ndarray, compute: np.ndarray) -> np.ndarray:
        gradients = gradient_message_bytes(params_per_chip=per_chip, gradient_value_bytes=_TWO_BYTES, traffic_factor=self.traffic)
        if self.torus:
            data = over_torus(gradients, dp, np.where(tp > 1, float(torus_axes(self.chip, 2)), float(torus_axes(self.chip, 1))), self.torus)
        else:
            local = ranks_in_node(data_parallel=dp, chips_per_node=float(self.design.chips_per_node), tensor_parallel=tp)
            across = hierarchical_all_reduce_s(
                message_bytes=gradients, ranks_per_node=local, nodes=nodes_spanned(group_ranks=dp, ranks_per_node=local), **both_levels(self.inside, self.outside)
            )
            data = np.where(n <= self.design.chips_per_node, _all_reduce(self.inside, gradients, dp), across)
        return data_comm_exposed_s(data_comm_s=np.where(dp > 1, data, 0.0), compute_s=compute, overlap_share=self.hidden)


def _all_reduce(wire: Wire, message: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    return ring_all_reduce_s(
        message_bytes=message, ranks=ranks, link_bytes_per_s=wire.link_bytes_per_s, link_efficiency=wire.link_efficiency, launch_s=wire.launch_s, hop_s=wire.hop_s
    )
