"""On-demand list price for chips that are needed for three years.

What it notices
    Three years are paid on demand.

Why it matters
    On demand is the price of being able to leave tomorrow. Whoever stays for three years can reserve, or own, for much
    less of it.

What to try
    Reserved for the base load, on demand for the peak, owned where power and people are at hand.

Known limits
    Reserved prices are a share of the list price here; real ones are negotiated.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, row, unless

RULE = Rule(
    id="list-price-for-three-years", severity="costs", tier=Tier.BUDGET, briefs=("tco-3y",), skills=("buy-reserve-rent",), misconceptions=("list-price-for-three-years",),
    knobs=("financing",), page="book/4-economics/index", relevant=always, margin=lambda ctx: unless(ctx.design.financing == "on-demand"),
    evidence=lambda ctx: (
        row(ctx, "paid", "paid as", "design.financing"), row(ctx, "total", "three years", "estimate.total_usd", "usd"),
        row(ctx.variant(financing="reserved"), "reserved", "reserved", "estimate.total_usd", "usd"), row(ctx, "hour", "a chip-hour", "estimate.usd_per_chip_hour", "usd/h"),
    ),
    title="Three years at the on-demand price cost {total}; reserved they cost {reserved}.",
    praise="Three years are not paid by the hour: {paid}.",
    ask="Which part of {total} buys the freedom to leave tomorrow, and who needs it?",
    hints=(
        "Look at how the chips are paid.",
        "A commitment trades freedom for price; three years of base load need no freedom.",
        "{total} on demand, {reserved} reserved.",
        "Reserve what is always needed; rent the rest by the hour.",
    ),
    flagged=sample(financing="on-demand"), passing=sample(),
)
