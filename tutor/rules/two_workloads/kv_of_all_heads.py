"""The predicted cache counts a key and a value for every query head.

What it notices
    The predicted KV cache of a user is near what the full hidden size would give, and far from what the model's KV
    heads give.

Why it matters
    Sizing by the hidden size buys several times the memory that a model with grouped heads needs, or turns down a
    design that works.

What to try
    Count KV heads times the size of a head, not the hidden size.

Known limits
    With as many KV heads as query heads the two agree, and the rule is silent.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, near, row, signature, unless


def relevant(ctx):
    return "kv_bytes_per_user" in ctx.predictions and ctx.measure("all_heads_kv_bytes") > 1.3 * ctx.measure("estimate.kv_bytes_per_sequence")


def margin(ctx):
    return unless(signature(ctx.predictions["kv_bytes_per_user"], ctx.measure("all_heads_kv_bytes"), ctx.measure("estimate.kv_bytes_per_sequence")))


RULE = Rule(
    id="kv-of-all-heads", severity="asks", tier=Tier.REASONING, briefs=("serve-7b",), skills=("kv-size", "grouped-heads"),
    misconceptions=("kv-ignores-grouped-heads",), page="book/1-two-workloads/kv-cache", relevant=relevant, margin=margin,
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["kv_bytes_per_user"], "B"),
        row(ctx, "full", "with a KV head for each query head", "all_heads_kv_bytes", "B"),
        row(ctx, "right", "with the design's KV heads", "estimate.kv_bytes_per_sequence", "B"),
        row(ctx, "token", "KV cache of one token", "estimate.kv_bytes_per_token", "B"),
    ),
    title="You predicted {said} of cache a user, what all query heads would keep; with shared heads it is {right}.",
    praise="You predicted {said} of cache a user; it is {right}, and not the {full} that a KV head for each query head would keep.",
    deserved=lambda ctx: near(ctx.predictions["kv_bytes_per_user"], ctx.measure("estimate.kv_bytes_per_sequence")),
    ask="Your design lets several query heads share a KV head. Which factor of the cache is that?",
    hints=(
        "Compare your prediction with the cache of one token times the tokens in flight.",
        "Only KV heads keep keys and values: 2 × layers × KV heads × head size × bytes × tokens.",
        "All query heads would keep {full}; your design's KV heads keep {right}.",
        "Divide by query heads over KV heads and you have {right}.",
    ),
    flagged=sample(predictions={"kv_bytes_per_user": lambda ctx: ctx.measure("all_heads_kv_bytes")}), passing=sample(predictions={"kv_bytes_per_user": lambda ctx: ctx.measure("estimate.kv_bytes_per_sequence")}),
)
