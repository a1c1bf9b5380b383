"""The whole budget is given to the model.

What it notices
    The assumption for network and gateway was set to nothing.

Why it matters
    The user's half second begins and ends at the user. Whatever the way there and back takes is not available for queue,
    prefill and step.

What to try
    A measured round trip of your users, or the brief's assumption.

Known limits
    One number for all users; far continents need their own.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, at_least, row

RULE = Rule(
    id="no-time-for-the-network", severity="asks", tier=Tier.HONESTY, briefs=SERVING, skills=("ttft-decomposition",),
    misconceptions=("whole-budget-is-model-time",), page="book/3-inference-chips/percentile",
    relevant=lambda ctx: "network_s" in ctx.entry.assumptions, margin=lambda ctx: at_least(ctx.measure("load.network_s"), 0.005),
    evidence=lambda ctx: (
        row(ctx, "network", "network and gateway", "load.network_s", "s"),
        row(ctx, "floor", "first token without queue, longest prompts", "estimate.ttft_floor_p99_s", "s"),
    ),
    title="Network and gateway are taken as {network}.",
    praise="{network} of the first token is left to network and gateway, which no chip can shorten.",
    ask="Where is the clock of the objective: at the user, or at the rack?",
    hints=(
        "Look at the assumptions you changed.",
        "The objective counts from the user's key to the first word on the user's screen.",
        "With {network} for the way the floor is {floor}.",
        "Put back a round trip that somebody measured, and say who.",
    ),
    flagged=sample(brief="serve-70b", assumptions={"network_s": 0.0}), passing=sample(brief="serve-70b", assumptions={"network_s": 0.05}),
)
