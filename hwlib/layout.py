"""Which training layouts come out even: the one list of rules, for the estimate, the search and the tutor.

A layout is refused when something would be cut into unequal pieces: chips into ranks, heads into tensor ranks, layers
into chunks of stages, sequences into micro-batches.
"""

from __future__ import annotations

from hwlib.designs import TrainingDesign, TrainingLoad, knobs
from hwlib.errors import BadInput


def reason(design: TrainingDesign, load: TrainingLoad) -> str:
    """Why a layout does not divide, in one sentence; empty when it does.

    >>> reason(TrainingDesign(accelerator="h100-sxm", nodes=7, tensor_parallel=8, pipeline_parallel=7), TrainingLoad())
    'pipeline_parallel × interleave = 7 × 1 does not divide the 80 layers; every stage must hold as many'
    """
    d, heads, kv_heads, layers = design, int(load.heads), int(load.kv_heads), int(load.layers)
    t, p, v = d.tensor_parallel, d.pipeline_parallel, d.interleave
    sequences, rest = divmod(d.global_batch_tokens, d.seq_len)
    if t * p * d.data_parallel != d.n_chips:
        return f"tensor × pipeline × data parallel = {t} × {p} × {d.data_parallel} is not the {d.n_chips:,} chips; make the two equal"
    if heads % t or (kv_heads % t and t % kv_heads):
        return f"tensor_parallel = {t} does not divide the {heads} query heads and {kv_heads} KV heads; every rank must hold as many"
    if int(load.hidden) % t or int(load.ffn) % t:
        return f"tensor_parallel = {t} does not divide the widths {int(load.hidden):,} and {int(load.ffn):,}"
    if layers % (p * v):
        return f"pipeline_parallel × interleave = {p} × {v} does not divide the {layers} layers; every stage must hold as many"
    if v > 1 and p == 1:
        return f"interleave = {v} needs more than one pipeline stage"
    if rest:
        return f"global_batch_tokens = {d.global_batch_tokens:,} is not a whole number of sequences of {d.seq_len:,} tokens"
    if sequences % (d.data_parallel * d.micro_batch):
        return f"data_parallel × micro_batch = {d.data_parallel} × {d.micro_batch} does not divide the {sequences:,} sequences of a step"
    if v > 1 and sequences // (d.data_parallel * d.micro_batch) % p:
        return f"interleave = {v} needs micro-batches in multiples of the {p} stages"
    return ""


def check_divides(design: TrainingDesign, load: TrainingLoad) -> None:
    """Refuse a layout that would be cut into unequal pieces."""
    said = reason(design, load)
    if said:
        first = said.split(" ", 1)[0]
        raise BadInput(said, field=first if first in knobs(TrainingDesign) else "data_parallel")
