"""The weights do not fit in the replica's memory.

What it notices
    Weights and the runtime's reserve, shared out over the chips of a replica, exceed the memory of a chip, or leave
    no room for a single sequence's KV cache.

Why it matters
    A replica that does not hold its model cannot answer at all. Capacity sets the number of chips before speed does.

What to try
    More chips a replica, fewer bits a weight, or a chip with more memory.

Known limits
    Offloading weights to the host is not modelled: it would hold the model and answer far too slowly.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, always, at_most, row


def margin(ctx):
    by_weights = at_most(ctx.measure("held_bytes"), ctx.measure("estimate.mem_bytes"))
    return by_weights if ctx.estimate.fits else min(by_weights, -0.05)


def evidence(ctx):
    return (
        row(ctx, "held", "weights and reserve of a chip", "held_bytes", "B"),
        row(ctx, "mem", "memory of a chip", "estimate.mem_bytes", "B"),
        row(ctx, "weights", "weights of the model", "estimate.weight_bytes", "B"),
        row(ctx, "chips", "chips a replica", "design.chips_per_replica"),
        row(ctx, "share", "weights on each chip", "estimate.weight_bytes_per_chip", "B"),
    )


RULE = Rule(
    id="fits-in-memory", severity="blocks", tier=Tier.PHYSICS, briefs=SERVING, weight=2.0,
    skills=("capacity-first", "kv-size"), misconceptions=("fits-one-card", "fits-one-lpu", "weights-are-all-the-memory"),
    knobs=("chips_per_replica", "weight_bits", "accelerator"), page="book/1-two-workloads/what-must-fit",
    relevant=always, margin=margin, evidence=evidence,
    title="Each chip would hold {held} before the first sequence; it has {mem}.",
    praise="The model fits: {held} of weights and reserve on a chip of {mem}.",
    ask="The weights are {weights} in all. How many chips of {mem} does it take before there is room for anything else?",
    hints=(
        "Look at the memory bar of one chip: what stands there before any user arrives?",
        "Weights take parameters times bytes a parameter, whatever the traffic, and are split over the chips of a replica.",
        "{weights} over {chips} chips are {share} each; the runtime keeps some besides, and the chip has {mem}.",
        "Divide {weights} by what a chip has left after its reserve, round up, and take at least one chip more for the cache.",
    ),
    flagged=sample(brief="serve-70b", chips_per_replica=1), passing=sample(brief="serve-70b"),
)
