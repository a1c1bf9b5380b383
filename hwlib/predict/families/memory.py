"""What one chip of a training run holds: state of the weights, and activations of the first pipeline stage, in GiB.

Nothing is fitted: both are counted. The published figures count the layers alone, 12 h² weights each in a plain block,
without the embeddings (1 to 3% more on the first stage), and 18 bytes a weight: weight, gradient in 32 bits, master
copy and two moments.
"""

from __future__ import annotations

from hwlib.activations import (
    first_stage_activation_bytes,
    inside_token_bytes,
    layer_activation_bytes,
    outside_token_bytes,
    score_token_bytes,
)
from hwlib.memory import micro_batches_in_flight, params_per_chip, state_bytes
from hwlib.parallelism import largest_stage_layers
from hwlib.predict.constants import Constants
from hwlib.predict.families.model_names import filled
from hwlib.predict.families.training_model import Model, model_of, sane
from hwlib.predict.family import Family
from hwlib.predict.row import Refused, Row

GIB = 2.0**30
WEIGHT, GRADIENT, OPTIMIZER = 2.0, 4.0, 12.0
"""Bytes a weight: 18 in all, as Megatron keeps them with 32-bit gradients."""
_outside, _inside, _scores = outside_token_bytes.formula.run, inside_token_bytes.formula.run, score_token_bytes.formula.run
_layer, _first = layer_activation_bytes.formula.run, first_stage_activation_bytes.formula.run
_flight, _per_chip, _state, _stage = (f.formula.run for f in (micro_batches_in_flight, params_per_chip, state_bytes, largest_stage_layers))


def kept_of(text: str) -> tuple[bool, bool, bool]:
    """Whether scores are computed again, whether norms are split by sequence, whether whole layers are computed again.

    >>> kept_of("selective+seq-parallel"), kept_of("seq"), kept_of("full"), kept_of("")
    ((True, True, False), (False, True, False), (False, False, True), (False, False, False))
    """
    lower = text.lower()
    return "sel" in lower, "seq" in lower, "full" in lower


def activations_of(model: Model, *, seq: float, micro_batch: float, tp: float, recompute: str, fused: bool = False) -> float:
    """Bytes of one layer's activations of one micro-batch on one rank."""
    selective, split, full = kept_of(recompute)
    ranks = tp if split else 1.0
    if full:  # each layer's input alone
        return _layer(seq_len=seq, micro_batch=micro_batch, outside_token_bytes=2 * model.hidden, inside_token_bytes=0.0, score_token_bytes=0.0, tensor_parallel=tp, sequence_ranks=ranks)
    visits = model.active + model.shared
    scores = 0.0 if selective or fused else _scores(heads=model.heads, seq_len=seq, bytes_per_value=2.0, mask_bytes=1.0)
    inside = _inside(heads=model.heads, kv_heads=model.kv_heads, head_dim=model.head_dim, ffn_matrices=model.matrices, ffn=model.ffn * visits, bytes_per_value=2.0)
    outside = _outside(hidden=model.hidden, bytes_per_value=2.0, mask_bytes=1.0)
    return _layer(seq_len=seq, micro_batch=micro_batch, outside_token_bytes=outside, inside_token_bytes=inside, score_token_bytes=scores, tensor_parallel=tp, sequence_ranks=ranks)


def _ranks(row: Row) -> tuple[float, float, float]:
    """Tensor, pipeline and data-parallel ranks; what is blank follows from the chips."""
    tp, pp = row.number("tp", 1.0), row.number("pp", 0.0) if row.text("pp") else 0.0
    chips = row.number("n_chips", 0.0) if row.text("n_chips") else 0.0
    dp = row.number("dp", 0.0) if row.text("dp") else 0.0
    if not pp:
        pp = max(1.0, chips / (tp * dp)) if chips and dp else 1.0
    if not dp:
        dp = max(1.0, chips / (tp * pp)) if chips else 1.0
    return tp, pp, dp


def _zero(row: Row) -> int:
    """The ZeRO stage; none unless the row names one."""
    text = f"{row.text('fsdp')} {row.text('zero')}".lower()
    return 3 if "full" in text or "fsdp" in text or "3" in text else 2 if "grad" in text or "2" in text else 1 if "1" in text else 0


def predict(row: Row, constants: Constants | None = None) -> dict[str, float]:
    """GiB of weights, gradients and optimizer of one chip, and of the first stage's activations."""
    model = model_of(sane(filled(row)))
    tp, pp, dp = _ranks(row)
    if pp > model.layers:
        raise Refused(f"pp = {pp:g} is more than the {model.layers:g} layers: a stage needs at least one", field="pp")
    zero = _zero(row)
    shards = [dp if zero >= stage else 1.0 for stage in (1, 2, 3)]
    held = _per_chip(params=model.layers * model.layer_params, tensor_parallel=tp, pipeline_parallel=pp)
    if model.layers % pp:  # the fullest stage
        held *= _stage(layers=model.layers, pipeline_parallel=pp) / (model.layers / pp)
    states = _state(
        params_per_chip=held, weight_value_bytes=WEIGHT, weight_shards=shards[2], gradient_value_bytes=GRADIENT, gradient_shards=shards[1],
        optimizer_value_bytes=OPTIMIZER, optimizer_shards=shards[0],
    )  # fmt: skip
    found = {"params_opt_gib": states / GIB}
    if row.text("micro_batch") and row.text("seq_len"):
        micro, seq, chunks = row.number("micro_batch"), row.number("seq_len"), row.number("interleave", 1.0)
        micro_batches = row.number("global_batch") / (dp * micro) if row.text("global_batch") else float("inf")
        fused = row.text("attention").lower().startswith(("flash", "fused"))
        layer = activations_of(model, seq=seq, micro_batch=micro, tp=tp, recompute=row.text("recompute"), fused=fused)
        flight = _flight(pipeline_parallel=pp, micro_batches=max(1.0, micro_batches), interleave=max(1.0, chunks))
        found["activations_gib"] = _first(activation_bytes_per_layer=layer, stage_layers=_stage(layers=model.layers, pipeline_parallel=pp), micro_batches_in_flight=flight) / GIB
    return found


def datasheet(row: Row) -> dict[str, float]:
    """Sixteen bytes a weight and the activations of a single micro-batch: the estimate that forgets the others in flight."""
    found = predict(row)
    tp, pp, _ = _ranks(row)
    found["params_opt_gib"] *= 16 / 18
    if "activations_gib" in found:
        model = model_of(filled(row))
        layer = activations_of(model, seq=row.number("seq_len"), micro_batch=row.number("micro_batch"), tp=tp, recompute=row.text("recompute"))
        found["activations_gib"] = layer * model.layers / pp / GIB
    return found


def levels(row: Row) -> tuple[str, ...]:
    return (row.text("recompute") or "none",)


FAMILY = Family(
    title="Training memory", names=("memory",), file="2_training_memory.csv", metrics={"memory": ("params_opt_gib", "activations_gib")},
    constants={}, predict=predict, datasheet=datasheet, levels=levels,
)  # fmt: skip
