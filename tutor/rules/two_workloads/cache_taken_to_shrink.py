"""The cache is expected to shrink with the weights.

What it notices
    Weights of fewer bits than the cache, and a prediction of the cache near what it would be at the weights' bits.

Why it matters
    Weights and cache are stored apart, each with bits of its own. Rounding the weights leaves the cache of each user as
    large as it was, and with many users the cache is the larger of the two.

What to try
    Set the bits of the cache too, or take a model with fewer key and value heads.

Known limits
    It reads the value of one prediction, not the reason behind it.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, near, row, signature, unless


def wrong(ctx):
    """What the model behind the prediction gives."""
    return ctx.measure("estimate.kv_bytes_per_sequence") * ctx.design.weight_bits / ctx.design.kv_bits


def relevant(ctx):
    return "kv_bytes_per_user" in ctx.predictions and ctx.design.weight_bits < ctx.design.kv_bits


RULE = Rule(
    id="cache-taken-to-shrink", severity="asks", tier=Tier.REASONING, briefs=("serve-7b",), skills=("kv-size", "precision",), misconceptions=("weight-quantisation-shrinks-kv",),
    page="book/1-two-workloads/kv-cache", relevant=relevant, margin=lambda ctx: unless(signature(ctx.predictions["kv_bytes_per_user"], wrong(ctx), ctx.measure("estimate.kv_bytes_per_sequence"))),
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["kv_bytes_per_user"], "B"), row(ctx, "right", "cache of a conversation", "estimate.kv_bytes_per_sequence", "B"),
        fact("other", "if the cache had the weights' bits", wrong(ctx), "B"),
        fact("weights", "bits of a weight", ctx.design.weight_bits), fact("kv", "bits of a cached value", ctx.design.kv_bits),
    ),
    title="You predicted {said} of cache for a user; with {kv}-bit values it is {right}.",
    praise="You predicted {said} of cache for a user; it is {right}: the cache keeps {kv} bits, whatever the weights have.",
    deserved=lambda ctx: near(ctx.predictions["kv_bytes_per_user"], ctx.measure("estimate.kv_bytes_per_sequence")),
    ask="The weights have {weights} bits. How many bits has a value in the cache of your design?",
    hints=(
        "Look at the two fields: bits of the weights, bits of the cache.",
        "Bytes of cache are tokens times layers times heads times width times the bytes of a cached value; weights do not enter.",
        "At {weights} bits a user would hold {other}; at the {kv} bits of your design it is {right}.",
        "Leave the weights as they are, set the cache to {weights} bits, and {right} becomes {other}.",
    ),
    flagged=sample(weight_bits=8, kv_bits=16, predictions={"kv_bytes_per_user": wrong}), passing=sample(weight_bits=8, kv_bits=16, predictions={"kv_bytes_per_user": lambda ctx: ctx.measure("estimate.kv_bytes_per_sequence")}),
)
