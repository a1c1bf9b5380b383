"""The chapter on failures and checkpoints: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from hwlib import catalogue
from hwlib.cases import rows as measured_rows
from hwlib.formula import given
from hwlib.reliability import best_interval_s, cluster_mtbf_s, failures
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import dated
from lessons.panels.checkpoints import run
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item

LOG, OPT, BLOOM = "llama3-405b", "opt-175b", "bloom-176b"
CHIPS, LLAMA2_DAYS = 2000, 35.84
"""Llama 2 70B: 1,720,320 chip-hours on 2,000 chips, the number of chips assumed (ledger S2-22)."""


@dataclass(frozen=True, slots=True)
class Log:
    """What one run reported: chips, days, interruptions that nobody planned, and what a row says of the source."""

    name: str
    chips: float
    days: float
    unplanned: float
    source: str

    @property
    def between_h(self) -> float:
        """Hours between interruptions."""
        return self.days * 24 / self.unplanned

    @property
    def chip_hours(self) -> float:
        """Chip-hours between interruptions."""
        return self.between_h * self.chips


@cache
def logs() -> dict[str, Log]:
    """The three runs of the file that report how often they stopped."""
    rows = {r["group"]: r for r in measured_rows("10_failures_goodput")}
    llama, opt, bloom = rows[LOG], rows[OPT], rows[BLOOM]
    return {
        LOG: Log("Llama 3 405B", float(llama["n_chips"]), float(llama["days"]), float(llama["unexpected"]), llama["source_title"]),
        OPT: Log("OPT-175B", float(opt["n_chips"]), float(opt["days"]), float(opt["interruptions_total"]), opt["source_title"]),
        BLOOM: Log("BLOOM", float(bloom["n_chips"]), float(bloom["hw_failure_interval_days"]), 1.0, bloom["source_title"]),
    }


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    log, base, small = logs()[LOG], run(), run(chips=1024)
    rare, often = run(minutes=90), run(minutes=5)
    return {
        "chips": f"{int(log.chips):,}", "days": draw.num(log.days), "stops": draw.num(log.unplanned), "each": f"{draw.num(log.between_h)} hours", "chip_hours": f"{draw.num(log.chip_hours, 2)}",
        "years": draw.num(float(base.mtbf) / 3600 * base.chips / 8760, 2), "write": draw.quantity(float(base.write), "s"), "best": show(base.best, "s"), "left": draw.percent(base.at_best),
        "rare": f"{rare.minutes:,}", "rare_left": draw.percent(rare.good), "often": f"{often.minutes:,}", "often_left": draw.percent(often.good),
        "small": f"{small.chips:,}", "small_best": show(small.best, "s"), "ratio": draw.num(base.chips / small.chips), "root": draw.num(float(small.best / base.best)),
        "opt_says": draw.num(logs()[OPT].chip_hours, 2), "bloom_says": draw.num(logs()[BLOOM].chip_hours, 2),
    }  # fmt: skip


def question() -> Question:
    """How often does a cluster of 16,384 chips stop?"""
    r = run()
    return Question(
        ask=f"Time between two failures of {r.chips:,} chips", unit="hours", scale=3600.0, base="s", computed=r.mtbf,
        choice_ask="With four times the chips the best interval between checkpoints is", choices=("a quarter as long", "half as long", "as long as before"),
        right="half as long", example="24", because="It goes with the square root of the time between failures.",
        bought=lambda v: f"Your figure would mean {draw.quantity(v / 3600 * r.chips, '')} chip-hours between failures.",
        anchors=(("the best interval", float(r.best)),),
    )


def derivation() -> Shown:
    """What is left of the time, and the best interval, with the numbers of the panel's first state plugged in."""
    r = run()
    return Shown(explained(r.good) + explained(r.best))


def measured() -> Shown:
    """Hours between interruptions, as three runs told them, beside the rate that one of them gives."""
    log = logs()[LOG]
    known = list(logs().values())
    sizes = sorted(x.chips for x in known)
    line = [(n, log.chip_hours / n) for n in (sizes[0], sizes[-1])]
    series = [dict(label="one rate a chip", kind="ink", line=line, measured=[(x.chips, x.between_h) for x in known])]
    picture = draw.measured_band(series, x_label="chips", y_label="hours between interruptions", x_log=True, y_log=True)
    rows = [
        [x.name, f"{int(x.chips):,}", draw.num(x.between_h), draw.num(log.chip_hours / x.chips), draw.num(x.chip_hours)]
        for x in sorted(known, key=lambda x: x.chips)
    ]  # fmt: skip
    table = draw.table(["Run", "Chips", "Hours between, reported", "Hours between, at the rate of Llama 3", "Chip-hours between"], rows, right={1, 2, 3, 4})
    opt = logs()[OPT]
    caption = (
        f"Diamonds: reported. Line: {draw.num(log.chip_hours, 3)} chip-hours between interruptions, the rate of the largest run, which therefore lies on it. The other two were not used. "
        f"OPT stopped {draw.num(log.chip_hours / opt.chip_hours, 2)} times as often as that rate says; its count includes restarts for other reasons than hardware. "
        "Three runs make no interval: read the line as an order of magnitude."
    )
    return Shown(draw.figure(picture, caption=caption, source=f"{dated(*(x.source for x in known))}.", table=table))


def claim_computed() -> str:
    """Failures of Llama 2's run at three published rates."""
    seconds = LLAMA2_DAYS * 86400
    said = []
    for log in logs().values():
        mtbf = cluster_mtbf_s(mtbf_chip_hours=log.chip_hours, n_chips=CHIPS, hour_s=3600.0)
        said.append(f"{draw.num(failures(run_s=seconds, mtbf_s=mtbf), 2)} at the rate of {log.name}")
    return f"{CHIPS:,} chips for {draw.num(LLAMA2_DAYS)} days: {', '.join(said)}."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    hour = catalogue.constant("hour_s")
    mtbf = cluster_mtbf_s(mtbf_chip_hours=given(50_000.0), n_chips=given(4096.0), hour_s=hour)
    slow, quick = (best_interval_s(checkpoint_write_s=given(s), mtbf_s=mtbf) for s in (300.0, 12.0))
    half, full = run(chips=16384, write=10, minutes=5), run(chips=32768, write=10, minutes=5)
    return {
        "p1_chips": "4,096", "p1_hours": "50,000", "p1_write": draw.quantity(300.0, "s"), "p1_mtbf": show(mtbf, "s"), "p1_slow": show(slow, "s"), "p1_fast_write": draw.quantity(12.0, "s"),
        "p1_quick": show(quick, "s"), "p1_lost": draw.percent(2 * 300.0 / float(slow)), "p1_lost_quick": draw.percent(2 * 12.0 / float(quick)),
        "p2_half": f"{half.chips:,}", "p2_full": f"{full.chips:,}", "p2_half_left": draw.percent(half.at_best), "p2_full_left": draw.percent(full.at_best),
        "p2_second": draw.percent(float(full.chips * full.at_best / (half.chips * half.at_best)) - 1), "p2_gain": f"{draw.num(float(full.chips * full.at_best / (half.chips * half.at_best)), 3)}", "p2_write": draw.quantity(10.0, "s"),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """Young's interval for a cluster."""
    chips, hours, write = rng.choice((512, 2048, 6000, 12000, 24000)), rng.choice((20_000.0, 40_000.0, 80_000.0)), rng.choice((8.0, 20.0, 45.0, 90.0))
    mtbf = cluster_mtbf_s(mtbf_chip_hours=given(hours, "the question"), n_chips=given(chips, "the question"), hour_s=catalogue.constant("hour_s"))
    answer = best_interval_s(checkpoint_write_s=given(write, "the question"), mtbf_s=mtbf)
    return Item(
        ask=f"{chips:,} chips, each with {hours:,.0f} hours between failures; a checkpoint takes {draw.quantity(write, 's')} to write. How many minutes between checkpoints lose least?",
        unit="minutes", scale=60.0, base="s", answer=answer,
        slips=((2**-0.5, "Young’s formula has a two under the root"), (60.0, "seconds for minutes"), (float(mtbf / answer), "that is the time between failures"),
               (float((mtbf / answer) ** 2), "the root is missing")),
    )  # fmt: skip
