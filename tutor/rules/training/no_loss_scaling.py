"""A narrow format without scaling factors.

What it notices
    FP16 or FP8 products with no scaling factors kept.

Why it matters
    FP16 begins at 6e-8 and FP8 far above: small gradients fall to zero. BF16 has the range of FP32 and needs no help.
    For FP8 the framework keeps a factor for each tensor; the chip does not do it on its own.

What to try
    Keep the scaling factors, or BF16.

Known limits
    Some small models survive FP16 without; that is luck with the range.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, unless

RULE = Rule(
    id="no-loss-scaling", severity="blocks", tier=Tier.MODEL_LIMIT, briefs=("train-100b",), skills=("fp8-scope",), misconceptions=("fp16-equals-bf16",),
    knobs=("loss_scaling", "matmul_precision"), page="book/2-training/index",
    relevant=lambda ctx: ctx.design.matmul_precision in ("fp16", "fp8"), margin=lambda ctx: unless(not ctx.design.loss_scaling),
    evidence=lambda ctx: (fact("format", "matrix products in", ctx.design.matmul_precision), fact("scaling", "scaling factors kept", ctx.design.loss_scaling)),
    title="{format} products without scaling factors: small gradients become zero.",
    praise="{format} with scaling factors kept.",
    ask="What becomes of a gradient of 1e-9 in {format}, and what would have to happen before it is stored?",
    hints=(
        "Look at the last field of the precision.",
        "A narrow format needs its values moved into its range, and moved back after.",
        "{format}, scaling factors kept: {scaling}.",
        "Keep the factors, or use bf16.",
    ),
    flagged=sample(matmul_precision="fp8", loss_scaling=False), passing=sample(matmul_precision="fp8"),
)
