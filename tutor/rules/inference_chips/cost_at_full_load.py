"""A million tokens are priced at full load, day and night.

What it notices
    A prediction of the cost near the fleet's price over all the tokens that it could write.

Why it matters
    A fleet is paid by the hour and sized for the peak. It writes the tokens that are asked for, and at night few are.

What to try
    Divide the fleet's dollars an hour by the tokens of a mean hour.

Known limits
    It reads the value of one prediction, not the reason behind it.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, near, row, signature, unless


def wrong(ctx):
    """What the model behind the prediction gives."""
    return ctx.measure("estimate.usd_per_hour") / (ctx.measure("estimate.replica_tokens_per_s") * ctx.design.replicas * 3600 / 1e6)


def relevant(ctx):
    return "usd_per_mtoken" in ctx.predictions and ctx.known("estimate.usd_per_mtoken")


RULE = Rule(
    id="cost-at-full-load", severity="asks", tier=Tier.REASONING, briefs=("serve-70b",), skills=("cost-at-objective", "utilisation-cost",), misconceptions=("full-utilisation",),
    page="book/4-economics/tokens-to-dollars", relevant=relevant, margin=lambda ctx: unless(signature(ctx.predictions["usd_per_mtoken"], wrong(ctx), ctx.measure("estimate.usd_per_mtoken"))),
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["usd_per_mtoken"], "usd"), row(ctx, "right", "a million tokens out", "estimate.usd_per_mtoken", "usd"),
        fact("other", "at full load around the clock", wrong(ctx), "usd"),
        row(ctx, "hour", "the fleet, an hour", "estimate.usd_per_hour", "usd"), row(ctx, "busy", "busy at the peak", "estimate.utilisation", "%"),
    ),
    title="You predicted {said} a million tokens; at the load of the day it is {right}.",
    praise="You predicted {said} a million tokens; it is {right}. At full load around the clock it would be {other}, and you did not count on that.",
    deserved=lambda ctx: near(ctx.predictions["usd_per_mtoken"], ctx.measure("estimate.usd_per_mtoken")),
    ask="The fleet costs {hour} an hour, at noon and at four in the morning. How many tokens does it write at four?",
    hints=(
        "Look at how busy the fleet is at the peak, and at the peak factor.",
        "Cost a token is cost an hour over the tokens that were asked for in that hour.",
        "At full load around the clock it would be {other}; the fleet is {busy} busy even at its peak.",
        "{hour} over the tokens of a mean hour is {right} a million.",
    ),
    flagged=sample(predictions={"usd_per_mtoken": wrong}), passing=sample(predictions={"usd_per_mtoken": lambda ctx: ctx.measure("estimate.usd_per_mtoken")}),
)
