"""The pipeline is expected to have no bubble.

What it notices
    More than one stage, a bubble of more than a few per cent, and a prediction near none.

Why it matters
    Stages wait while the pipeline fills and drains. What is idle is paid like what works.

What to try
    More micro-batches, interleaved chunks, or fewer stages.

Known limits
    A schedule without a bubble exists in the literature; the model has the interleaved one.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, near, row, signature, unless


def wrong(ctx):
    """What the model behind the prediction gives."""
    return ctx.measure("estimate.bubble") * 0.0


def relevant(ctx):
    return "bubble" in ctx.predictions and ctx.measure("estimate.bubble") > 0.02


RULE = Rule(
    id="bubble-forgotten", severity="asks", tier=Tier.REASONING, briefs=("train-100b",), skills=("pipeline-bubble",), misconceptions=("pipelines-are-free",),
    page="book/2-training/parallelism", relevant=relevant, margin=lambda ctx: unless(signature(ctx.predictions["bubble"], wrong(ctx), ctx.measure("estimate.bubble"))),
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["bubble"], "%"), row(ctx, "right", "idle share of the pipeline", "estimate.bubble", "%"),
        fact("other", "with nothing idle", wrong(ctx), "%"),
        row(ctx, "stages", "pipeline stages", "design.pipeline_parallel"), row(ctx, "m", "micro-batches", "estimate.micro_batches"),
    ),
    title="You predicted an idle share of {said}; with {stages} stages and {m} micro-batches it is {right}.",
    praise="You predicted an idle share of {said}; {stages} stages and {m} micro-batches leave {right}.",
    deserved=lambda ctx: near(ctx.predictions["bubble"], ctx.measure("estimate.bubble")),
    ask="The first micro-batch has reached the second of {stages} stages. What does the last stage do?",
    hints=(
        "Look at the picture of the pipeline: the corners at its two ends.",
        "The bubble is (p−1)/(m+p−1) with p stages and m micro-batches, less when chunks are interleaved.",
        "{stages} stages and {m} micro-batches leave {right} idle.",
        "Double the micro-batches, and the share goes to about half of {right}.",
    ),
    flagged=sample(predictions={"bubble": wrong}), passing=sample(predictions={"bubble": lambda ctx: ctx.measure("estimate.bubble")}),
)
