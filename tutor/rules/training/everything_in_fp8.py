"""Master weights and optimizer moments in FP8.

What it notices
    The state that the optimizer keeps is in FP8.

Why it matters
    An update is often thousands of times smaller than the weight. FP8 has two or three bits of mantissa, so the sum
    rounds back to the weight and nothing is learned. FP8 recipes keep master weights and moments wide.

What to try
    FP32 for the state; BF16 with stochastic rounding at the boldest.

Known limits
    8-bit optimizers exist that quantise moments by blocks and keep master weights wide; they are not this.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, fact, row, unless

RULE = Rule(
    id="everything-in-fp8", severity="blocks", tier=Tier.MODEL_LIMIT, briefs=("train-100b",), skills=("fp8-scope",),
    misconceptions=("everything-in-fp8", "fp8-quarters-memory"), knobs=("state_precision",), page="book/2-training/index", relevant=always,
    margin=lambda ctx: unless(ctx.design.state_precision == "fp8"),
    evidence=lambda ctx: (
        fact("state", "master weights and moments in", ctx.design.state_precision), fact("products", "matrix products in", ctx.design.matmul_precision),
        row(ctx, "bytes", "bytes a parameter", "estimate.state_bytes_per_param", "B"),
    ),
    title="Master weights and moments in {state}: small updates round to nothing.",
    praise="Master weights and moments stay wide ({state}), whatever the products run in.",
    ask="A weight is 1 and its update 0.001. What is their sum with three bits of mantissa?",
    hints=(
        "Look at the precision of the state, apart from that of the products.",
        "Products tolerate few bits because their errors average; a running sum does not.",
        "{products} for the products, {state} for what is summed up over the whole run.",
        "Set the state to fp32.",
    ),
    flagged=sample(state_precision="fp8", matmul_precision="fp8"), passing=sample(matmul_precision="fp8"),
)
