"""Evidence for the three-year plan: the bill by year, what each lever is worth, and when serving overtakes training."""

from __future__ import annotations

import math
from typing import Any

from hwlib.units import show
from lessons import draw
from lessons.panels.studio.parts import FINDINGS, WIDE, Section, View, picture, why_of

LEVERS = (("quantise", "8-bit weights", "saving_quantise"), ("continuous_batching", "continuous batching", "saving_batching"), ("inference_chip", "another chip", "saving_chip"))


def years(view: View) -> str:
    """Each year's bill, split into serving, training and people."""
    e = view.ctx.estimate
    rows = [
        (f"Year {y.year}", [("grey2", float(y.serving_usd), "serving"), ("grey", float(y.training_usd), "training"), ("ink", float(y.people_usd), "people")],
         f"{show(y.tokens)} tokens")
        for y in e.years
    ]
    caption = (
        f"{show(e.undiscounted_usd, 'usd')} in three years, {show(e.total_usd, 'usd')} in today’s money. Serving is {show(e.inference_share_y1, '%')} "
        f"of serving and training in year 1 and {show(e.inference_share_y3, '%')} in year 3."
    )
    return picture(
        draw.cost_bars(rows, title="Three years", wide=WIDE), caption=caption, table=draw.cost_bars_table(rows),
        figure=e.years[0].serving_usd, asks="Why does serving cost that much in year 1?",
    )


def lever_terms(e: Any, design: Any) -> list[tuple[str, float, float]]:
    """The levers that are pulled: name, saving alone, share of the saving together (Shapley)."""
    pulled = {"quantise": design.quantise, "continuous_batching": design.continuous_batching, "inference_chip": design.inference_chip != "none"}
    return [(name, float(e.singles.get(key, 0.0)), float(getattr(e, attribute))) for key, name, attribute in LEVERS if pulled[key]]


def levers(view: View) -> str:
    """What each lever saves alone, and its share of what they save together."""
    e = view.ctx.estimate
    pulled = lever_terms(e, view.ctx.design)
    if not pulled:
        return draw.state_line("No lever pulled", "Switch on 8-bit weights or continuous batching, or name another chip: their savings stand here.")
    rows = [[name, show(alone, "usd"), show(share, "usd")] for name, alone, share in pulled]
    rows.append(["together", show(e.sum_of_singles, "usd"), show(e.saving_all, "usd")])
    table = draw.table(["Lever", "saved alone", "its share"], rows, right={1, 2}, sums=1)
    said = (
        f"Alone they would save {show(e.sum_of_singles, 'usd')} when added up; together they save {show(e.saving_all, 'usd')} of {show(e.bare_usd, 'usd')}, since each works on what "
        "the others have left. A share is the average over all orders of pulling them (Shapley)."
        if len(pulled) > 1 else "One lever, so its share is what it saves alone."
    )
    terms = [(name, "grey2", share) for name, _, share in pulled]
    shown = draw.breakdown(terms, total="together", title="What the levers save together", wide=WIDE) if all(share > 0 for *_, share in pulled) else ""
    return shown + draw.caption(draw.esc(said)) + table


def break_even(view: View) -> str:
    """When serving overtakes the price of a training run."""
    e = view.ctx.estimate
    months = float(e.break_even_months)
    never = not math.isfinite(months)
    lead = "At this volume serving never overtakes a run." if never else f"Serving has cost as much as one training run after {show(months, 'months', digits=2)}." if months < 36 else (
        f"Serving takes {show(months, 'months', digits=2)} to cost as much as one training run: longer than the plan.")
    rows = [["one training run", show(e.run_usd, "usd")], ["serving, year 1", show(e.years[0].serving_usd, "usd")], ["a million output tokens at your utilisation", show(e.usd_per_mtoken, "usd")],
            ["year 1’s tokens at the list price", show(e.revenue_usd, "usd")], ["chips that serve, year 1 to 3", " · ".join(show(math.ceil(y.chips)) for y in e.years)]]
    return f"<p>{draw.esc(lead)}</p>" + draw.table(["Figure", ""], rows, right={1}) + why_of(e.usd_per_mtoken, "Why does a million tokens cost that?")


SECTIONS = (
    Section("years", "The bill, year by year", years),
    Section("levers", "What each lever is worth", levers),
    Section("break-even", "Training against serving", break_even),
    FINDINGS,
)
