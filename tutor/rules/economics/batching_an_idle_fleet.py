"""Better batches for a fleet that waits.

What it notices
    Continuous batching as a lever while the fleet is less than 20 % busy.

Why it matters
    Batches form when requests wait for each other. A fleet that idles four fifths of the time has small batches
    whatever the scheduler: first it is too large.

What to try
    Fewer chips until the peak needs them, then better batches.

Known limits
    A mean of 20 % may hide a full peak hour; look at both.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import at_least, row

RULE = Rule(
    id="batching-an-idle-fleet", severity="asks", tier=Tier.REASONING, briefs=("tco-3y",), skills=("lever-overlap", "utilisation-cost"),
    misconceptions=("batching-helps-idle-fleets",), knobs=("utilisation", "continuous_batching"), page="book/4-economics/levers",
    relevant=lambda ctx: ctx.design.continuous_batching, margin=lambda ctx: at_least(ctx.design.utilisation, 0.2),
    evidence=lambda ctx: (
        row(ctx, "use", "mean utilisation", "design.utilisation", "%"), row(ctx, "batching", "saving of continuous batching", "estimate.saving_batching", "usd"),
        row(ctx.variant(utilisation=0.4, continuous_batching=False), "right", "three years at 40%, without it", "estimate.total_usd", "usd"),
        row(ctx, "total", "three years", "estimate.total_usd", "usd"),
    ),
    title="The fleet is {use} busy, and better batches are to save {batching}.",
    praise="A fleet that is {use} busy has requests to batch: continuous batching saves {batching} of {total}.",
    ask="Which requests wait to be batched in a fleet that is {use} busy?",
    hints=(
        "Look at the utilisation before the lever.",
        "Batching shares a read among requests that are there at the same time.",
        "{use} busy: most chips have nobody to share with. At 40% and without the lever three years cost {right}, now {total}.",
        "Shrink the fleet first and look at the lever again.",
    ),
    flagged=sample(utilisation=0.1), passing=sample(),
)
