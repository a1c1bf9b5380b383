"""What training keeps of a layer for the way back, by parallelism and by what is computed again."""

from __future__ import annotations

from hwlib.formula import formula


@formula(gives="outside_token_bytes", cites="korthikanti2022reducing")
def outside_token_bytes(*, hidden, bytes_per_value, mask_bytes):
    """Bytes a token that tensor parallelism alone does not split: inputs of norms, of attention and of the feed-forward block, and two dropout masks.

    >>> outside_token_bytes(hidden=12288, bytes_per_value=2, mask_bytes=1) / 12288
    10.0
    """
    return hidden * (4 * bytes_per_value + 2 * mask_bytes)


@formula(gives="inside_token_bytes", cites="korthikanti2022reducing")
def inside_token_bytes(*, heads, kv_heads, head_dim, ffn_matrices, ffn, bytes_per_value):
    """Bytes a token inside the split blocks: queries, keys, values, attention's result, and the feed-forward block's intermediate values.

    A plain block keeps its inner values before and after the non-linearity; a gated block keeps a third, the product.

    >>> inside_token_bytes(heads=96, kv_heads=96, head_dim=128, ffn_matrices=2, ffn=49152, bytes_per_value=2) / 12288
    24.0
    """
    return bytes_per_value * (2 * (heads + kv_heads) * head_dim + ffn_matrices * ffn)


@formula(gives="score_token_bytes", cites="korthikanti2022reducing")
def score_token_bytes(*, heads, seq_len, bytes_per_value, mask_bytes):
    """Bytes a token of attention scores where they are written to memory: softmax before and after dropout, and the mask.

    >>> score_token_bytes(heads=96, seq_len=2048, bytes_per_value=2, mask_bytes=1)
    983040.0
    """
    return heads * seq_len * (2 * bytes_per_value + mask_bytes)


@formula(gives="activation_bytes_per_layer", cites="korthikanti2022reducing")
def layer_activation_bytes(*, seq_len, micro_batch, outside_token_bytes, inside_token_bytes, score_token_bytes, tensor_parallel, sequence_ranks):
    """Bytes that one layer keeps of one micro-batch on one rank.

    ``sequence_ranks`` are the ranks that split what tensor parallelism leaves whole: all of them under sequence
    parallelism, one otherwise.

    >>> whole = {"seq_len": 2048, "micro_batch": 1, "outside_token_bytes": 10 * 12288, "inside_token_bytes": 24 * 12288, "score_token_bytes": 5 * 96 * 2048}
    >>> kept = layer_activation_bytes(**whole, tensor_parallel=8, sequence_ranks=1)
    >>> round(kept / 1e6), round(layer_activation_bytes(**whole, tensor_parallel=8, sequence_ranks=8) / kept, 2)
    (579, 0.62)
    """
    return seq_len * micro_batch * (outside_token_bytes / sequence_ranks + (inside_token_bytes + score_token_bytes) / tensor_parallel)


@formula(gives="activation_bytes", cites="korthikanti2022reducing")
def first_stage_activation_bytes(*, activation_bytes_per_layer, stage_layers, micro_batches_in_flight):
    """Activations of the first stage: each of its layers, for every micro-batch that has gone forward and not yet back.

    >>> first_stage_activation_bytes(activation_bytes_per_layer=1e9, stage_layers=3, micro_batches_in_flight=35) / 1e9
    105.0
    """
    return activation_bytes_per_layer * stage_layers * micro_batches_in_flight
