"""Questions of workbook 4: units, the break-even, utilisation, later money, overlapping levers."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from hwlib import catalogue
from hwlib.calibration import calibrated
from hwlib.catalogue import claim
from hwlib.costs import (
    annual_token_bill,
    break_even_months,
    owned_usd_per_chip_hour,
    present_value,
    usd_at_utilisation,
)
from hwlib.designs import TcoDesign
from hwlib.formula import Figure, defined, given
from lessons.exercises import Question, Slip
from lessons.questions.verdicts import VERDICTS

CHIP = "h100-sxm"
TOKENS, PRICE = given(2e10, "tokens a day, by the workbook's choice", "brief"), given(2.0, "dollars for a million tokens, by the workbook's choice", "brief")
RUN = given(75e6, "a training run, by the workbook's choice", "brief")
MILLION, YEAR_MONTHS = defined(1e6, "tokens in a million"), defined(12.0, "months in a year")
ONE = defined(1.0)
RATE, BUSY = given(200.0, "tokens a second of one chip when busy, by the workbook's choice", "brief"), given(0.4, "the mean over a day, by the workbook's choice", "brief")
LATER, DISCOUNT, YEARS_LATER = given(10e6, "a bill of the third year", "brief"), given(0.08, "by the workbook's choice", "brief"), given(2.0, "from the first year to the third")
POWER_PRICE, PUE = given(0.08, "dollars for a kilowatt-hour, the brief's", "brief"), given(1.25, "the brief's", "brief")
BILL = given(100e6, "a bill of three years, by the workbook's choice", "brief")
FIRST, SECOND = given(0.5, "the share that eight bits take off", "brief"), given(0.4, "the share that batching takes off", "brief")


def year_bill(tokens: float = float(TOKENS), in_price: float = float(MILLION), days: float | None = None) -> Figure:
    """A year's bill for the tokens at the price."""
    return annual_token_bill(tokens_per_day=tokens, usd_per_mtoken=PRICE, tokens_per_mtoken=in_price, year_days=catalogue.constant("year_days") if days is None else days)


def months(tokens: float = float(TOKENS), run: float = float(RUN)) -> Figure:
    """Months of serving that cost as much as a run."""
    return break_even_months(run_usd=run, annual_usd=year_bill(tokens), year_months=YEAR_MONTHS)


def made(busy: float = float(BUSY)) -> Figure:
    """What a million tokens costs to make on rented chips."""
    return usd_at_utilisation(usd_per_chip_hour=catalogue.price(CHIP), chip_tokens_per_s=RATE, utilisation=busy, hour_s=catalogue.constant("hour_s"), tokens_per_mtoken=MILLION)


def today(later: float = float(YEARS_LATER)) -> Figure:
    """The third year's bill in the first year's money."""
    return present_value(amount_usd=LATER, discount_rate=DISCOUNT, years_before=later)


def power_hour(server_power_factor: float | None = None, pue: float = float(PUE)) -> Figure:
    """Dollars for the power of an owned H100's hour: the chip, its share of the server, the building."""
    nothing = defined(0.0, "the chip is paid for")
    factor = calibrated("server_power_factor") if server_power_factor is None else server_power_factor
    return owned_usd_per_chip_hour(
        buy_usd=nothing, server_factor=ONE, life_years=ONE, year_h=catalogue.constant("year_hours"), power_w=catalogue.chip(CHIP).power_w,
        server_power_factor=factor, pue=pue, usd_per_kwh=POWER_PRICE, watts_per_kw=defined(1000.0, "watts in a kilowatt"),
    )


def together() -> float:
    """What both levers save: the second acts on what the first has left."""
    return float(BILL) * (1 - (1 - float(FIRST)) * (1 - float(SECOND)))


def share_of_second() -> float:
    """The second lever's share: its step averaged over both orders."""
    alone = float(BILL * SECOND)
    return (alone + together() - float(BILL * FIRST)) / 2


OTHERWISE = {"training_runs": {"training_runs": 3}, "experiments_share": {"experiments_share": 1.0}, "utilisation": {"utilisation": 0.4}, "growth_per_year": {"growth_per_year": 0.5}}
"""What each assumption of the flawed plan could be instead."""


def flawed() -> TcoDesign:
    """The plan that the workbook criticises: one run, no experiments, a fleet that is never idle, demand that stands still."""
    from tutor import briefs

    return briefs.brief("tco-3y").starter


@cache
def hidden() -> str:
    """The assumption whose correction adds most to the plan."""
    from hwlib.economics import estimate_tco
    from tutor import briefs

    load = briefs.brief("tco-3y").load
    return max(OTHERWISE, key=lambda name: estimate_tco(replace(flawed(), **OTHERWISE[name]), load).total_usd)


CLAIM = "S4-11"
CLAIM_TOKENS, CLAIM_RUN = 1e9, 50e6


def years() -> float:
    """Years of serving at the claim's own volume and price that cost as much as its cheaper run."""
    return float(months(CLAIM_TOKENS, CLAIM_RUN)) / float(YEAR_MONTHS)


QUESTIONS = (
    Question(
        id="w4.tokens-in-price", ask="for how many tokens is the price?", answer=lambda: MILLION,
        slips=(
            Slip(answer=lambda: 1e3, concept="thousandfold-slip", words="Some lists quote a thousand. This price is for a million, and mixing the two is a factor of a thousand."),
            Slip(answer=lambda: 1.0, concept="thousandfold-slip", words="That would be the price of one token."),
        ),
        hints=("Read the unit beside the price.", "=It is {value}."), after="{value}: divide by it before you multiply by the price.",
    ),
    Question(
        id="w4.days", ask="how many such days has the bill?", answer=lambda: catalogue.constant("year_days"),
        slips=(Slip(answer=lambda: YEAR_MONTHS, words="Those are months. The tokens are counted by the day."), Slip(answer=lambda: 1.0, words="That is one day's bill.")),
        hints=("The bill is for a year.", "=It is {value}."), after="{value}.",
    ),
    Question(
        id="w4.months", ask="after how many months has serving cost as much as the run?", unit="months", answer=months,
        slips=(
            Slip(answer=lambda: months() / 12, words="That is years."),
            Slip(answer=lambda: months() / 1000, concept="thousandfold-slip", words="A factor of a thousand: look at what the price is for."),
        ),
        hints=("The run over a month's bill.", "costs.annual_token_bill(…), then costs.break_even_months(…).", "=It is {value}."),
        after="{value}. Ten times the tokens would make it a tenth. Whether serving overtakes training is a statement about volume.",
    ),
    Question(
        id="w4.made", ask="what does a million tokens cost to make on these chips?", unit="usd", answer=made,
        slips=(
            Slip(answer=lambda: made(1.0), concept="full-utilisation-price", words="That is a fleet that is never idle. The chips are paid for when nobody asks."),
            Slip(answer=lambda: float(catalogue.price(CHIP)), words="That is the hour's price. How many tokens come out of it?"),
            Slip(answer=lambda: made() * float(BUSY) ** 2, words="Utilisation divides the cost's tokens; it does not multiply the cost."),
        ),
        hints=("The hour's price over the tokens of an hour at this load, times a million.", "costs.usd_at_utilisation(…).", "=It is {value}."), after="{value}, before power is saved or a lever is pulled.",
    ),
    Question(
        id="w4.today", ask="what is the third year's bill worth in the first year's money?", unit="usd", answer=today,
        slips=(
            Slip(answer=lambda: LATER, concept="capex-opex-undiscounted", words="That is the bill itself. Money that is paid later is worth less today."),
            Slip(answer=lambda: today(3.0), words="From the first year to the third it is two years, not three."),
            Slip(answer=lambda: float(LATER) * (1 + float(DISCOUNT)) ** 2, words="That goes forward in time. Later money in today's is less."),
        ),
        hints=("Divide by one plus the rate, once a year.", "costs.present_value(…).", "=It is {value}."), after="{value}.", close=0.01,
    ),
    Question(
        id="w4.power", ask="what does the power of one owned H100 cost an hour, with its part of the server and the building?", unit="usd", answer=power_hour,
        slips=(
            Slip(answer=lambda: power_hour(1.0, 1.0), concept="power-is-tdp", words="That is the chip at its rated power. Processors, memory, fans and switches stand beside it, and the building cools all of it."),
            Slip(answer=lambda: power_hour(None, 1.0), words="That leaves out the building."),
            Slip(answer=lambda: power_hour(1.0), words="That leaves out the rest of the server."),
        ),
        hints=("Watts of the chip, times what the server adds, times PUE, in kilowatts, times the price.", "calibrated server_power_factor is printed above.", "=It is {value}."),
        after="{value} an hour: small beside the rent. That is why a lever on power alone moves so little here.",
    ),
    Question(
        id="w4.together", ask="how much do both levers save together?", unit="usd", answer=together,
        slips=(
            Slip(answer=lambda: float(BILL) * (float(FIRST) + float(SECOND)), concept="savings-add-up", words="That is the sum of what each saves alone. A dollar that is gone cannot be saved again."),
            Slip(answer=lambda: float(BILL) * float(FIRST) * float(SECOND), words="That is their overlap."),
        ),
        hints=("What does the first leave? The second takes its share of that.", "Multiply what remains.", "=It is {value}."), after="{value}, less than the sum of the two alone.",
    ),
    Question(
        id="w4.share", ask="how much of it is batching's share, averaged over both orders?", unit="usd", answer=share_of_second,
        slips=(
            Slip(answer=lambda: float(BILL * SECOND), words="That is its step when it is pulled first."),
            Slip(answer=lambda: together() - float(BILL * FIRST), words="That is its step when it is pulled second."),
        ),
        hints=("Its step when first, its step when second: the average.", "=It is {value}."), after="{value}; the two shares add up to what both save.",
    ),
    Question(
        id="w4.hidden", ask="which of these assumptions, corrected, adds most to the plan?", options=tuple(OTHERWISE), answer=hidden,
        slips=(
            Slip(answer=lambda: "growth_per_year", concept="flat-demand", words="Growth adds to serving. Look at which part of this plan is the larger one."),
            Slip(answer=lambda: "utilisation", concept="full-utilisation-price", words="It makes serving dearer by its inverse. At this volume serving is not the larger part."),
            Slip(answer=lambda: "experiments_share", words="Experiments beside one run double it. Something else does so more than once."),
        ),
        hints=("Compare training_usd and serving_usd of the plan.", "Which change multiplies the larger part most?", "=It is {value}."),
        after="{value}: a model that is served for three years is trained again in that time.",
    ),
    Question(
        id="w4.claim-number", ask="how many years of serving, at the volume and price of the text, cost as much as the cheaper of its runs?", answer=years,
        slips=(
            Slip(answer=lambda: years() * 12, words="That is months."),
            Slip(answer=lambda: years() / 1000, concept="thousandfold-slip", words="The price is for a thousand tokens: divide by a thousand before you multiply."),
        ),
        hints=("The bill of a year first.", "The run over the bill.", "=It is {value}."), after="{value} years.",
    ),
    Question(
        id="w4.claim", ask="what does the claim deserve?", options=tuple(VERDICTS.values()), answer=lambda: VERDICTS[claim(CLAIM).verdict],
        slips=(
            Slip(answer=lambda: "holds", concept="inference-always-dwarfs", words="It would, at a thousand times the volume. At its own volume you have just computed the years."),
            Slip(answer=lambda: "caveat", words="A caveat saves a claim that is right somewhere near. This one is off by a factor of hundreds."),
            Slip(answer=lambda: "no-source", words="It can be computed from its own inputs."),
        ),
        hints=("Compare your years with its months.", "=The ledger says {value}."), after="{value}: it inherits a factor of a thousand from the bill that it rests on.",
    ),
)
