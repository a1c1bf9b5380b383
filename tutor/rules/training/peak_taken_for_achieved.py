"""The prediction takes the peak for what is reached.

What it notices
    A predicted MFU of 80 % or more, or days near what the peak would give.

Why it matters
    Sound runs report an MFU of 35 to 50 %. Kernels do not reach the peak, and bubble, traffic, recomputation and
    failures take their share.

What to try
    Start from 40 % and argue up or down.

Known limits
    Short benchmarks of single products come nearer to the peak.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import at_most, fact, near, predicted, row

RULE = Rule(
    id="peak-taken-for-achieved", severity="asks", tier=Tier.REASONING, briefs=("train-100b",), skills=("mfu",), misconceptions=("peak-is-achieved",),
    page="book/2-training/six-n-d", relevant=predicted("mfu"), margin=lambda ctx: at_most(ctx.predictions["mfu"], 0.75),
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["mfu"], "%"), row(ctx, "mfu", "MFU of the design", "estimate.mfu", "%"),
        row(ctx, "hfu", "with recomputation", "estimate.hfu", "%"), row(ctx, "bubble", "bubble", "estimate.bubble", "%"),
        row(ctx, "comm", "exposed communication", "estimate.exposed_comm_share", "%"),
    ),
    title="You predicted an MFU of {said}; the design reaches {mfu}.",
    praise="You predicted an MFU of {said}; the design reaches {mfu}: you left room for bubble ({bubble}) and links ({comm}).",
    deserved=lambda ctx: near(ctx.predictions["mfu"], ctx.measure("estimate.mfu")),
    ask="Bubble {bubble}, exposed communication {comm}: what else stands between the peak and a real kernel?",
    hints=(
        "Look at the step's waterfall.",
        "MFU is useful arithmetic over what the peak would allow in the time that the step really takes.",
        "Bubble {bubble}, communication {comm}, and kernels below their peak: {mfu}.",
        "Take {mfu} as the start for days and cost.",
    ),
    flagged=sample(predictions={"mfu": 0.95}), passing=sample(),
)
