"""A design under its load, simulated: the percentiles that the tutor and the panels ask for, each with its origin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, overload

from hwlib.designs import ServingDesign, ServingLoad
from hwlib.formula import Figure
from hwlib.simulator.arrivals import Request, Requests, check_number, check_seed, drawn_requests
from hwlib.simulator.costs import Costs, costs_of
from hwlib.simulator.early import misses_ttft
from hwlib.simulator.fleet import run_requests
from hwlib.simulator.outcome import Outcome
from hwlib.simulator.policy import CHUNK_TOKENS, Policy
from hwlib.sources import Run


@dataclass(slots=True)
class Served:
    """What became of a request. Times in seconds from the start."""

    request: Request
    start: float = math.nan
    first: float = math.nan
    end: float = math.nan


class ServedRequests(Sequence[Served]):
    """What became of each request, made when somebody looks: percentiles need none of it."""

    __slots__ = ("_columns",)

    def __init__(self, requests: Requests, outcome: Outcome) -> None:
        self._columns = (requests.arrival, requests.prompt, requests.output, outcome.start, outcome.first, outcome.end)

    def __len__(self) -> int:
        return len(self._columns[0])

    @overload
    def __getitem__(self, at: int) -> Served: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Served, ...]: ...
    def __getitem__(self, at):
        if isinstance(at, slice):
            rows = zip(*(column[at].tolist() for column in self._columns), strict=True)
            return tuple(Served(Request(arrival, prompt, output), *times) for arrival, prompt, output, *times in rows)
        arrival, prompt, output, *times = (column[at].item() for column in self._columns)
        return Served(Request(arrival, prompt, output), *times)

    def __iter__(self):
        return iter(self[:])


@dataclass(frozen=True, slots=True)
class SimulatedServing:
    """Percentiles of a simulated hour's worth of requests; figures of origin `Run`. Times in seconds."""

    ttft_p50_s: Figure
    ttft_p99_s: Figure
    ttft_mean_s: Figure
    tpot_p50_s: Figure
    tpot_p95_s: Figure
    e2e_p99_s: Figure
    utilisation: Figure
    kv_peak_share: Figure
    served: ServedRequests
    network_s: float


def percentile(values: list[float], share: float) -> float:
    """The value that ``share`` of the values do not exceed (nearest rank).

    >>> percentile([3.0, 1.0, 2.0], 0.5), percentile([1.0, 2.0], 0.99)
    (2.0, 2.0)
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def policy_of(design: ServingDesign, *, running_batch: float = math.inf, **changes) -> Policy:
    """The scheduler that a design describes.

    A request is admitted when its prompt and whole answer have room, and too long a request is served alone and
    flagged by `kv_peak_share`; ``changes`` set what a design leaves open, such as ``admission="prompt"``.
    """
    contiguous = design.kv_allocation == "contiguous"
    longest = max(2, design.context_tokens)
    limit = max(1, min(design.batch_limit, int(running_batch) if contiguous and running_batch < math.inf else design.batch_limit))
    return Policy(**{
        "scheduler": design.scheduler, "batch_limit": limit, "chunk_tokens": CHUNK_TOKENS if design.chunked_prefill else 0, "overlap": False,
        "allocation": design.kv_allocation, "block_tokens": 1, "context_tokens": longest, "oversized": "alone", **changes,
    })


def simulate(design: ServingDesign, load: ServingLoad, *, seed: int = 1, requests: int = 2000, lost: int = 0, peak: float = 1.0) -> SimulatedServing:
    """Serve ``requests`` seeded arrivals on one replica at the peak load.

    ``lost`` replicas are down (spares step in first) and ``peak`` scales the arrivals. The first tenth is left
    out of the percentiles while the queue fills.
    """
    estimate, asked = _asked(design, load, seed, requests, lost, peak)
    outcome = _outcome(*asked)
    served = ServedRequests(outcome.requests, outcome)
    inputs = {
        "requests_per_s_per_replica": estimate.requests_per_s_per_replica, "prefill_s": estimate.prefill_s, "step_s": estimate.step_s,
        "running_batch": estimate.running_batch,
    }
    return SimulatedServing(**figures(outcome, seed, inputs, load.network_s), served=served, network_s=load.network_s)


def simulation_misses(design: ServingDesign, load: ServingLoad, *, limit_s: float, seed: int = 1, requests: int = 2000, lost: int = 0, peak: float = 1.0) -> bool:
    """Whether `simulate` would give a 99th percentile of the time to first token over ``limit_s``, found sooner when it would."""
    costs, policy, rate, lengths, count, seed, longest = _asked(design, load, seed, requests, lost, peak)[1]
    return misses_ttft(costs, _arriving(rate, lengths, count, seed, longest), policy, limit_s=limit_s - load.network_s)


def _asked(design: ServingDesign, load: ServingLoad, seed: int, requests: int, lost: int, peak: float) -> tuple[Any, tuple[Any, ...]]:
    """The estimate of a design, and what one replica's run depends on."""
    from hwlib.serving import estimate_serving

    check_seed(seed)
    check_number("requests", requests, 1, 10_000_000, whole=True)
    check_number("lost", lost, 0, 1_000_000, whole=True)
    check_number("peak", peak, 1e-9, 1e9)
    estimate = estimate_serving(design, load)
    alive = max(1, design.replicas - max(0, lost - design.spare_replicas))
    rate = estimate.peak_requests_per_s * peak / alive
    lengths = tuple(float(n) for n in (load.prompt_tokens, load.prompt_spread, load.output_tokens, load.output_spread))
    policy = policy_of(design, running_batch=estimate.running_batch)
    return estimate, (costs_of(design, load), policy, float(rate), lengths, requests, seed, max(2, design.context_tokens))


def _arriving(rate: float, lengths: tuple[float, float, float, float], count: int, seed: int, longest: int) -> Requests:
    load = ServingLoad(**dict(zip(("prompt_tokens", "prompt_spread", "output_tokens", "output_spread"), lengths, strict=True)))
    return drawn_requests(load, rate=rate, count=count, seed=seed, longest=longest).check()


@lru_cache(maxsize=128)
def _outcome(costs: Costs, policy: Policy, rate: float, lengths: tuple[float, float, float, float], count: int, seed: int, longest: int) -> Outcome:
    """One replica's run. Many designs come to the same: one with a replica more and one lost, or another price."""
    outcome = run_requests(costs, _arriving(rate, lengths, count, seed, longest), policy)
    for tally in outcome.tallies:
        tally.samples.clear()  # nobody asks a design's run for its moments, and they are most of its memory
    return outcome


def figures(outcome: Outcome, seed: int, inputs: dict | None = None, network_s: float = 0.0, *, warmup: float = 0.1) -> dict[str, Figure]:
    """The summary of a run as figures that answer `why`; ``network_s`` is the way there and back."""
    ttft, tpot, e2e = outcome.ttft(warmup), outcome.tpot(warmup), outcome.e2e(warmup)
    counted = len(ttft)
    ttft, tpot, e2e = (ttft + network_s).tolist(), tpot.tolist() or [0.0], (e2e + network_s).tolist()

    def of(what: str, value: float) -> Figure:
        return Figure(value, Run(f"{what} of {counted:,} requests", "yu2022orca", seed, inputs or {}))

    return {
        "ttft_p50_s": of("median time to first token", percentile(ttft, 0.5)),
        "ttft_p99_s": of("99th percentile of the time to first token", percentile(ttft, 0.99)),
        "ttft_mean_s": of("mean time to first token", sum(ttft) / len(ttft)),
        "tpot_p50_s": of("median time per output token", percentile(tpot, 0.5)),
        "tpot_p95_s": of("95th percentile of the time per output token", percentile(tpot, 0.95)),
        "e2e_p99_s": of("99th percentile of the whole answer", percentile(e2e, 0.99)),
        "utilisation": of("busy share", outcome.utilisation),
        "kv_peak_share": of("fullest cache", outcome.kv_peak_share),
    }
