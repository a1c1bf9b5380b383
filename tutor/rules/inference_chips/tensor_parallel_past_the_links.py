"""The replica is split so widely that it waits for its links.

What it notices
    In a decode step the links take longer than reading the weights and caches.

Why it matters
    Each layer ends in two all-reduces over the chips of a replica. Every chip more makes the reads shorter and the
    all-reduces no shorter: past a point the step stops shrinking while the bill goes on.

What to try
    Fewer chips a replica and more replicas; a chip with more memory, or with a faster link.

Known limits
    It looks at the decode step; a wide split may still be wanted for the prefill of long prompts.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, at_most, row

RULE = Rule(
    id="tensor-parallel-past-the-links", severity="costs", tier=Tier.BUDGET, briefs=SERVING, skills=("tp-placement",),
    misconceptions=("more-tensor-parallel-is-always-better",), knobs=("chips_per_replica", "accelerator"),
    page="book/2-training/ring-of-chips", implied_by=("fits-in-memory",),
    relevant=lambda ctx: ctx.design.chips_per_replica > 1,
    margin=lambda ctx: at_most(ctx.measure("estimate.step_comm_s"), ctx.measure("estimate.step_memory_s")),
    evidence=lambda ctx: (
        row(ctx, "links", "of a decode step, links", "estimate.step_comm_s", "s"),
        row(ctx, "memory", "of a decode step, memory", "estimate.step_memory_s", "s"),
        row(ctx, "step", "a decode step", "estimate.step_s", "s"),
        row(ctx, "chips", "chips a replica", "design.chips_per_replica"),
    ),
    title="Of a step of {step}, links take {links} and memory {memory}: {chips} chips wait for each other.",
    praise="The links keep up with {chips} chips: {links} of a step against {memory} of reads.",
    ask="Double the {chips} chips of a replica: which of {memory} of reads and {links} of links gets shorter?",
    hints=(
        "Look at the decode step: which term would a faster link shorten?",
        "Tensor parallelism divides the reads and adds two all-reduces a layer, whose latency does not shrink.",
        "With {chips} chips: {memory} of reads, {links} of links.",
        "Try half the chips a replica and twice the replicas, and compare the cost of a million tokens.",
    ),
    flagged=sample(brief="serve-7b", accelerator="h100-sxm", chips_per_replica=8), passing=sample(brief="serve-70b"),
)
