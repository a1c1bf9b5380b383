"""Long prompts stall everybody else's tokens.

What it notices
    Prefills run whole between the decode steps, and other people's prompts stretch the time a token by a quarter or more.

Why it matters
    A prompt that is worked off in one piece stops all answers of its replica for as long. Continuous batching alone does
    not help; it lets the prompt in earlier.

What to try
    Chunked prefill: the prompt is cut and rides along with the steps.

Known limits
    The model spreads the stalls evenly; a single very long prompt is worse than the mean says.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, at_most, row, variant

ALLOWED = 1.25


def margin(ctx):
    smooth = variant(ctx, chunked_prefill=True).measure("estimate.tpot_s")
    return at_most(ctx.measure("estimate.tpot_s"), smooth * ALLOWED)


RULE = Rule(
    id="stalls-from-long-prompts", severity="risks", tier=Tier.OBJECTIVE, briefs=SERVING, skills=("chunked-prefill",),
    misconceptions=("continuous-batching-always-helps-ttft",), knobs=("chunked_prefill",), page="book/3-inference-chips/continuous-batching",
    implied_by=("saturated-at-peak", "fits-in-memory"), relevant=lambda ctx: not ctx.design.chunked_prefill and ctx.design.scheduler == "continuous",
    margin=margin,
    evidence=lambda ctx: (
        row(ctx, "tpot", "time a token, prompts in between", "estimate.tpot_s", "s"),
        row(variant(ctx, chunked_prefill=True), "smooth", "with chunked prefill", "estimate.tpot_s", "s"),
        row(ctx, "prefill", "prefill of a median prompt", "estimate.prefill_s", "s"),
        row(ctx, "rate", "prompts a second, a replica", "estimate.requests_per_s_per_replica"),
    ),
    title="Other people's prompts stretch a token to {tpot}; in chunks it would be {smooth}.",
    praise="Even without chunks, other people's prompts stretch a token only to {tpot}; in chunks it would be {smooth}.",
    ask="A prompt takes {prefill} and {rate} of them arrive each second at a replica. What do the answers in progress do meanwhile?",
    hints=(
        "Look at the timeline: what happens to the rows that are decoding when a new one begins?",
        "A prefill in one piece stops the decode steps of its replica for as long as it lasts.",
        "{rate} prompts a second of {prefill} each: that share of every second belongs to prefills.",
        "Turn chunked prefill on: {tpot} becomes {smooth}.",
    ),
    flagged=sample(brief="serve-70b", chunked_prefill=False, replicas=4), passing=sample(brief="serve-70b", chunked_prefill=False, replicas=200),
)
