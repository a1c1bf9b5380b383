"""The simulator's page: one machine under one load, its rules changed one at a time."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from hwlib import catalogue
from hwlib.designs import ServingDesign, ServingLoad
from hwlib.queueing import pollaczek_khinchine_wait_s
from hwlib.serving import estimate_serving
from hwlib.simulator import (
    CHUNK_TOKENS,
    Costs,
    Fleet,
    Outcome,
    Policy,
    costs_of,
    diurnal_requests,
    poisson_requests,
    run_requests,
)
from lessons import draw
from lessons.reference.tables import Shown, table

DESIGN = ServingDesign(model="llama3.1-8b", accelerator="l40s", chips_per_replica=1, replicas=1, batch_limit=256)
LOAD = ServingLoad(prompt_tokens=600, prompt_spread=0.6, output_tokens=800, output_spread=0.8, daily_users=1000, peak_factor=2.0)
COUNT, SEED, RATE, REPLICAS = 2000, 1, 0.85, 4
DAY_S = 600.0
LINK = "pcie4-x16"
REUSED, DAY = "The same, prefixes reused", "Arrivals over a day, preempted by recomputing"
PREFIX = {"prefix_share": 0.5, "prefixes": 4, "prefix_tokens": 512}


@cache
def machine() -> Costs:
    return costs_of(DESIGN, LOAD)


@cache
def move_s() -> float:
    """Seconds to move a token's keys and values over the link to the host."""
    return estimate_serving(DESIGN, LOAD).kv_bytes_per_token / catalogue.link(LINK).bytes_per_s


BASE = Policy(batch_limit=DESIGN.batch_limit, admission="prompt", context_tokens=4096)


@cache
def variants() -> dict[str, Outcome]:
    """Each rule alone against the same requests, at the rate of the page."""
    drawn = poisson_requests(LOAD, rate=RATE, count=COUNT, seed=SEED)
    common = poisson_requests(LOAD, rate=RATE, count=COUNT, seed=SEED, **PREFIX)
    day = diurnal_requests(LOAD, rate=RATE, count=COUNT, seed=SEED, day_s=DAY_S)
    runs = {
        "Continuous, paged": (drawn, BASE), "Room for the whole answer asked for": (drawn, replace(BASE, admission="whole")),
        "Contiguous cache": (drawn, replace(BASE, admission="whole", allocation="contiguous")),
        "Static batches": (drawn, replace(BASE, admission="whole", scheduler="static")), "Prompts in chunks": (drawn, replace(BASE, chunk_tokens=CHUNK_TOKENS)),
        "Three tokens drafted a step": (drawn, replace(BASE, admission="whole", draft_tokens=3)),
        "Half the prompts begin alike, not reused": (common, BASE), REUSED: (common, replace(BASE, prefix_reuse=True)),
        DAY: (day, BASE), "The same day, preempted by swapping": (day, replace(BASE, preemption="swap", swap_s_per_token=move_s())),
    }  # fmt: skip
    return {name: run_requests(machine(), *run) for name, run in runs.items()}


@cache
def fleets() -> dict[str, Outcome]:
    """The same number of replicas, used in different ways."""
    drawn = poisson_requests(LOAD, rate=RATE * REPLICAS, count=COUNT * REPLICAS, seed=SEED)
    moved = {"transfer_s_per_token": move_s()}
    runs = {
        "In turn": Fleet(replicas=REPLICAS, dispatch="round-robin"), "To the shortest queue": Fleet(replicas=REPLICAS),
        "One reads prompts, three answer": Fleet(replicas=REPLICAS - 1, prefill_replicas=1, **moved),
        "Two read prompts, two answer": Fleet(replicas=REPLICAS - 2, prefill_replicas=2, **moved),
    }
    return {name: run_requests(machine(), drawn, BASE, fleet) for name, fleet in runs.items()}


def _shown(runs: dict[str, Outcome], caption: str, first: str, key: str) -> Shown:
    say = lambda value: draw.quantity(value, "s")  # noqa: E731
    rows = [
        [
            name, say(run.percentile("ttft", 0.5)), say(run.percentile("ttft", 0.99)), say(run.percentile("tpot", 0.5)), say(run.percentile("tpot", 0.99)),
            draw.num(run.tokens_per_s), draw.num(run.mean_batch), draw.percent(run.kv_peak_share), f"{run.preemptions:,}",
        ]
        for name, run in runs.items()
    ]  # fmt: skip
    head = [first, "First token, median", "p99", "A token, median", "p99", "Tokens a second", "Mean batch", "Fullest cache", "Preempted"]
    return Shown(table(head, rows, caption=caption, right=set(range(1, 9)), wide=860, first=190, ids=[f"{key}-{k}" for k in range(len(rows))]))


def schedulers() -> Shown:
    """One replica, one rule changed at a time."""
    return _shown(variants(), f"One replica, {COUNT:,} requests", "Rules", "rules")


def ways() -> Shown:
    """Several replicas behind one door."""
    return _shown(fleets(), f"{REPLICAS} replicas, {COUNT * REPLICAS:,} requests", "Requests go", "fleet")


def words() -> dict[str, str]:
    """The figures of the page's sentences."""
    low, high = variants()["Continuous, paged"].interval("ttft", 0.5)
    drawn = poisson_requests(LOAD, rate=0.01, count=20 * COUNT, seed=SEED)
    costs = replace(machine(), kv_room_tokens=1e9)
    run = run_requests(costs, drawn, Policy(batch_limit=1))
    alone = run.end - run.start
    expected = pollaczek_khinchine_wait_s(arrivals_per_s=0.6 / alone.mean(), mean_service_s=alone.mean(), service_variance_s2=alone.var())
    loaded = run_requests(costs, replace(drawn, arrival=drawn.arrival * 0.01 * alone.mean() / 0.6), Policy(batch_limit=1))
    return {
        "model": "Llama 3.1 8B", "rate": draw.num(RATE), "prompt": draw.num(LOAD.prompt_tokens), "answer": draw.num(LOAD.output_tokens),
        "room": f"{int(machine().kv_room_tokens):,}", "block": str(BASE.block_tokens), "day": draw.quantity(DAY_S, "s"),
        "low": draw.quantity(low, "s"), "high": draw.quantity(high, "s"), "seed": str(SEED),
        "formula": draw.quantity(float(expected), "s"), "simulated": draw.quantity(float(np.mean(loaded.wait())), "s"), "cross": f"{20 * COUNT:,}",
        "saved": draw.percent(variants()[REUSED].cached_share), "preempted": f"{variants()[DAY].preemptions:,}", "chunk": str(CHUNK_TOKENS),
    }  # fmt: skip
