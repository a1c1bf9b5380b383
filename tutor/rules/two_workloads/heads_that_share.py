"""Every query head keeps its own keys and values, and the cache sizes the fleet.

What it notices
    The model is served with as many KV heads as query heads although a version that shares them is on offer, and the
    cache would hold fewer sequences than the peak needs.

Why it matters
    The cache grows with the KV heads, not with the hidden size. Eight shared heads instead of 32 need a quarter of it,
    so four times the conversations fit on the same chips.

What to try
    The version with grouped heads (gqa), or 8 bits for the cache.

Known limits
    It takes the team's word that both versions score the same; that is a check to repeat on your own questions.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import at_least, row, variant


def grouped(ctx):
    return variant(ctx, attention="gqa")


RULE = Rule(
    id="heads-that-share", severity="costs", tier=Tier.BUDGET, briefs=("serve-7b",), skills=("kv-size", "grouped-heads"),
    misconceptions=("kv-ignores-grouped-heads",), knobs=("attention", "kv_bits"), page="book/1-two-workloads/kv-cache",
    relevant=lambda ctx: ctx.design.attention in ("as-published", "mha"),
    margin=lambda ctx: at_least(ctx.measure("estimate.sequences_that_fit"), ctx.measure("needed_sequences")),
    evidence=lambda ctx: (
        row(ctx, "token", "KV cache of one token", "estimate.kv_bytes_per_token", "B"),
        row(grouped(ctx), "shared", "with 8 shared heads", "estimate.kv_bytes_per_token", "B"),
        row(ctx, "fit", "sequences that fit", "estimate.sequences_that_fit"),
        row(grouped(ctx), "more", "with 8 shared heads", "estimate.sequences_that_fit"),
        row(ctx, "needed", "needed at the peak", "needed_sequences"),
    ),
    title="A token keeps {token} of cache: {fit} sequences fit and {needed} are needed; shared heads would hold {more}.",
    praise="Even with a KV head for each query head {fit} sequences fit, and {needed} are needed.",
    ask="The model has 32 query heads. What of the cache changes when 8 KV heads serve them, and what of the weights?",
    hints=(
        "Look at the cache of one token: which of the model's dimensions are in it?",
        "Two vectors a layer and KV head: query heads do not appear, so sharing KV heads shrinks the cache alone.",
        "{token} a token becomes {shared}, and {fit} sequences become {more}.",
        "Choose gqa and look at the sequences that fit; then ask who checks the answers.",
    ),
    flagged=sample(attention="as-published", kv_bits=16), passing=sample(attention="as-published", replicas=64, batch_limit=64),
)
