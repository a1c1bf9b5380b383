"""The break-even: what training and serving have cost by each month, when runs recur and demand grows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.costs import annual_token_bill, break_even_months, tokens_in_year, training_usd_per_year
from hwlib.economics import MILLION
from hwlib.formula import Figure, defined, given
from hwlib.units import show
from lessons import draw
from lessons.panels.parts import WIDE, View, explained, steps, wire
from lessons.panels.tokens_to_dollars import YEAR_MONTHS, span, tokens_words

TOKENS = (1e8, 1e9, 1e10, 1e11, 1e12)
GROWTHS = (0.0, 0.5, 1.0, 2.0)
RUNS = (1e6, 5e6, 2e7, 5e7, 1e8, 5e8)
EVERY = (6, 12, 18, 24, 60)
"""Months between full runs; the last means one run in the time shown."""
HORIZON = 60
PRICE = given(2.0, "dollars for a million tokens: the price of the source text", "assumption")
EXPERIMENTS = given(1.0, "experiments cost as much as the run that they prepare", "assumption")
ONE_YEAR = defined(1.0, "one run at a time")


GROWTH = 0.5
"""Of demand in a year, where the panel opens."""


@dataclass(frozen=True, slots=True)
class Race:
    """What both have cost by month. Dollars; months counted from the first day of serving."""

    run_usd: Figure
    campaign_usd: Figure
    first_year_usd: Figure
    naive_months: Figure
    serving: tuple[tuple[float, float], ...]
    training: tuple[tuple[float, float], ...]
    crossing: float | None
    """The first month at which serving has cost as much as all training so far; None: not in the time shown."""
    every: int

    @property
    def runs(self) -> int:
        """Full runs in the time shown."""
        return -(-HORIZON // self.every)


def _bill(tokens: Figure, growth: Figure, year: int) -> Figure:
    days = catalogue.constant("year_days")
    in_year = tokens_in_year(tokens_per_day=tokens, growth_per_year=growth, years_before=defined(float(year), "years before this one"), year_days=days)
    return annual_token_bill(tokens_per_day=defined(in_year / days, "tokens a day of that year"), usd_per_mtoken=PRICE, tokens_per_mtoken=MILLION, year_days=days)


@cache
def race(tokens: float = 1e11, growth: float = GROWTH, run: float = 5e7, every: int = 12) -> Race:
    """Follow both for five years, year by year in demand and run by run in training."""
    per_day, rise, run_usd = given(tokens), given(growth), given(run)
    campaign = training_usd_per_year(run_usd=run_usd, training_runs=defined(1.0, "one run"), experiments_share=EXPERIMENTS, horizon_years=ONE_YEAR)
    first = annual_token_bill(tokens_per_day=per_day, usd_per_mtoken=PRICE, tokens_per_mtoken=MILLION, year_days=catalogue.constant("year_days"))
    monthly = [float(_bill(per_day, rise, year)) / float(YEAR_MONTHS) for year in range(HORIZON // 12)]
    serving, spent = [(0.0, 0.0)], 0.0
    for month in range(1, HORIZON + 1):
        spent += monthly[(month - 1) // 12]
        serving.append((float(month), spent))
    training = []
    for start in range(0, HORIZON, every):
        so_far = float(campaign) * (start // every + 1)
        training += [(float(start), so_far), (float(min(start + every, HORIZON)), so_far)]
    return Race(
        run_usd, campaign, first, break_even_months(run_usd=run_usd, annual_usd=first, year_months=YEAR_MONTHS), tuple(serving), tuple(training),
        _crossing(serving, lambda month: float(campaign) * (min(month, HORIZON - 1) // every + 1)), every,
    )


def _crossing(serving: list[tuple[float, float]], training) -> float | None:
    """Where the line first meets the steps, straight between two months."""
    for (before, low), (after, high) in zip(serving, serving[1:], strict=False):
        level = training(int(before))
        if high >= level:
            return before + max(0.0, level - low) / (high - low) * (after - before) if high > low else before
    return None


def picture(r: Race, wide: float = WIDE) -> str:
    """Two sums over the months; that of serving is straight within a year."""
    at = draw_at(r)
    return draw.curve(
        r.serving[::12], label="serving", others=[("training", list(r.training))], x_label="months", y_label="spent so far", unit="$", yours=at,
        yours_label=f"month {draw.num(at[0], 2)}" if at else None, title="What serving and training have cost", wide=wide,
    )


def draw_at(r: Race) -> tuple[float, float] | None:
    """The point of the crossing on the line of serving."""
    if r.crossing is None:
        return None
    low = int(r.crossing)
    (_, a), (_, b) = r.serving[low], r.serving[min(low + 1, HORIZON)]
    return r.crossing, a + (b - a) * (r.crossing - low)


def sentence(r: Race, tokens: float, growth: float) -> str:
    """The result in words."""
    end_serving, end_training = r.serving[-1][1], r.training[-1][1]
    met = f"Serving first equals training after {span(r.crossing)}" if r.crossing is not None else f"In {HORIZON} months serving never equals training"
    ahead = "serving" if end_serving > end_training else "training"
    factor = max(end_serving, end_training) / min(end_serving, end_training)
    return (
        f"<b>{met}.</b> {tokens_words(tokens)} tokens a day are {show(r.first_year_usd, 'usd')} in the first year; a run with its experiments is {show(r.campaign_usd, 'usd')}, "
        f"{r.runs} time{'s' if r.runs > 1 else ''} in five years. At the end {ahead} has cost {draw.num(factor, 2)} times as much as {'training' if ahead == 'serving' else 'serving'}."
    )


def table(r: Race) -> str:
    """Both sums at the end of each year."""
    steps_of = lambda month: next(y for x, y in reversed(r.training) if x < month)  # noqa: E731
    rows = [[f"{month // 12}", draw.quantity(r.serving[month][1], "$"), draw.quantity(steps_of(month), "$")] for month in range(12, HORIZON + 1, 12)]
    return draw.table(["After years", "Serving so far", "Training so far"], rows, right={0, 1, 2})


def view(tokens: float = 1e11, growth: float = 0.5, run: float = 5e7, every: int = 12) -> View:
    """The panel's picture and words for one state of its controls."""
    r = race(tokens, growth, run, every)
    return View(
        picture=picture(r), readout=sentence(r, tokens, growth), table=table(r), why=explained(r.naive_months) + explained(r.campaign_usd), named=f"{tokens_words(tokens)} tokens a day",
        source=f"{show(PRICE, 'usd')} for a million tokens throughout; demand steps up once a year; each run is paid when it starts, with experiments as dear as itself. Nothing is discounted here.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "tokens": steps("Tokens a day", TOKENS, 1e11, say=tokens_words),
            "growth": steps("Growth a year", GROWTHS, 0.5, say=draw.percent),
            "run": steps("A training run", RUNS, 5e7, say=lambda v: show(v, "usd")),
            "every": steps("A new run every", EVERY, 12, say=lambda v: f"{v} months" if v < HORIZON else "never"),
        },
        view,
    )
