"""Days are reckoned at the peak.

What it notices
    A prediction of days near what the run would take at the datasheet's peak.

Why it matters
    Large runs reach 35 to 50% of the peak. A calendar made at the peak is short by a factor of two to three.

What to try
    6ND over chips times peak times an MFU that was measured on such a run.

Known limits
    It reads the value of one prediction, not the reason behind it.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, near, row, signature, unless


def wrong(ctx):
    """What the model behind the prediction gives."""
    return ctx.measure("estimate.days") * ctx.measure("estimate.mfu")


def relevant(ctx):
    return "days" in ctx.predictions and ctx.measure("estimate.mfu") < 0.7


RULE = Rule(
    id="days-at-the-peak", severity="asks", tier=Tier.REASONING, briefs=("train-100b",), skills=("mfu",), misconceptions=("peak-is-achieved",),
    page="book/2-training/six-n-d", relevant=relevant, margin=lambda ctx: unless(signature(ctx.predictions["days"], wrong(ctx), ctx.measure("estimate.days"))),
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["days"], "days"), row(ctx, "right", "days of the run", "estimate.days", "days"),
        fact("other", "days at the peak", wrong(ctx), "days"),
        row(ctx, "mfu", "MFU", "estimate.mfu", "%"),
    ),
    title="You predicted {said}; at an MFU of {mfu} the run takes {right}.",
    praise="You predicted {said}; at an MFU of {mfu} the run takes {right}. At the peak it would be {other}.",
    deserved=lambda ctx: near(ctx.predictions["days"], ctx.measure("estimate.days")),
    ask="Which share of the peak does your figure of {said} stand for?",
    hints=(
        "Look at the MFU of the estimate.",
        "Days are 6ND over chips times peak times MFU.",
        "At the peak it would be {other}; at {mfu} of it the run takes {right}.",
        "Divide {other} by {mfu}.",
    ),
    flagged=sample(predictions={"days": wrong}), passing=sample(predictions={"days": lambda ctx: ctx.measure("estimate.days")}),
)
