"""FP8 is expected to halve the run.

What it notices
    FP8 products, and a prediction of days near half of what the same design takes in BF16.

Why it matters
    FP8 doubles the peak of the matrix products. They are a part of the step; the rest stays. Measured end to end the
    gain is 1.15 to 1.35 times.

What to try
    Amdahl's law over the share of a step that runs in FP8.

Known limits
    The share is one constant of the model, chosen to give measured gains.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, near, row, signature, unless, variant


def relevant(ctx):
    return ctx.design.matmul_precision == "fp8" and "days" in ctx.predictions


def margin(ctx):
    wide = variant(ctx, matmul_precision="bf16").measure("estimate.days")
    return unless(signature(ctx.predictions["days"], wide / 2, ctx.measure("estimate.days")))


RULE = Rule(
    id="fp8-doubles-predicted", severity="asks", tier=Tier.REASONING, briefs=("train-100b",), skills=("fp8-scope",), misconceptions=("fp8-doubles-training-speed",),
    page="book/2-training/index", relevant=relevant, margin=margin,
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["days"], "days"), row(ctx, "right", "days with FP8 products", "estimate.days", "days"),
        row(variant(ctx, matmul_precision="bf16"), "wide", "days with BF16 products", "estimate.days", "days"),
        row(ctx, "gain", "gain on the arithmetic", "estimate.precision_gain"),
    ),
    title="You predicted {said} with FP8; it takes {right}, against {wide} in BF16.",
    praise="You predicted {said} with FP8; it takes {right}, against {wide} in BF16.",
    deserved=lambda ctx: near(ctx.predictions["days"], ctx.measure("estimate.days")),
    ask="FP8 doubles the peak of the products. Which parts of a step are not products?",
    hints=(
        "Look at the step's waterfall in BF16: which terms would FP8 touch?",
        "Amdahl: what does not get faster bounds the gain.",
        "The arithmetic gains {gain} times; links, bubble and the optimizer gain nothing.",
        "{wide} becomes {right}.",
    ),
    flagged=sample(matmul_precision="fp8", predictions={"days": lambda ctx: ctx.variant(matmul_precision="bf16").measure("estimate.days") / 2}), passing=sample(matmul_precision="fp8", predictions={"days": lambda ctx: ctx.measure("estimate.days")}),
)
