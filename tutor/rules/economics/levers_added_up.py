"""The savings of several levers were added up.

What it notices
    The predicted saving of all levers together is near the sum of what each saves alone, and far from what they save
    together.

Why it matters
    Each lever works on what the others have left. Three levers of a half each do not save one and a half times the bill.

What to try
    Compute the plan with all levers, and share the saving out by each lever's mean step over all orders.

Known limits
    When the levers hardly overlap the two agree and the rule is silent.
"""

from tutor.findings import Rule, Tier, sample
from tutor.measures import pulled
from tutor.rules.kit import fact, near, row, signature, unless


def relevant(ctx):
    return len(pulled(ctx)) >= 2 and "saving_all_usd" in ctx.predictions


def margin(ctx):
    return unless(signature(ctx.predictions["saving_all_usd"], ctx.measure("sum_of_singles"), ctx.measure("estimate.saving_all")))


RULE = Rule(
    id="levers-added-up", severity="costs", tier=Tier.REASONING, briefs=("tco-3y",), skills=("lever-overlap",), misconceptions=("savings-add-up",),
    knobs=("quantise", "continuous_batching", "inference_chip"), page="book/4-economics/levers", relevant=relevant, margin=margin,
    evidence=lambda ctx: (
        fact("said", "you predicted", ctx.predictions["saving_all_usd"], "usd"), row(ctx, "sum", "each alone, added up", "sum_of_singles", "usd"),
        row(ctx, "all", "all together", "estimate.saving_all", "usd"), row(ctx, "q", "of it, 8-bit weights", "estimate.saving_quantise", "usd"),
        row(ctx, "b", "of it, continuous batching", "estimate.saving_batching", "usd"), row(ctx, "c", "of it, another chip", "estimate.saving_chip", "usd"),
    ),
    title="You predicted {said}, the sum of each lever alone; together they save {all}.",
    praise="You predicted {said} for all levers together; it is {all}, less than the {sum} of each alone added up.",
    deserved=lambda ctx: ctx.measure("sum_of_singles") > ctx.measure("estimate.saving_all") and near(ctx.predictions["saving_all_usd"], ctx.measure("estimate.saving_all")),
    ask="After the first lever the bill is smaller. What does the second one take its share of?",
    hints=(
        "Compare the sum of the levers with the levers together.",
        "Each lever saves a share of what is left; the order matters for the steps and not for the total.",
        "Alone they add up to {sum}, together they save {all}.",
        "Averaged over all orders: 8-bit weights {q}, continuous batching {b}, another chip {c}.",
    ),
    flagged=sample(predictions={"saving_all_usd": lambda ctx: ctx.measure("sum_of_singles")}), passing=sample(predictions={"saving_all_usd": lambda ctx: ctx.measure("estimate.saving_all")}),
)
