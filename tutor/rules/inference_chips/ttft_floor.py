"""The longest prompts miss the objective before anybody waits.

What it notices
    Network, prefill of a 99th-percentile prompt and one decode step take longer than the limit for the first token,
    with no queue at all.

Why it matters
    More replicas shorten the queue; they do not shorten the prefill. A floor over the limit cannot be bought off with
    more of the same.

What to try
    A faster prefill: more chips a replica on a link that keeps up, fewer bits in the matrix products, another chip.

Known limits
    It takes the longest one in a hundred of the prompts; with a cap on prompts the floor falls.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, always, at_most, fact, row
from tutor.targets import limit_of


def limit(ctx):
    return limit_of(ctx, ctx.brief.target("ttft-p99"))


RULE = Rule(
    id="ttft-floor", severity="blocks", tier=Tier.OBJECTIVE, briefs=SERVING, weight=1.5, skills=("ttft-decomposition",),
    misconceptions=("decode-speed-sets-ttft", "whole-budget-is-model-time"), knobs=("chips_per_replica", "weight_bits", "accelerator"),
    page="book/3-inference-chips/percentile", implied_by=("fits-in-memory",), relevant=always,
    margin=lambda ctx: at_most(ctx.measure("estimate.ttft_floor_p99_s"), limit(ctx)),
    evidence=lambda ctx: (
        row(ctx, "floor", "first token without queue, longest prompts", "estimate.ttft_floor_p99_s", "s"),
        fact("limit", "limit at the 99th percentile", limit(ctx), "s"),
        row(ctx, "network", "network and gateway", "load.network_s", "s"),
        row(ctx, "prefill", "prefill of the longest prompts", "estimate.prefill_p99_s", "s"),
        row(ctx, "links", "of a median prefill, links", "estimate.prefill_comm_s", "s"),
        row(ctx, "sums", "of a median prefill, arithmetic", "estimate.prefill_compute_s", "s"),
        row(ctx, "step", "one decode step", "estimate.step_s", "s"),
    ),
    title="The longest prompts need {floor} with no queue at all; the limit is {limit}.",
    praise="Without a queue the longest prompts need {floor}, which leaves time to wait within {limit}.",
    ask="Take away the queue: network {network}, prefill {prefill}, one step {step}. Which of the three would more replicas shorten?",
    hints=(
        "Look at the waterfall of the slowest first token: what is left when the queue is gone?",
        "A first token needs the network, the queue, the whole prompt's prefill and one decode step.",
        "{network} + {prefill} + {step} = {floor}; of a median prefill {sums} is arithmetic and {links} links.",
        "Shorten the larger of arithmetic ({sums}) and links ({links}) until the floor is well under {limit}.",
    ),
    flagged=sample(brief="serve-70b", accelerator="l40s", weight_bits=16, chips_per_replica=16), passing=sample(brief="serve-7b"),
)
