"""The predicted bytes of a chip count weights alone.

What it notices
    The prediction is near what the 16-bit weights, or three to four times them, would take, and far from what a chip
    must hold.

Why it matters
    Training keeps 16 bytes a parameter and the activations in flight. Whoever counts two buys an eighth of the memory.

What to try
    2 + 2 + 4 + 4 + 4 bytes a parameter, divided by what is sharded, plus activations.

Known limits
    It compares with the weights of a chip under your layout.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, near, predicted, row, signature, unless


def margin(ctx):
    said, weights, right = ctx.predictions["bytes_per_chip"], ctx.measure("estimate.weight_bytes"), ctx.measure("estimate.total_bytes")
    return unless(signature(said, weights, right))


RULE = Rule(
    id="weights-only-predicted", severity="asks", tier=Tier.REASONING, briefs=("train-100b",), skills=("state-bytes",),
    misconceptions=("weights-only-memory", "three-to-four-times-model"), page="book/1-two-workloads/what-must-fit", relevant=predicted("bytes_per_chip"), margin=margin,
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["bytes_per_chip"], "B"), row(ctx, "weights", "weights of a chip", "estimate.weight_bytes", "B"),
        row(ctx, "right", "bytes of a chip", "estimate.total_bytes", "B"), row(ctx, "per", "bytes a parameter, unsharded", "estimate.state_bytes_per_param", "B"),
        row(ctx, "activations", "activations in flight", "estimate.activation_bytes", "B"),
    ),
    title="You predicted {said} a chip, what the weights alone take; it must hold {right}.",
    praise="You predicted {said} a chip; it holds {right}, of which the weights are {weights}.",
    deserved=lambda ctx: near(ctx.predictions["bytes_per_chip"], ctx.measure("estimate.total_bytes")),
    ask="A weight has {weights} of company: what else does Adam keep for each parameter, and what does the backward pass need?",
    hints=(
        "Open the memory bar: weights are one of four blocks.",
        "Mixed-precision Adam keeps weight, gradient, master copy and two moments.",
        "{per} a parameter before sharding, and {activations} of activations.",
        "Together a chip holds {right}.",
    ),
    flagged=sample(predictions={"bytes_per_chip": lambda ctx: ctx.measure("estimate.weight_bytes")}), passing=sample(predictions={"bytes_per_chip": lambda ctx: ctx.measure("estimate.total_bytes")}),
)
