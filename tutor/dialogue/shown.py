"""What a line of the discussion shows of the learner's skills: ideas said in their own words, and beliefs asserted.

Each idea, with the beliefs against it, is one item for each brief: only what a learner says first about it counts,
an idea as a right answer and a belief as one that is not yet right. What the tutor has just said and the learner
repeats is no evidence either way, nor is an idea that the tutor has corrected into view: by then its item was answered.
Hints on the way count as in a review: from the third on, a right answer counts as not known yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from tutor.dialogue.frames import Read, opposites

SKILLS: dict[str, dict[str, str]] = {
    "serve-7b": {
        "flops-set-decode-speed": "roofline", "weights-are-all-the-memory": "kv-size", "training-footprint-carries-over": "state-bytes",
        "users-are-sequences-in-flight": "littles-law", "average-load-is-enough": "peak-arithmetic", "one-user-per-chip": "batching-knee",
        "bigger-batch-is-free": "batching-knee", "more-tensor-parallel-is-always-better": "tp-placement", "int4-is-four-times-everywhere": "precision",
        "weight-quantisation-shrinks-kv": "kv-size", "kv-ignores-grouped-heads": "grouped-heads", "serving-needs-training-fabric": "no-training-fabric",
        "static-batching-is-fine": "continuous-batching", "aggregate-is-what-a-user-sees": "batching-knee", "decode-is-bandwidth-bound": "roofline",
        "prefill-is-compute-bound": "roofline", "kv-sizes-the-fleet": "kv-size", "littles-law": "littles-law", "batching-raises-intensity": "roofline",
        "batch-latency-tradeoff": "batching-knee", "paged-kv-cuts-waste": "paged-kv", "quantise-to-read-less": "precision",
        "no-training-fabric-needed": "no-training-fabric", "plan-for-peak-and-failure": "peak-arithmetic",
    },
    "train-100b": {
        "weights-only-memory": "state-bytes", "three-to-four-times-model": "state-bytes", "data-parallel-saves-memory": "state-bytes",
        "tensor-parallel-across-nodes": "tp-placement", "more-tensor-parallel-helps": "tp-placement", "pipelines-are-free": "pipeline-bubble",
        "peak-is-achieved": "mfu", "fp8-doubles-training-speed": "fp8-scope", "everything-in-fp8": "fp8-scope", "fp8-on-a100": "fp8-scope",
        "fp8-quarters-memory": "fp8-scope", "fp16-equals-bf16": "fp8-scope", "gigabits-are-gigabytes": "unit-conversion", "allreduce-shrinks-with-ranks": "overlap",
        "no-failures": "checkpointing", "any-global-batch": "mfu", "sixteen-bytes-a-parameter": "state-bytes", "activations-and-recompute": "state-bytes",
        "tensor-inside-nvlink": "tp-placement", "pipeline-bubble": "pipeline-bubble", "shard-states": "state-bytes", "six-n-d-and-mfu": "mfu",
        "fp8-with-scaling": "fp8-scope", "measured-fp8-gain": "fp8-scope", "overlap-communication": "overlap", "checkpoint-by-mtbf": "checkpointing",
    },
    "serve-70b": {
        "daily-users-are-concurrent": "peak-arithmetic", "mean-meets-p99": "utilisation-and-wait", "decode-speed-sets-ttft": "ttft-decomposition",
        "fits-one-lpu": "capacity-first", "fits-one-card": "capacity-first", "full-utilisation": "utilisation-and-wait",
        "cheapest-hour-is-cheapest-token": "cost-at-objective", "vendor-multipliers-are-portable": "price-the-port", "quantisation-has-no-quality-risk": "precision",
        "any-precision-on-any-chip": "precision", "porting-costs-nothing": "price-the-port", "continuous-batching-always-helps-ttft": "chunked-prefill",
        "context-beyond-model": "kv-size", "no-spare-capacity": "n-plus-one", "whole-budget-is-model-time": "ttft-decomposition",
        "deterministic-chip-no-queue": "utilisation-and-wait", "peak-qps-from-dau": "peak-arithmetic", "ttft-is-queue-plus-prefill": "ttft-decomposition",
        "p99-needs-headroom": "utilisation-and-wait", "capacity-first": "capacity-first", "cost-per-token-at-slo": "cost-at-objective",
        "ask-for-the-baseline": "price-the-port", "evaluate-after-quantising": "precision", "price-the-port": "price-the-port",
        "chunked-prefill": "chunked-prefill", "keep-n-plus-one": "n-plus-one",
    },
    "tco-3y": {
        "thousandfold-slip": "unit-conversion", "training-happens-once": "tco-chain", "flat-demand": "growth", "savings-add-up": "lever-overlap",
        "int4-cuts-total-by-three-quarters": "lever-overlap", "batching-helps-idle-fleets": "utilisation-cost", "price-performance-applies-to-everything": "price-the-port",
        "capex-opex-undiscounted": "buy-reserve-rent", "list-price-for-three-years": "buy-reserve-rent", "power-is-tdp": "power",
        "full-utilisation-price": "utilisation-cost", "input-output-same-price": "tco-chain", "point-estimates": "ranges", "optimise-the-small-share": "tco-chain",
        "inference-always-dwarfs": "tco-chain", "prices-never-fall": "growth", "unit-chain": "unit-conversion", "break-even-volume": "tco-chain",
        "retraining-and-experiments": "tco-chain", "growth-and-price-decline": "growth", "levers-overlap": "lever-overlap",
        "utilisation-drives-cost": "utilisation-cost", "buy-reserve-rent": "buy-reserve-rent", "power-and-pue": "power", "ranges-not-points": "ranges",
        "attack-the-large-share": "tco-chain",
    },
}
"""Brief → concept → the one skill that it shows most."""
FEW = 3
"""Words below which a text is too short to be anybody's own."""


@cache
def about(brief: str, id: str) -> str:
    """What a concept is an answer to: a belief counts under the first idea of its brief against it, an idea under itself."""
    known = SKILLS[brief]
    return next((idea for belief, idea in opposites() if belief == id and idea in known), id)


def evidence(brief: str, text: str, seen: Sequence[Read], *, before: Sequence[str] = (), levels: Mapping[str, int] | None = None) -> list[dict[str, Any]]:
    """The evidence in one read line, each with the item, the skill, whether it was right, the hints so far, and the rule in words.

    ``before``: what the tutor has said in this conversation; ``levels``: hints given, by rule or concept.
    """
    own = " ".join(text.lower().split()).strip(" .!?\"'")
    if len(own.split()) < FEW or any(own in " ".join(said.lower().split()) for said in before):
        return []
    found: dict[str, dict[str, Any]] = {}
    for one in seen:
        id, right = one.concept.id, one.concept.kind == "expectation"
        skill, item = SKILLS[brief][id], f"{brief}/said/{about(brief, id)}"
        if item in found and right:
            continue  # a belief and its idea in one breath: the belief is what stands
        hints = max((n for name, n in (levels or {}).items() if name == id or skill in _skills_of(name)), default=0)
        found[item] = {
            "item": item, "skill": skill, "right": right, "hints": hints,
            "why": f"{'You said' if right else 'You hold'} “{id.replace('-', ' ')}”: a first word on it counts as {'known' if right else 'not known yet'} for {skill.replace('-', ' ')}.",
        }
    return list(found.values())


def _skills_of(rule: str) -> tuple[str, ...]:
    from tutor.rules import all_rules

    return next((r.skills for r in all_rules() if r.id == rule), ())
