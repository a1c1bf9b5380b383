"""Failures throw away more work than they must.

What it notices
    The interval between checkpoints is over four times the best one for this cluster.

Why it matters
    At thousands of chips something fails every few hours, and each failure loses half an interval. The best interval is
    about the square root of twice the writing time times the time between failures.

What to try
    An interval near the best; faster storage makes it shorter still.

Known limits
    Failures come at random and independently here; real ones come in clusters.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, at_most, row

RULE = Rule(
    id="checkpoint-too-rare", severity="risks", tier=Tier.ROBUSTNESS, briefs=("train-100b",), skills=("checkpointing",), misconceptions=("no-failures",),
    knobs=("checkpoint_interval_s",), page="book/2-training/checkpoints", relevant=always,
    margin=lambda ctx: at_most(ctx.measure("design.checkpoint_interval_s") / 4, ctx.measure("estimate.best_interval_s")),
    evidence=lambda ctx: (
        row(ctx, "yours", "your interval", "design.checkpoint_interval_s", "s"), row(ctx, "best", "the best interval", "estimate.best_interval_s", "s"),
        row(ctx, "write", "writing one checkpoint", "estimate.checkpoint_write_s", "s"), row(ctx, "mtbf", "time between failures", "estimate.mtbf_s", "s"),
        row(ctx, "failures", "failures of the run", "estimate.failures"), row(ctx, "goodput", "goodput", "estimate.goodput", "%"),
    ),
    title="A checkpoint every {yours}, where {best} loses least: {failures} failures throw away half an interval each.",
    praise="A checkpoint every {yours}, near the best interval of {best}.",
    ask="Something fails every {mtbf}. How much work does a failure lose when the last save is up to {yours} old?",
    hints=(
        "Look at the time between failures of the whole cluster, not of one chip.",
        "Saving costs the writing time each interval, failing costs half an interval each time: the best is √(2 · write · MTBF).",
        "√(2 × {write} × {mtbf}) = {best}.",
        "Set the interval near {best} and look at the goodput, {goodput} now.",
    ),
    flagged=sample(checkpoint_interval_s=14400.0), passing=sample(),
)
