"""A million tokens cost well over the best design found.

What it notices
    The cost of a million output tokens at the mean load is over the brief's margin on the best design that a search found.

Why it matters
    An hour's price says little: what counts is what the fleet costs at the objective, with the replicas that the peak
    and the percentile need, over the tokens that it really makes.

What to try
    Fewer chips a replica, larger batches within the time per token, fewer replicas if the percentile allows, another chip.

Known limits
    The best design is the best of the values searched, not a proof that nothing is cheaper. List prices, on demand.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, always, at_most, row

RULE = Rule(
    id="cost-at-objective", severity="costs", tier=Tier.BUDGET, briefs=SERVING, skills=("cost-at-objective",),
    misconceptions=("cheapest-hour-is-cheapest-token",), knobs=("replicas", "chips_per_replica", "accelerator", "batch_limit"),
    page="book/4-economics/tokens-to-dollars", implied_by=("fits-in-memory",), relevant=always,
    margin=lambda ctx: at_most(ctx.measure("estimate.usd_per_mtoken"), ctx.measure("best_cost_limit")),
    evidence=lambda ctx: (
        row(ctx, "yours", "a million tokens", "estimate.usd_per_mtoken", "usd"),
        row(ctx, "best", "the best design found", "best_cost", "usd"),
        row(ctx, "limit", "1.25 times that", "best_cost_limit", "usd"),
        row(ctx, "hour", "the fleet, an hour", "estimate.usd_per_hour", "usd/h"),
        row(ctx, "chips", "chips", "estimate.n_chips"),
        row(ctx, "busy", "utilisation at the peak", "estimate.utilisation", "%"),
    ),
    title="A million tokens cost {yours}; the best design found costs {best}.",
    praise="A million tokens cost {yours}, near the best design found ({best}).",
    ask="{chips} chips cost {hour}, and at the peak they are {busy} busy. What are you paying for that no user gets?",
    hints=(
        "Look at cost per token, not per hour: which chips of the fleet wait?",
        "Cost per token is the fleet's hour over the tokens of an hour, at the load that really comes.",
        "{hour} over the tokens of a mean hour make {yours} a million.",
        "Try fewer chips a replica first, then fewer replicas, and watch the percentile.",
    ),
    flagged=sample(brief="serve-7b", chips_per_replica=8), passing=sample(brief="serve-7b"),
)
