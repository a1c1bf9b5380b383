"""The pipeline idles while it fills and drains.

What it notices
    More than an eighth of the pipeline's time is bubble.

Why it matters
    The first stage starts before the last has anything to do, and ends before the last is done. With p stages and m
    micro-batches (p−1)/(m+p−1) of the time is idle; interleaving divides it.

What to try
    More micro-batches (a larger batch, a smaller micro-batch, fewer data-parallel ranks), fewer stages, interleaving.

Known limits
    Schedules that fill the bubble with weight gradients are not modelled.
"""

from hwlib.formula import Figure
from hwlib.sources import Choice
from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import at_most, fact, row

ALLOWED = Figure(0.125, Choice("an eighth, a common ceiling", "assumption"))

RULE = Rule(
    id="pipeline-bubble", severity="costs", tier=Tier.BUDGET, briefs=("train-100b",), skills=("pipeline-bubble",), misconceptions=("pipelines-are-free",),
    knobs=("pipeline_parallel", "interleave", "global_batch_tokens", "micro_batch", "data_parallel"), page="book/2-training/parallelism",
    relevant=lambda ctx: ctx.design.pipeline_parallel > 1, margin=lambda ctx: at_most(ctx.measure("estimate.bubble"), ALLOWED),
    evidence=lambda ctx: (
        row(ctx, "bubble", "idle share of the pipeline", "estimate.bubble", "%"), fact("allowed", "ceiling", ALLOWED, "%"),
        row(ctx, "stages", "pipeline stages", "design.pipeline_parallel"), row(ctx, "m", "micro-batches", "estimate.micro_batches"),
        row(ctx, "v", "interleaved chunks", "design.interleave"), row(ctx, "days", "days of the run", "estimate.days", "days"),
    ),
    title="{bubble} of the pipeline's time is idle: {stages} stages, {m} micro-batches.",
    praise="{m} micro-batches keep {stages} stages busy: {bubble} idle.",
    ask="With {stages} stages and {m} micro-batches, what do the other stages do while the first one starts?",
    hints=(
        "Look at the corners of the pipeline's picture.",
        "Idle is (p−1)/(m+p−1); interleaving with v chunks makes it (p−1)/(v·m+p−1).",
        "p = {stages}, m = {m}, v = {v}: {bubble}.",
        "Double the micro-batches, or interleave, and the idle share about halves.",
    ),
    flagged=sample(pipeline_parallel=16, data_parallel=16, interleave=1, global_batch_tokens=1_048_576), passing=sample(),
)
