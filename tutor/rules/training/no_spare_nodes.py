"""The first broken node stops the run.

What it notices
    No spare nodes although failures are to be expected.

Why it matters
    A cluster of thousands of chips loses one every few hours. Without a node that waits, the run waits for a repair.

What to try
    One spare node for each few dozen.

Known limits
    The model does not count the time of a repair; it asks for the plan.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import row, unless

RULE = Rule(
    id="no-spare-nodes", severity="risks", tier=Tier.ROBUSTNESS, briefs=("train-100b",), skills=("checkpointing",), misconceptions=("no-failures",),
    knobs=("spare_nodes",), page="book/2-training/checkpoints", relevant=lambda ctx: ctx.measure("estimate.failures") >= 1,
    margin=lambda ctx: unless(ctx.design.spare_nodes < 1),
    evidence=lambda ctx: (
        row(ctx, "failures", "failures of the run", "estimate.failures"), row(ctx, "mtbf", "time between failures", "estimate.mtbf_s", "s"),
        row(ctx, "nodes", "nodes", "design.nodes"), row(ctx, "spare", "spare nodes", "design.spare_nodes"),
    ),
    title="{failures} failures are to be expected, and no node waits to step in.",
    praise="{spare} spare nodes for {failures} failures to be expected.",
    ask="A node breaks every {mtbf}. What do the other {nodes} do until it is repaired?",
    hints=(
        "Look at the failures of the run.",
        "A layout needs all of its nodes; a missing one stops everybody.",
        "One failure every {mtbf}, {failures} in all.",
        "Add a spare node or two: they cost a share of the bill and save the wait.",
    ),
    flagged=sample(spare_nodes=0), passing=sample(),
)
