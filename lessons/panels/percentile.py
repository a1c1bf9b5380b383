"""Serving to a percentile: the wait for the first token over the load of one replica, at the median and at the 99th."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hwlib.designs import ServingDesign, ServingLoad
from hwlib.serving import ServingEstimate, estimate_serving, simulate_serving
from lessons import draw
from lessons.panels.parts import WIDE, View, explained, steps, wire

RATES = (1.0, 4.0, 8.0, 12.0, 14.0, 16.0, 20.0, 28.0)
PROMPTS = (128, 256, 512, 1024, 2048)
SPREADS = (0.0, 0.3, 0.6, 0.9)
LIMITS = (8, 16, 32, 64, 128)
REQUESTS, SEED = 400, 1
OBJECTIVE = 0.5
DESIGN = ServingDesign(model="llama3.1-8b", accelerator="h100-sxm", chips_per_replica=1, batch_limit=64, replicas=1)


def load_of(rate: float, prompt: float, spread: float, answer: float = 256.0) -> ServingLoad:
    """A steady stream at so many requests a second; both lengths spread alike."""
    return ServingLoad(daily_users=86_400, requests_per_user_day=rate, peak_factor=1.0, prompt_tokens=prompt, prompt_spread=spread, output_tokens=answer, output_spread=spread)


@dataclass(frozen=True, slots=True)
class Point:
    """One load: seconds to the first token."""

    rate: float
    median: float
    p99: float


@cache
def point(rate: float, prompt: int, spread: float, limit: int) -> Point:
    """The replica at one load."""
    run = simulate_serving(replace(DESIGN, batch_limit=limit), load_of(rate, prompt, spread), seed=SEED, requests=REQUESTS)
    return Point(rate, float(run.ttft_p50_s), float(run.ttft_p99_s))


def estimate(rate: float, prompt: int, spread: float, limit: int) -> ServingEstimate:
    """The same load by formulas: utilisation, and the floor of a first token."""
    return estimate_serving(replace(DESIGN, batch_limit=limit), load_of(rate, prompt, spread))


def picture(found: tuple[Point, ...], rate: float, wide: float = WIDE) -> str:
    """Both waits over the load."""
    here = next(p for p in found if p.rate == rate)
    return draw.curve(
        [(p.rate, p.p99 * 1e3) for p in found], others=[("median", [(p.rate, p.median * 1e3) for p in found])], label="p99", yours=(rate, here.p99 * 1e3),
        yours_label=f"{draw.quantity(here.p99, 's')}", x_label="requests a second", y_label="first token, ms", y_log=True, limit=OBJECTIVE * 1e3, limit_label=f"limit {draw.quantity(OBJECTIVE, 's')}",
        wide=wide, title="Wait for the first token",
    )


def sentence(found: tuple[Point, ...], rate: float, e: ServingEstimate) -> str:
    """The result in words."""
    here = next(p for p in found if p.rate == rate)
    good = [p.rate for p in found if p.p99 <= OBJECTIVE]
    most = f"In so short a run it keeps the 99th within {draw.quantity(OBJECTIVE, 's')} up to {draw.num(max(good))} requests a second." if good else f"At no load shown does it keep the 99th within {draw.quantity(OBJECTIVE, 's')}."
    return (
        f"<b>{draw.num(rate)} requests a second: half of the readers wait {draw.quantity(here.median, 's')} or less, one in a hundred {draw.quantity(here.p99, 's')} or more.</b> "
        f"The replica is {draw.percent(e.utilisation)} busy. {most}"
    )


def table(found: tuple[Point, ...]) -> str:
    """The curve as numbers."""
    body = [[draw.num(p.rate), draw.quantity(p.median, "s"), draw.quantity(p.p99, "s"), draw.num(p.p99 / p.median, 2)] for p in found]
    return draw.table(["Requests a second", "Median", "99th percentile", "Ratio"], body, right={0, 1, 2, 3})


def view(rate: float = 16.0, prompt: int = 512, spread: float = 0.6, limit: int = 64) -> View:
    """The panel's picture and words for one state of its controls."""
    found = tuple(point(r, prompt, spread, limit) for r in RATES)
    e = estimate(rate, prompt, spread, limit)
    return View(
        picture=picture(found, rate), readout=sentence(found, rate, e), table=table(found), why=explained(e.utilisation), named=f"{draw.num(rate)} requests a second",
        source=f"Llama 3.1 8B on one H100, answers of 256 tokens at the median. {REQUESTS} simulated requests a point, seed {SEED}: the 99th percentile rests on the slowest four, so read the curve, not its digits.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "rate": steps("Requests a second", RATES, 16.0),
            "prompt": steps("Prompt, median tokens", PROMPTS, 512, say=lambda v: f"{v:,}"),
            "spread": steps("Spread of lengths", SPREADS, 0.6, say=lambda v: f"{v:.1f}"),
            "limit": steps("Batch limit", LIMITS, 64),
        },
        view,
    )
