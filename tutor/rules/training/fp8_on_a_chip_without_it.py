"""FP8 products on a chip that has none.

What it notices
    Matrix products in a format for which the chip has no units.

Why it matters
    The A100 has no FP8 units: FP8 values would be widened first and nothing would be faster. Llama 2 was trained on
    A100s, and so not in FP8, whatever one reads.

What to try
    BF16, or a chip with FP8 (H100 and later, MI300X).

Known limits
    It goes by the peaks that the catalogue has.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, fact, unless

RULE = Rule(
    id="fp8-on-a-chip-without-it", severity="blocks", tier=Tier.PHYSICS, briefs=("train-100b",), skills=("fp8-scope",),
    misconceptions=("fp8-on-a100",), knobs=("matmul_precision", "accelerator"), page="book/2-training/index", relevant=always,
    margin=lambda ctx: unless(ctx.design.matmul_precision not in ctx.chip.formats),
    evidence=lambda ctx: (
        fact("format", "matrix products in", ctx.design.matmul_precision), fact("chip", "chip", ctx.chip.name),
        fact("formats", "its formats", ", ".join(ctx.chip.formats)),
    ),
    title="{chip} has no units for {format}; it multiplies {formats}.",
    praise="{chip} has units for {format}.",
    ask="Which of {formats} would {format} run as on {chip}?",
    hints=(
        "Look at the formats in the chip's card.",
        "A format is fast only where the chip has units for it.",
        "{format} asked; {chip} has {formats}.",
        "Choose bf16, or a chip whose card lists {format}.",
    ),
    flagged=sample(accelerator="a100-80-sxm", matmul_precision="fp8"), passing=sample(matmul_precision="fp8"),
)
