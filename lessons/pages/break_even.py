"""The chapter on the break-even: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random

from hwlib import catalogue
from hwlib.cases import rows as measured_rows
from hwlib.costs import annual_token_bill, break_even_months, training_run_usd
from hwlib.economics import MILLION
from hwlib.formula import Figure, defined, given
from hwlib.step import training_flops
from hwlib.transformer import shape_of
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import dated
from lessons.panels.break_even import EXPERIMENTS, GROWTH, HORIZON, PRICE, race
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item
from lessons.panels.tokens_to_dollars import YEAR_MONTHS, span, tokens_words

MFU = given(0.4, "large runs report 35 to 45%", "assumption")
CHIPS = {"A100-SXM-80GB": "a100-80-sxm", "H100-SXM-80GB": "h100-sxm"}
DAY_BILL = 700e3
"""Dollars a day that the claim of the page speaks of; an estimate by others (ledger S4-02)."""
DEAR, CHEAP = 100e6, 50e6


def run_usd(model: str, tokens: float, chip: str, mfu: Figure = MFU) -> Figure:
    """A run's price from its arithmetic, at the catalogue's price of the chip."""
    flops = training_flops(params=shape_of(model).params, train_tokens=given(tokens, "published"))
    return training_run_usd(training_flops=flops, peak_flops_per_s=catalogue.chip(chip).peak("bf16"), mfu=mfu, hour_s=catalogue.constant("hour_s"), usd_per_chip_hour=catalogue.price(chip))


def hours(model: str, tokens: float, chip: str) -> float:
    """Chip-hours of that run."""
    return float(run_usd(model, tokens, chip) / catalogue.price(chip))


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    r, small, once = race(), race(tokens=1e9), race(every=HORIZON)
    flat = race(growth=0.0)
    return {
        "tokens": tokens_words(1e11), "run": show(r.run_usd, "usd"), "every": "twelve months", "growth": draw.percent(GROWTH), "naive": span(r.naive_months),
        "real": span(r.crossing), "campaign": show(r.campaign_usd, "usd"), "price": show(PRICE, "usd"), "small": tokens_words(1e9), "small_naive": span(small.naive_months),
        "once": span(once.crossing), "flat_end": draw.num(flat.training[-1][1] / flat.serving[-1][1], 2),
    }  # fmt: skip


def question() -> Question:
    """After how many months has serving cost as much as training, when training goes on?"""
    r = race()
    return Question(
        ask="Serving first equals all training so far after", unit="months", scale=1.0, base="months", computed=defined(r.crossing, "where the two lines first meet"),
        choice_ask="With no growth and a run each year, after five years the dearer one is", choices=("training", "serving", "neither: they are equal"), right="training", example="10",
        because=f"Each year then costs {show(r.first_year_usd, 'usd')} of serving and {show(r.campaign_usd, 'usd')} of training.",
        bought=lambda v: f"In that time serving would have cost {draw.quantity(float(r.first_year_usd) * v / 12, '$')} at the first year’s rate.",
        anchors=(("one run alone", float(r.naive_months)),),
    )


def derivation() -> Shown:
    """One run over a month's bill, and what a run takes with its experiments."""
    r = race()
    return Shown(explained(r.naive_months) + explained(r.campaign_usd))


def published() -> list[tuple[str, str, float, float, float, str]]:
    """Model, chip, tokens, published chip-hours, predicted chip-hours and source of dense runs whose makers state both."""
    found = []
    for row in measured_rows("11_cost_energy"):
        if row["gpu_hours"] and row["tokens"] and row["chip"] in CHIPS and row["model"] in catalogue.transformer_ids():
            chip = CHIPS[row["chip"]]
            found.append((row["model"], chip, float(row["tokens"]), float(row["gpu_hours"]), hours(row["model"], float(row["tokens"]), chip), row["source_title"]))
    return found


def measured() -> Shown:
    """Published chip-hours of runs, beside six N D over the peak at one MFU."""
    cases = published()
    points = [(said, seen) for _, _, _, seen, said, _ in cases]
    ends = (min(x for x, _ in points), max(x for x, _ in points))
    picture = draw.measured_band(
        [dict(label="published runs", kind="ink", line=[(x, x) for x in ends], measured=points)], x_label="chip-hours, predicted", y_label="chip-hours, published", x_log=True, y_log=True,
        title="Chip-hours of training runs, published and predicted",
    )
    rows = [[shape_of(m).name, catalogue.chip(c).name, draw.num(t / 1e12) + " trillion", draw.quantity(seen, ""), draw.quantity(said, ""), draw.num(seen / said, 2)] for m, c, t, seen, said, _ in cases]
    ratios = sorted(seen / said for *_, seen, said, _ in cases)
    caption = (
        f"Diamonds: chip-hours that the makers of a model state. Line: where published equals predicted, from six operations a parameter and token at an MFU of {draw.percent(MFU)}. Nothing was fitted. "
        f"Published is {draw.num(ratios[0], 2)} to {draw.num(ratios[-1], 2)} times predicted: the hours of the later cards include ramping up and failures, and their smallest model ran far from the peak. "
        "So a run priced from its arithmetic can be too cheap by that factor. What experiments cost beside a run is hardly ever published: the doubling here is an assumption."
    )
    sources = dated(*sorted({source for *_, source in cases}))
    return Shown(draw.figure(picture, caption=caption, source=f"{sources}.", table=draw.table(["Run", "Chip", "Tokens", "Published, h", "Predicted, h", "Ratio"], rows, right={2, 3, 4, 5})))


def claim_computed() -> str:
    """The claim's own two inputs, and what its volume would have to be."""
    month = DAY_BILL * float(catalogue.constant("year_days")) / 12
    tokens = DAY_BILL / float(PRICE) * 1e6
    return (
        f"{draw.quantity(DAY_BILL, '$')} a day are {draw.quantity(month, '$')} a month, which equals {draw.quantity(CHEAP, '$')} to {draw.quantity(DEAR, '$')} after "
        f"{draw.num(CHEAP / month, 2)} to {draw.num(DEAR / month, 2)} months. At {show(PRICE, 'usd')} a million tokens such a bill takes {draw.quantity(tokens, '')} tokens a day; "
        f"at {tokens_words(1e9)} a day the same run lasts for {span(race(tokens=1e9).naive_months)}."
    )


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    year = annual_token_bill(tokens_per_day=given(2e11), usd_per_mtoken=given(0.5), tokens_per_mtoken=MILLION, year_days=catalogue.constant("year_days"))
    months = break_even_months(run_usd=given(30e6), annual_usd=year, year_months=YEAR_MONTHS)
    usd = run_usd("llama3.1-70b", 15e12, "h100-sxm")
    with_tries = float(usd) * (1 + float(EXPERIMENTS))
    return {
        "p1_tokens": tokens_words(2e11), "p1_price": "$0.50", "p1_run": show(30e6, "usd"), "p1_year": show(year, "usd"), "p1_months": span(months),
        "p2_model": shape_of("llama3.1-70b").name, "p2_tokens": "15 trillion", "p2_mfu": draw.percent(MFU), "p2_hours": draw.quantity(hours("llama3.1-70b", 15e12, "h100-sxm"), ""), "p2_usd": show(usd, "usd"), "p2_all": draw.quantity(with_tries, "$"),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """Months until serving has cost as much as a run and its experiments."""
    tokens, price, run, share = rng.choice((2e10, 5e10, 2e11, 8e11)), rng.choice((0.3, 0.8, 2.0)), rng.choice((1e7, 4e7, 9e7)), rng.choice((0.5, 1.0, 2.0))
    year = annual_token_bill(tokens_per_day=given(tokens, "the question"), usd_per_mtoken=given(price, "the question"), tokens_per_mtoken=MILLION, year_days=catalogue.constant("year_days"))
    answer = break_even_months(run_usd=defined(run * (1 + share), "a run and its experiments"), annual_usd=year, year_months=YEAR_MONTHS)
    return Item(
        ask=f"A service writes {tokens_words(tokens)} tokens a day at {show(price, 'usd')} a million. A training run costs {show(run, 'usd')}, and experiments beside it {draw.percent(share)} of that. After how many months has serving cost as much as both?",
        unit="months", scale=1.0, base="months", answer=answer,
        slips=((1 / (1 + share), "the experiments are part of the bill"), (1 / 12, "that is years"), (0.001, "the price is for a million tokens"), (1000.0, "the price is for a million tokens")),
    )  # fmt: skip
