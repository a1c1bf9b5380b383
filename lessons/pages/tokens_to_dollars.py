"""The chapter from tokens to dollars: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random

from hwlib import catalogue
from hwlib.costs import annual_token_bill, usd_at_utilisation, usd_per_mtoken
from hwlib.economics import MILLION
from hwlib.formula import Figure, defined, given
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import band_words, dated_cases
from lessons.panels import evidence
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item
from lessons.panels.tokens_to_dollars import CHIP, bill, span, tokens_words

CLAIMED = 730e6
"""The source text's answer, a factor of 1,000 too large (ledger S4-10)."""


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    b, idle, busy = bill(), bill(utilisation=0.2), bill(utilisation=0.8)
    tera = bill(tokens=1e12)
    return {
        "tokens": tokens_words(1e9), "per_thousand": show(b.usd_per_mtoken / 1000, "usd"),
        "year": show(b.year_usd, "usd"), "factor": draw.num(CLAIMED / b.year_usd), "run": show(b.run_usd, "usd"), "span": span(b.months),
        "tera": tokens_words(1e12), "tera_span": span(tera.months),
        "busy": draw.percent(busy.utilisation), "busy_made": show(busy.made_usd_per_mtoken, "usd"), "idle": draw.percent(idle.utilisation),
        "idle_made": show(idle.made_usd_per_mtoken, "usd"),
    }  # fmt: skip


def question() -> Question:
    """What does a billion tokens a day cost in a year?"""
    b = bill()
    return Question(
        ask="The bill of a year", unit="million dollars", scale=1e6, base="usd",
        computed=b.year_usd, choice_ask=f"A training run of {show(b.run_usd, 'usd')} is passed after", choices=("two months", "two years", "two generations"),
        right="two generations", example="10", because=f"At this bill it takes {span(b.months)}.",
        bought=lambda v: f"At that bill a million tokens would cost {show(2.0 * v / b.year_usd, 'usd')}.",
        anchors=(("a day", float(b.day_usd)), ("the source text, wrongly", CLAIMED)),
    )


def derivation() -> Shown:
    """The bill, and what a million tokens costs to make, with the numbers of the panel's first state plugged in."""
    b = bill()
    return Shown(explained(b.year_usd) + explained(b.made_usd_per_mtoken))


def _usd(tokens_per_s: float, chips: float) -> Figure:
    """Dollars for a million tokens from a replica that is always busy, at the catalogue's price of an H100."""
    per_hour = defined(float(catalogue.price(CHIP)) * chips, "the replica's hour")
    return usd_per_mtoken(usd_per_hour=per_hour, tokens_per_s=given(tokens_per_s), hour_s=catalogue.constant("hour_s"), tokens_per_mtoken=MILLION)


def cases() -> tuple[evidence.Held, ...]:
    """Published rates of Llama 3 70B on H100s."""
    return tuple(h for h in evidence.saturated() if h.case.chip == CHIP and h.case.row["model"] == "llama3-70b")


def measured() -> Shown:
    """What a million tokens of a 70B model costs on busy H100s: measured rates and predicted ones, at one price."""
    mine = [h for h in evidence.saturated() if h.case.chip == CHIP]
    rate = evidence.band(mine)
    spread = evidence.Band(1 / rate.high, 1 / rate.middle, 1 / rate.low, rate.count)  # dollars go as one over the rate
    chosen = sorted(cases(), key=lambda h: h.predicted)
    money = [(float(_usd(h.predicted, float(h.case.row["tp"]))), float(_usd(h.case.observed, float(h.case.row["tp"])))) for h in chosen]
    ends = (min(x for x, _ in money), max(x for x, _ in money))
    series = [dict(label="Llama 3 70B", kind="ink", line=[(x, x) for x in ends], band=[(x, x * spread.low, x * spread.high) for x in ends], measured=money)]
    picture = draw.measured_band(series, x_label="dollars a million output tokens, predicted", y_label="dollars a million output tokens, measured", x_log=True, y_log=True)
    rows = [
        [f"{h.case.row['weight_bits']} bits, {h.case.row['tp']} chips", f"{int(h.case.row['input_len']):,} in, {int(float(h.case.row['output_len'])):,} out",
         draw.quantity(seen, "$"), draw.quantity(said, "$")]
        for h, (said, seen) in zip(chosen, money, strict=True)
    ]  # fmt: skip
    table = draw.table(["Replica", "Tokens", "Measured", "Predicted"], rows, right={2, 3})
    words = band_words(spread, f"every point is a server of H100s that is never idle, at {show(catalogue.price(CHIP), 'usd/h')} a chip.")
    listed = ", ".join(f"{show(catalogue.constant(f'token_price.{key}.out'), 'usd')} {name}" for key, name in (
        ("together-70b", "at Together"), ("groq-llama-3.3-70b", "at Groq"), ("bedrock-70b", "at Amazon Bedrock")))  # fmt: skip
    return Shown(
        draw.figure(picture, caption=f"{words} The band is that of all H100 cases, {len(chosen)} of them drawn.", source=dated_cases(chosen) + ".", table=table)
        + draw.caption(f"For comparison, list prices of a million output tokens of 70B models in the catalogue: {listed}.")
    )


def claim_computed() -> str:
    """The chain of the claim, step by step, and where the factor went."""
    b = bill()
    thousands = b.tokens_per_day / 1000
    return (
        f"{tokens_words(float(b.tokens_per_day))} tokens ÷ 1,000 = {draw.quantity(thousands, '')} thousands of tokens; × {show(b.usd_per_mtoken / 1000, 'usd')} = {show(b.day_usd, 'usd')} a day; "
        f"× {draw.num(float(catalogue.constant('year_days')))} = <b>{show(b.year_usd, 'usd')}</b> a year. The text says {show(CLAIMED, 'usd')}: "
        f"{draw.num(CLAIMED / b.year_usd)} times too much, as if the price were for one token and not for a thousand."
    )


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    b = bill()
    hour = catalogue.price(CHIP)
    half = usd_at_utilisation(usd_per_chip_hour=hour, chip_tokens_per_s=given(500), utilisation=given(0.3), hour_s=catalogue.constant("hour_s"), tokens_per_mtoken=MILLION)
    need = float(b.run_usd / b.year_usd) * 1e9
    return {
        "p1_price": show(hour, "usd/h"), "p1_rate": "500", "p1_busy": "30%", "p1_tokens": draw.quantity(500 * 3600 * 0.3, ""), "p1_made": show(half, "usd"),
        "p2_need": draw.quantity(need, ""), "p2_run": show(b.run_usd, "usd"), "p2_price": show(b.usd_per_mtoken, "usd"), "p2_day": show(b.run_usd / float(catalogue.constant("year_days")), "usd"),
        "p3_cut": "10%", "p3_saved": show(0.1 * b.year_usd, "usd"), "p3_claimed": show(0.1 * CLAIMED, "usd"),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """A year's bill, with the units that invite the slip."""
    tokens = given(rng.choice((2e8, 5e8, 2e9, 4e9, 3e10)), "the question")
    price = given(rng.choice((0.4, 0.8, 1.5, 3.0, 6.0, 15.0)), "the question")
    answer = annual_token_bill(tokens_per_day=tokens, usd_per_mtoken=price, tokens_per_mtoken=MILLION, year_days=catalogue.constant("year_days"))
    days = float(catalogue.constant("year_days"))
    return Item(
        ask=f"A service writes {tokens_words(float(tokens))} tokens a day. A thousand of them cost {show(price / 1000, 'usd')}. What is the bill of a year, in thousand dollars?",
        unit="thousand dollars", scale=1e3, base="usd", answer=answer,
        slips=((1000.0, "the price is for a thousand tokens, and the answer in thousands of dollars"), (0.001, "the price is for a thousand tokens, not for a million"),
               (1e6, "the price is for a thousand tokens, not for one, and the answer in thousands"), (1 / days, "that is a day; a year has 365"), (12 / days, "that is a month")),
    )  # fmt: skip
