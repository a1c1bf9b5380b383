"""The layers do not divide into equal stages.

What it notices
    The number of layers is not a multiple of pipeline stages times interleaved chunks.

Why it matters
    A stage holds whole layers. Where they do not divide, one stage has more and every other one waits for it, or the
    framework refuses.

What to try
    Stages and chunks whose product divides the layers.

Known limits
    Some frameworks give the first and last stage fewer layers to make room for the embeddings; that is not modelled.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, row, unless


def chunks(ctx):
    return ctx.design.pipeline_parallel * ctx.design.interleave


RULE = Rule(
    id="layers-not-divisible", severity="blocks", tier=Tier.PHYSICS, briefs=("train-100b",), skills=("pipeline-bubble",),
    knobs=("pipeline_parallel", "interleave"), page="book/2-training/parallelism",
    relevant=lambda ctx: ctx.design.pipeline_parallel > 1, margin=lambda ctx: unless(ctx.load.layers % chunks(ctx) != 0),
    evidence=lambda ctx: (
        row(ctx, "layers", "layers", "load.layers"), fact("stages", "pipeline stages", ctx.design.pipeline_parallel),
        fact("interleave", "interleaved chunks", ctx.design.interleave), fact("chunks", "chunks in all", chunks(ctx)),
    ),
    title="{layers} layers do not divide into {stages} stages of {interleave} chunks each.",
    praise="{layers} layers divide evenly into {stages} stages: none waits for a longer one.",
    ask="How many of {layers} layers does each of {chunks} chunks hold?",
    hints=(
        "Divide the layers by the stages.",
        "Stages hold whole layers, the same number each.",
        "{layers} over {stages} × {interleave} = {chunks} chunks is not whole.",
        "Choose stages and chunks whose product divides {layers}.",
    ),
    flagged=sample(pipeline_parallel=32, data_parallel=8), passing=sample(),
)
