"""Each sequence reserves cache for the longest context.

What it notices
    Contiguous allocation of the KV cache: a sequence takes room for the longest context that the scheduler admits,
    whatever it comes to use.

Why it matters
    Systems of that kind held real tokens in only 20 to 38 % of their KV memory, as the authors of PagedAttention
    measured. Fewer sequences fit, so each read of the weights serves fewer users.

What to try
    Paged allocation, or at least a longest context near what people use.

Known limits
    Paging costs a little in the attention kernel; the model leaves that out.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, always, at_least, row, variant


def margin(ctx):
    if ctx.design.kv_allocation != "contiguous":
        return 1.0
    other = variant(ctx, kv_allocation="paged")
    return min(-0.05, at_least(ctx.measure("estimate.sequences_that_fit"), other.measure("estimate.sequences_that_fit")))


def evidence(ctx):
    other = variant(ctx, kv_allocation="paged")
    return (
        row(ctx, "yours", "sequences that fit", "estimate.sequences_that_fit"),
        row(other, "other", "with paged allocation", "estimate.sequences_that_fit"),
        row(ctx, "context", "longest context", "design.context_tokens", "tokens"),
        row(ctx, "prompt", "median prompt", "load.prompt_tokens", "tokens"),
        row(ctx, "answer", "median answer", "load.output_tokens", "tokens"),
    )


RULE = Rule(
    id="contiguous-kv", severity="costs", tier=Tier.BUDGET, briefs=SERVING, skills=("paged-kv",), knobs=("kv_allocation", "context_tokens"),
    page="book/3-inference-chips/paged-memory", implied_by=("fits-in-memory",), relevant=always, margin=margin, evidence=evidence,
    title="Contiguous cache: {yours} sequences fit where pages would hold {other}.",
    praise="Paged cache: memory holds tokens, not reservations.",
    ask="Each sequence reserves {context}. A median one uses {prompt} of prompt and {answer} of answer: where is the rest?",
    hints=(
        "Look at the KV block map: how much of it is held for nothing?",
        "Contiguous allocation must reserve the longest case; pages are handed out as tokens arrive.",
        "Reserved are {context}, used on average about {prompt} and half of {answer}: the ratio is what is lost.",
        "Switch to paged: {yours} becomes {other} sequences in the same memory.",
    ),
    flagged=sample(kv_allocation="contiguous"), passing=sample(),
)
