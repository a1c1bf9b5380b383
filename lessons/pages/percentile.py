"""The chapter on percentiles: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache

from hwlib.cases import rows as measured_rows
from hwlib.formula import given
from hwlib.queueing import littles_law, requests_per_replica
from hwlib.serving import simulate_serving
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import dated
from lessons.panels.parts import Shown, explained
from lessons.panels.percentile import DESIGN, OBJECTIVE, RATES, REQUESTS, estimate, load_of, point
from lessons.panels.predict import Question
from lessons.panels.quiz import Item

START = (16.0, 512, 0.6, 64)
"""The panel's first state: requests a second, prompt, spread, batch limit."""
CALM = (8.0, 512, 0.6, 64)
MODELS = {"llama3-8b": "llama3.1-8b", "llama3-70b": "llama3.1-70b"}
ENOUGH, SEED = 500, 1
LONGER, SAFE = 4000, 12.0
"""Requests of a longer trial; the load at which it still keeps the promise."""
KNEE = 4.0
"""A wait that is so many times the least one counts as past the knee."""


@dataclass(frozen=True, slots=True)
class Load:
    """One published point: requests a second that were sent, and the mean wait that was seen, seconds."""

    rate: float
    seen: float
    said: float


@cache
def sweeps() -> dict[tuple[str, int, int, int], tuple[Load, ...]]:
    """Published runs by model, chips, tokens in and tokens out: the mean wait at each rate, and what the simulator says."""
    found = defaultdict(list)
    for row in measured_rows("6_serving"):
        if row["group"] == "trtllm-online-0.14" and row["target_qps"] != "INF":
            key = (row["model"], int(row["n_chips"]), int(row["input_len"]), int(row["output_len"]))
            found[key].append((float(row["target_qps"]), float(row["ttft_mean_ms"]) / 1e3))
    made = {}
    for (model, chips, prompt, answer), points in found.items():
        design = replace(DESIGN, model=MODELS[model], chips_per_replica=chips, batch_limit=512)
        loads = []
        for rate, seen in sorted(points):
            run = simulate_serving(design, replace(load_of(rate, prompt, 0.0, answer), network_s=0.0), seed=SEED, requests=ENOUGH)
            loads.append(Load(rate, seen, float(run.ttft_mean_s)))
        made[model, chips, prompt, answer] = tuple(loads)
    return made


def knee(waits: list[float], rates: list[float]) -> float | None:
    """The first rate at which the wait is `KNEE` times the least; None where none is."""
    return next((rate for rate, wait in zip(rates, waits, strict=True) if wait > KNEE * min(waits)), None)


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    busy, calm = point(*START), point(*CALM)
    e, easy = estimate(*START), estimate(*CALM)
    even = point(16.0, 512, 0.0, 64)
    ends = [p for p in (point(r, 512, 0.6, 64) for r in RATES) if p.p99 <= OBJECTIVE]
    most = max(p.rate for p in ends)
    return {
        "rate": draw.num(START[0]), "busy": draw.percent(e.utilisation), "median": draw.quantity(busy.median, "s"), "p99": draw.quantity(busy.p99, "s"), "times": draw.num(busy.p99 / busy.median, 2),
        "calm_rate": draw.num(CALM[0]), "calm_busy": draw.percent(easy.utilisation), "calm_median": draw.quantity(calm.median, "s"), "calm_p99": draw.quantity(calm.p99, "s"), "even_p99": draw.quantity(even.p99, "s"),
        "most": draw.num(most), "limit": draw.quantity(OBJECTIVE, "s"), "span": draw.quantity(REQUESTS / START[0], "s"),
        "requests": f"{REQUESTS:,}", "longer": f"{LONGER:,}", "minutes": draw.quantity(LONGER / most, "s"), "most_busy": draw.percent(estimate(most, *START[1:]).utilisation), "most_long": draw.quantity(long_p99(most), "s"),
        "safe": draw.num(SAFE), "safe_busy": draw.percent(estimate(SAFE, *START[1:]).utilisation), "safe_long": draw.quantity(long_p99(SAFE), "s"),
    }  # fmt: skip


@cache
def long_p99(rate: float) -> float:
    """The unluckiest in a hundred of a trial ten times as long as the panel's, seconds."""
    _, prompt, spread, limit = START
    run = simulate_serving(replace(DESIGN, batch_limit=limit), load_of(rate, prompt, spread), seed=SEED, requests=LONGER)
    return float(run.ttft_p99_s)


def question() -> Question:
    """How long does one reader in a hundred wait?"""
    p = point(*START)
    return Question(
        ask="One reader in a hundred waits at least", unit="ms", scale=1e-3, base="s", computed=given(p.p99, f"simulated, seed {SEED}"), choice_ask="Half the load makes that wait", choices=("half as long", "a little shorter", "several times shorter"),
        right="several times shorter", example="300", because=f"Near the limit the wait is queue, and the queue goes away: {draw.quantity(point(*CALM).p99, 's')} at {draw.num(CALM[0])} requests a second.",
        bought=lambda v: f"That is {draw.num(v / p.median, 2)} times the median.", anchors=(("the median", p.median, "compute"), ("the objective", OBJECTIVE)),
    )


def derivation() -> Shown:
    """The utilisation with the numbers of the panel's first state plugged in."""
    return Shown(explained(estimate(*START).utilisation))


def measured() -> Shown:
    """Mean waits that a vendor published over the load, beside the simulator, which was fitted to none of them."""
    series, body, errors, knees = [], [], [], []
    for (model, chips, prompt, answer), loads in sorted(sweeps().items()):
        name = f"{model.split('-')[1].upper()}, {chips} chip{'s' if chips > 1 else ''}, {prompt} in, {answer} out"
        body += [[name, draw.num(x.rate), f"{x.seen * 1e3:,.0f}", f"{x.said * 1e3:,.0f}"] for x in loads]
        errors += [abs(x.said / x.seen - 1) for x in loads]
        rates = [x.rate for x in loads]
        knees.append((knee([x.seen for x in loads], rates), knee([x.said for x in loads], rates)))
        if answer == 256:
            series.append(dict(label=f"Llama 3 {model.split('-')[1].upper()}", kind="memory" if chips > 1 else "compute", line=[(x.rate, x.said * 1e3) for x in loads], measured=[(x.rate, x.seen * 1e3) for x in loads]))
    picture = draw.measured_band(series, x_label="requests a second", y_label="mean wait for the first token, ms", y_log=True)
    same = sum(a == b for a, b in knees)
    caption = (
        f"Diamonds: measured, {ENOUGH} requests a point. Line: simulated, with constants fitted on other kinds of runs. At the median of {len(errors)} points the wait is off by {draw.percent(statistics.median(errors))}, "
        f"mostly too short: what a server does between network and model is not in it. In {same} of {len(knees)} sweeps the wait leaves the floor, or does not, at the same load. "
        "How long a queue grows past the knee depends on how long it is fed, so nobody can predict that figure alone."
    )
    table = draw.table(["Llama 3 on H100", "Requests a second", "Measured, ms", "Simulated, ms"], body, right={1, 2, 3})
    return Shown(draw.figure(picture, caption=caption, source=f"{dated('TensorRT-LLM online serving measurements')}, overview v0.14.", table=table))


def claim_computed() -> str:
    """A decode step, a prompt and an answer of the panel's first state."""
    e = estimate(*CALM)
    return f"Here a step takes {show(e.step_s, 's')} and a whole answer about {draw.quantity(float(e.tpot_s * e.mean_output_tokens + e.prefill_s), 's')}, at {draw.num(CALM[0])} requests a second."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    each = requests_per_replica(peak_requests_per_s=given(48.0), replicas=given(4.0))
    lost = requests_per_replica(peak_requests_per_s=given(48.0), replicas=given(3.0))
    fine, bad = point(12.0, 512, 0.6, 64), point(16.0, 512, 0.6, 64)
    flight = littles_law(arrivals_per_s=given(12.0), time_in_system_s=given(3.0))
    return {
        "p1_rate": "48", "p1_replicas": "4", "p1_each": draw.num(each), "p1_lost": draw.num(lost), "p1_fine": draw.quantity(fine.p99, "s"), "p1_bad": draw.quantity(bad.p99, "s"),
        "p2_rate": "12", "p2_seconds": draw.quantity(3.0, "s"), "p2_flight": draw.num(flight),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """Requests in flight by Little's law."""
    rate, seconds = rng.choice((3.0, 5.0, 8.0, 20.0, 45.0)), rng.choice((1.5, 4.0, 6.0, 12.0, 25.0))
    answer = littles_law(arrivals_per_s=given(rate, "the question"), time_in_system_s=given(seconds, "the question"))
    return Item(
        ask=f"{draw.num(rate)} requests a second arrive at a service, and each spends {draw.quantity(seconds, 's')} in it on average. How many are in it at any time, on average?",
        unit="requests", scale=1.0, base="", answer=answer, slips=((1 / rate, "that is the time"), (1 / seconds, "that is the rate"), (1 / (rate * rate), "divided instead of multiplied")),
    )  # fmt: skip
