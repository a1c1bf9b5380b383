"""The changes that a repair may be made of: which fields, which values of each, and what each target can see of them."""

from __future__ import annotations

from functools import cache
from typing import Any

from hwlib.designs import Knob
from hwlib.units import show
from tutor.briefs import Brief
from tutor.context import Context, NotKnown
from tutor.findings import Rule

NEVER = ("model", "chips_per_node", "training_chip", "tokens_per_day", "prompt_to_output", "quality_gate", "migration_weeks", "spare_nodes", "range_share",
         "growth_per_year", "training_runs", "experiments_share", "discount_rate", "price_decline_per_year", "pue", "usd_per_kwh")
"""Facts, plans and honesty: a repair changes what is built, not what is assumed or admitted."""
DERIVED = ("data_parallel",)
"""Fields that follow from others in training: the layout stays equal to the chips."""
STEPS = 12
"""Values of one ordered field that are tried, nearest first."""
ENTERS = {
    "estimate.usd_per_mtoken": ("model", "accelerator", "chips_per_replica", "replicas", "spare_replicas", "scale_out_link"),
    "estimate.goodput": ("accelerator", "nodes", "chips_per_node", "tensor_parallel", "pipeline_parallel", "data_parallel", "state_precision", "checkpoint_interval_s"),
}
"""Measure → the fields that can enter it. Other fields leave it as it is, which spares the search an estimate; a test tries it on random designs."""
OUTSIDE = {
    "estimate.sequences_that_fit": ("spare_replicas", "scale_out_link"), "fast_ttft": ("spare_replicas", "scale_out_link"), "fast_ttft_lost": ("scale_out_link",),
    "estimate.tpot_s": ("spare_replicas", "scale_out_link"), "estimate.tokens_per_s_per_user": ("spare_replicas", "scale_out_link"),
    "estimate.total_bytes": ("checkpoint_interval_s", "loss_scaling", "topology", "scale_out_link"),
    "estimate.exposed_comm_share": ("checkpoint_interval_s", "loss_scaling"),
}
"""Measure → fields that cannot enter it, where that is the shorter list."""


def enters(measure: str, field: str) -> bool:
    """Whether a change of the field can move the measure."""
    return field in ENTERS[measure] if measure in ENTERS else field not in OUTSIDE.get(measure, ())


def neighbours(of: Brief, name: str, knob: Knob, value: Any) -> tuple[Any, ...]:
    """The other values that a field may be tried at, nearest first.

    >>> from tutor.briefs import brief
    >>> from hwlib.designs import ServingDesign, knobs
    >>> neighbours(brief("serve-70b"), "kv_bits", knobs(ServingDesign)["kv_bits"], 16)
    (8, 4)
    """
    if knob.kind == "chip":
        options = tuple(c for c in of.chips if c != value)
        return (*options, "none") if "none:" in knob.help and value != "none" else options
    if knob.kind == "link":
        return tuple(v for v in ("none", "roce-400", "ib-hdr", "ib-ndr") if v != value) if of.kind == "training" else tuple(v for v in ("none",) if v != value)
    if knob.kind == "flag":
        return (not value,)
    if knob.kind == "choice":
        return tuple(o for o in knob.options if o != value)
    tries = [t for t in knob.tries if t != value]
    if name == "replicas" and isinstance(value, int):
        tries = sorted(set(tries) | {round(value * f) for f in (1.1, 1.25, 1.5, 2, 3, 4)} - {value})
    return tuple(sorted(tries, key=lambda t: (abs(t - value), t))[: max(STEPS, 16 if name == "replicas" else 0)])


@cache
def _limits(brief: str) -> tuple[Rule, ...]:
    from tutor.rules import rules_for

    return tuple(rule for rule in rules_for(brief) if rule.tier <= 2 and rule.severity == "blocks")


def physics_broken(ctx: Context) -> bool:
    """Whether a rule of physics or of the model's limits forbids the design: no repair may pass through one."""
    for rule in _limits(ctx.entry.brief):
        try:
            if rule.relevant(ctx) and rule.margin(ctx) < 0:
                return True
        except NotKnown:
            continue
    return False


def spoken(label: str) -> str:
    """A label inside a sentence: a small first letter, unless the word is a name or an abbreviation.

    >>> spoken("Batch limit"), spoken("ZeRO stage"), spoken("KV cache, bits"), spoken("PUE")
    ('batch limit', 'ZeRO stage', 'KV cache, bits', 'PUE')
    """
    first = label.partition(" ")[0]
    return label if first[1:] != first[1:].lower() else label[:1].lower() + label[1:]


def shown(value: Any) -> str:
    """A field's value as people read it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:,}" if isinstance(value, int) else show(value) if isinstance(value, float) else str(value)
