"""Serving moves to another chip at no cost.

What it notices
    The lever "another chip" is pulled with no weeks for porting.

Why it matters
    Price-performance claims hold for the vendor's own example. Another stack takes engineers to move, two teams for a
    while, and the way back is closed.

What to try
    Weeks with a reason; then see whether the lever still pays.

Known limits
    Lock-in has no price in the model beyond the weeks.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import fact, row, unless

RULE = Rule(
    id="port-unpriced", severity="risks", tier=Tier.BUDGET, briefs=("tco-3y",), skills=("price-the-port",), misconceptions=("price-performance-applies-to-everything",),
    knobs=("migration_weeks", "inference_chip"), page="book/4-economics/levers", relevant=lambda ctx: ctx.design.inference_chip != "none",
    margin=lambda ctx: unless(ctx.design.migration_weeks <= 0),
    evidence=lambda ctx: (
        fact("chip", "serving moves to", ctx.design.inference_chip), row(ctx, "weeks", "weeks to port", "design.migration_weeks", "weeks"),
        row(ctx, "people", "people in three years", "estimate.people_usd", "usd"), row(ctx, "saving", "saving of the chip", "estimate.saving_chip", "usd"),
    ),
    title="Serving moves to {chip} with {weeks} for the port.",
    praise="The move to {chip} is priced at {weeks}.",
    ask="Who ports to {chip}, for how long, and what does the claim for its price-performance compare with?",
    hints=(
        "Look at the weeks to port.",
        "A lever's saving is what remains after its own cost.",
        "{people} for people, {saving} saved by the chip.",
        "Enter weeks you can defend and look at the saving again.",
    ),
    flagged=sample(inference_chip="tpu-v6e", migration_weeks=0.0), passing=sample(inference_chip="tpu-v6e", migration_weeks=12.0),
)
