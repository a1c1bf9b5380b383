"""Splitting a training step over chips: micro-batches, bubbles and the messages that a layout causes."""

from __future__ import annotations

from hwlib.formula import ceil, floor, formula, least, most


@formula(gives="micro_batches", cites="narayanan2021efficient")
def micro_batches(*, global_batch_tokens, seq_len, micro_batch, data_parallel):
    """Micro-batches that one pipeline works through in a step.

    >>> micro_batches(global_batch_tokens=4194304, seq_len=4096, micro_batch=1, data_parallel=16)
    64.0
    """
    return global_batch_tokens / (seq_len * micro_batch * data_parallel)


@formula(gives="bubble", cites="narayanan2021efficient")
def pipeline_bubble(*, pipeline_parallel, micro_batches, interleave):
    """Share of a step in which a stage waits for the pipeline to fill and drain.

    >>> pipeline_bubble(pipeline_parallel=4, micro_batches=8, interleave=1) == 3 / 11
    True
    """
    return (pipeline_parallel - 1) / (interleave * micro_batches + pipeline_parallel - 1)


@formula(gives="message_bytes", cites="narayanan2021efficient")
def activation_message_bytes(*, micro_batch, seq_len, hidden, bytes_per_value):
    """Bytes of one micro-batch's activations at a layer's edge: what tensor and pipeline ranks exchange.

    >>> activation_message_bytes(micro_batch=1, seq_len=4096, hidden=10240, bytes_per_value=2) / 1e6
    83.88608
    """
    return micro_batch * seq_len * hidden * bytes_per_value


@formula(gives="tensor_comm_s", cites="narayanan2021efficient")
def tensor_comm_s(*, all_reduce_s, layers, pipeline_parallel, micro_batches):
    """All-reduces of tensor parallelism in a step: two forward and two backward in each layer and micro-batch.

    >>> tensor_comm_s(all_reduce_s=1e-3, layers=80, pipeline_parallel=8, micro_batches=64)
    2.56
    """
    return 4 * all_reduce_s * (layers / pipeline_parallel) * micro_batches


@formula(gives="pipeline_comm_s", cites="narayanan2021efficient")
def pipeline_comm_s(*, transfer_s, pipeline_parallel, interleave):
    """Transfers between stages that nothing hides: those that fill and drain the pipeline.

    >>> pipeline_comm_s(transfer_s=1e-3, pipeline_parallel=8, interleave=1)
    0.014
    """
    return 2 * (pipeline_parallel - 1) * interleave * transfer_s


@formula(gives="gradient_message_bytes", cites="rajbhandari2020zero")
def gradient_message_bytes(*, params_per_chip, gradient_value_bytes, traffic_factor):
    """Bytes that data-parallel ranks reduce in a step; ZeRO 3 gathers weights too and pays half as much again.

    >>> gradient_message_bytes(params_per_chip=3e9, gradient_value_bytes=2, traffic_factor=1.5) / 1e9
    9.0
    """
    return params_per_chip * gradient_value_bytes * traffic_factor


@formula(gives="data_comm_exposed_s", cites="rajbhandari2020zero")
def data_comm_exposed_s(*, data_comm_s, compute_s, overlap_share):
    """What is left of the gradient traffic after hiding behind the backward pass, two thirds of the arithmetic.

    >>> round(data_comm_exposed_s(data_comm_s=1.0, compute_s=3.0, overlap_share=0.45), 3)
    0.1
    """
    return most(0.0, data_comm_s - overlap_share * 2 / 3 * compute_s)


@formula(gives="stage_layers", cites="narayanan2021efficient")
def largest_stage_layers(*, layers, pipeline_parallel):
    """Layers of the largest stage. When the stages do not divide the layers the others wait for it.

    >>> largest_stage_layers(layers=80, pipeline_parallel=8), largest_stage_layers(layers=80, pipeline_parallel=12)
    (10.0, 7.0)
    """
    return ceil(layers / pipeline_parallel)


@formula(gives="compute_s", cites="narayanan2021efficient")
def slowest_stage_s(*, compute_s, stage_layers, layers, pipeline_parallel):
    """Arithmetic of a step on the largest stage, from that of a mean one: the others wait for it.

    >>> slowest_stage_s(compute_s=3.0, stage_layers=7, layers=80, pipeline_parallel=12)
    3.15
    """
    return compute_s * stage_layers * pipeline_parallel / layers


@formula(gives="ranks_per_node", cites="narayanan2021efficient")
def ranks_in_node(*, data_parallel, chips_per_node, tensor_parallel):
    """Data-parallel ranks of one group that share a node: what tensor parallelism leaves of it.

    >>> ranks_in_node(data_parallel=64, chips_per_node=8, tensor_parallel=2), ranks_in_node(data_parallel=64, chips_per_node=8, tensor_parallel=16)
    (4.0, 1.0)
    """
    return least(data_parallel, most(1, floor(chips_per_node / tensor_parallel)))


@formula(gives="nodes", cites="narayanan2021efficient")
def nodes_spanned(*, group_ranks, ranks_per_node):
    """Nodes over which the ranks of a group are spread.

    >>> nodes_spanned(group_ranks=64, ranks_per_node=4)
    16.0
    """
    return ceil(group_ranks / ranks_per_node)


@formula(gives="compute_s", cites="narayanan2021efficient")
def pipelined_s(*, stage_s, micro_batches, pipeline_parallel, interleave):
    """Every micro-batch through the slowest stage, and the filling and draining of the others.

    The bubble is the part beyond ``stage_s × micro_batches``; `pipeline_bubble` is its share.

    >>> pipelined_s(stage_s=1.0, micro_batches=8, pipeline_parallel=4, interleave=1)
    11.0
    >>> 1 - 8 / 11.0 == pipeline_bubble(pipeline_parallel=4, micro_batches=8, interleave=1)
    True
    """
    return stage_s * (micro_batches + (pipeline_parallel - 1) / interleave)


@formula(gives="gathered_bytes", cites="rajbhandari2020zero")
def sharded_traffic_bytes(*, params_per_chip, weight_value_bytes, gathers, gradient_value_bytes, scatters, ranks):
    """Bytes that a rank receives when weights are gathered and gradients scattered among the data-parallel ranks.

    ZeRO 1 and 2 gather once and scatter once a step; ZeRO 3 gathers for the forward and again for the backward pass of
    every micro-batch, which is what it pays for holding one share of the weights.

    >>> zero1 = sharded_traffic_bytes(params_per_chip=7e9, weight_value_bytes=2, gathers=1, gradient_value_bytes=2, scatters=1, ranks=8)
    >>> zero3 = sharded_traffic_bytes(params_per_chip=7e9, weight_value_bytes=2, gathers=2, gradient_value_bytes=2, scatters=1, ranks=8)
    >>> zero1 / 1e9, zero3 / zero1
    (24.5, 1.5)
    """
    return params_per_chip * (gathers * weight_value_bytes + scatters * gradient_value_bytes) * (ranks - 1) / ranks


@formula(gives="message_bytes", cites="deepseek2024v3")
def expert_message_bytes(*, tokens_per_chip, active_experts, hidden, bytes_per_value, expert_parallel):
    """Bytes that a rank sends to the experts of other ranks: each token goes to each of its experts.

    >>> round(expert_message_bytes(tokens_per_chip=4096, active_experts=8, hidden=7168, bytes_per_value=2, expert_parallel=64) / 1e6)
    462
    """
    return tokens_per_chip * active_experts * hidden * bytes_per_value * (expert_parallel - 1) / expert_parallel


@formula(gives="message_bytes", cites="korthikanti2022reducing")
def context_message_bytes(*, tokens_per_chip, kv_heads, head_dim, bytes_per_value, tensor_parallel, context_parallel):
    """Bytes of keys and values that pass a rank in one layer when the ranks of a sequence show each other theirs.

    >>> context_message_bytes(tokens_per_chip=4096, kv_heads=8, head_dim=128, bytes_per_value=2, tensor_parallel=1, context_parallel=2)
    16777216.0
    """
    return 2 * tokens_per_chip * kv_heads * head_dim * bytes_per_value * (context_parallel - 1) / tensor_parallel
