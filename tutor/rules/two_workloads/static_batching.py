"""Batches wait for their longest answer.

What it notices
    Static batching while the lengths of answers differ, so that finished sequences hold their slot until the last one
    of the batch is done.

Why it matters
    An idle slot still costs its share of each step. With answers as spread as in these briefs most slots idle before
    the longest answer ends. Continuous batching lets a new request take a finished one's place at the next step.

What to try
    Continuous batching. It is a setting of every serving engine in use today.

Known limits
    For offline work with answers of one length static batching loses nothing.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, at_least, fact, row, variant


def margin(ctx):
    if ctx.design.scheduler != "static":
        return 1.0
    other = variant(ctx, scheduler="continuous")
    return min(-0.05, at_least(ctx.measure("estimate.replica_tokens_per_s"), other.measure("estimate.replica_tokens_per_s")))


def evidence(ctx):
    other = variant(ctx, scheduler="continuous")
    return (
        row(ctx, "yours", "tokens a second of a replica", "estimate.replica_tokens_per_s"),
        row(other, "other", "with continuous batching", "estimate.replica_tokens_per_s"),
        row(ctx, "spread", "spread of answers (sigma of the log)", "load.output_spread"),
        fact("batch", "batch limit", ctx.design.batch_limit),
    )


RULE = Rule(
    id="static-batching", severity="costs", tier=Tier.BUDGET, briefs=SERVING, skills=("continuous-batching",),
    misconceptions=("static-batching-is-fine",), knobs=("scheduler",), page="book/3-inference-chips/continuous-batching",
    relevant=lambda ctx: ctx.load.output_spread > 0.3, margin=margin, evidence=evidence,
    title="Static batching: a replica makes {yours} tokens a second, where joining mid-way would make {other}.",
    praise="Continuous batching: a finished answer's place is taken at the next step.",
    ask="In a batch of {batch}, what does the slot of a one-line answer do while the longest answer is still being written?",
    hints=(
        "Look at the timeline of one batch: which rows do nothing at its end?",
        "A static batch lasts as long as its longest member; slots of shorter ones idle until then.",
        "With a spread of {spread} the longest of {batch} answers is several times the mean; the mean over the longest is the share that works.",
        "Switch the scheduler to continuous: {yours} becomes {other} tokens a second on the same chips.",
    ),
    flagged=sample(scheduler="static"), passing=sample(),
)
