"""The weights are in a format that the chip does not multiply.

What it notices
    Weights in 8 or 4 bits on a chip whose published formats have no peak of that width.

Why it matters
    Narrow weights are then widened before each product: memory and bandwidth gain, the arithmetic does not. A prefill
    that waits for arithmetic gets no faster.

What to try
    Count the gain in bytes only, or take a chip that multiplies the format.

Known limits
    It knows the published peaks. Where a vendor's own pages disagree the catalogue says so.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, fact, row, unless

WIDTHS = {8: ("fp8", "int8"), 4: ("fp4", "int4")}


def lacks(ctx):
    return not any(name in ctx.chip.formats for name in WIDTHS.get(ctx.design.weight_bits, ctx.chip.formats))


RULE = Rule(
    id="precision-the-chip-lacks", severity="risks", tier=Tier.ROBUSTNESS, briefs=SERVING, skills=("precision",),
    misconceptions=("any-precision-on-any-chip", "int4-is-four-times-everywhere"), knobs=("weight_bits", "accelerator"),
    page="book/3-inference-chips/fewer-bits", implied_by=("fits-in-memory",),
    relevant=lambda ctx: ctx.design.weight_bits < 16, margin=lambda ctx: unless(lacks(ctx)),
    evidence=lambda ctx: (
        fact("bits", "weights, bits", ctx.design.weight_bits),
        fact("formats", "formats with a published peak", ", ".join(ctx.chip.formats)),
        row(ctx, "sums", "prefill, arithmetic", "estimate.prefill_compute_s", "s"),
        row(ctx, "step", "a decode step", "estimate.step_s", "s"),
    ),
    title="The chip has no peak for {bits}-bit products ({formats}): fewer bytes are read, the arithmetic stays as it is.",
    praise="{bits}-bit weights suit a chip with peaks for {formats}.",
    ask="If {bits}-bit weights are widened before each product, which gets faster: the prefill ({sums} of arithmetic) or the decode step ({step})?",
    hints=(
        "Look at the formats in the chip's card.",
        "Storage and arithmetic are two things: fewer bits are always read faster, and multiplied faster only where units for them exist.",
        "{bits} bits, but published peaks for {formats} only.",
        "Expect the decode step to gain while it waits for memory, and the {sums} of prefill arithmetic to stay.",
    ),
    flagged=sample(brief="serve-7b", accelerator="a100-80-sxm", weight_bits=4, quality_gate=True), passing=sample(brief="serve-70b"),
)
