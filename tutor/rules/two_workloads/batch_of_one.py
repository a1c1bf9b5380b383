"""Almost every read of the weights serves a single user.

What it notices
    A batch limit of four or less while the cache has room for many times that.

Why it matters
    A decode step streams the weights once for the whole batch. With one user on board that user pays for all of it; the
    next ones ride almost free, until arithmetic or cache reads take over.

What to try
    A batch limit near what the cache holds, as far as the time per token allows.

Known limits
    A service for a single user, or an objective under the time of a step, has no use for a larger batch.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, at_least, row, variant


def roomy(ctx):
    return ctx.estimate.sequences_that_fit >= 16


def larger(ctx):
    return variant(ctx, batch_limit=max(8, min(64, int(ctx.estimate.sequences_that_fit))))


RULE = Rule(
    id="batch-of-one", severity="costs", tier=Tier.BUDGET, briefs=SERVING, skills=("batching-knee",),
    misconceptions=("one-user-per-chip",), knobs=("batch_limit",), page="book/1-two-workloads/roofline", implied_by=("fits-in-memory",),
    relevant=roomy, margin=lambda ctx: at_least(ctx.measure("design.batch_limit"), 5),
    evidence=lambda ctx: (
        row(ctx, "limit", "batch limit", "design.batch_limit"),
        row(ctx, "fit", "sequences that fit", "estimate.sequences_that_fit"),
        row(ctx, "yours", "tokens a second of a replica", "estimate.replica_tokens_per_s"),
        row(larger(ctx), "batch", "a larger batch", "design.batch_limit"),
        row(larger(ctx), "other", "tokens a second with it", "estimate.replica_tokens_per_s"),
        row(larger(ctx), "tpot", "time a token with it", "estimate.tpot_s", "s"),
    ),
    title="A batch of {limit} leaves room for {fit}: {yours} tokens a second where a batch of {batch} makes {other}.",
    praise="A batch of up to {limit} shares each read of the weights: {yours} tokens a second from a replica.",
    ask="A step reads all the weights whether {limit} or {batch} sequences are on board. Who pays for that read?",
    hints=(
        "Look at the step: which of its terms depend on the number of sequences?",
        "Weights are read once a step for everybody; each user adds only a cache read and a little arithmetic.",
        "With {limit} on board a replica makes {yours} tokens a second; with {batch}, {other}.",
        "Raise the batch limit to {batch}: a token then takes {tpot}.",
    ),
    flagged=sample(batch_limit=2), passing=sample(),
)
