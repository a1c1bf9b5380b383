"""The chapter on the market: dated prices, six firms by the ledger's verdicts, and its quiz item."""

from __future__ import annotations

import random

from hwlib import catalogue
from hwlib.costs import usd_at_utilisation
from hwlib.economics import MILLION, chip_rate
from hwlib.formula import Figure, given
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import VERDICTS, checked
from lessons.panels.market import READ_FOR_EACH, offers
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item

FIRMS = {
    "Meta": ("S4-20", "S4-21", "S4-22"), "Google": ("S4-15", "S4-17"), "Microsoft": ("S4-18", "S1-01"), "OpenAI": ("S4-01", "S4-04"),
    "Anthropic": ("S1-26", "S3-33"), "AWS": ("S3-14", "S3-32", "S4-35"),
}
"""Claims of the source text about each firm, by their ids in the ledger."""
LISTED = {"llama3.1-70b": (("together-70b", "Together"), ("groq-llama-3.3-70b", "Groq"), ("bedrock-70b", "Amazon Bedrock")), "llama3.1-8b": (("groq-llama-3.1-8b", "Groq"),), "llama3.1-405b": (("nim-405b", "NVIDIA NIM"),)}
"""List prices of open models whose dimensions are public."""
GPT4 = (("gpt-4", "GPT-4"), ("gpt-4-turbo", "GPT-4 Turbo"), ("gpt-4o", "GPT-4o"), ("gpt-4.1", "GPT-4.1"))
BUSY = given(0.4, "a fleet that follows its users", "assumption")
CHIP = "h100-sxm"
MONTHS = 17
"""From GPT-4's list price of March 2023 to GPT-4o's of August 2024 (ledger S4-27, S4-09)."""


def made(model: str, bits: int = 8) -> Figure:
    """What a million output tokens costs to make on rented H100s, with the prompts that come with them."""
    rate = chip_rate(model, CHIP, bits, True, READ_FOR_EACH)[2]
    return usd_at_utilisation(usd_per_chip_hour=catalogue.price(CHIP), chip_tokens_per_s=rate, utilisation=BUSY, hour_s=catalogue.constant("hour_s"), tokens_per_mtoken=MILLION)


def asked(key: str) -> float:
    """What the list asks for one token written and three read, a million of each such bundle."""
    return float(catalogue.constant(f"token_price.{key}.out") + READ_FOR_EACH * catalogue.constant(f"token_price.{key}.in"))


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    o = offers()
    first, last = (asked(GPT4[i][0]) for i in (0, -1))
    counts = {v: sum(VERDICTS[catalogue.claim(i).verdict] == v for ids in FIRMS.values() for i in ids) for v in VERDICTS.values()}
    return {
        "read_million": draw.num(READ_FOR_EACH),
        "offers": draw.num(len(o.offers)), "low": show(o.offers[0].usd_per_hour, "usd"), "spread": draw.num(o.spread, 2), "charged": show(catalogue.price(CHIP), "usd"),
        "made_low": show(o.made[0], "usd"), "made_high": show(o.made[-1], "usd"), "first": draw.quantity(first, "$"), "last": draw.quantity(last, "$"), "fall": draw.num(first / last, 2),
        "last_name": GPT4[-1][1], "read_on": catalogue.constant(f"token_price.{GPT4[-1][0]}.out").origin.checked, "offers_from": min(x.date for x in o.offers), "offers_to": max(x.date for x in o.offers),
        "firms": draw.num(sum(map(len, FIRMS.values()))), "hold": draw.num(counts["holds"]) if counts["holds"] else "none", "wrong": draw.num(counts["wrong"]), "unsourced": draw.num(counts["no source"]),
    }  # fmt: skip


def question() -> Question:
    """How far apart are the offers of one chip?"""
    o = offers()
    return Question(
        ask="The dearest dated offer of an H100 hour is", unit="dollars", scale=1.0, base="usd", computed=o.offers[-1].usd_per_hour, choice_ask="The cheapest is for", choices=("a contract", "an hour on demand", "a spot hour"),
        right={"contract": "a contract", "on-demand": "an hour on demand", "spot": "a spot hour"}[o.offers[0].kind], example="5", because=f"It is {show(o.offers[0].usd_per_hour, 'usd')}, of {o.offers[0].date}: a contract binds the buyer.",
        bought=lambda v: f"At that price a million tokens would cost {show(float(o.made[0]) * v / float(o.offers[0].usd_per_hour), 'usd')} to make.", anchors=(("what designs are charged here", float(catalogue.price(CHIP))),),
    )


def derivation() -> Shown:
    """A million tokens at the cheapest offer, with the numbers plugged in."""
    return Shown(explained(offers().made[0]))


def measured() -> Shown:
    """List prices beside what the tokens cost to make by this course's estimate."""
    body, bars = [], []
    for model, sellers in LISTED.items():
        cost = float(made(model))
        name = catalogue.transformer(model).name
        bars.append((name, [("grey", cost, "")], "made, estimated"))
        for key, seller in sellers:
            price = asked(key)
            bars.append((seller, [("ink", price, "")], "listed"))
            body.append([name, seller, draw.quantity(price, "$"), draw.quantity(cost, "$"), draw.num(price / cost, 2)])
    picture = draw.cost_bars(bars, title=f"A million tokens written, with {draw.num(READ_FOR_EACH)} million read")
    caption = (
        f"Black: the list price of one million tokens written and {draw.num(READ_FOR_EACH)} million read, from a price table read on {catalogue.constant('token_price.bedrock-70b.out').origin.checked}. Grey: what they cost to make on rented H100s at {show(catalogue.price(CHIP), 'usd/h')}, "
        f"8-bit weights, busy {draw.percent(BUSY)} of the time, by this course’s estimate. These sellers do not publish what serving costs them, so the ratio is no margin: their chips, load and engines are not known."
    )
    return Shown(draw.figure(picture, caption=caption, source=f"litellm’s price table, read on {catalogue.constant('token_price.bedrock-70b.out').origin.checked}; this course’s estimates.", table=draw.table(["Model", "Seller", "Listed", "Made", "Ratio"], body, right={2, 3, 4})))


def firms(name: str) -> list[Shown]:
    """What the source text says of a firm, claim by claim, with the ledger's verdicts."""
    return [checked(claim_id) for claim_id in FIRMS[name]]


def firm(name: str) -> Shown:
    """The claims about one firm, one under the other."""
    return Shown("".join(shown.html for shown in firms(name)))


def claim_computed() -> str:
    """The prices of one line of models over time."""
    falls = ", ".join(f"{words} {draw.quantity(asked(key), '$')}" for key, words in GPT4)
    return f"For one million tokens written and {draw.num(READ_FOR_EACH)} million read: {falls}. The text’s flat price would make it {draw.quantity(2.0 * (1 + READ_FOR_EACH), '$')}."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    low, high = offers("b200-sxm").offers[0], offers("b200-sxm").offers[-1]
    year = float(catalogue.constant("year_hours"))
    gpt4, last = asked("gpt-4"), asked("gpt-4o")
    return {
        "p1_chips": "64", "p1_low": show(low.usd_per_hour, "usd"), "p1_high": show(high.usd_per_hour, "usd"), "p1_year_low": draw.quantity(64 * year * float(low.usd_per_hour), "$"), "p1_year_high": draw.quantity(64 * year * float(high.usd_per_hour), "$"), "p1_difference": draw.quantity(64 * year * float(high.usd_per_hour - low.usd_per_hour), "$"),
        "p2_months": str(MONTHS), "p2_from": draw.quantity(gpt4, "$"), "p2_to": draw.quantity(last, "$"), "p2_factor": draw.num(gpt4 / last, 2), "p2_year": draw.percent(1 - (last / gpt4) ** (12 / MONTHS)),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """A million tokens at an offer."""
    chip = rng.choice(("h100-sxm", "h200-sxm", "b200-sxm", "l40s", "a100-80-sxm"))
    offer = rng.choice(offers(chip).offers)
    rate, busy = rng.choice((150, 400, 900)), rng.choice((0.25, 0.4, 0.6))
    answer = usd_at_utilisation(usd_per_chip_hour=offer.usd_per_hour, chip_tokens_per_s=given(rate, "the question"), utilisation=given(busy, "the question"), hour_s=catalogue.constant("hour_s"), tokens_per_mtoken=MILLION)
    return Item(
        ask=f"An hour of {catalogue.chip(chip).name} was offered at {show(offer.usd_per_hour, 'usd')} ({offer.provider}, {offer.date}). It writes {rate} tokens a second when busy, and is busy {draw.percent(busy)} of the time. What does a million tokens cost, in dollars?",
        unit="dollars", scale=1.0, base="usd", answer=answer, slips=((busy, "chips are paid for when they are idle, too"), (busy**2, "utilisation divides the tokens, not the price"), (0.001, "a million, not a thousand"), (1 / 60, "an hour has sixty minutes of sixty seconds")),
    )  # fmt: skip
