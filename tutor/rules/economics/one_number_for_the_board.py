"""One number, and no range.

What it notices
    The range given to the board is zero.

Why it matters
    Volume, utilisation and prices are guesses. A board that sees one number cannot tell a robust plan from a lucky one.

What to try
    A range of the inputs, what it does to the total, and which input moves it most.

Known limits
    It asks for one range for volume and utilisation together; the panel shows each input apart.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import always, row, unless

RULE = Rule(
    id="one-number-for-the-board", severity="risks", tier=Tier.HONESTY, briefs=("tco-3y",), skills=("ranges",), misconceptions=("point-estimates",),
    knobs=("range_share",), page="book/4-economics/index", relevant=always, margin=lambda ctx: unless(ctx.design.range_share <= 0),
    evidence=lambda ctx: (
        row(ctx, "range", "range given, ±", "design.range_share", "%"), row(ctx, "total", "three years", "estimate.total_usd", "usd"),
        row(ctx.variant(utilisation=max(0.01, ctx.design.utilisation * 0.7)), "worse", "at 30% less utilisation", "estimate.total_usd", "usd"),
    ),
    title="The board gets {total} and no range; at 30% less utilisation it is {worse}.",
    praise="The board gets a range: ± {range}.",
    ask="Which of your inputs would you not bet on within 30%, and what does it do to {total}?",
    hints=(
        "Look at the range given to the board.",
        "Move one input at a time and see which moves the total most.",
        "{total} becomes {worse} at 30% less utilisation.",
        "Give ± 30% and name the input that matters most.",
    ),
    flagged=sample(range_share=0.0), passing=sample(),
)
