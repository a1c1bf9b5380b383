"""Fewer bits, and nobody checks the answers.

What it notices
    Weights or cache in fewer than 16 bits without a quality check in the plan.

Why it matters
    What quantisation costs in quality depends on the model, the method and the questions: measured perplexities of
    70-billion-parameter models range from almost nothing to several per cent. Nobody knows yours before it is measured.

What to try
    An evaluation on your own questions before and after, as a gate; then set the check in the design.

Known limits
    It asks whether a check is planned, not whether it is a good one.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, fact, row, unless

RULE = Rule(
    id="quantised-without-check", severity="asks", tier=Tier.HONESTY, briefs=SERVING, skills=("precision",),
    misconceptions=("quantisation-has-no-quality-risk",), knobs=("quality_gate",), page="book/3-inference-chips/fewer-bits",
    relevant=lambda ctx: min(ctx.design.weight_bits, ctx.design.kv_bits) < 16, margin=lambda ctx: unless(not ctx.design.quality_gate),
    evidence=lambda ctx: (
        fact("weights", "weights, bits", ctx.design.weight_bits),
        fact("cache", "KV cache, bits", ctx.design.kv_bits),
        row(ctx, "bytes", "weights of the model", "estimate.weight_bytes", "B"),
    ),
    title="Who checks the answers after weights go to {weights} bits and the cache to {cache}?",
    praise="Fewer bits, and a check of the answers before they go live.",
    ask="Which questions of your own would show that {weights}-bit weights answer as well as 16-bit ones?",
    hints=(
        "Look at the last field of the fleet.",
        "Fewer bits change the model; what it costs is an empirical question for each model and method.",
        "Weights in {weights} bits, cache in {cache}, no check planned.",
        "Plan an evaluation before and after, and set the check.",
    ),
    flagged=sample(brief="serve-70b", quality_gate=False), passing=sample(brief="serve-70b"),
)
