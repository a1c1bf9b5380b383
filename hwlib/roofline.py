"""The roofline: how fast a piece of work can go, by how much arithmetic it does for each byte it moves."""

from __future__ import annotations

from hwlib.formula import formula, least, most


@formula(gives="ridge", cites="williams2009roofline")
def ridge_point(*, peak_flops_per_s, mem_bytes_per_s):
    """FLOP per byte at which a chip's arithmetic and its memory are both busy.

    >>> round(ridge_point(peak_flops_per_s=312e12, mem_bytes_per_s=2039e9))
    153
    """
    return peak_flops_per_s / mem_bytes_per_s


@formula(gives="intensity", cites="williams2009roofline")
def arithmetic_intensity(*, flops, moved_bytes):
    """FLOP for each byte moved to and from memory.

    >>> arithmetic_intensity(flops=14e9, moved_bytes=14e9)
    1.0
    """
    return flops / moved_bytes


@formula(gives="attainable_flops_per_s", cites="williams2009roofline")
def attainable_flops_per_s(*, peak_flops_per_s, mem_bytes_per_s, intensity):
    """The most that the chip can compute at this intensity: no model may beat it.

    >>> attainable_flops_per_s(peak_flops_per_s=312e12, mem_bytes_per_s=2e12, intensity=10.0) / 1e12
    20.0
    """
    return least(peak_flops_per_s, mem_bytes_per_s * intensity)


@formula(gives="intensity", cites="pope2022efficiently")
def decode_intensity(*, matmul_params, sequences, weight_bytes, kv_bytes_per_sequence):
    """FLOP per byte of one decode step: the weights are read once for all, each sequence reads its own cache.

    >>> round(decode_intensity(matmul_params=8e9, sequences=8, weight_bytes=16e9, kv_bytes_per_sequence=0.27e9), 1)
    7.0
    """
    return 2 * matmul_params * sequences / (weight_bytes + sequences * kv_bytes_per_sequence)


@formula(gives="intensity", cites="pope2022efficiently")
def prefill_intensity(*, matmul_params, prompt_tokens, weight_bytes, kv_bytes_per_token):
    """FLOP per byte of reading a prompt: one pass over the weights serves all its tokens.

    >>> round(prefill_intensity(matmul_params=8e9, prompt_tokens=512, weight_bytes=16e9, kv_bytes_per_token=131072))
    510
    """
    return 2 * matmul_params * prompt_tokens / (weight_bytes + kv_bytes_per_token * prompt_tokens)


@formula(gives="intensity", cites="kaplan2020scaling")
def training_intensity(*, matmul_params, tokens_per_chip, weight_bytes, state_bytes):
    """FLOP per byte of a training step: weights read three times, the state once for the update.

    >>> round(training_intensity(matmul_params=8e9, tokens_per_chip=8192, weight_bytes=16e9, state_bytes=128e9))
    2234
    """
    return 6 * matmul_params * tokens_per_chip / (3 * weight_bytes + state_bytes)


@formula(gives="operation_s", cites="williams2009roofline")
def operation_s(*, flops, peak_flops_per_s, moved_bytes, mem_bytes_per_s, calls, kernel_floor_s):
    """A group of alike operations: the slower of arithmetic and memory, and for each call what even an empty one takes.

    >>> operation_s(flops=2e9, peak_flops_per_s=1e11, moved_bytes=1e8, mem_bytes_per_s=1e10, calls=10, kernel_floor_s=1e-6)
    0.02001
    """
    return most(flops / peak_flops_per_s, moved_bytes / mem_bytes_per_s) + calls * kernel_floor_s


@formula(gives="pass_s", cites="williams2009roofline")
def pass_s(*, products_s, attention_s, elementwise_s):
    """One pass of a model: products with weights, attention, and what is done element by element, one after the other.

    >>> pass_s(products_s=0.01, attention_s=0.002, elementwise_s=0.003)
    0.015
    """
    return products_s + attention_s + elementwise_s
