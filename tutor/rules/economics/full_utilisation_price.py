"""Costs are computed for a fleet that never waits.

What it notices
    A mean utilisation of 85 % or more.

Why it matters
    The cost of a token is the cost of an hour over the tokens really made in it. Fleets are sized for the peak and wait
    for most of the day; 20 to 50 % is common.

What to try
    A utilisation that somebody measured, and levers that raise it.

Known limits
    Batch work that fills the nights can come near to full use.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, at_most, row

RULE = Rule(
    id="full-utilisation-price", severity="risks", tier=Tier.ROBUSTNESS, briefs=("tco-3y",), skills=("utilisation-cost",), misconceptions=("full-utilisation-price",),
    knobs=("utilisation",), page="book/4-economics/tokens-to-dollars", relevant=always, margin=lambda ctx: at_most(ctx.design.utilisation, 0.85),
    evidence=lambda ctx: (
        row(ctx, "use", "mean utilisation", "design.utilisation", "%"), row(ctx, "cost", "a million tokens", "estimate.usd_per_mtoken", "usd"),
        row(ctx.variant(utilisation=0.4), "real", "at 40%", "estimate.usd_per_mtoken", "usd"),
    ),
    title="At {use} utilisation a million tokens cost {cost}; at 40% {real}.",
    praise="The price counts a fleet that waits: {use} busy.",
    ask="At four in the morning your chips cost what they cost at eight in the evening. How many tokens do they make?",
    hints=(
        "Look at the mean utilisation.",
        "Cost a token = cost an hour ÷ tokens of a mean hour.",
        "{cost} at {use}, {real} at 40%.",
        "Take a utilisation from a service like yours and give a range.",
    ),
    flagged=sample(utilisation=1.0), passing=sample(),
)
