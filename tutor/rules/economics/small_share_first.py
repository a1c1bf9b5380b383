"""The levers work on the smaller share of the bill.

What it notices
    Serving is under 15 % of serving and training in the third year, and all levers pulled are levers on serving.

Why it matters
    Halving a tenth saves a twentieth. The first lever belongs on the largest share: here fewer or smaller runs.

What to try
    Compare shares first. Volume decides which is larger, and by when.

Known limits
    A lever that costs nothing is worth pulling at any share.
"""

from tutor.findings import Rule, Tier, sample
from tutor.measures import pulled
from tutor.rules.kit import at_least, row

RULE = Rule(
    id="small-share-first", severity="asks", tier=Tier.REASONING, briefs=("tco-3y",), skills=("tco-chain",), misconceptions=("optimise-the-small-share", "inference-always-dwarfs"),
    knobs=("training_runs", "experiments_share"), page="book/4-economics/levers", relevant=lambda ctx: bool(pulled(ctx)),
    margin=lambda ctx: at_least(ctx.measure("estimate.inference_share_y3"), 0.15),
    evidence=lambda ctx: (
        row(ctx, "share", "share of serving in year 3", "estimate.inference_share_y3", "%"), row(ctx, "serving", "serving in three years", "estimate.serving_usd", "usd"),
        row(ctx, "training", "training in three years", "estimate.training_usd", "usd"), row(ctx, "saving", "all levers save", "estimate.saving_all", "usd"),
    ),
    title="Serving is {share} of serving and training in year 3; the levers save {saving} while training costs {training}.",
    praise="The levers work where the money is: serving is {share} in year 3.",
    ask="Training costs {training}, serving {serving}. What would one run fewer save, beside {saving}?",
    hints=(
        "Compare the two shares before any lever.",
        "A lever saves a share of the part it works on.",
        "{saving} saved of {serving}; training is {training}.",
        "Ask first what a run fewer, or a smaller one, would mean.",
    ),
    flagged=sample(tokens_per_day=1e8), passing=sample(tokens_per_day=1e12),
)
