"""Chips cost in the third year what they cost today.

What it notices
    A price decline of zero over three years.

Why it matters
    Prices for the same work have fallen every year, for chips and for tokens alike. A plan at today's price overstates
    later years, and it hides the risk of owning what becomes cheap.

What to try
    A decline with a reason, and the same question for the price you sell at.

Known limits
    Rental prices have also risen for months at a time.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, row, unless

RULE = Rule(
    id="prices-never-fall", severity="asks", tier=Tier.HONESTY, briefs=("tco-3y",), skills=("growth",), misconceptions=("prices-never-fall",), knobs=("price_decline_per_year",),
    page="book/4-economics/index", relevant=always, margin=lambda ctx: unless(ctx.design.price_decline_per_year == 0),
    evidence=lambda ctx: (
        row(ctx, "decline", "fall of chip prices a year", "design.price_decline_per_year", "%"), row(ctx, "total", "three years", "estimate.total_usd", "usd"),
        row(ctx.variant(price_decline_per_year=0.2), "then", "with 20% a year", "estimate.total_usd", "usd"),
    ),
    title="Chip prices stay as they are for three years; a fall of 20% a year would make {total} into {then}.",
    praise="Prices fall by {decline} a year in the plan.",
    ask="What did the same chip cost to rent three years ago, and what would that do to {total}?",
    hints=(
        "Look at the fall of chip prices.",
        "A fall d a year multiplies the third year by (1−d)².",
        "{total} now, {then} with 20% a year.",
        "Enter a decline and say what you take it from.",
    ),
    flagged=sample(price_decline_per_year=0.0), passing=sample(),
)
