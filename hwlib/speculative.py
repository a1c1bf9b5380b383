"""Speculative decoding: a small model guesses some tokens, the large one checks them all in one step.

Checking costs the large model hardly more than one token while it waits for its weights. It costs real time once the
batch is large enough to keep its arithmetic busy: then guessing stops paying.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from hwlib.decoding import decode_step_s, step_compute_s, step_memory_s
from hwlib.designs import ServingDesign, check_values
from hwlib.formula import Figure, formula, given
from hwlib.memory import kv_cache_bytes
from hwlib.offload import check_amount
from hwlib.replica import ONE, ZERO, Pass, make_pass


@formula(gives="accepted_tokens", cites="leviathan2023fast")
def accepted_tokens(*, acceptance, draft_tokens):
    """Tokens that one round yields on average: the guesses up to the first wrong one, and one of the large model's own.

    >>> accepted_tokens(acceptance=0.5, draft_tokens=2), accepted_tokens(acceptance=0.0, draft_tokens=5)
    (1.75, 1.0)
    """
    return (1 - acceptance ** (draft_tokens + 1)) / (1 - acceptance)


@formula(gives="speedup", cites="leviathan2023fast")
def speedup_at_cost(*, accepted_tokens, draft_tokens, draft_ratio):
    """Gain while checking is free: tokens of a round over its time in steps of the large model.

    >>> round(speedup_at_cost(accepted_tokens=3.36, draft_tokens=4, draft_ratio=0.05), 2)
    2.8
    """
    return accepted_tokens / (draft_tokens * draft_ratio + 1)


@formula(gives="draft_ratio", cites="leviathan2023fast")
def draft_ratio(*, draft_s, step_s):
    """A guess's time over a step's.

    >>> draft_ratio(draft_s=0.001, step_s=0.02)
    0.05
    """
    return draft_s / step_s


@formula(gives="checked_tokens", cites="leviathan2023fast")
def checked_tokens(*, sequences, draft_tokens):
    """Tokens that the large model works on in one round: the guesses of each sequence and one more.

    >>> checked_tokens(sequences=8, draft_tokens=4)
    40.0
    """
    return sequences * (draft_tokens + 1)


@formula(gives="round_s", cites="leviathan2023fast")
def round_s(*, draft_tokens, draft_s, verify_s):
    """One round: the guesses one after the other, then the check.

    >>> round_s(draft_tokens=4, draft_s=0.001, verify_s=0.02)
    0.024
    """
    return draft_tokens * draft_s + verify_s


@formula(gives="speedup", cites="leviathan2023fast")
def speculative_speedup(*, accepted_tokens, step_s, round_s):
    """Tokens a second with guessing over those without.

    >>> round(speculative_speedup(accepted_tokens=3.36, step_s=0.02, round_s=0.024), 2)
    2.8
    """
    return accepted_tokens * step_s / round_s


@formula(gives="break_even_batch", cites="leviathan2023fast")
def break_even_batch(*, accepted_tokens, draft_tokens, draft_ratio, step_memory_s, token_s):
    """Sequences at which checking the guesses takes as long as they save; caches, links and launches left out.

    ``step_memory_s`` reads the weights once, ``token_s`` is the arithmetic of one token.

    >>> round(break_even_batch(accepted_tokens=3.0, draft_tokens=4, draft_ratio=0.05, step_memory_s=0.02, token_s=1e-4))
    112
    """
    return (accepted_tokens - draft_tokens * draft_ratio) * step_memory_s / ((draft_tokens + 1) * token_s)


@dataclass(frozen=True, slots=True)
class SpeculativeEstimate:
    """Guessing on one replica at one batch. Seconds, and tokens a round and sequence."""

    accepted_tokens: Figure
    step_s: Figure
    draft_s: Figure
    draft_ratio: Figure
    verify_s: Figure
    round_s: Figure
    speedup: Figure
    speedup_if_free: Figure
    break_even_batch: Figure

    @property
    def pays(self) -> bool:
        return self.speedup > 1

    def figures(self) -> dict[str, Figure]:
        """The figures by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def estimate_speculative(design: ServingDesign, *, draft_model: str, acceptance: float, draft_tokens: int, batch: int, context_tokens: int = 1024) -> SpeculativeEstimate:
    """Guessing with another model of the catalogue on the same chips. Raises `BadInput`.

    ``acceptance`` is the chance that a guess is right, below 1; it is measured, not derived: 0.6 to 0.9 on text.

    >>> design = ServingDesign(model="llama2-70b", accelerator="h100-sxm", chips_per_replica=4, replicas=1, batch_limit=32)
    >>> one, many = (estimate_speculative(design, draft_model="llama2-7b", acceptance=0.8, draft_tokens=4, batch=b) for b in (1, 512))
    >>> one.pays, many.pays
    (True, False)
    """
    check_values(design)
    check_amount("acceptance", acceptance, 0, 0.999)
    check_amount("draft_tokens", draft_tokens, 1, 100, whole=True)
    check_amount("batch", batch, 1, 100_000, whole=True)
    check_amount("context_tokens", context_tokens, 1, 10_000_000)
    large, small = make_pass(design), make_pass(replace(design, model=draft_model, attention="as-published"))
    k, sequences, context = given(float(draft_tokens)), given(float(batch)), given(float(context_tokens))
    accepted = accepted_tokens(acceptance=given(float(acceptance)), draft_tokens=k)
    step, draft = (p.step(sequences, _cache(p, context, design.kv_bits), p.shape.attended_tokens(context))["step"] for p in (large, small))
    checked = checked_tokens(sequences=sequences, draft_tokens=k)
    verify = _verify(large, sequences, checked, context, design.kv_bits)
    ratio, whole = draft_ratio(draft_s=draft, step_s=step), round_s(draft_tokens=k, draft_s=draft, verify_s=verify)
    return SpeculativeEstimate(
        accepted_tokens=accepted, step_s=step, draft_s=draft, draft_ratio=ratio, verify_s=verify, round_s=whole,
        speedup=speculative_speedup(accepted_tokens=accepted, step_s=step, round_s=whole),
        speedup_if_free=speedup_at_cost(accepted_tokens=accepted, draft_tokens=k, draft_ratio=ratio),
        break_even_batch=break_even_batch(
            accepted_tokens=accepted, draft_tokens=k, draft_ratio=ratio, step_memory_s=_memory(large, ZERO, ZERO), token_s=_compute(large, ONE, context)
        ),
    )


def _cache(one: Pass, context: Figure, bits: int) -> Figure:
    return kv_cache_bytes(kv_bytes_per_token=one.cache_bytes_per_token(bits), context_tokens=one.shape.attended_tokens(context), sequences=ONE)


def _memory(one: Pass, sequences: Figure, cache: Figure) -> Figure:
    g = one.group
    return step_memory_s(
        weight_bytes=one.weights, sequences=sequences, stages=g.stages, kv_bytes_per_sequence=cache, tensor_ranks=g.tensor_ranks, mem_bytes_per_s=g.mem_bytes_per_s,
        memory_efficiency=g.memory_efficiency,
    )  # fmt: skip


def _compute(one: Pass, tokens: Figure, context: Figure) -> Figure:
    g = one.group
    return step_compute_s(
        sequences=tokens, stages=g.stages, forward_flops=one.flops(one.shape.attended_tokens(context)), tensor_ranks=g.tensor_ranks, peak_flops_per_s=g.peak,
        compute_efficiency=g.compute_efficiency,
    )  # fmt: skip


def _verify(one: Pass, sequences: Figure, checked: Figure, context: Figure, bits: int) -> Figure:
    """A step that works on several tokens of each sequence: its cache is read once, arithmetic and links grow."""
    return decode_step_s(
        step_memory_s=_memory(one, sequences, _cache(one, context, bits)), step_compute_s=_compute(one, checked, context), step_comm_s=one.comm_s(checked),
        hops_s=one.hops_s(checked), step_overhead_s=one.layer_fixed,
    )  # fmt: skip
