"""Money of the third year counts like money of today.

What it notices
    A discount rate of zero.

Why it matters
    Buying pays now, renting pays later. Without a rate the two cannot be compared, and buying looks worse than it is or
    better than it is, depending on what else is left out.

What to try
    The company's cost of capital; 8 to 12 % is common.

Known limits
    One rate for all flows.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, row, unless

RULE = Rule(
    id="undiscounted", severity="risks", tier=Tier.HONESTY, briefs=("tco-3y",), skills=("buy-reserve-rent",), misconceptions=("capex-opex-undiscounted",),
    knobs=("discount_rate",), page="book/4-economics/index", relevant=always, margin=lambda ctx: unless(ctx.design.discount_rate == 0),
    evidence=lambda ctx: (
        row(ctx, "rate", "discount rate", "design.discount_rate", "%"), row(ctx, "sum", "three years, undiscounted", "estimate.undiscounted_usd", "usd"),
        row(ctx.variant(discount_rate=0.1), "then", "at 10%", "estimate.total_usd", "usd"),
    ),
    title="Later years count in full: {sum}, where a rate of 10% gives {then}.",
    praise="Later years are discounted at {rate}.",
    ask="Would the company rather pay a million today or in two years, and by how much rather?",
    hints=(
        "Look at the discount rate.",
        "Money later is divided by (1 + rate) for each year.",
        "{sum} undiscounted, {then} at 10%.",
        "Enter the company's cost of capital.",
    ),
    flagged=sample(discount_rate=0.0), passing=sample(),
)
