"""The all-reduce is expected to shrink with the ranks.

What it notices
    A prediction of the all-reduce near its time divided by the ranks of data parallelism.

Why it matters
    In a ring each rank sends 2(n−1)/n of the message: nearly twice its size, however many ranks there are.

What to try
    Smaller messages: shards by tensor and pipeline parallelism. More ranks of data parallelism do not help.

Known limits
    It reads the value of one prediction, not the reason behind it.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, near, row, signature, unless


def wrong(ctx):
    """What the model behind the prediction gives."""
    return ctx.measure("estimate.data_comm_s") / ctx.design.data_parallel


def relevant(ctx):
    return "allreduce_s" in ctx.predictions and ctx.design.data_parallel > 2


RULE = Rule(
    id="all-reduce-taken-to-shrink", severity="asks", tier=Tier.REASONING, briefs=("train-100b",), skills=("overlap",), misconceptions=("allreduce-shrinks-with-ranks",),
    page="book/2-training/ring-of-chips", relevant=relevant, margin=lambda ctx: unless(signature(ctx.predictions["allreduce_s"], wrong(ctx), ctx.measure("estimate.data_comm_s"))),
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["allreduce_s"], "s"), row(ctx, "right", "all-reduce of the gradients", "estimate.data_comm_s", "s"),
        fact("other", "the same divided by the ranks", wrong(ctx), "s"),
        row(ctx, "ranks", "ranks", "design.data_parallel"), row(ctx, "bytes", "bytes that a rank sends", "estimate.allreduce_bytes", "B"),
    ),
    title="You predicted {said} for the all-reduce; it takes {right}.",
    praise="You predicted {said} for the all-reduce; it takes {right}, and {ranks} ranks do not divide it.",
    deserved=lambda ctx: near(ctx.predictions["allreduce_s"], ctx.measure("estimate.data_comm_s")),
    ask="Each of {ranks} ranks sends {bytes}. What would that be with twice as many ranks?",
    hints=(
        "Look at what one rank sends, not at what all of them hold.",
        "A ring sends 2(n−1)/n of the message from each rank; with many ranks that tends to twice the message.",
        "{ranks} ranks send {bytes} each: {right}, not {other}.",
        "Put twice the ranks into 2(n−1)/n: it hardly moves.",
    ),
    flagged=sample(predictions={"allreduce_s": wrong}), passing=sample(predictions={"allreduce_s": lambda ctx: ctx.measure("estimate.data_comm_s")}),
)
