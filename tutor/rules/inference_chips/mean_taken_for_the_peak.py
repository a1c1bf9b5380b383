"""The fleet is sized for the average of the day.

What it notices
    The peak factor was set to less than one and a half.

Why it matters
    People sleep. A service that is sized by users a day over 86,400 seconds is short by the peak factor every evening.

What to try
    The busiest hour of a pilot, or of a service like it.

Known limits
    A service spread over all time zones, or batch work that may wait, does come close to its mean.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, at_least, row

RULE = Rule(
    id="mean-taken-for-the-peak", severity="risks", tier=Tier.ROBUSTNESS, briefs=SERVING, skills=("peak-arithmetic",),
    misconceptions=("average-load-is-enough",), page="book/3-inference-chips/percentile",
    relevant=lambda ctx: "peak_factor" in ctx.entry.assumptions, margin=lambda ctx: at_least(ctx.measure("load.peak_factor"), 1.5),
    evidence=lambda ctx: (
        row(ctx, "factor", "peak to mean", "load.peak_factor"),
        row(ctx, "mean", "requests a second, mean", "estimate.mean_requests_per_s"),
        row(ctx, "peak", "requests a second, peak", "estimate.peak_requests_per_s"),
    ),
    title="The peak is taken as {factor} times the mean.",
    praise="You sized for a peak of {factor} times the mean: {peak} requests a second, not {mean}.",
    ask="{mean} requests a second is the mean over day and night. What arrives at eight in the evening?",
    hints=(
        "Look at the assumptions you changed.",
        "A fleet is sized by its busiest hour; the rest of the day it waits.",
        "Mean {mean}, peak {peak} with a factor of {factor}.",
        "Put the factor back to what the busiest hour shows, or say why this service has none.",
    ),
    flagged=sample(brief="serve-70b", assumptions={"peak_factor": 1.0}), passing=sample(brief="serve-70b", assumptions={"peak_factor": 2.5}),
)
