"""Each user sees tokens come too slowly.

What it notices
    The time a token, with other people's prefills between the steps, is longer than the brief's limit.

Why it matters
    Tokens a second of the system are not what one user sees: a user gets one token a step. A larger batch raises the
    first and lowers the second.

What to try
    A smaller batch, fewer bits to read, chunked prefill, more bandwidth a replica.

Known limits
    It is the mean over a busy replica; the target itself is held against the simulated percentile.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, always, at_most, fact, row
from tutor.targets import limit_of


def limit(ctx):
    if ctx.entry.brief == "serve-7b":
        return limit_of(ctx, ctx.brief.target("tpot-p95"))
    return ctx.measure("slowest_tpot")


RULE = Rule(
    id="too-slow-for-a-user", severity="blocks", tier=Tier.OBJECTIVE, briefs=SERVING, skills=("batching-knee",),
    misconceptions=("aggregate-is-what-a-user-sees", "bigger-batch-is-free"), knobs=("batch_limit", "weight_bits", "chunked_prefill", "chips_per_replica"),
    page="book/1-two-workloads/roofline", implied_by=("fits-in-memory", "saturated-at-peak"), relevant=always,
    margin=lambda ctx: at_most(ctx.measure("estimate.tpot_s"), limit(ctx)),
    evidence=lambda ctx: (
        row(ctx, "tpot", "time a token", "estimate.tpot_s", "s"),
        fact("limit", "limit", limit(ctx), "s"),
        row(ctx, "step", "a decode step", "estimate.step_s", "s"),
        row(ctx, "user", "tokens a second of a user", "estimate.tokens_per_s_per_user"),
        row(ctx, "all", "tokens a second of a replica", "estimate.replica_tokens_per_s"),
    ),
    title="A token takes {tpot}; the limit is {limit}.",
    praise="A user sees a token every {tpot}.",
    ask="A replica makes {all} tokens a second and a user sees {user}. Which of the two does a larger batch raise?",
    hints=(
        "Look at the decode step and at what comes between two steps.",
        "A user gets one token a step; the step grows with the batch, the caches and the links.",
        "The step takes {step}; with other people's prompts between the steps a token takes {tpot}.",
        "Halve the batch limit and look again: the step loses its share of cache reads.",
    ),
    flagged=sample(brief="serve-70b", accelerator="l40s", chips_per_replica=3, weight_bits=16, batch_limit=64, replicas=32),
    passing=sample(brief="serve-7b"),
)
