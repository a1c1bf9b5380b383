"""Gigabits of a link are taken for gigabytes.

What it notices
    A prediction of the all-reduce near an eighth of its time.

Why it matters
    Links are sold in bits a second, memory and messages are counted in bytes. The slip is a factor of eight, in the one
    place where a cluster has the least to spare.

What to try
    Divide the link's figure by 8 before it meets bytes.

Known limits
    An eighth can come from another slip too.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, near, row, signature, unless


def wrong(ctx):
    """What the model behind the prediction gives."""
    return ctx.measure("estimate.data_comm_s") / 8


def relevant(ctx):
    return "allreduce_s" in ctx.predictions and ctx.design.data_parallel > 1 and ctx.design.data_parallel != 8


RULE = Rule(
    id="bits-taken-for-bytes", severity="asks", tier=Tier.REASONING, briefs=("train-100b",), skills=("unit-conversion", "overlap",), misconceptions=("gigabits-are-gigabytes",),
    page="book/2-training/ring-of-chips", relevant=relevant, margin=lambda ctx: unless(signature(ctx.predictions["allreduce_s"], wrong(ctx), ctx.measure("estimate.data_comm_s"))),
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["allreduce_s"], "s"), row(ctx, "right", "all-reduce of the gradients", "estimate.data_comm_s", "s"),
        fact("other", "an eighth of it", wrong(ctx), "s"),
        row(ctx, "bytes", "bytes that a rank sends", "estimate.allreduce_bytes", "B"),
    ),
    title="You predicted {said} for the all-reduce; it takes {right}, and an eighth of that is {other}.",
    praise="You predicted {said} for the all-reduce; it takes {right}: bytes were divided by bytes a second.",
    deserved=lambda ctx: near(ctx.predictions["allreduce_s"], ctx.measure("estimate.data_comm_s")),
    ask="A rank sends {bytes}. In which unit is the rate of the link that you divided by?",
    hints=(
        "Look at the unit behind the link's figure.",
        "A link of 400 Gb/s moves 50 GB/s in one direction.",
        "{bytes} at the rate in bytes take {right}; at the rate in bits they would seem to take {other}.",
        "Write the units beside each number and cancel them.",
    ),
    flagged=sample(predictions={"allreduce_s": wrong}), passing=sample(predictions={"allreduce_s": lambda ctx: ctx.measure("estimate.data_comm_s")}),
)
