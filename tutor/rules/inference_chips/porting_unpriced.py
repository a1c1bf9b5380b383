"""Another software stack, and no weeks for the move.

What it notices
    A chip that does not run CUDA, with no weeks for porting.

Why it matters
    Models move to Neuron, XLA or GroqWare by compiling, testing and tuning. That takes engineers, and the way back
    takes them again.

What to try
    Estimate the weeks, say where they come from, and compare costs with them in.

Known limits
    It asks for a number and cannot tell a good estimate from a bad one.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, fact, unless

RULE = Rule(
    id="porting-unpriced", severity="risks", tier=Tier.BUDGET, briefs=SERVING, skills=("price-the-port",),
    misconceptions=("porting-costs-nothing", "vendor-multipliers-are-portable"), knobs=("migration_weeks",),
    page="book/3-inference-chips/index", relevant=lambda ctx: ctx.chip.vendor != "NVIDIA",
    margin=lambda ctx: unless(ctx.design.migration_weeks <= 0),
    evidence=lambda ctx: (
        fact("chip", "chip", ctx.chip.name), fact("vendor", "vendor", ctx.chip.vendor),
        fact("weeks", "weeks to port", ctx.design.migration_weeks, "weeks"),
    ),
    title="{chip} has a software stack of its own, and the plan has {weeks} for the move.",
    praise="The move to {chip} is priced: {weeks}.",
    ask="Who makes the model run on {chip}, for how long, and what do they find on the way back?",
    hints=(
        "Look at the weeks to port.",
        "Another stack means compiling, checking the numbers, tuning, and keeping two stacks alive for a while.",
        "{weeks} planned for a move to {vendor}.",
        "Enter the weeks you expect, with a reason, and hold the savings against them.",
    ),
    flagged=sample(brief="serve-70b", accelerator="tpu-v5e", chips_per_replica=8, migration_weeks=0.0), passing=sample(brief="serve-70b", accelerator="tpu-v5e", chips_per_replica=8, migration_weeks=8.0),
)
