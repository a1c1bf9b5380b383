"""Reading a prompt and writing an answer: prefill is arithmetic, decode is reading memory."""

from __future__ import annotations

from hwlib.formula import ceil, formula, least, most


@formula(gives="tensor_ranks", cites="pope2022efficiently")
def tensor_ranks(*, n_chips, domain_chips):
    """Chips that split each matrix between them: at most as many as one fast domain holds.

    >>> tensor_ranks(n_chips=4, domain_chips=8), tensor_ranks(n_chips=576, domain_chips=8)
    (4.0, 8.0)
    """
    return least(n_chips, domain_chips)


@formula(gives="stages", cites="pope2022efficiently")
def stages(*, n_chips, tensor_ranks):
    """Groups of chips that hold successive layers.

    >>> stages(n_chips=576, tensor_ranks=8)
    72.0
    """
    return ceil(n_chips / tensor_ranks)


@formula(gives="prefill_compute_s", cites="pope2022efficiently")
def prefill_compute_s(*, prompt_tokens, forward_flops, tensor_ranks, peak_flops_per_s, compute_efficiency):
    """Arithmetic of one prompt on a group of chips; the stages take it one after the other.

    >>> round(prefill_compute_s(prompt_tokens=512, forward_flops=140e9, tensor_ranks=4, peak_flops_per_s=733e12, compute_efficiency=0.7), 4)
    0.0349
    """
    return prompt_tokens * forward_flops / (tensor_ranks * peak_flops_per_s * compute_efficiency)


@formula(gives="layer_comm_s", cites="pope2022efficiently")
def layer_comm_s(*, all_reduce_s, layers):
    """Two all-reduces in each layer, one after attention and one after the feed-forward block.

    >>> round(layer_comm_s(all_reduce_s=10e-6, layers=80), 6)
    0.0016
    """
    return 2 * layers * all_reduce_s


@formula(gives="hops_s", cites="abts2022software")
def hops_s(*, stages, transfer_s):
    """Passing the activations from stage to stage.

    >>> round(hops_s(stages=72, transfer_s=2e-6), 6)
    0.000142
    """
    return (stages - 1) * transfer_s


@formula(gives="prefill_memory_s", cites="pope2022efficiently")
def prefill_memory_s(*, weight_bytes, tensor_ranks, mem_bytes_per_s, memory_efficiency):
    """Reading the weights once: the floor of a short prompt.

    >>> round(prefill_memory_s(weight_bytes=140e9, tensor_ranks=4, mem_bytes_per_s=864e9, memory_efficiency=0.8), 4)
    0.0506
    """
    return weight_bytes / (tensor_ranks * mem_bytes_per_s * memory_efficiency)


@formula(gives="prefill_s", cites="pope2022efficiently")
def prefill_s(*, prefill_compute_s, prefill_memory_s, prefill_comm_s, hops_s, step_overhead_s):
    """Time to read one prompt.

    >>> round(prefill_s(prefill_compute_s=0.05, prefill_memory_s=0.02, prefill_comm_s=0.03, hops_s=0.0, step_overhead_s=0.001), 3)
    0.081
    """
    return most(prefill_compute_s, prefill_memory_s) + prefill_comm_s + hops_s + step_overhead_s


@formula(gives="step_memory_s", cites="pope2022efficiently")
def step_memory_s(*, weight_bytes, sequences, stages, kv_bytes_per_sequence, tensor_ranks, mem_bytes_per_s, memory_efficiency):
    """Reading memory in one decode step: all weights once, and the cache of each sequence on its way through.

    With several stages a sequence shares its stage with ``sequences / stages`` others.

    >>> round(step_memory_s(weight_bytes=140e9, sequences=32, stages=1, kv_bytes_per_sequence=0.3e9, tensor_ranks=4,
    ...                     mem_bytes_per_s=864e9, memory_efficiency=0.8), 4)
    0.0541
    """
    return (weight_bytes + sequences / stages * kv_bytes_per_sequence) / (tensor_ranks * mem_bytes_per_s * memory_efficiency)


@formula(gives="step_compute_s", cites="pope2022efficiently")
def step_compute_s(*, sequences, stages, forward_flops, tensor_ranks, peak_flops_per_s, compute_efficiency):
    """Arithmetic of one decode step.

    >>> round(step_compute_s(sequences=32, stages=1, forward_flops=140e9, tensor_ranks=4, peak_flops_per_s=362e12, compute_efficiency=0.7), 5)
    0.00442
    """
    return sequences / stages * forward_flops / (tensor_ranks * peak_flops_per_s * compute_efficiency)


@formula(gives="step_overhead_s", cites="kwon2023pagedattention")
def step_overhead_s(*, layers, kernel_floor_s, scheduler_s):
    """What a step costs whatever its size: kernels too short to be timed by bytes, and the scheduler.

    >>> round(step_overhead_s(layers=80, kernel_floor_s=5e-6, scheduler_s=1e-3), 4)
    0.0014
    """
    return layers * kernel_floor_s + scheduler_s


@formula(gives="step_s", cites="pope2022efficiently")
def decode_step_s(*, step_memory_s, step_compute_s, step_comm_s, hops_s, step_overhead_s):
    """One decode step: the slower of memory and arithmetic, then links and overhead.

    >>> round(decode_step_s(step_memory_s=0.02, step_compute_s=0.004, step_comm_s=0.002, hops_s=0.0, step_overhead_s=0.001), 4)
    0.023
    """
    return most(step_memory_s, step_compute_s) + step_comm_s + hops_s + step_overhead_s


@formula(gives="tokens_per_s", cites="pope2022efficiently")
def batch_tokens_per_s(*, sequences, step_s):
    """Tokens a second of a whole batch: each sequence gets one a step.

    >>> batch_tokens_per_s(sequences=32, step_s=0.02)
    1600.0
    """
    return sequences / step_s


@formula(gives="tokens_per_s_per_user", cites="pope2022efficiently")
def user_tokens_per_s(*, tpot_s):
    """Tokens a second that one reader sees.

    >>> user_tokens_per_s(tpot_s=0.05)
    20.0
    """
    return 1 / tpot_s


@formula(gives="chip_tokens_per_s", cites="pope2022efficiently")
def per_chip_tokens_per_s(*, tokens_per_s, n_chips):
    """A replica's tokens a second, for each of its chips.

    >>> per_chip_tokens_per_s(tokens_per_s=1600.0, n_chips=8)
    200.0
    """
    return tokens_per_s / n_chips
