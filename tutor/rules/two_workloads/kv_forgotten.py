"""The scheduler may start more sequences than the cache can hold.

What it notices
    The batch limit of a replica is larger than the number of sequences of mean length whose KV cache fits beside the
    weights.

Why it matters
    The KV cache, not the weights, sizes the memory of a busy replica. A scheduler that starts more than fit must throw
    caches away and compute them again, just when the load is highest.

What to try
    A lower batch limit, fewer bits for the cache, shared KV heads, paged allocation, or more memory.

Known limits
    It compares with the mean length in flight; long conversations take more. Sharing of common prefixes is not counted.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, always, at_least, row


def margin(ctx):
    return at_least(ctx.measure("estimate.sequences_that_fit"), ctx.measure("design.batch_limit"))


def evidence(ctx):
    return (
        row(ctx, "fit", "sequences that fit", "estimate.sequences_that_fit"),
        row(ctx, "limit", "batch limit", "design.batch_limit"),
        row(ctx, "each", "KV cache of one sequence", "estimate.kv_bytes_per_sequence", "B"),
        row(ctx, "token", "KV cache of one token", "estimate.kv_bytes_per_token", "B"),
        row(ctx, "room", "room for caches in a replica", "estimate.kv_room_bytes", "B"),
    )


RULE = Rule(
    id="kv-forgotten", severity="risks", tier=Tier.OBJECTIVE, briefs=SERVING,
    skills=("kv-size",), misconceptions=("weights-are-all-the-memory", "bigger-batch-is-free"),
    knobs=("batch_limit", "kv_bits", "attention", "kv_allocation"), page="book/1-two-workloads/kv-cache",
    implied_by=("fits-in-memory",), relevant=always, margin=margin, evidence=evidence,
    title="The scheduler may start {limit} sequences; the cache has room for {fit}.",
    praise="Cache for {fit} sequences stands behind a batch limit of {limit}.",
    ask="One sequence keeps {each} of cache. What happens to the newest one when {limit} of them share {room}?",
    hints=(
        "Compare the batch limit with the room that the memory bar leaves beside the weights.",
        "Every token in flight keeps a key and a value in every layer, for each KV head, until its answer is done.",
        "{token} a token make {each} a sequence; {room} of room divided by that is {fit}.",
        "Set the batch limit to {fit} or below, or halve the bytes a sequence keeps.",
    ),
    flagged=sample(batch_limit=1024, attention="as-published"), passing=sample(batch_limit=64),
)
