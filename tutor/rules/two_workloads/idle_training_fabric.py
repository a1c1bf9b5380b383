"""A training fabric is paid for between replicas that never talk.

What it notices
    A scale-out link is bought although every replica fits inside one scale-up domain.

Why it matters
    Replicas share nothing but the front door: a request's tokens never leave its replica. InfiniBand between them
    carries nothing and costs as much as ever.

What to try
    No fabric between replicas; ordinary Ethernet reaches the front door.

Known limits
    Disaggregated prefill and decode, or a KV cache moved between replicas, would use it; the brief has neither.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, fact, row, unless


def idle(ctx):
    return ctx.design.scale_out_link != "none" and ctx.design.chips_per_replica <= float(ctx.chip.domain or 1)


def evidence(ctx):
    return (
        fact("link", "fabric", ctx.design.scale_out_link),
        row(ctx, "cost", "cost of the fabric", "estimate.fabric_usd_per_hour", "usd/h"),
        row(ctx, "fleet", "cost of the fleet", "estimate.usd_per_hour", "usd/h"),
        fact("chips", "chips a replica", ctx.design.chips_per_replica),
        fact("domain", "chips in a scale-up domain", ctx.chip.domain),
    )


RULE = Rule(
    id="idle-training-fabric", severity="costs", tier=Tier.BUDGET, briefs=SERVING, skills=("no-training-fabric",),
    misconceptions=("serving-needs-training-fabric",), knobs=("scale_out_link",), page="book/1-two-workloads/index",
    relevant=lambda ctx: ctx.design.scale_out_link != "none", margin=lambda ctx: unless(idle(ctx)), evidence=evidence,
    title="{link} joins replicas that never talk to each other, for {cost}.",
    praise="The fabric {link} carries replicas of {chips} chips, more than the {domain} of a scale-up domain.",
    ask="A replica has {chips} chips inside a domain of {domain}. Which bytes of a request would cross {link}?",
    hints=(
        "Follow one request from the front door to its last token: which chips does it touch?",
        "Training sums gradients over all chips; serving copies the model and lets each copy answer alone.",
        "With {chips} chips, a replica stays inside one domain of {domain}, so no token crosses nodes.",
        "Set the fabric to none: {cost} less, and no latency changes.",
    ),
    flagged=sample(scale_out_link="ib-ndr"), passing=sample(scale_out_link="none"),
)
