"""From tokens to dollars: the chain of units step by step, and what a training run is worth in months of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hwlib import catalogue
from hwlib.costs import (
    annual_token_bill,
    break_even_months,
    chips_for_tokens,
    tokens_in_year,
    usd_at_utilisation,
)
from hwlib.economics import MILLION, chip_rate
from hwlib.formula import Figure, defined, given
from hwlib.replica import ZERO
from hwlib.units import show
from lessons import draw
from lessons.draw.table import Html
from lessons.panels.parts import WIDE, View, explained, steps, wire

MODEL, CHIP = "llama3.1-70b", "h100-sxm"
TOKENS = (1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12)
PRICES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
RUNS = (1e5, 1e6, 1e7, 5e7, 1e8, 5e8, 1e9)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
YEAR_MONTHS = defined(12.0, "months in a year")
YEARS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000)


@dataclass(frozen=True, slots=True)
class Bill:
    """A stream of tokens in dollars, bought at a price and made on chips."""

    tokens_per_day: Figure
    usd_per_mtoken: Figure
    day_usd: Figure
    year_usd: Figure
    run_usd: Figure
    months: Figure
    utilisation: Figure
    made_usd_per_mtoken: Figure
    chips: Figure
    chip_usd_per_hour: Figure


def bill(tokens: float = 1e9, price: float = 2.0, run: float = 5e7, utilisation: float = 0.4) -> Bill:
    """Follow the units, base units inside: dollars for a million tokens are divided by a million."""
    per_day, per_mtoken, run_usd, busy = given(tokens), given(price), given(run), given(utilisation)
    days, hour = catalogue.constant("year_days"), catalogue.constant("hour_s")
    year = annual_token_bill(tokens_per_day=per_day, usd_per_mtoken=per_mtoken, tokens_per_mtoken=MILLION, year_days=days)
    day = annual_token_bill(tokens_per_day=per_day, usd_per_mtoken=per_mtoken, tokens_per_mtoken=MILLION, year_days=defined(1.0, "one day"))
    rate = chip_rate(MODEL, CHIP, 16, True, 3.0)[2]
    hour_price = catalogue.price(CHIP)
    year_s = defined(catalogue.constant("year_hours") * hour, "seconds in a year")
    in_year = tokens_in_year(tokens_per_day=per_day, growth_per_year=ZERO, years_before=ZERO, year_days=days)
    return Bill(
        tokens_per_day=per_day, usd_per_mtoken=per_mtoken, day_usd=day, year_usd=year, run_usd=run_usd,
        months=break_even_months(run_usd=run_usd, annual_usd=year, year_months=YEAR_MONTHS), utilisation=busy,
        made_usd_per_mtoken=usd_at_utilisation(usd_per_chip_hour=hour_price, chip_tokens_per_s=rate, utilisation=busy, hour_s=hour, tokens_per_mtoken=MILLION),
        chips=chips_for_tokens(tokens_per_year=in_year, chip_tokens_per_s=rate, utilisation=busy, year_s=year_s), chip_usd_per_hour=hour_price,
    )


def tokens_words(value: float) -> str:
    """A count of tokens as it is said.

    >>> tokens_words(1e9), tokens_words(1e6)
    ('1 billion', '1 million')
    """
    return draw.quantity(value, "")


def chain(b: Bill) -> str:
    """The chain as a table: one operation a row, the unit that it leaves behind at the right."""
    days = catalogue.constant("year_days")
    rows = [
        ["", tokens_words(float(b.tokens_per_day)), "tokens a day"],
        ["÷", tokens_words(float(MILLION)), Html("tokens in a million &nbsp;→&nbsp; millions of tokens a day")],
        ["=", draw.num(b.tokens_per_day / MILLION, 6), "millions of tokens a day"],
        ["×", show(b.usd_per_mtoken, "usd"), "for a million tokens"],
        ["=", show(b.day_usd, "usd"), "a day"],
        ["×", draw.num(float(days)), "days in a year"],
        ["=", show(b.year_usd, "usd"), "a year"],
    ]
    return draw.table(["", "Number", "Unit"], rows, right={1}, sums=1, cls="hw-table hw-chain")


def curve(b: Bill, wide: float = WIDE) -> str:
    """What serving has cost after so many years, beside one training run."""
    spent = [(y, float(b.year_usd) * y) for y in YEARS]
    at = float(b.months / YEAR_MONTHS)
    inside = YEARS[0] <= at <= YEARS[-1]
    points = sorted([*spent, (at, float(b.run_usd))]) if inside else spent
    return draw.curve(
        points, x_label="years of serving, at this bill", y_label="spent on serving", unit="$", x_log=True, y_log=True, limit=float(b.run_usd),
        limit_label=f"one training run: {show(b.run_usd, 'usd')}", meets="above", yours=(at, float(b.run_usd)) if inside else None, yours_label=span(b.months),
        title="Years of serving that cost as much as one training run", wide=wide,
    )


def span(months: float) -> str:
    """A span of months as it is said.

    >>> span(2.0), span(0.2), span(822.0)
    ('2 months', '6.1 days', '68.5 years')
    """
    if months < 1:
        days = draw.num(months / float(YEAR_MONTHS) * float(catalogue.constant("year_days")), 2)
        return f"{days} day{'s' if days != '1' else ''}"
    return f"{draw.num(months)} months" if months < 24 else f"{draw.num(months / float(YEAR_MONTHS))} years"


def sentence(b: Bill) -> str:
    """The result in words."""
    made, price = show(b.made_usd_per_mtoken, "usd"), show(b.usd_per_mtoken, "usd")
    head = f"<b>{tokens_words(float(b.tokens_per_day))} tokens a day at {price} a million: {show(b.year_usd, 'usd')} a year.</b> "
    run = f"A training run of {show(b.run_usd, 'usd')} costs as much as {span(b.months)} of it. "
    gain = "less than the price" if b.made_usd_per_mtoken < b.usd_per_mtoken else "more than the price"
    return head + run + (
        f"On rented H100s that are busy {draw.percent(b.utilisation)} of the time a million tokens costs {made} to make, {gain}; it takes {draw.num(b.chips)} of them."
    )


def view(tokens: float = 1e9, price: float = 2.0, run: float = 5e7, utilisation: float = 0.4) -> View:
    """The panel's chain, picture and words for one state of its controls."""
    b = bill(tokens, price, run, utilisation)
    return View(
        picture=chain(b) + curve(b), readout=sentence(b), why=explained(b.year_usd) + explained(b.made_usd_per_mtoken),
        source=f"Making: Llama 3.1 70B in 16 bits, three tokens read for each written, {show(b.chip_usd_per_hour, 'usd/h')} for an H100; the speed is this course's estimate.",
        named=f"{tokens_words(tokens)} tokens a day",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "tokens": steps("Tokens a day", TOKENS, 1e9, say=tokens_words),
            "price": steps("A million tokens", PRICES, 2.0, say=lambda v: show(v, "usd")),
            "run": steps("A training run", RUNS, 5e7, say=lambda v: show(v, "usd")),
            "utilisation": steps("Chips are busy", SHARES, 0.4, say=draw.percent),
        },
        view,
    )
