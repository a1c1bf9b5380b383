"""The predicted number of users forgets that each of them keeps a cache.

What it notices
    The predicted number of sequences on a chip is over four times what the cache has room for.

Why it matters
    14 GB of weights leave much of an 80 GB chip free, and it is tempting to see no limit there. Each conversation takes
    its own share of what is free, for as long as it runs.

What to try
    Divide the room beside the weights by the cache of one sequence.

Known limits
    It looks at the mean length; a prediction made for much shorter conversations may be right for those.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import at_most, fact, near, predicted, row

RULE = Rule(
    id="weights-called-memory", severity="asks", tier=Tier.REASONING, briefs=("serve-7b",), skills=("kv-size",),
    misconceptions=("weights-are-all-the-memory",), page="book/1-two-workloads/what-must-fit", implied_by=("fits-in-memory",),
    relevant=predicted("users_per_chip"),
    margin=lambda ctx: at_most(ctx.predictions["users_per_chip"] / 4, ctx.measure("sequences_per_chip")),
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["users_per_chip"]),
        row(ctx, "right", "sequences that fit on a chip", "sequences_per_chip"),
        row(ctx, "each", "KV cache of one sequence", "estimate.kv_bytes_per_sequence", "B"),
        row(ctx, "room", "room for caches in a replica", "estimate.kv_room_bytes", "B"),
    ),
    title="You predicted {said} sequences on a chip; their caches leave room for {right}.",
    praise="You predicted {said} sequences on a chip; their caches leave room for {right}.",
    deserved=lambda ctx: near(ctx.predictions["users_per_chip"], ctx.measure("sequences_per_chip")),
    ask="What does the second user of a chip need that the first one did not pay for?",
    hints=(
        "Look at what stands beside the weights in the memory bar.",
        "Weights are shared by everybody on the chip, caches by nobody.",
        "{room} of room over {each} a sequence.",
        "That gives {right} a chip; your {said} would need many times the memory.",
    ),
    flagged=sample(predictions={"users_per_chip": lambda ctx: 10 * ctx.measure("sequences_per_chip")}), passing=sample(predictions={"users_per_chip": lambda ctx: ctx.measure("sequences_per_chip")}),
)
