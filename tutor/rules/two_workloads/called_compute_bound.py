"""Arithmetic is named as what decoding waits for.

What it notices
    The prediction says that decoding is bound by compute, while the step spends more time on memory, links or overhead.

Why it matters
    A decode step does about two operations for each weight it reads and each sequence on board. Below the ridge point
    the arithmetic units wait for memory, and a chip with more FLOP/s but the same bandwidth decodes no faster.

What to try
    Make the arithmetic infinitely fast in thought and see what is left of the step.

Known limits
    Prefill and training are bound by compute; at very large batches decoding can be, too.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, row, unless


def relevant(ctx):
    return ctx.predictions.get("bottleneck") == "compute"


RULE = Rule(
    id="called-compute-bound", severity="asks", tier=Tier.REASONING, briefs=SERVING, skills=("roofline",),
    misconceptions=("flops-set-decode-speed",), page="book/1-two-workloads/roofline", implied_by=("fits-in-memory",),
    relevant=relevant, margin=lambda ctx: unless(ctx.measure("estimate.bottleneck") != "compute"),
    evidence=lambda ctx: (
        row(ctx, "step", "a decode step", "estimate.step_s", "s"),
        row(ctx, "compute", "of it, arithmetic", "estimate.step_compute_s", "s"),
        row(ctx, "memory", "of it, memory", "estimate.step_memory_s", "s"),
        row(ctx, "network", "of it, links", "estimate.step_comm_s", "s"),
        row(ctx, "intensity", "arithmetic intensity", "estimate.decode_intensity", "FLOP/B"),
        row(ctx, "ridge", "ridge point of the chip", "estimate.ridge", "FLOP/B"),
    ),
    title="You named compute; arithmetic takes {compute} of a step of {step}, memory {memory}.",
    praise="You named compute, and here it is: arithmetic takes {compute} of a step of {step}, memory {memory}.",
    ask="Make the arithmetic free: {compute} goes from a step of {step}. What is it waiting for then?",
    hints=(
        "Look at the terms of one decode step, side by side.",
        "A kernel whose intensity is below the ridge point waits for memory, however many FLOP/s the chip has.",
        "Your decode does {intensity}; the chip's ridge is at {ridge}.",
        "Memory takes {memory}, arithmetic {compute}, links {network}: the largest is what it waits for.",
    ),
    flagged=sample(predictions={"bottleneck": "compute"}), passing=sample(brief="serve-7b", accelerator="l4", batch_limit=512, predictions={"bottleneck": "memory"}),
)
