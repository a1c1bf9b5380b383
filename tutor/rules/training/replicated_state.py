"""Every data-parallel rank keeps the same optimizer state.

What it notices
    ZeRO stage 0 with more than one data-parallel rank.

Why it matters
    Plain data parallelism copies the state and saves no memory. Stage 1 shards the optimizer's part, three quarters of
    all, and moves no more bytes than the all-reduce did.

What to try
    ZeRO stage 1; stages 2 and 3 where memory still lacks, with their traffic in mind.

Known limits
    With few ranks, or where memory is free anyway, copying does no harm.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import row, unless, variant

RULE = Rule(
    id="replicated-state", severity="costs", tier=Tier.BUDGET, briefs=("train-100b",), skills=("state-bytes",), misconceptions=("data-parallel-saves-memory",),
    knobs=("zero_stage",), page="book/2-training/parallelism", relevant=lambda ctx: ctx.design.data_parallel > 1,
    margin=lambda ctx: unless(ctx.design.zero_stage == 0),
    evidence=lambda ctx: (
        row(ctx, "state", "state of a chip", "estimate.state_bytes", "B"), row(variant(ctx, zero_stage=1), "sharded", "with ZeRO stage 1", "estimate.state_bytes", "B"),
        row(ctx, "ranks", "data-parallel ranks", "design.data_parallel"), row(ctx, "optimizer", "of it, optimizer", "estimate.optimizer_bytes", "B"),
    ),
    title="{ranks} ranks keep the same {optimizer} of optimizer state; sharded, a chip's state goes from {state} to {sharded}.",
    praise="Optimizer state is sharded over {ranks} ranks.",
    ask="{ranks} ranks hold identical optimizer states of {optimizer}. Who needs all of them?",
    hints=(
        "Look at the optimizer's block in the memory bar.",
        "Data parallelism copies everything; ZeRO gives each rank a share and gathers when needed.",
        "{optimizer} over {ranks} ranks.",
        "Stage 1 takes the state of a chip from {state} to {sharded} for no extra traffic.",
    ),
    flagged=sample(zero_stage=0), passing=sample(),
)
