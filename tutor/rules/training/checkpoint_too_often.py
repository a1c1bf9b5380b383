"""More time is spent saving than failures could cost.

What it notices
    The interval between checkpoints is under a quarter of the best one for this cluster.

Why it matters
    Each save stops the run for as long as it takes to write. Below the best interval one pays more for insurance than
    the loss would be.

What to try
    An interval near the best.

Known limits
    Checkpoints written in the background cost less than the model says.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, at_least, row

RULE = Rule(
    id="checkpoint-too-often", severity="costs", tier=Tier.BUDGET, briefs=("train-100b",), skills=("checkpointing",), knobs=("checkpoint_interval_s",),
    page="book/2-training/checkpoints", relevant=always,
    margin=lambda ctx: at_least(ctx.measure("design.checkpoint_interval_s") * 4, ctx.measure("estimate.best_interval_s")),
    evidence=lambda ctx: (
        row(ctx, "yours", "your interval", "design.checkpoint_interval_s", "s"), row(ctx, "best", "the best interval", "estimate.best_interval_s", "s"),
        row(ctx, "write", "writing one checkpoint", "estimate.checkpoint_write_s", "s"), row(ctx, "goodput", "goodput", "estimate.goodput", "%"),
    ),
    title="A checkpoint every {yours} stops the run for {write} each time; {best} would lose least.",
    praise="A checkpoint every {yours} is not too often: writing one takes {write}, and {best} would lose least.",
    ask="Each save takes {write}. Which share of {yours} is that?",
    hints=(
        "Look at the goodput: what takes the rest?",
        "The best interval balances saving against what a failure loses.",
        "{write} in every {yours}, against a best interval of {best}.",
        "Set the interval near {best}.",
    ),
    flagged=sample(checkpoint_interval_s=30.0), passing=sample(),
)
