"""Demand stays flat for three years.

What it notices
    Growth of zero.

Why it matters
    The whole plan scales with volume: which side is larger, how many chips, which lever pays. A start-up that plans for
    no growth plans for another company.

What to try
    A growth rate with a reason, and a range around it.

Known limits
    A service that replaces an old one may well be flat: then say so.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, row, unless

RULE = Rule(
    id="flat-demand", severity="risks", tier=Tier.ROBUSTNESS, briefs=("tco-3y",), skills=("growth",), misconceptions=("flat-demand",), knobs=("growth_per_year",),
    page="book/4-economics/index", relevant=always, margin=lambda ctx: unless(ctx.design.growth_per_year == 0),
    evidence=lambda ctx: (
        row(ctx, "growth", "growth a year", "design.growth_per_year", "%"), row(ctx, "tokens", "tokens a day in year 1", "design.tokens_per_day"),
        row(ctx, "serving", "serving in three years", "estimate.serving_usd", "usd"),
        row(ctx.variant(growth_per_year=1.0), "doubled", "if demand doubles each year", "estimate.serving_usd", "usd"),
    ),
    title="Demand stays at {tokens} tokens a day for three years.",
    praise="Demand grows by {growth} a year.",
    ask="If demand doubles each year, serving costs {doubled} instead of {serving}. What makes you sure that it does not?",
    hints=(
        "Look at the growth a year.",
        "A constant growth g multiplies the third year by (1+g)².",
        "{serving} with no growth, {doubled} if demand doubles each year.",
        "Enter a rate you can defend and a range around it.",
    ),
    flagged=sample(growth_per_year=0.0), passing=sample(),
)
