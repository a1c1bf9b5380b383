"""What one micro-batch makes a chip do: FLOP, bytes and messages of a layer and of the output projection, forward.

Nothing here is fitted; everything follows from the dimensions and the layout, so it is computed once for a row.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from hwlib.parallelism import (
    activation_message_bytes,
    context_message_bytes,
    expert_message_bytes,
    largest_stage_layers,
    sharded_traffic_bytes,
)
from hwlib.predict.families.training_row import Run, inputs_of, run_of_inputs
from hwlib.predict.row import Row

_message, _context, _experts = (f.formula.run for f in (activation_message_bytes, context_message_bytes, expert_message_bytes))
_stage, _traffic = largest_stage_layers.formula.run, sharded_traffic_bytes.formula.run


class Work(NamedTuple):
    """Of one chip and one micro-batch, forward, in one layer unless the name says otherwise."""

    layers: float
    """Of the fullest stage."""
    last_layers: float
    """Of the stage that holds the output projection; it may hold fewer."""
    matmul_flops: float
    matmul_bytes: float
    """Operands and results of the products, each once."""
    attention_flops: float
    score_bytes: float
    """Attention scores that are written and read, where they are not kept on the chip."""
    small_bytes: float
    """Norms, residuals, gates, rotations: what memory-bound kernels read and write."""
    routing_bytes: float
    """Gathering tokens by expert and putting them back."""
    head_flops: float
    head_bytes: float
    stage_params: float
    """Weights of one chip."""
    tensor_bytes: float
    tensor_steps: float
    """Hops of an all-reduce among the tensor ranks."""
    tensor_rate: float
    expert_s_bytes: float
    """All-to-all, over the slower of the two links: bytes times the share that crosses it."""
    expert_rate: float
    local_experts: float
    context_bytes: float
    context_rate: float
    pipe_bytes: float
    pipe_rate: float
    data_bytes: float
    """Of a step (of each micro-batch where weights are gathered anew)."""
    data_rate: float
    data_hops: float
    data_repeats: float
    """How often a step repeats that exchange."""
    data_calls: float
    slice_bytes: float
    optimizer_bytes: float


def _products(run: Run, tokens: float, width8: float) -> tuple[float, float]:
    """FLOP and operand bytes of the products of one layer on one rank."""
    m, t = run.model, run.tp
    qkv = (m.heads + 2 * m.kv_heads) * m.head_dim / t
    out = m.heads * m.head_dim / t
    dense_attention = 2 * m.hidden * m.head_dim * (m.heads + m.kv_heads)
    flops = 2 * tokens * m.attention_params / t
    moved = tokens * (2 * m.hidden + qkv + out) * m.attention_params / dense_attention + m.attention_params / t
    mixture = (m.layers - m.dense_layers) / m.layers
    visits = (m.active + m.shared) * mixture
    flops += 2 * tokens * (visits * m.expert_params + (1 - mixture) * m.matrices * m.hidden * m.dense_ffn) / t
    stored = (m.experts / run.ep + m.shared) * mixture if m.experts > 1 else 1.0
    inner = m.ffn / t
    moved += tokens * visits * (2 * m.hidden + m.matrices * inner) + stored * m.expert_params / t
    moved += (1 - mixture) * (tokens * (2 * m.hidden + m.matrices * m.dense_ffn / t) + m.matrices * m.hidden * m.dense_ffn / t)
    return flops, moved * width8


@lru_cache(maxsize=8192)
def _prepared(inputs: tuple[tuple[str, str], ...]) -> tuple[Run, Work]:
    run = run_of_inputs(inputs)
    return run, work_of(run)


def prepared(row: Row) -> tuple[Run, Work]:
    """The run that a row describes and the work of its micro-batch."""
    return _prepared(inputs_of(row))


def work_of(run: Run) -> Work:
    """The work of a run's micro-batch."""
    m, card, t, units = run.model, run.card, run.tp, run.units
    tokens = run.micro_batch * run.seq / run.cp
    norm_ranks = t if run.sequence_parallel else 1.0
    layers = float(_stage(layers=m.layers, pipeline_parallel=run.pp))
    last = float(m.layers // run.pp)
    if m.layers % run.pp and (m.layers + 2) % run.pp == 0:  # both embeddings stand in for a layer each
        layers = (m.layers + 2) / run.pp
        last = layers - 1
    width = 2.0 if run.precision == "16bit" else 1.0
    flops, moved = _products(run, tokens, width)
    pairs = tokens * run.attended
    heads = m.heads / t
    visits = m.active + m.shared
    small = 2.0 * tokens * (12 * m.hidden / norm_ranks + (visits * m.matrices * m.ffn + 2 * (m.heads + 2 * m.kv_heads) * m.head_dim) / t)
    if run.precision != "16bit":  # casting: read at 16 bits, written at 8, twice (as is and transposed)
        small += 4.0 * tokens * (m.hidden + (m.heads * m.head_dim + visits * (m.hidden + m.ffn)) / t)
    routing = 2.0 * tokens * m.active * m.hidden * 4 if m.experts > 1 else 0.0
    inside = run.node
    # --- who talks over what
    link, nic = card.link_bytes_per_s, run.nic_bytes_per_s
    message = _message(micro_batch=run.micro_batch / run.cp, seq_len=run.seq, hidden=m.hidden, bytes_per_value=2.0)
    expert_bytes = _experts(tokens_per_chip=tokens, active_experts=m.active, hidden=m.hidden, bytes_per_value=2.0, expert_parallel=run.ep) if run.ep > 1 and m.experts > 1 else 0.0
    near = min(run.ep, max(1.0, inside / t))
    crossing = (run.ep - near) / max(1.0, run.ep - 1)
    expert_rate = link if crossing == 0 else min(link, nic / crossing)
    context = _context(tokens_per_chip=tokens, kv_heads=m.kv_heads, head_dim=m.head_dim, bytes_per_value=2.0, tensor_parallel=t, context_parallel=run.cp) if run.cp > 1 else 0.0
    # --- weights of a chip, and their exchange among data-parallel ranks
    dense_share = m.attention_params + m.expert_params * m.shared + (0.0 if m.experts > 1 else m.expert_params)
    expert_share = m.expert_params * m.experts / run.ep if m.experts > 1 else 0.0
    stage = (layers * (dense_share + expert_share) + m.vocab * m.hidden / (1.0 if run.pp > 1 else 0.5)) / t
    ranks = run.dp * run.cp / run.slices
    repeats = calls = data = 0.0
    if ranks > 1 and not run.adapters:
        shared = stage
        if expert_share:  # copies of an expert are fewer than the ranks, and one copy has nothing to exchange
            shared = (layers * (dense_share + expert_share * max(0.0, ranks / run.ep - 1) / (ranks - 1)) + m.vocab * m.hidden) / t
        gathers, scatters = (2.0, 1.0) if run.zero == 3 else (1.0, 1.0)
        data = _traffic(params_per_chip=shared, weight_value_bytes=2.0, gathers=gathers, gradient_value_bytes=run.gradient_bytes, scatters=scatters, ranks=ranks)
        repeats = run.micro_batches if run.zero >= 2 else 1.0
        calls = (gathers + scatters) * layers
    together = max(1.0, min(ranks, inside / (t / units)))
    data_rate = link if ranks <= together else min(link, nic * together)
    if card.id.startswith("tpu"):
        data_rate = link
    hops = ranks - 1 if ranks <= together else ranks / together - 1
    return Work(
        layers=layers, last_layers=last if run.pp > 1 else layers, matmul_flops=flops, matmul_bytes=moved,
        attention_flops=4.0 * pairs * heads * m.head_dim, score_bytes=0.0 if run.fused else 12.0 * pairs * heads, small_bytes=small, routing_bytes=routing,
        head_flops=2.0 * tokens * m.hidden * m.vocab / t, head_bytes=2.0 * (tokens * m.hidden + m.hidden * m.vocab / t + 6 * tokens * m.vocab / t),
        stage_params=stage, tensor_bytes=message if t > 1 else 0.0, tensor_steps=2 * (t - 1), tensor_rate=link if t / units <= inside else min(link, nic),
        expert_s_bytes=expert_bytes, expert_rate=expert_rate, local_experts=m.experts / run.ep, context_bytes=context, context_rate=link if t * run.cp / units <= inside else min(link, nic),
        pipe_bytes=message / t if run.pp > 1 else 0.0, pipe_rate=nic if t * run.dp * run.cp >= inside else link,
        data_bytes=data, data_rate=data_rate, data_hops=max(0.0, hops), data_repeats=repeats, data_calls=calls,
        slice_bytes=stage * 2.0 * run.gradient_bytes * (run.slices - 1) / run.slices / (ranks if run.zero == 3 else 1.0) if run.slices > 1 else 0.0,
        optimizer_bytes=0.0 if run.adapters else stage * (30.0 / ranks if run.zero else 30.0),
    )  # fmt: skip
