"""Tensor parallelism reaches over the edge of a node.

What it notices
    More tensor-parallel ranks than chips in a node.

Why it matters
    Every layer of every micro-batch waits for all-reduces among these ranks, and nothing hides them. Inside a node they
    run on NVLink; across nodes on a link many times slower.

What to try
    Tensor parallelism of a node at most; pipeline or data parallelism across nodes.

Known limits
    Machines with a scale-up domain of 72 chips shift the edge; the brief's nodes have eight.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, at_most, row

RULE = Rule(
    id="tensor-parallel-across-nodes", severity="costs", tier=Tier.OBJECTIVE, briefs=("train-100b",), skills=("tp-placement",),
    misconceptions=("tensor-parallel-across-nodes", "more-tensor-parallel-helps"), knobs=("tensor_parallel",), page="book/2-training/parallelism",
    relevant=always, margin=lambda ctx: at_most(ctx.measure("design.tensor_parallel"), ctx.measure("design.chips_per_node")),
    evidence=lambda ctx: (
        row(ctx, "tp", "tensor-parallel ranks", "design.tensor_parallel"), row(ctx, "node", "chips a node", "design.chips_per_node"),
        row(ctx, "message", "one all-reduce", "estimate.message_bytes", "B"), row(ctx, "each", "its time", "estimate.all_reduce_s", "s"),
        row(ctx, "comm", "tensor-parallel traffic of a step", "estimate.tensor_comm_s", "s"), row(ctx, "step", "a step", "estimate.step_s", "s"),
    ),
    title="{tp} tensor-parallel ranks span nodes of {node}: {comm} of a step of {step} is their all-reduces.",
    praise="Tensor parallelism stays inside a node, on its fast links.",
    ask="Each layer all-reduces {message} among {tp} ranks. Over which link do these bytes go when a node has {node} chips?",
    hints=(
        "Look at the map: which chips of one tensor-parallel group stand in different nodes?",
        "Tensor parallelism talks in every layer and waits each time; it wants the fastest link there is.",
        "One all-reduce of {message} takes {each}; all of a step {comm}.",
        "Set tensor parallelism to {node} or less and give the factor to pipeline stages or data parallelism.",
    ),
    flagged=sample(tensor_parallel=16, data_parallel=16), passing=sample(),
)
