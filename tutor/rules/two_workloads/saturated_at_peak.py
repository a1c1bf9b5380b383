"""The fleet is too busy at the peak for a percentile to hold.

What it notices
    At the peak the replicas are busier than 85 % of what they can do.

Why it matters
    Arrivals are random. Near saturation a queue grows without a bound, and it is the slowest one in a hundred that the
    objective is about. A mean load that fits is not enough.

What to try
    More replicas, or replicas that do more: larger batches while the time per token allows it.

Known limits
    85 % is where a queue with random arrivals typically starts to dominate; the simulator says what it is for your design.
"""

from hwlib.formula import Figure
from hwlib.sources import Choice
from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, always, at_most, fact, row

CEILING = Figure(0.85, Choice("where queues begin to dominate", "assumption"))

RULE = Rule(
    id="saturated-at-peak", severity="blocks", tier=Tier.OBJECTIVE, briefs=SERVING, weight=1.5,
    skills=("littles-law", "utilisation-and-wait"), misconceptions=("full-utilisation", "average-load-is-enough"),
    knobs=("replicas", "batch_limit", "chips_per_replica"), page="book/3-inference-chips/percentile", implied_by=("fits-in-memory",),
    relevant=always, margin=lambda ctx: at_most(ctx.measure("estimate.utilisation"), CEILING),
    evidence=lambda ctx: (
        row(ctx, "busy", "utilisation at the peak", "estimate.utilisation", "%"),
        fact("ceiling", "ceiling for a percentile", CEILING, "%"),
        row(ctx, "peak", "requests a second at the peak", "estimate.peak_requests_per_s"),
        row(ctx, "each", "for each replica", "estimate.requests_per_s_per_replica"),
        row(ctx, "flight", "sequences in flight", "estimate.in_flight"),
    ),
    title="At the peak the replicas are {busy} busy; a percentile needs {ceiling} or less.",
    praise="At the peak the replicas are {busy} busy, so the queue stays short.",
    ask="{peak} requests a second arrive, {each} for each replica. What does a queue do when its server is {busy} busy?",
    hints=(
        "Look at the utilisation at the peak, not at the mean of the day.",
        "The wait in a queue grows like utilisation over what is idle: half busy is 1, nine tenths busy is 9.",
        "{peak} requests a second over your replicas are {each} each, which keeps them {busy} busy.",
        "Multiply the replicas by {busy} over {ceiling} and round up.",
    ),
    flagged=sample(replicas=6), passing=sample(),
)
