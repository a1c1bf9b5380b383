"""One failure takes the service down or over its limit.

What it notices
    No spare replica waits, and the replicas that are left after one failure would be over nine tenths busy.

Why it matters
    A replica fails sooner or later, and the fleet is sized by its busiest hour. Losing one of n raises the load of the
    others by n/(n−1), and near saturation the wait grows far faster than the load.

What to try
    One more replica than the peak needs, and smaller replicas: one of many is a small loss.

Known limits
    It looks at one replica lost at a time, not at a rack or a zone.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import SERVING, always, at_most, row

CEILING = 0.9


def margin(ctx):
    if ctx.design.spare_replicas >= 1:
        return 1.0
    if ctx.design.replicas < 2:
        return -1.0
    return at_most(ctx.measure("utilisation_lost"), CEILING)


def evidence(ctx):
    return (
        row(ctx, "replicas", "replicas", "design.replicas"),
        row(ctx, "spare", "spare replicas", "design.spare_replicas"),
        row(ctx, "now", "utilisation at the peak", "estimate.utilisation", "%"),
        row(ctx, "left", "with one lost", "utilisation_lost", "%"),
    )


RULE = Rule(
    id="no-spare-replica", severity="risks", tier=Tier.ROBUSTNESS, briefs=SERVING, skills=("n-plus-one",),
    misconceptions=("no-spare-capacity", "average-load-is-enough"), knobs=("replicas", "spare_replicas"),
    page="book/3-inference-chips/percentile", implied_by=("saturated-at-peak", "fits-in-memory"),
    relevant=always, margin=margin, evidence=evidence,
    title="{replicas} replicas and {spare} spare: with one lost the others are {left} busy.",
    praise="A failure is counted from the start: with one of {replicas} lost the fleet is {left} busy.",
    ask="One of {replicas} replicas dies at the busiest minute. How busy are the others then, and what does the 99th percentile do?",
    hints=(
        "Look at the fleet: how many replicas does the peak need, and how many are there?",
        "A failure multiplies the load of the rest by n/(n−1); the wait grows like 1/(1−utilisation).",
        "{now} busy with {replicas} replicas becomes {left} with one fewer.",
        "Add one spare replica, then look at the p99 with one lost.",
    ),
    flagged=sample(spare_replicas=0, replicas=13), passing=sample(),
)
