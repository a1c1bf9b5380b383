"""The run costs more than the budget.

What it notices
    Chips times days times the price of a chip-hour exceed the brief's budget.

Why it matters
    Twice the chips in half the days cost the same; what costs is time in which chips wait. Spare nodes are paid too.

What to try
    A layout with a higher MFU, a chip with a better price for its arithmetic, fewer spares.

Known limits
    On-demand list price; a reservation or an owned cluster costs less.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, at_most, fact, row
from tutor.targets import limit_of

RULE = Rule(
    id="over-budget", severity="costs", tier=Tier.BUDGET, briefs=("train-100b",), skills=("mfu",), misconceptions=("peak-is-achieved",),
    knobs=("accelerator", "matmul_precision", "recompute", "spare_nodes"), page="book/2-training/six-n-d", relevant=always,
    margin=lambda ctx: at_most(ctx.measure("estimate.usd"), limit_of(ctx, ctx.brief.target("budget"))),
    evidence=lambda ctx: (
        row(ctx, "usd", "cost of the run", "estimate.usd", "usd"), fact("limit", "budget", limit_of(ctx, ctx.brief.target("budget")), "usd"),
        row(ctx, "chips", "chips", "estimate.n_chips"), row(ctx, "days", "days", "estimate.days", "days"),
        row(ctx, "price", "a chip-hour", "estimate.usd_per_chip_hour", "usd/h"), row(ctx, "mfu", "MFU", "estimate.mfu", "%"),
    ),
    title="The run costs {usd}; the budget is {limit}.",
    praise="The run costs {usd}, within the budget of {limit}.",
    ask="{chips} chips for {days} at {price}: would half the chips for twice the days cost less?",
    hints=(
        "Look at what a chip does in a second, and at what it costs.",
        "Chip-hours are the arithmetic over peak times MFU; the number of chips cancels.",
        "{chips} × {days} × {price} = {usd}.",
        "Raise the MFU from {mfu}, or compare dollars for each FLOP of another chip.",
    ),
    flagged=sample(recompute="full", pipeline_parallel=16, data_parallel=16, interleave=1, global_batch_tokens=1_048_576), passing=sample(),
)
