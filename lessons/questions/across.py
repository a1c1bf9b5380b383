"""Questions of the module test: each draws its numbers, computes its answer and knows the slips that lead elsewhere."""

from __future__ import annotations

import random
from functools import partial

from hwlib import catalogue
from hwlib.catalogue import chip, claim
from hwlib.costs import annual_token_bill, present_value, usd_at_utilisation
from hwlib.formula import Figure, defined, given
from hwlib.memory import kv_room_bytes, sequences_that_fit, state_bytes_total, weight_bytes
from hwlib.queueing import peak_requests_from_daily_users
from hwlib.reliability import best_interval_s, checkpoint_write_s, cluster_mtbf_s
from hwlib.roofline import ridge_point
from hwlib.step import days_at_utilisation, training_flops
from hwlib.transformer import kv_bytes_per_token, shape_of
from hwlib.units import show
from lessons.exercises import Question, Slip
from lessons.questions.verdicts import VERDICTS

BITS16 = defined(2.0, "16 bits")
ONE = defined(1.0)
AUDITED = ("S1-08", "S1-14", "S1-21", "S2-14", "S2-24", "S2-30", "S3-36", "S3-39", "S4-03", "S4-10", "S4-11", "S4-28", "S4-29")
"""Claims that can be computed from what the course teaches."""


def _ticket(value: float) -> Figure:
    return given(value, "your ticket", "brief")


def sessions(rng: random.Random) -> Question:
    """Sessions that fit beside the weights."""
    model, card = rng.choice(("llama2-7b", "llama3.1-8b", "mistral-7b")), rng.choice(("a100-80-sxm", "h100-sxm", "h200-sxm"))
    held, reserve = _ticket(rng.choice((1024, 2048, 3072, 4096))), _ticket(rng.choice((3e9, 4e9, 5e9)))
    shape = shape_of(model)

    def per_token(heads: Figure) -> Figure:
        return kv_bytes_per_token(layers=shape.layers, kv_heads=heads, head_dim=shape.head_dim, bytes_per_value=BITS16)

    def fit(heads: Figure = shape.kv_heads, taken: Figure | None = None) -> Figure:
        weights = weight_bytes(params=shape.params, bytes_per_param=BITS16) if taken is None else taken
        room = kv_room_bytes(n_chips=ONE, mem_bytes=chip(card).mem_bytes, reserve_bytes=reserve, weight_bytes=weights)
        return sequences_that_fit(kv_room_bytes=room, kv_bytes_per_token=per_token(heads), held_tokens=held)

    slips = [Slip(answer=lambda: fit(taken=defined(0.0)), words="the weights stand in memory, too"), Slip(answer=lambda: 1.0, words="sessions share the weights; how many caches fit?", concept="one-user-per-chip")]
    if shape.heads != shape.kv_heads:
        slips.insert(0, Slip(answer=lambda: fit(shape.heads), words="several query heads share a KV head in this model", concept="kv-ignores-grouped-heads"))
    return Question(
        id="", ask=f"How many sessions of {show(held)} tokens fit on one {chip(card).name} beside the 16-bit weights of {shape.name} when the runtime keeps {show(reserve, 'B')}? The cache is in 16 bits.",
        answer=fit, slips=tuple(slips), close=0.011,
    )


def break_even_batch(rng: random.Random) -> Question:
    """The batch at which reading the weights stops being what a step waits for."""
    card = rng.choice(("a100-80-sxm", "h100-sxm", "h200-sxm", "l40s", "tpu-v5e", "b200-sxm", "mi300x"))
    c = chip(card)
    return Question(
        id="", ask=f"In 16 bits, with short contexts, each sequence of a step adds one FLOP for each byte of weights that is read. At how many sequences does the {c.name} stop waiting for its memory? Take its dense BF16 peak.",
        answer=lambda: ridge_point(peak_flops_per_s=c.peak("bf16"), mem_bytes_per_s=c.mem_bytes_per_s),
        slips=(Slip(answer=lambda: float(ridge_point(peak_flops_per_s=c.peak("bf16"), mem_bytes_per_s=c.mem_bytes_per_s)) * 2, words="the peak with sparsity was used, or bytes were counted for 8 bits"),
               Slip(answer=lambda: float(c.mem_bytes_per_s / c.peak("bf16")), words="bytes a FLOP: upside down")),
    )  # fmt: skip


def days(rng: random.Random) -> Question:
    """Days of a training run."""
    params, tokens, chips, use = _ticket(rng.choice((13e9, 34e9, 70e9, 130e9, 180e9))), _ticket(rng.choice((1e12, 1.5e12, 2e12, 3e12))), _ticket(rng.choice((768, 1024, 2048, 3072))), _ticket(rng.choice((0.35, 0.38, 0.42, 0.45)))
    card = rng.choice(("a100-80-sxm", "h100-sxm"))

    def run(mfu: Figure = use) -> Figure:
        return days_at_utilisation(training_flops=training_flops(params=params, train_tokens=tokens), n_chips=chips, peak_flops_per_s=chip(card).peak("bf16"), mfu=mfu, day_s=catalogue.constant("day_s"))

    return Question(
        id="", ask=f"A dense model of {show(params)} parameters reads {show(tokens)} tokens on {show(chips)} × {chip(card).name} at an MFU of {show(use, '%')} of the BF16 peak. How many days does it take?",
        unit="days", answer=run,
        slips=(Slip(answer=lambda: run(ONE), words="that is at the peak", concept="peak-is-achieved"), Slip(answer=lambda: run() / 3, words="that is the forward pass alone")),
    )  # fmt: skip


def interval(rng: random.Random) -> Question:
    """How often to save."""
    params, chips, hours = _ticket(rng.choice((70e9, 100e9, 175e9, 405e9))), _ticket(rng.choice((1024, 4096, 8192, 16384))), _ticket(rng.choice((30_000, 50_000, 80_000)))
    rate, kept = _ticket(rng.choice((5e10, 1e11, 2e11))), defined(14.0, "weights in 16 bits, master copy and two moments in 32")
    saved = state_bytes_total(params=params, state_bytes_per_param=kept)
    write = checkpoint_write_s(checkpoint_bytes=saved, storage_bytes_per_s=rate)
    mtbf = cluster_mtbf_s(mtbf_chip_hours=hours, n_chips=chips, hour_s=catalogue.constant("hour_s"))

    return Question(
        id="", ask=f"{show(chips)} chips, one failure for every {show(hours)} chip-hours. A checkpoint keeps {show(kept)} bytes for each of {show(params)} parameters and is written at {show(rate, 'B/s')}. After how many seconds should the run save, by Young's rule?",
        unit="s", answer=lambda: best_interval_s(checkpoint_write_s=write, mtbf_s=mtbf),
        slips=(Slip(answer=lambda: best_interval_s(checkpoint_write_s=write, mtbf_s=mtbf) / 2**0.5, words="the factor of two under the root is missing"),
               Slip(answer=lambda: best_interval_s(checkpoint_write_s=write, mtbf_s=float(mtbf) * float(chips)), words="that is one chip's time between failures", concept="no-failures"),
               Slip(answer=lambda: best_interval_s(checkpoint_write_s=write, mtbf_s=float(mtbf) / 3600), words="hours and seconds are mixed")),
    )  # fmt: skip


def requests(rng: random.Random) -> Question:
    """Requests a second at the peak."""
    users, each, peak = _ticket(rng.choice((20_000, 80_000, 150_000, 400_000))), _ticket(rng.choice((4, 8, 15, 25))), _ticket(rng.choice((2.0, 2.5, 3.5, 4.0)))

    def rate(factor: Figure | float = peak) -> Figure:
        return peak_requests_from_daily_users(daily_users=users, requests_per_user_day=each, peak_factor=factor, day_s=catalogue.constant("day_s"))

    return Question(
        id="", ask=f"{show(users)} people a day send {show(each)} requests each; the busiest hour sees {show(peak)} times the mean. How many requests a second come then?", answer=rate,
        slips=(Slip(answer=lambda: rate(1.0), words="that is the mean", concept="average-load-is-enough"), Slip(answer=lambda: users, words="that is the people", concept="daily-users-are-concurrent"),
               Slip(answer=lambda: float(rate()) * 24, words="a day has more than one hour")),
    )  # fmt: skip


def made(rng: random.Random) -> Question:
    """What a million tokens costs to make."""
    card = rng.choice(("h100-sxm", "l40s", "tpu-v5e", "a100-80-sxm"))
    rate, busy = _ticket(rng.choice((120, 300, 450, 700))), _ticket(rng.choice((0.25, 0.35, 0.55, 0.6)))

    def cost(share: Figure = busy) -> Figure:
        return usd_at_utilisation(usd_per_chip_hour=catalogue.price(card), chip_tokens_per_s=rate, utilisation=share, hour_s=catalogue.constant("hour_s"), tokens_per_mtoken=defined(1e6, "tokens in a million"))

    return Question(
        id="", ask=f"A rented {chip(card).name} costs {show(catalogue.price(card), 'usd/h')}, writes {show(rate)} tokens a second when busy, and is busy {show(busy, '%')} of the time. What do a million tokens cost, in dollars?",
        unit="usd", answer=cost,
        slips=(Slip(answer=lambda: cost(ONE), words="that is a chip that is never idle", concept="full-utilisation"), Slip(answer=lambda: catalogue.price(card), words="that is the hour's price", concept="cheapest-hour-is-cheapest-token")),
    )  # fmt: skip


def bill(rng: random.Random) -> Question:
    """A year's bill."""
    tokens, thousand = _ticket(rng.choice((3e8, 7e8, 4e9, 2.5e10, 6e11))), _ticket(rng.choice((0.0004, 0.0015, 0.003, 0.006)))

    def year(per: float = 1e3) -> Figure:
        return annual_token_bill(tokens_per_day=tokens, usd_per_mtoken=thousand, tokens_per_mtoken=per, year_days=catalogue.constant("year_days"))

    return Question(
        id="", ask=f"A service buys {show(tokens)} tokens a day. A thousand of them cost ${float(thousand):g}. What is the bill of a year, in dollars?", unit="usd", answer=year,
        slips=(Slip(answer=lambda: year(1.0), words="the price is for a thousand tokens: a factor of a thousand", concept="thousandfold-slip"), Slip(answer=lambda: year(1e6), words="the price is for a thousand tokens, not for a million", concept="thousandfold-slip"),
               Slip(answer=lambda: year() / float(catalogue.constant("year_days")), words="that is a day")),
    )  # fmt: skip


def third_year(rng: random.Random) -> Question:
    """A later bill in today's money, after growth and a fall in prices."""
    first, growth, fall, discount = _ticket(rng.choice((2e6, 5e6, 12e6, 30e6))), _ticket(rng.choice((0.4, 0.6, 1.0))), _ticket(rng.choice((0.15, 0.2, 0.3))), _ticket(rng.choice((0.06, 0.08, 0.1)))
    two = defined(2.0, "from the first year to the third")
    nominal = float(first) * ((1 + float(growth)) * (1 - float(fall))) ** 2

    return Question(
        id="", ask=f"Serving costs {show(first, 'usd')} in the first year. Demand grows by {show(growth, '%')} a year, prices fall by {show(fall, '%')} a year, money is discounted at {show(discount, '%')}. What is the third year's bill in the first year's dollars?",
        unit="usd", answer=lambda: present_value(amount_usd=nominal, discount_rate=discount, years_before=two),
        slips=(Slip(answer=lambda: nominal, words="that is not discounted", concept="capex-opex-undiscounted"),
               Slip(answer=lambda: present_value(amount_usd=float(first) * (1 + float(growth)) ** 2, discount_rate=discount, years_before=two), words="prices fell as well", concept="prices-never-fall"),
               Slip(answer=lambda: present_value(amount_usd=float(first) * (1 - float(fall)) ** 2, discount_rate=discount, years_before=two), words="demand grew as well", concept="flat-demand")),
    )  # fmt: skip


def audit(rng: random.Random) -> Question:
    """A claim of the source text, to be judged."""
    chosen = claim(rng.choice(AUDITED))
    return Question(id="", ask=f"A text says: “{chosen.claim}” What does the claim deserve? Compute first.", options=tuple(VERDICTS.values()), answer=partial(VERDICTS.__getitem__, chosen.verdict))


DRAWS = (sessions, break_even_batch, days, interval, requests, made, bill, third_year, audit)
