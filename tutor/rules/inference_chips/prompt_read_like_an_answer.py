"""The prompt is expected to be read at the speed of the answer.

What it notices
    A prediction of the prefill near prompt tokens times the time a token of the answer takes.

Why it matters
    A prompt is read all at once and waits for arithmetic; an answer is written token by token and waits for memory. The
    one does not follow from the other.

What to try
    FLOPs of the prompt over the peak that the replica reaches.

Known limits
    It reads the value of one prediction, not the reason behind it.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, near, row, signature, unless


def wrong(ctx):
    """What the model behind the prediction gives."""
    return ctx.load.prompt_tokens * ctx.measure("estimate.tpot_s")


def relevant(ctx):
    return "prefill_s" in ctx.predictions and ctx.measure("estimate.fits")


RULE = Rule(
    id="prompt-read-like-an-answer", severity="asks", tier=Tier.REASONING, briefs=("serve-70b",), skills=("ttft-decomposition", "roofline",), misconceptions=("decode-speed-sets-ttft",),
    page="book/1-two-workloads/roofline", relevant=relevant, margin=lambda ctx: unless(signature(ctx.predictions["prefill_s"], wrong(ctx), ctx.measure("estimate.prefill_s"))),
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["prefill_s"], "s"), row(ctx, "right", "prefill of the median prompt", "estimate.prefill_s", "s"),
        fact("other", "the prompt at the speed of the answer", wrong(ctx), "s"),
        row(ctx, "token", "a token of the answer", "estimate.tpot_s", "s"),
    ),
    title="You predicted {said} for the prefill; it takes {right}.",
    praise="You predicted {said} for the prefill; it takes {right}. All tokens of a prompt pass at once: at the speed of the answer it would be {other}.",
    deserved=lambda ctx: near(ctx.predictions["prefill_s"], ctx.measure("estimate.prefill_s")),
    ask="A token of the answer takes {token}, and each one waits for the one before. Which token of the prompt has to wait for another?",
    hints=(
        "Look at the timeline: prompt and answer.",
        "All tokens of a prompt are known, so the weights are read once for all of them.",
        "One after the other the prompt would take {other}; together it takes {right}.",
        "Divide 2 × parameters × prompt tokens by what the chips of the replica reach.",
    ),
    flagged=sample(predictions={"prefill_s": wrong}), passing=sample(predictions={"prefill_s": lambda ctx: ctx.measure("estimate.prefill_s")}),
)
