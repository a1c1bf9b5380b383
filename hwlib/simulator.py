"""One replica, request by request: an event simulator of static and continuous batching.

Between two events the batch does not change and the cache grows by one token a sequence and step, so a run
of decode steps has a closed form: the simulator jumps from event to event instead of stepping. `step_by_step`
is the same machine without the jumps, kept as the reference that a test holds it to.

Simplifications, stated: a sequence is admitted when room for its prompt and its whole answer is free, so
nothing is ever preempted; a plain prefill stops the decode of the others, a chunked one shares its steps;
service times do not vary beyond the lengths.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from dataclasses import dataclass

from hwlib.designs import ServingDesign, ServingLoad
from hwlib.formula import Figure
from hwlib.sources import Run

CHUNK_TOKENS = 512
"""Prompt tokens of one chunk when prefill is chunked (Agrawal et al., 2024, use 256 to 2,048)."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What a replica needs to know about itself, as plain numbers.

    Time of a decode step with B sequences holding K tokens in all: ``fixed + max(weights + per_kv·K, per_seq·B) + comm0 + comm1·B``.
    Time of a prefill of n tokens: ``pre_fixed + max(pre_floor, pre1·n + pre2·n²) + pre_comm·n``.
    """

    fixed: float
    weights: float
    per_kv: float
    per_seq: float
    comm0: float
    comm1: float
    pre_fixed: float
    pre_floor: float
    pre1: float
    pre2: float
    pre_comm: float
    kv_room_tokens: float

    def step(self, batch: int, tokens: float) -> float:
        return self.fixed + max(self.weights + self.per_kv * tokens, self.per_seq * batch) + self.comm0 + self.comm1 * batch

    def steps(self, batch: int, tokens: float, count: int) -> float:
        """Time of ``count`` steps while the cache grows by ``batch`` tokens a step: a sum in closed form."""
        flat = count * (self.fixed + self.comm0 + self.comm1 * batch)
        first, rise, floor = self.weights + self.per_kv * tokens, self.per_kv * batch, self.per_seq * batch
        if rise <= 0:
            return flat + count * max(first, floor)
        below = min(count, max(0, math.ceil((floor - first) / rise)))  # steps in which arithmetic is the slower
        above = count - below
        return flat + below * floor + above * first + rise * (above * below + above * (above - 1) / 2)

    def prefill(self, tokens: float) -> float:
        return self.pre_fixed + max(self.pre_floor, self.pre1 * tokens + self.pre2 * tokens * tokens) + self.pre_comm * tokens


def costs_of(design: ServingDesign, load: ServingLoad) -> Costs:
    """The same formulas as `estimate_serving`, read off at a few points so that the inner loop is plain arithmetic."""
    from hwlib.formula import defined
    from hwlib.memory import kv_room_bytes
    from hwlib.replica import BYTES, make_pass
    from hwlib.serving import reserve_of
    from hwlib.transformer import kv_bytes_per_token

    one = make_pass(design)
    g, shape = one.group, one.shape
    per_token = kv_bytes_per_token(layers=shape.layers, kv_heads=shape.kv_heads, head_dim=shape.head_dim, bytes_per_value=BYTES[design.kv_bits])
    room = kv_room_bytes(n_chips=g.n_chips, mem_bytes=g.mem_bytes, reserve_bytes=reserve_of(g), weight_bytes=one.weights)
    length = defined(load.prompt_tokens + load.output_tokens / 2)
    nothing = defined(0.0)
    at1, at2 = one.step(defined(1.0), nothing, length), one.step(defined(2.0), nothing, length)
    links1, links2 = at1["comm"] + at1["hops"], at2["comm"] + at2["hops"]
    bandwidth = g.tensor_ranks * g.mem_bytes_per_s * g.memory_efficiency
    half, full = one.prefill(defined(1000.0))[1], one.prefill(defined(2000.0))[1]
    pre2 = (full - 2 * half) / 2e6
    comm1, comm2 = (one.comm_s(defined(n)) + one.hops_s(defined(n)) for n in (1000.0, 2000.0))
    return Costs(
        fixed=float(one.layer_fixed), weights=float(at1["memory"]), per_kv=per_token / g.stages / bandwidth, per_seq=float(at1["compute"]),
        comm0=2 * links1 - links2, comm1=links2 - links1,
        pre_fixed=one.layer_fixed + 2 * comm1 - comm2, pre_floor=float(at1["memory"]), pre1=half / 1000 - 1000 * pre2, pre2=pre2,
        pre_comm=(comm2 - comm1) / 1000, kv_room_tokens=max(0.0, room / per_token),
    )


@dataclass(frozen=True, slots=True)
class Request:
    """One request: when it comes, how long its prompt is, how many tokens it wants."""

    arrival: float
    prompt: int
    output: int


@dataclass(slots=True)
class Served:
    """What became of a request. Times in seconds from the start."""

    request: Request
    start: float = math.nan
    first: float = math.nan
    end: float = math.nan


def draw_requests(load: ServingLoad, *, rate: float, count: int, seed: int, longest: int) -> list[Request]:
    """Poisson arrivals with log-normal lengths, cut at ``longest`` tokens together. The same seed gives the same requests."""
    rng = random.Random(seed)
    now, out = 0.0, []
    for _ in range(count):
        now += rng.expovariate(rate)
        prompt = round(load.prompt_tokens * math.exp(load.prompt_spread * rng.gauss(0, 1)))
        output = round(load.output_tokens * math.exp(load.output_spread * rng.gauss(0, 1)))
        prompt = max(1, min(prompt, longest - 1))
        out.append(Request(now, prompt, max(1, min(output, longest - prompt))))
    return out


class Replica:
    """The machine: a clock, a queue, sequences in flight and the tokens that they hold."""

    def __init__(self, costs: Costs, requests: list[Request], *, batch: int, static: bool = False, chunked: bool = False,
                 reserve_tokens: int = 0, jump: bool = True) -> None:
        self.costs, self.batch, self.static, self.chunked, self.jump = costs, batch, static, chunked, jump
        self.reserve_tokens = reserve_tokens
        self.served = [Served(r) for r in requests]
        self.waiting: deque[Served] = deque()
        self.active: list[tuple[int, int, Served]] = []  # (step at which it ends, index, request): a heap
        self.now, self.steps_done, self.coming = 0.0, 0, 0
        self.live_tokens, self.held = 0.0, 0.0
        self.busy_s, self.peak_held = 0.0, 0.0
        self._admitted, self._closed = 0, False  # a static batch closes when its decode begins

    def room_for(self, each: Served) -> float:
        return self.reserve_tokens or each.request.prompt + each.request.output

    def run(self) -> Replica:
        while self.coming < len(self.served) or self.waiting or self.active:
            self._arrivals()
            if not self.waiting and not self.active:
                self.now = self.served[self.coming].request.arrival
                continue
            if self.waiting and self._may_admit():
                self._admit(self.waiting.popleft())
            elif self.active:
                self._decode()
            else:  # longer than the whole cache: served alone, as if it fitted, and flagged by `kv_peak_share`
                self._admit(self.waiting.popleft())
        return self

    def _arrivals(self) -> None:
        while self.coming < len(self.served) and self.served[self.coming].request.arrival <= self.now:
            self.waiting.append(self.served[self.coming])
            self.coming += 1

    def _may_admit(self) -> bool:
        if len(self.active) >= self.batch or (self.static and self._closed):
            return False
        return self.held + self.room_for(self.waiting[0]) <= self.costs.kv_room_tokens

    def _admit(self, each: Served) -> None:
        each.start = self.now
        if self.chunked and self.active:
            self._chunked_prefill(each)
        else:
            self._spend(self.costs.prefill(each.request.prompt))
        each.first = self.now
        self.held += self.room_for(each)
        self.live_tokens += each.request.prompt + 1
        self.peak_held = max(self.peak_held, self.held)
        self._admitted += 1  # breaks ties between sequences that end together
        heapq.heappush(self.active, (self.steps_done + each.request.output - 1, self._admitted, each))
        self._finish()

    def _chunked_prefill(self, each: Served) -> None:
        left = each.request.prompt
        while left > 0:
            size = min(CHUNK_TOKENS, left)
            extra = self.costs.pre1 * size + self.costs.pre_comm * size
            self._spend(self.costs.step(len(self.active), self.live_tokens) + extra)
            self._advance(1)
            left -= size

    def _decode(self) -> None:
        self._closed = True
        batch = len(self.active)
        count = self.active[0][0] - self.steps_done
        can_join = self.coming < len(self.served) and batch < self.batch and not self.static and not self.waiting
        if not self.jump:
            count = min(count, 1)
        elif can_join and count > 1:
            count = min(count, self._steps_until(self.served[self.coming].request.arrival, batch, count))
        if count > 0:
            self._spend(self.costs.steps(batch, self.live_tokens, count))
            self._advance(count)
        else:
            self._finish()

    def _steps_until(self, when: float, batch: int, most: int) -> int:
        """The first step at whose end an arrival at ``when`` is there: bisection on a rising sum."""
        low, high = 1, most
        while low < high:
            middle = (low + high) // 2
            if self.now + self.costs.steps(batch, self.live_tokens, middle) >= when:
                high = middle
            else:
                low = middle + 1
        return low

    def _advance(self, count: int) -> None:
        self.steps_done += count
        self.live_tokens += count * len(self.active)
        self._finish()

    def _finish(self) -> None:
        while self.active and self.active[0][0] <= self.steps_done:
            _, _, each = heapq.heappop(self.active)
            each.end = self.now
            self.held -= self.room_for(each)
            self.live_tokens -= each.request.prompt + each.request.output
        if not self.active:
            self._closed = False

    def _spend(self, seconds: float) -> None:
        self.now += seconds
        self.busy_s += seconds


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
    served: tuple[Served, ...]
    network_s: float

    def trace(self, count: int = 12, skip: int = 0) -> list[dict]:
        """The first requests as rows of a timeline: arrival, start, first token, end, prompt and answer tokens."""
        return [
            {"arrival": s.request.arrival, "start": s.start, "first": s.first, "end": s.end, "prompt": s.request.prompt, "output": s.request.output}
            for s in self.served[skip : skip + count]
        ]


def percentile(values: list[float], share: float) -> float:
    """The value that ``share`` of the values do not exceed (nearest rank).

    >>> percentile([3.0, 1.0, 2.0], 0.5), percentile([1.0, 2.0], 0.99)
    (2.0, 2.0)
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def simulate(design: ServingDesign, load: ServingLoad, *, seed: int = 1, requests: int = 2000, lost: int = 0, peak: float = 1.0) -> SimulatedServing:
    """Serve ``requests`` seeded arrivals on one replica at the peak load.

    ``lost`` replicas are down (spares step in first) and ``peak`` scales the arrivals. The first tenth is left
    out of the percentiles while the queue fills.
    """
    from hwlib.serving import estimate_serving

    estimate = estimate_serving(design, load)
    alive = max(1, design.replicas - max(0, lost - design.spare_replicas))
    rate = estimate.peak_requests_per_s * peak / alive
    longest = max(2, design.context_tokens)
    drawn = draw_requests(load, rate=rate, count=requests, seed=seed, longest=longest)
    replica = Replica(
        costs_of(design, load), drawn, batch=max(1, min(design.batch_limit, int(estimate.running_batch) if design.kv_allocation == "contiguous" else design.batch_limit)),
        static=design.scheduler == "static", chunked=design.chunked_prefill,
        reserve_tokens=longest if design.kv_allocation == "contiguous" else 0,
    ).run()
    counted = replica.served[requests // 10 :]
    inputs = {
        "requests_per_s_per_replica": estimate.requests_per_s_per_replica, "prefill_s": estimate.prefill_s, "step_s": estimate.step_s,
        "running_batch": estimate.running_batch,
    }
    first = [s.first - s.request.arrival + load.network_s for s in counted]
    token = [(s.end - s.first) / (s.request.output - 1) for s in counted if s.request.output > 1]
    whole = [s.end - s.request.arrival + load.network_s for s in counted]

    def of(what: str, value: float) -> Figure:
        return Figure(value, Run(f"{what} of {len(counted):,} requests", "yu2022orca", seed, inputs))

    room = replica.costs.kv_room_tokens
    return SimulatedServing(
        ttft_p50_s=of("median time to first token", percentile(first, 0.5)), ttft_p99_s=of("99th percentile of the time to first token", percentile(first, 0.99)),
        ttft_mean_s=of("mean time to first token", sum(first) / len(first)),
        tpot_p50_s=of("median time per output token", percentile(token or [0.0], 0.5)), tpot_p95_s=of("95th percentile of the time per output token", percentile(token or [0.0], 0.95)),
        e2e_p99_s=of("99th percentile of the whole answer", percentile(whole, 0.99)), utilisation=of("busy share", replica.busy_s / replica.now),
        kv_peak_share=of("fullest cache", replica.peak_held / room if room else math.inf), served=tuple(replica.served), network_s=load.network_s,
    )
