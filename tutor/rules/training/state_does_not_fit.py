"""A chip must hold more than it has.

What it notices
    Weights, gradients, optimizer state and the activations in flight of a chip exceed its memory.

Why it matters
    Mixed-precision Adam keeps 16 bytes a parameter before the first activation: 2 for the weight, 2 for the gradient, 12
    for the master copy and two moments. 100 billion parameters are 1.6 TB that must be somewhere.

What to try
    Shard the state over the data-parallel ranks (ZeRO), more tensor or pipeline parallelism, recomputation of
    activations, a smaller micro-batch.

Known limits
    Fragmentation and the peaks of a real framework are covered by a flat reserve.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, at_most, row

RULE = Rule(
    id="state-does-not-fit", severity="blocks", tier=Tier.PHYSICS, briefs=("train-100b",), weight=2.0, skills=("state-bytes",),
    misconceptions=("weights-only-memory", "three-to-four-times-model", "data-parallel-saves-memory", "fp8-quarters-memory"),
    knobs=("zero_stage", "tensor_parallel", "pipeline_parallel", "recompute", "micro_batch"), page="book/1-two-workloads/what-must-fit",
    relevant=always, margin=lambda ctx: at_most(ctx.measure("estimate.total_bytes"), ctx.measure("estimate.mem_bytes")),
    evidence=lambda ctx: (
        row(ctx, "total", "bytes of a chip", "estimate.total_bytes", "B"),
        row(ctx, "mem", "memory of a chip", "estimate.mem_bytes", "B"),
        row(ctx, "state", "weights, gradients, optimizer", "estimate.state_bytes", "B"),
        row(ctx, "optimizer", "of it, optimizer", "estimate.optimizer_bytes", "B"),
        row(ctx, "activations", "activations in flight", "estimate.activation_bytes", "B"),
        row(ctx, "all", "state of the whole model", "estimate.state_bytes_total", "B"),
    ),
    title="Each chip would hold {total}; it has {mem}.",
    praise="The state fits: {total} on a chip of {mem}.",
    ask="The state of the whole model is {all}. Which of your three ways of splitting divides it, and which only copies it?",
    hints=(
        "Look at the memory bar of one chip: which block is the largest?",
        "Tensor and pipeline parallelism divide everything; data parallelism copies it unless ZeRO shards the copies.",
        "{state} of state ({optimizer} of it optimizer) and {activations} of activations make {total} with the reserve.",
        "ZeRO stage 1 divides the {optimizer} by the data-parallel ranks; recomputation shrinks the {activations}.",
    ),
    flagged=sample(zero_stage=0, recompute="none"), passing=sample(),
)
