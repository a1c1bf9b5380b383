"""The chapter on portfolios: its figures, its prediction, what a solver finds, and its quiz item."""

from __future__ import annotations

import math
import random
from functools import cache

from hwlib import catalogue
from hwlib.designs import ServingDesign, ServingLoad
from hwlib.formula import defined, given
from hwlib.mix import Mix, Part, cheapest_mix, kind_of, replicas_usd
from hwlib.units import show
from lessons import draw
from lessons.panels.parts import Shown, explained
from lessons.panels.portfolios import BUSY, DESIGNS, MODEL, NIGHT, OUTPUT, TPOT_S, TTFT_S, find
from lessons.panels.predict import Question
from lessons.panels.quiz import Item

WIDER = {"H100 × 2": ("h100-sxm", 2, 4), "H200 × 1": ("h200-sxm", 1, 4), "A100 × 2": ("a100-80-sxm", 2, None), "L40S × 4": ("l40s", 4, None), "TPU v5e × 8": ("tpu-v5e", 8, None), "Inferentia2 × 8": ("inferentia2", 8, None)}
"""Kinds of the larger case: chip, chips a replica, and how many can be had."""
PROMPT = 1024.0
DAY = (("morning", 6.0, 40.0), ("afternoon", 8.0, 60.0), ("night", 10.0, 8.0))
"""Parts of the larger case's day: hours, requests a second."""


@cache
def larger(billing: str = "always") -> Mix:
    """Six kinds, three parts of a day, solved as a mixed-integer program."""
    kinds = [
        kind_of(
            ServingDesign(model=MODEL, accelerator=chip, chips_per_replica=n, weight_bits=8, batch_limit=64, replicas=1, chunked_prefill=True, context_tokens=8192),
            ServingLoad(daily_users=50_000, prompt_tokens=PROMPT, output_tokens=OUTPUT), ttft_s=TTFT_S, tpot_s=TPOT_S, name=name, available=available, billing=billing,
        )
        for name, (chip, n, available) in WIDER.items()
    ]
    day = [Part(name=name, hours=hours, prefill_tokens_per_s=rate * PROMPT, decode_tokens_per_s=rate * OUTPUT) for name, hours, rate in DAY]
    return cheapest_mix(kinds, day, utilisation=BUSY)


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    f, free = find(), find(had=100)
    best = min((one for one in f.alone.values() if one), key=lambda one: one.usd_per_day)
    always, used = larger(), larger("as-used")
    return {
        "night": draw.percent(NIGHT), "rate": "20", "prompt": f"{1024:,}", "had": "two", "mix": _said(f), "usd": draw.quantity(f.best.usd_per_day, "$"), "single": draw.quantity(best.usd_per_day, "$"), "saved": draw.percent(1 - f.best.usd_per_day / best.usd_per_day),
        "free": _said(free), "free_usd": draw.quantity(free.best.usd_per_day, "$"), "busy": draw.percent(BUSY), "always": draw.quantity(float(always.usd_per_day), "$"), "used": draw.quantity(float(used.usd_per_day), "$"),
        "reads": draw.num(f.kinds[0].prefill_tokens_per_s / f.kinds[0].decode_tokens_per_s, 2), "reads_l40s": draw.num(f.kinds[1].prefill_tokens_per_s / f.kinds[1].decode_tokens_per_s, 2),
    }  # fmt: skip


def _said(f) -> str:
    return ", ".join(f"{count} × {k.name}" for k, count in zip(f.kinds, f.best.counts, strict=True) if count)


def question() -> Question:
    """What does the cheapest mix cost a day?"""
    f = find()
    alone = {name: one for name, one in f.alone.items() if one}
    name, one = min(alone.items(), key=lambda item: item[1].usd_per_day)
    return Question(
        ask="The cheapest mix costs a day", unit="dollars", scale=1.0, base="usd", computed=f.bill, choice_ask="With as many H100s as one wants, the cheapest fleet is", choices=("one kind", "two kinds", "all three kinds"),
        right="one kind", example="900", because=f"{_said(find(had=100))} for {draw.quantity(find(had=100).best.usd_per_day, '$')}: the mix comes from the limit, not from the chips.",
        bought=lambda v: f"That would buy {draw.num(v / (24 * float(f.kinds[0].usd_per_hour)), 2)} days of one H100 replica.", anchors=((f"{name} alone", one.usd_per_day),),
    )


def derivation() -> Shown:
    """The bill of the mix, item by item."""
    return Shown(explained(find().bill))


def solved() -> Shown:
    """What the solver finds for six kinds and three parts of a day."""
    mixes = {"paid all day": larger(), "paid as used": larger("as-used")}
    body = []
    for name in WIDER:
        row = [name]
        for mix in mixes.values():
            uses = {u.part: u.replicas for u in mix.uses if u.kind == name}
            row += [draw.num(uses[part]) if uses.get(part) else "–" for part, *_ in DAY] if mix is mixes["paid as used"] else [draw.num(max(uses.values())) if uses else "–"]
        body.append(row)
    rates = ", ".join(f"{rate:.0f} requests a second in {hours:.0f} hours of {part}" for part, hours, rate in DAY)
    picture = draw.fleet([part for part, *_ in DAY], [(name, [next((u.replicas for u in larger("as-used").uses if u.kind == name and u.part == part), 0) for part, *_ in DAY]) for name in WIDER if larger("as-used").replicas(name)],
                         demand=[rate for *_, rate in DAY], demand_label="requests/s", title="Replicas by part of the day, paid as used")  # fmt: skip
    gap = max(mix.gap for mix in mixes.values())
    caption = (
        f"{len(WIDER)} kinds, {rates}. Paid all day the cheapest fleet costs {draw.quantity(float(mixes['paid all day'].usd_per_day), '$')}, paid as used {draw.quantity(float(mixes['paid as used'].usd_per_day), '$')}. "
        f"Solved when this page was built, as a mixed-integer program with HiGHS; the gap to the proven bound is {draw.percent(gap)}."
    )
    return Shown(draw.figure(picture, caption=caption, source="Rates: this course’s estimates. Prices: the catalogue’s, on demand.", table=draw.table(["Replica", "Paid all day", *(f"{part}, as used" for part, *_ in DAY)], body, right={1, 2, 3, 4})))


def measured() -> Shown:
    """No fleet of several kinds is among the measurements; how the kinds' prices spread says how far the answer carries."""
    body = []
    for name, (chip, n) in DESIGNS.items():
        offers = [p for p in catalogue.prices(chip) if p.kind == "on-demand"]
        low, high = float(min(p.usd_per_hour for p in offers)), float(max(p.usd_per_hour for p in offers))
        body.append([name, len(offers), f"${low * n:.2f}", f"${high * n:.2f}", draw.num(high / low, 2)])
    dates = sorted(str(p.date) for chip, _ in DESIGNS.values() for p in catalogue.prices(chip) if p.kind == "on-demand" and p.date)
    undated = sum(p.kind == "on-demand" and not p.date for chip, _ in DESIGNS.values() for p in catalogue.prices(chip))
    bars = [(name, [("grey2", float(low[1:]), ""), ("idle", float(high[1:]) - float(low[1:]), "")], f"{count} offers") for name, count, low, high, _ in body]
    picture = draw.cost_bars(bars, title="An hour of a replica, cheapest to dearest offer", says="; ".join(f"{name}: {low} to {high} an hour in {count} offers" for name, count, low, high, _ in body))
    caption = (
        "Our collection of measurements has no fleet of several kinds of chip with its demand and its bill, so nothing measured stands beside a mix here; what was measured of its parts, the speed of a replica, stands in other chapters. "
        "What is public is how far prices differ. Solid: the cheapest offer on demand in the catalogue. Hatched: up to the dearest. The order of the kinds can turn inside that range, so a mix is an answer to one list of prices."
    )
    return Shown(draw.figure(picture, caption=caption, source=f"Offers dated {dates[0]} to {dates[-1]}, and {undated} remembered without a date: the catalogue.", table=draw.table(["Replica", "Offers", "Cheapest an hour", "Dearest an hour", "Ratio"], body, right={1, 2, 3, 4})))


def claim_computed() -> str:
    """What a split would save here."""
    f, free = find(), find(had=100)
    alone = min(one.usd_per_day for one in f.alone.values() if one)
    return (
        f"In this page’s case a split saves {draw.percent(1 - f.best.usd_per_day / alone)} while H100s are short, and nothing when they are not: then {_said(free)} is cheapest. "
        "A portfolio needs a reason, and scarcity is one."
    )


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    first, second = (8000.0, 1000.0), (3000.0, 800.0)
    reads, writes = 8000.0, 700.0
    time = reads / first[0]
    need = math.ceil(writes / second[1])
    one = replicas_usd(replicas=given(3.0), usd_per_hour=given(6.0), hours=catalogue.constant("day_hours"))
    part = replicas_usd(replicas=given(3.0), usd_per_hour=given(6.0), hours=given(10.0))
    return {
        "p1_first": "8,000", "p1_first_w": "1,000", "p1_second": "3,000", "p1_second_w": "800", "p1_ratio": draw.num(first[1] / first[0]), "p1_ratio_second": draw.num(second[1] / second[0], 2),
        "p1_reads": "8,000", "p1_writes": "700", "p1_time": draw.num(time), "p1_need": draw.num(need), "p2_price": "$6", "p2_hours": "10", "p2_one": show(one, "usd"), "p2_part": show(part, "usd"), "p2_even": draw.num(float(one / part), 2),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """Replicas of one kind for two tasks, and their bill."""
    reads, writes, busy = rng.choice((6000, 9000, 12000)), rng.choice((1500, 2400)), rng.choice((0.6, 0.7, 0.8))
    rate, prompt, answer_tokens, price = rng.choice((8, 15, 30)), rng.choice((500, 1500, 3000)), rng.choice((150, 250)), rng.choice((4.0, 6.0, 10.0))
    exact = (rate * prompt / reads + rate * answer_tokens / writes) / busy
    count = math.ceil(exact - 1e-9)
    answer = replicas_usd(replicas=defined(float(count), "whole replicas"), usd_per_hour=given(price, "the question"), hours=catalogue.constant("day_hours"))
    return Item(
        ask=f"A replica reads {reads:,} tokens a second or writes {writes:,}, is planned with {draw.percent(busy)} of its time, and costs ${price:.0f} an hour. {rate} requests a second bring {prompt:,} tokens each and want {answer_tokens}. What does a day of the smallest fleet cost, in dollars?",
        unit="dollars", scale=1.0, base="usd", answer=answer,
        slips=((math.ceil(exact * busy - 1e-9) / count, "the time that may be planned is less than all of it"), (math.ceil(rate * prompt / reads / busy) / count, "writing takes time as well"), (1 / 24, "that is an hour")),
    )  # fmt: skip
