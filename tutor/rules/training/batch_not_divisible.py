"""The batch does not divide into whole micro-batches.

What it notices
    The tokens of a batch are not a multiple of sequence length times micro-batch times data-parallel ranks.

Why it matters
    Each rank works off whole micro-batches of whole sequences. A remainder is a step that some ranks wait through.

What to try
    A batch of sequence × micro-batch × ranks × a whole number; powers of two make this easy.

Known limits
    Packed sequences of different lengths are not modelled.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, fact, row, unless


def unit(ctx):
    return ctx.design.seq_len * ctx.design.micro_batch * ctx.design.data_parallel


RULE = Rule(
    id="batch-not-divisible", severity="blocks", tier=Tier.PHYSICS, briefs=("train-100b",), skills=("pipeline-bubble",),
    knobs=("global_batch_tokens", "micro_batch", "data_parallel", "seq_len"), page="book/2-training/parallelism", relevant=always,
    margin=lambda ctx: unless(ctx.design.global_batch_tokens % unit(ctx) != 0),
    evidence=lambda ctx: (
        row(ctx, "batch", "batch", "design.global_batch_tokens", "tokens"), fact("unit", "tokens of one micro-batch on all ranks", unit(ctx), "tokens"),
        fact("seq", "sequence", ctx.design.seq_len, "tokens"), fact("ranks", "data-parallel ranks", ctx.design.data_parallel),
    ),
    title="A batch of {batch} is not a whole number of micro-batches of {unit}.",
    praise="{batch} are a whole number of micro-batches of {unit}: every rank gets the same work.",
    ask="How many micro-batches does each of {ranks} ranks get from {batch}?",
    hints=(
        "Divide the batch by what all ranks do at once.",
        "One round of micro-batches is sequence × micro-batch × data-parallel ranks tokens.",
        "{batch} over {unit} is not whole.",
        "Round the batch to a multiple of {unit}.",
    ),
    flagged=sample(global_batch_tokens=4_000_000), passing=sample(),
)
