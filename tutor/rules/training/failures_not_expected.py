"""The run is expected to see no failures.

What it notices
    Several failures over the run, and a prediction near none.

Why it matters
    Machines fail at a rate each; a thousand of them fail a thousand times as often. The checkpoint interval and the spare
    nodes follow from that rate.

What to try
    Chip-hours of the run over chip-hours between failures.

Known limits
    The rate is an assumption of the brief; clusters differ by several times.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, near, row, signature, unless


def wrong(ctx):
    """What the model behind the prediction gives."""
    return ctx.measure("estimate.failures") * 0.0


def relevant(ctx):
    return "failures" in ctx.predictions and ctx.measure("estimate.failures") >= 2


RULE = Rule(
    id="failures-not-expected", severity="asks", tier=Tier.REASONING, briefs=("train-100b",), skills=("checkpointing",), misconceptions=("no-failures",),
    page="book/2-training/checkpoints", relevant=relevant, margin=lambda ctx: unless(signature(ctx.predictions["failures"], wrong(ctx), ctx.measure("estimate.failures"))),
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["failures"], ""), row(ctx, "right", "failures over the run", "estimate.failures", ""),
        fact("other", "with machines that never fail", wrong(ctx), ""),
        row(ctx, "chips", "chips", "estimate.n_chips"), row(ctx, "mtbf", "time between failures of the cluster", "estimate.mtbf_s", "s"),
    ),
    title="You predicted {said} failures; with {chips} chips there are {right}.",
    praise="You predicted {said} failures; {chips} chips make {right} over the run, one every {mtbf}.",
    deserved=lambda ctx: near(ctx.predictions["failures"], ctx.measure("estimate.failures")),
    ask="One of {chips} chips fails every {mtbf}. How many times is that over the run?",
    hints=(
        "Look at the time between failures of the whole cluster.",
        "The cluster's time between failures is that of a chip divided by the chips.",
        "{chips} chips fail every {mtbf}: {right} times over the run.",
        "Divide the seconds of the run by {mtbf}.",
    ),
    flagged=sample(predictions={"failures": wrong}), passing=sample(predictions={"failures": lambda ctx: ctx.measure("estimate.failures")}),
)
