"""The run takes longer than the calendar allows.

What it notices
    The days of the run, with failures and saves, exceed the brief's.

Why it matters
    Days are arithmetic over chips, peak and the share of the peak that is reached. The share is between a third and a
    half for sound layouts; the peak is not for sale.

What to try
    More chips, a layout with less bubble and traffic, less recomputation, FP8 products where the chip has them.

Known limits
    No ramp-up, no evaluation pauses, no restarts by hand.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, at_most, fact, row
from tutor.targets import limit_of

RULE = Rule(
    id="too-slow", severity="blocks", tier=Tier.OBJECTIVE, briefs=("train-100b",), skills=("mfu",), misconceptions=("peak-is-achieved",),
    knobs=("nodes", "matmul_precision", "recompute", "tensor_parallel"), page="book/2-training/six-n-d", relevant=always,
    margin=lambda ctx: at_most(ctx.measure("estimate.days"), limit_of(ctx, ctx.brief.target("days"))),
    evidence=lambda ctx: (
        row(ctx, "days", "days of the run", "estimate.days", "days"), fact("limit", "limit", limit_of(ctx, ctx.brief.target("days")), "days"),
        row(ctx, "flops", "arithmetic of the run", "estimate.training_flops", "FLOP"), row(ctx, "chips", "chips", "estimate.n_chips"),
        row(ctx, "mfu", "MFU", "estimate.mfu", "%"), row(ctx, "rate", "tokens a second", "estimate.tokens_per_s"),
    ),
    title="The run takes {days}; the limit is {limit}.",
    praise="{days} for the run, within {limit}.",
    ask="{flops} on {chips} chips at an MFU of {mfu}: which of the three can you change by how much?",
    hints=(
        "Look at 6ND: how much arithmetic, on how many chips?",
        "Days are 6 × parameters × tokens over chips × peak × MFU.",
        "{flops}, {chips} chips, MFU {mfu}: {days}.",
        "Multiply the chips by {days} over {limit}, or find the share of a step that is not arithmetic.",
    ),
    flagged=sample(nodes=32, data_parallel=16), passing=sample(),
)
