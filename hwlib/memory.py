"""What must fit: weights, cache, optimizer state and activations."""

from __future__ import annotations

from hwlib.formula import floor, formula, least, most


@formula(gives="weight_bytes", cites="kaplan2020scaling")
def weight_bytes(*, params, bytes_per_param):
    """Bytes of the weights alone.

    >>> weight_bytes(params=70e9, bytes_per_param=2)
    140000000000.0
    """
    return params * bytes_per_param


@formula(gives="kv_cache_bytes", cites="pope2022efficiently")
def kv_cache_bytes(*, kv_bytes_per_token, context_tokens, sequences):
    """Bytes of keys and values kept for every token of every sequence.

    >>> kv_cache_bytes(kv_bytes_per_token=327680, context_tokens=4096, sequences=32)
    42949672960.0
    """
    return kv_bytes_per_token * context_tokens * sequences


@formula(gives="kv_bytes_per_token", cites="pope2022efficiently")
def copied_kv_bytes_per_token(*, kv_bytes_per_token, tensor_ranks, kv_heads):
    """Bytes of a token's keys and values on all ranks when there are more ranks than KV heads: each rank needs a whole head.

    Latent attention has one vector for all heads, and so one head here.

    >>> copied_kv_bytes_per_token(kv_bytes_per_token=40960, tensor_ranks=8, kv_heads=1)
    327680.0
    """
    return kv_bytes_per_token * most(1, tensor_ranks / kv_heads)


@formula(gives="kv_room_bytes", cites="kwon2023pagedattention")
def kv_room_bytes(*, n_chips, mem_bytes, reserve_bytes, weight_bytes):
    """Memory left for the cache once weights and the runtime's reserve are in. Negative: the weights do not fit.

    >>> round(kv_room_bytes(n_chips=1, mem_bytes=80 * 2**30, reserve_bytes=3.5 * 2**30, weight_bytes=13.5e9) / 1e9, 1)
    68.6
    """
    return n_chips * (mem_bytes - reserve_bytes) - weight_bytes


@formula(gives="sequences_that_fit", cites="kwon2023pagedattention")
def sequences_that_fit(*, kv_room_bytes, kv_bytes_per_token, held_tokens):
    """Sequences whose cache fits, when each holds ``held_tokens``; 0 when the weights alone do not fit.

    >>> sequences_that_fit(kv_room_bytes=68.6e9, kv_bytes_per_token=524288, held_tokens=2048)
    63.0
    """
    return most(0, floor(kv_room_bytes / (kv_bytes_per_token * held_tokens)))


@formula(gives="state_bytes_per_param", cites="rajbhandari2020zero")
def state_bytes_per_param(*, weight_value_bytes, gradient_value_bytes, master_value_bytes, moment_value_bytes):
    """Bytes kept for each parameter in mixed-precision Adam: weight, gradient, master copy and two moments.

    >>> state_bytes_per_param(weight_value_bytes=2, gradient_value_bytes=2, master_value_bytes=4, moment_value_bytes=4)
    16.0
    """
    return weight_value_bytes + gradient_value_bytes + master_value_bytes + 2 * moment_value_bytes


@formula(gives="state_bytes_total", cites="rajbhandari2020zero")
def state_bytes_total(*, params, state_bytes_per_param):
    """Bytes of weights, gradients and optimizer state of the whole model.

    >>> state_bytes_total(params=175e9, state_bytes_per_param=16) / 1e12
    2.8
    """
    return params * state_bytes_per_param


@formula(gives="params_per_chip", cites="narayanan2021efficient")
def params_per_chip(*, params, tensor_parallel, pipeline_parallel):
    """Parameters that tensor and pipeline parallelism leave to one chip.

    >>> params_per_chip(params=100e9, tensor_parallel=8, pipeline_parallel=4)
    3125000000.0
    """
    return params / (tensor_parallel * pipeline_parallel)


@formula(gives="state_bytes", cites="rajbhandari2020zero")
def state_bytes(*, params_per_chip, weight_value_bytes, weight_shards, gradient_value_bytes, gradient_shards, optimizer_value_bytes, optimizer_shards):
    """State of one chip. ZeRO 1 splits the optimizer over the data-parallel ranks, 2 the gradients too, 3 the weights too.

    >>> state_bytes(params_per_chip=1e9, weight_value_bytes=2, weight_shards=1, gradient_value_bytes=2, gradient_shards=1,
    ...             optimizer_value_bytes=12, optimizer_shards=1)
    16000000000.0
    """
    return params_per_chip * (
        weight_value_bytes / weight_shards + gradient_value_bytes / gradient_shards + optimizer_value_bytes / optimizer_shards
    )


@formula(gives="activation_bytes_per_layer", cites="korthikanti2022reducing")
def activations_kept(*, seq_len, micro_batch, hidden, heads, bytes_per_value, tensor_parallel):
    """Bytes of one layer's activations when nothing is recomputed, with sequence parallelism.

    >>> round(activations_kept(seq_len=2048, micro_batch=1, hidden=12288, heads=96, bytes_per_value=2, tensor_parallel=8) / 1e6)
    359
    """
    return seq_len * micro_batch * (17 * hidden + 2.5 * heads * seq_len) * bytes_per_value / tensor_parallel


@formula(gives="activation_bytes_per_layer", cites="korthikanti2022reducing")
def activations_selective(*, seq_len, micro_batch, hidden, bytes_per_value, tensor_parallel):
    """The same when the attention scores are computed again on the way back.

    >>> round(activations_selective(seq_len=2048, micro_batch=1, hidden=12288, bytes_per_value=2, tensor_parallel=8) / 1e6)
    107
    """
    return 17 * seq_len * micro_batch * hidden * bytes_per_value / tensor_parallel


@formula(gives="activation_bytes_per_layer", cites="korthikanti2022reducing")
def activations_full(*, seq_len, micro_batch, hidden, bytes_per_value, tensor_parallel):
    """The same when only each layer's input is kept and the whole layer is computed again.

    >>> round(activations_full(seq_len=2048, micro_batch=1, hidden=12288, bytes_per_value=2, tensor_parallel=8) / 1e6, 1)
    6.3
    """
    return seq_len * micro_batch * hidden * bytes_per_value / tensor_parallel


@formula(gives="micro_batches_in_flight", cites="narayanan2021efficient")
def micro_batches_in_flight(*, pipeline_parallel, micro_batches, interleave):
    """Micro-batches whose activations the first stage holds: as many as there are stages, a few more when interleaved.

    >>> micro_batches_in_flight(pipeline_parallel=8, micro_batches=64, interleave=1)
    8.0
    >>> round(micro_batches_in_flight(pipeline_parallel=8, micro_batches=64, interleave=3), 2)  # L (1 + (p − 1) / (p v)) layers
    10.33
    """
    return least(micro_batches, pipeline_parallel + least(1, interleave - 1) * (pipeline_parallel - 1) / interleave)


@formula(gives="activation_bytes", cites="korthikanti2022reducing")
def activation_bytes(*, activation_bytes_per_layer, layers, pipeline_parallel, micro_batches_in_flight):
    """Activations of the first stage, which holds the most.

    >>> activation_bytes(activation_bytes_per_layer=1e8, layers=96, pipeline_parallel=8, micro_batches_in_flight=8) / 1e9
    9.6
    """
    return activation_bytes_per_layer * (layers / pipeline_parallel) * micro_batches_in_flight


@formula(gives="total_bytes", cites="rajbhandari2020zero")
def training_bytes(*, state_bytes, activation_bytes, reserve_bytes):
    """All that one chip holds in training.

    >>> training_bytes(state_bytes=40e9, activation_bytes=20e9, reserve_bytes=4e9) / 1e9
    64.0
    """
    return state_bytes + activation_bytes + reserve_bytes
