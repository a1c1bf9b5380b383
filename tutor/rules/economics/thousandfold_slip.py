"""The price of a thousand tokens was applied to each token.

What it notices
    The predicted bill of a year is about a thousand times what the chain of units gives, or a thousandth.

Why it matters
    Prices are printed for a thousand or a million tokens, volumes in tokens a day. One slip moves a bill by a thousand,
    and with it the question whether serving or training is the larger.

What to try
    Write the unit beside each factor and cancel them one by one.

Known limits
    It looks for this slip only; other errors show in the target.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, predicted, row, unless


def margin(ctx):
    ratio = ctx.predictions["annual_bill_usd"] / ctx.measure("estimated_annual_bill")
    return unless(300 <= ratio <= 3000 or 300 <= 1 / ratio <= 3000 if ratio > 0 else False)


RULE = Rule(
    id="thousandfold-slip", severity="blocks", tier=Tier.REASONING, briefs=("tco-3y",), weight=2.0, skills=("unit-conversion", "tco-chain"),
    misconceptions=("thousandfold-slip",), page="book/4-economics/tokens-to-dollars", relevant=predicted("annual_bill_usd"), margin=margin,
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["annual_bill_usd"], "usd"), row(ctx, "right", "the chain of units", "estimated_annual_bill", "usd"),
        row(ctx, "tokens", "tokens a day", "design.tokens_per_day"), row(ctx, "price", "list price", "load.revenue_usd_per_mtoken", "usd/Mtoken"),
    ),
    title="You predicted {said} a year; {tokens} tokens a day at {price} make {right}.",
    praise="The chain of units holds: {tokens} tokens a day at {price} are {right} a year.",
    ask="{tokens} tokens a day: how many millions are that, and what does one million cost?",
    hints=(
        "Write down the unit of the price: dollars for how many tokens?",
        "Tokens a day × 365 days × dollars a token; a price for a million is divided by a million first.",
        "{tokens} ÷ 1,000,000 × {price} × 365.",
        "That is {right} a year.",
    ),
    flagged=sample(tokens_per_day=1e9, predictions={"annual_bill_usd": lambda ctx: 1000 * ctx.measure("estimated_annual_bill")}), passing=sample(tokens_per_day=1e9, predictions={"annual_bill_usd": lambda ctx: ctx.measure("estimated_annual_bill")}),
)
