"""The mean of the day is taken for the peak.

What it notices
    A prediction of the peak near the mean rate of the day.

Why it matters
    A fleet sized for the mean is overloaded in the busiest hours, and those are the hours that people remember.

What to try
    Multiply the mean by the peak factor.

Known limits
    With a peak factor near one the two agree, and nothing is said.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, near, row, signature, unless


def wrong(ctx):
    """What the model behind the prediction gives."""
    return ctx.measure("estimate.mean_requests_per_s")


def relevant(ctx):
    return "peak_requests_per_s" in ctx.predictions and ctx.load.peak_factor > 1.4


RULE = Rule(
    id="mean-taken-for-peak-rate", severity="asks", tier=Tier.REASONING, briefs=("serve-70b",), skills=("peak-arithmetic",), misconceptions=("average-load-is-enough",),
    page="book/3-inference-chips/percentile", relevant=relevant, margin=lambda ctx: unless(signature(ctx.predictions["peak_requests_per_s"], wrong(ctx), ctx.measure("estimate.peak_requests_per_s"))),
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["peak_requests_per_s"], ""), row(ctx, "right", "requests a second at the peak", "estimate.peak_requests_per_s", ""),
        fact("other", "mean of the day", wrong(ctx), ""),
        fact("factor", "peak to mean", ctx.load.peak_factor),
    ),
    title="You predicted {said} requests a second; that is the mean of the day, and the peak is {right}.",
    praise="You predicted {said} requests a second; the peak is {right}, {factor} times the mean of {other}.",
    deserved=lambda ctx: near(ctx.predictions["peak_requests_per_s"], ctx.measure("estimate.peak_requests_per_s")),
    ask="The busiest hour has {factor} times the mean. What arrives in a second of it?",
    hints=(
        "Look at the peak factor among the assumptions.",
        "Users times requests a day over the seconds of a day give the mean; the peak factor comes on top.",
        "{other} on average, times {factor}, is {right}.",
        "Multiply {other} by {factor}.",
    ),
    flagged=sample(predictions={"peak_requests_per_s": wrong}), passing=sample(predictions={"peak_requests_per_s": lambda ctx: ctx.measure("estimate.peak_requests_per_s")}),
)
