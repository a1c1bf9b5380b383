"""Users of a day are taken for requests of a second.

What it notices
    The predicted requests a second are over ten times what users, requests a day and the peak factor give.

Why it matters
    50,000 people a day are not 50,000 at once. Between them and the fleet stands a division by 86,400, and skipping it
    buys a fleet hundreds of times too large.

What to try
    Users times requests a day times the peak factor, over the seconds of a day.

Known limits
    A launch or a broadcast can bring everybody at once; the brief has neither.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import at_most, fact, near, predicted, row

RULE = Rule(
    id="users-taken-for-requests", severity="asks", tier=Tier.REASONING, briefs=("serve-70b",), skills=("peak-arithmetic", "littles-law"),
    misconceptions=("daily-users-are-concurrent",), page="book/3-inference-chips/percentile", relevant=predicted("peak_requests_per_s"),
    margin=lambda ctx: at_most(ctx.predictions["peak_requests_per_s"] / 10, ctx.measure("estimate.peak_requests_per_s")),
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["peak_requests_per_s"]),
        row(ctx, "right", "requests a second at the peak", "estimate.peak_requests_per_s"),
        row(ctx, "users", "users a day", "load.daily_users"),
        row(ctx, "each", "requests of each", "load.requests_per_user_day"),
        row(ctx, "factor", "peak to mean", "load.peak_factor"),
    ),
    title="You predicted {said} requests a second; {users} users a day make {right} at the peak.",
    praise="You predicted {said} requests a second from {users} users a day; the peak is {right}.",
    deserved=lambda ctx: near(ctx.predictions["peak_requests_per_s"], ctx.measure("estimate.peak_requests_per_s")),
    ask="{users} people ask {each} times in a day. How many of those requests fall into one second of the busiest hour?",
    hints=(
        "Write the units beside each number: users, requests a user, a day.",
        "Requests a second are users times requests a day times the peak factor, over the seconds of a day.",
        "{users} × {each} × {factor} over 86,400.",
        "That is {right} a second.",
    ),
    flagged=sample(predictions={"peak_requests_per_s": 50000}), passing=sample(),
)
