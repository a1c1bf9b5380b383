"""Chips wait for the network for more than a fifth of a step.

What it notices
    Communication that nothing hides takes over 20 % of a step.

Why it matters
    Chips that wait cost as much as chips that work. Tensor-parallel traffic is always exposed; gradients hide behind
    the backward pass as far as the link allows.

What to try
    Tensor parallelism inside a node and no larger than needed; faster links between nodes; more work between two
    all-reduces (a larger batch).

Known limits
    Overlap is a share of the backward pass; a real schedule may do better or worse.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, at_most, fact, row
from tutor.targets import limit_of

RULE = Rule(
    id="exposed-communication", severity="costs", tier=Tier.OBJECTIVE, briefs=("train-100b",), skills=("tp-placement", "overlap"),
    misconceptions=("gigabits-are-gigabytes", "allreduce-shrinks-with-ranks", "more-tensor-parallel-helps"),
    knobs=("tensor_parallel", "scale_out_link", "global_batch_tokens", "zero_stage"), page="book/2-training/ring-of-chips",
    implied_by=("tensor-parallel-across-nodes",), relevant=always,
    margin=lambda ctx: at_most(ctx.measure("estimate.exposed_comm_share"), limit_of(ctx, ctx.brief.target("communication"))),
    evidence=lambda ctx: (
        row(ctx, "share", "exposed communication", "estimate.exposed_comm_share", "%"),
        fact("limit", "limit", limit_of(ctx, ctx.brief.target("communication")), "%"),
        row(ctx, "tensor", "tensor-parallel traffic", "estimate.tensor_comm_s", "s"),
        row(ctx, "data", "gradients, all", "estimate.data_comm_s", "s"), row(ctx, "open", "gradients, not hidden", "estimate.data_comm_exposed_s", "s"),
        row(ctx, "step", "a step", "estimate.step_s", "s"),
    ),
    title="{share} of a step waits for the network; the limit is {limit}.",
    praise="{share} of a step waits for the network, under {limit}.",
    ask="Of a step of {step}, tensor traffic takes {tensor} and gradients {open} that nothing hides. Which would a faster link between nodes shorten?",
    hints=(
        "Look at the step's waterfall: which terms are links?",
        "Tensor traffic waits in each layer; gradients of size S move 2(n−1)/n · S a rank, however many ranks there are.",
        "Tensor {tensor}, gradients {data} of which {open} are exposed, in a step of {step}.",
        "Halve tensor parallelism if memory allows, or raise the batch so that {data} hides behind more work.",
    ),
    flagged=sample(scale_out_link="none", tensor_parallel=2, pipeline_parallel=1, data_parallel=512, interleave=1, zero_stage=3), passing=sample(),
)
