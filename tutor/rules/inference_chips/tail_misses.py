"""The median first token is in time, the 99th percentile is not.

What it notices
    In the simulation half of the first tokens come within the limit, but not 99 of 100.

Why it matters
    The objective is about the slowest one in a hundred. Its prompts are long and it met a queue; a mean says nothing
    about either.

What to try
    Lower utilisation (more replicas), chunked prefill, a faster prefill for long prompts.

Known limits
    The simulation has one seed; the interval over seeds is on the panel.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.inference_chips.ttft_floor import limit
from tutor.rules.kit import SERVING, at_most, fact, row


def relevant(ctx):
    return ctx.measure("simulated.ttft_p50_s") <= limit(ctx)


RULE = Rule(
    id="tail-misses", severity="risks", tier=Tier.OBJECTIVE, briefs=SERVING, skills=("utilisation-and-wait",),
    misconceptions=("mean-meets-p99", "deterministic-chip-no-queue"), knobs=("replicas", "batch_limit", "chunked_prefill"),
    page="book/3-inference-chips/percentile", implied_by=("ttft-floor", "saturated-at-peak", "fits-in-memory"), relevant=relevant,
    margin=lambda ctx: at_most(ctx.measure("simulated.ttft_p99_s"), limit(ctx)),
    evidence=lambda ctx: (
        row(ctx, "p99", "first token, p99", "simulated.ttft_p99_s", "s"),
        row(ctx, "p50", "first token, median", "simulated.ttft_p50_s", "s"),
        fact("limit", "limit", limit(ctx), "s"),
        row(ctx, "floor", "without a queue, longest prompts", "estimate.ttft_floor_p99_s", "s"),
        row(ctx, "busy", "utilisation at the peak", "estimate.utilisation", "%"),
    ),
    title="Half of the first tokens come within {p50}, but one in a hundred takes {p99} or more; the limit is {limit}.",
    praise="One first token in a hundred takes {p99} or more, within {limit}.",
    ask="The median waits {p50}. What is different about the one in a hundred that waits {p99}?",
    hints=(
        "Compare the simulated percentiles with the time that needs no queue.",
        "A percentile is prompt length and queue together, and the queue grows with utilisation.",
        "{floor} of the {p99} needs no queue; the rest is waiting, at {busy} busy.",
        "Add replicas until the wait shrinks to {limit} less {floor}, or shorten the floor.",
    ),
    flagged=sample(brief="serve-70b", batch_limit=32), passing=sample(brief="serve-70b"),
)
