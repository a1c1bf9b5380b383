"""Power is the chips' own, and nothing cools them.

What it notices
    Chips are owned and the PUE is one.

Why it matters
    A data centre uses more than its chips: cooling, conversion, hosts and network. Good ones are near 1.1, average ones
    near 1.5.

What to try
    The PUE of the building, and hosts and network in the price of the server.

Known limits
    Rented chips have power in their price; the rule is silent then.
"""

from tutor.findings import Rule, Tier, sample
from tutor.rules.kit import row, unless

RULE = Rule(
    id="power-is-tdp", severity="risks", tier=Tier.HONESTY, briefs=("tco-3y",), skills=("power",), misconceptions=("power-is-tdp",), knobs=("pue",),
    page="book/4-economics/index", relevant=lambda ctx: ctx.design.financing == "owned", margin=lambda ctx: unless(ctx.design.pue <= 1.0),
    evidence=lambda ctx: (row(ctx, "pue", "PUE", "design.pue"), row(ctx, "price", "power price", "design.usd_per_kwh", "usd/kWh"), row(ctx, "hour", "a chip-hour, owned", "estimate.usd_per_chip_hour", "usd/h")),
    title="A PUE of {pue}: nothing is spent on cooling, conversion, hosts and network.",
    praise="Power counts the building: a PUE of {pue}.",
    ask="Which watts of the building are not on the chip's data sheet?",
    hints=(
        "Look at the PUE.",
        "PUE is the building's power over that of its machines.",
        "{pue} says that nothing is lost.",
        "Enter 1.1 to 1.5, by what building you mean.",
    ),
    flagged=sample(financing="owned", pue=1.0), passing=sample(financing="owned"),
)
