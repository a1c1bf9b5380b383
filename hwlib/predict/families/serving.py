"""Serving under load: time between tokens, time to the first one, and throughput.

A closed loop keeps ``concurrency`` requests in flight, an open one gets ``target_qps`` requests a second. Either way a
reader's step is interrupted by the prompts of the others: while he reads one token, as many prompts are read as
answers end. What the cache cannot hold waits outside. Time to the first token above some 70% of the capacity hangs
on the order of arrivals, which no row states: it follows the physics here, but its interval is wide.
"""

from __future__ import annotations

import math

from hwlib.predict.constants import Constant, Constants
from hwlib.predict.families.passes import CONSTANTS, IDEAL, Coefficients, coefficients, pass_s
from hwlib.predict.families.replica_row import Replica, lengths, replica_of
from hwlib.predict.families.saturated import ROOM, in_flight, mean_step_s
from hwlib.predict.family import Family
from hwlib.predict.row import Refused, Row

RUN = 500.0
"""Requests of a run whose row does not say how many."""

OWN = {
    "burst": Constant(name="burst", start=0.1, low=0.005, high=1.0, meaning="share of the requests that came all at once when the run began (one over the rounds that each client makes)", spread=0.6),
    "bunch": Constant(name="bunch", start=0.5, low=0.02, high=8.0, meaning="requests that arrive together in a closed loop, because those that start together end together", spread=0.8),
    "first_s": Constant(name="first_s", start=0.01, low=0.001, high=0.3, unit="s", meaning="server and network before the first token", spread=0.6),
}  # fmt: skip


class Server:
    """A replica with its coefficients and the lengths that it serves."""

    __slots__ = ("answer", "bunch", "burst", "c", "context", "first_s", "prompt", "r", "room")

    def __init__(self, row: Row, r: Replica, c: Coefficients, *, reserve: float, lookahead: float, burst: float, bunch: float, first_s: float) -> None:
        self.r, self.c = r, c
        self.prompt, self.answer = lengths(row)
        self.context = self.prompt + self.answer / 2
        self.room = in_flight(row, r, prompt=self.prompt, answer=self.answer, reserve_bytes=reserve, lookahead=lookahead)
        self.burst, self.bunch, self.first_s = burst, bunch, first_s

    def tpot_s(self, sequences: float, prompts: float) -> float:
        """Mean time between tokens with so many sequences decoding and so many of others' prompts a step."""
        return mean_step_s(self.r, self.c, sequences=sequences, prompts=prompts, prompt=self.prompt, context=self.context)

    def prompt_s(self, sequences: float) -> float:
        """A prompt's own pass, beside the sequences that decode."""
        return pass_s(
            self.r, self.c, tokens=sequences + self.prompt, sequences=sequences + 1, cached=sequences * self.context, pairs=self.prompt * self.prompt / 2
        )

    def closed(self, clients: float) -> tuple[float, float, float]:
        """TPOT, TTFT and requests a second with so many clients, each asking again when its answer ends."""
        inside = min(clients, self.room)
        decoding = inside
        for _ in range(3):  # some of those inside are reading their prompt and do not decode yet
            tpot = self.tpot_s(decoding, max(0.0, decoding - decoding / inside) / self.answer)
            own = self.prompt_s(decoding)
            waiting = own * (1 + self.burst * (inside - 1) / 2 + min(inside - 1, self.bunch) / 2) + tpot / 2 + self.first_s
            stay = max(1.0, self.answer - 1) * tpot
            decoding = max(1.0, inside * stay / (stay + waiting))
        ttft = waiting
        if clients > inside:  # the others wait outside until a place is free (Little's law over the whole loop)
            ttft += (clients - inside) * (stay + waiting) / inside
        return tpot, ttft, clients / (ttft + stay)

    def open(self, rate: float, requests: float) -> tuple[float, float, float]:
        """TPOT, TTFT and requests a second over a run of so many requests that arrive at this rate."""
        most = min(self.room, requests)
        low, high = 1.0, most
        if most <= 1 or most / (self.answer * self.tpot_s(most, most / self.answer)) <= rate:
            decoding = most
        else:
            for _ in range(10):  # the batch at which answers end as fast as requests come
                decoding = math.sqrt(low * high)
                if decoding / (self.answer * self.tpot_s(decoding, decoding / self.answer)) < rate:
                    low = decoding
                else:
                    high = decoding
        ends = min(rate, decoding / (self.answer * self.tpot_s(decoding, decoding / self.answer)))
        seen = min(most, decoding + 1) if decoding < most else most
        tpot = self.tpot_s(seen, decoding / self.answer)
        own = self.prompt_s(seen)
        busy = min(rate, 1e9) * own
        queue = own * min(busy / (2 * abs(1 - busy) + 1e-9), math.sqrt(requests) / 2)
        queue += requests / 2 * max(0.0, own - 1 / rate)
        if requests > most:  # no room for all that have come
            queue += max(0.0, (requests - most) / 2 * (1 / ends - 1 / rate))
        ttft = own + queue + tpot / 2 + self.first_s
        span = max(requests / rate + own + self.answer * tpot, requests / ends)
        return tpot, ttft, requests / span


def _server(row: Row, constants: Constants) -> Server:
    r = replica_of(row)
    e, s = r.engine, r.stack
    get = constants.get
    return Server(
        row, r, coefficients(constants, r), reserve=get("reserve_bytes", e, s), lookahead=get("lookahead", e), burst=get("burst", e, s),
        bunch=get("bunch", e, s), first_s=get("first_s", e, s),
    )  # fmt: skip


def _metrics(row: Row, server: Server) -> dict[str, float]:
    replicas, answer = server.r.replicas, server.answer
    if row.family == "serving_slo":
        capacity = server.room / server.tpot_s(server.room, server.room / answer) * replicas
        return {"out_tokens_per_s": min(capacity, row.number("target_qps") * answer) if row.text("target_qps") else capacity}
    if row.text("concurrency"):
        tpot, ttft, ends = server.closed(max(1.0, row.number("concurrency") / replicas))
    elif row.text("target_qps"):
        at_once = row.text("target_qps").upper() in ("INF", "INFINITY")
        requests = row.number("n_requests", RUN) / replicas
        tpot, ttft, ends = server.open(1e9 if at_once else row.number("target_qps") / replicas, max(1.0, requests))
    else:
        raise Refused("concurrency and target_qps are both missing: one of them says how much load there is", field="concurrency")
    return {"tpot_mean_ms": 1e3 * tpot, "ttft_mean_ms": 1e3 * ttft, "out_tokens_per_s": ends * answer * replicas}


def predict(row: Row, constants: Constants) -> dict[str, float]:
    """Milliseconds between tokens and to the first one, and answer tokens a second of all replicas."""
    return _metrics(row, _server(row, constants))


def datasheet(row: Row) -> dict[str, float]:
    """The same at the peaks, with nothing lost and nobody bunched."""
    r = replica_of(row)
    return _metrics(row, Server(row, r, IDEAL, reserve=0.0, lookahead=1.0, burst=0.0, bunch=0.0, first_s=0.0))


def levels(row: Row) -> tuple[str, ...]:
    r = replica_of(row)
    return (r.engine, r.stack, f"{r.stack}/{r.card.id}")


FAMILY = Family(
    title="Serving", names=("serving_concurrency_sweep", "serving_qps_sweep", "serving_slo"), file="6_serving.csv",
    metrics={
        "serving_concurrency_sweep": ("tpot_mean_ms", "ttft_mean_ms", "out_tokens_per_s"),
        "serving_qps_sweep": ("tpot_mean_ms", "ttft_mean_ms", "out_tokens_per_s"),
        "serving_slo": ("out_tokens_per_s",),
    },
    constants=CONSTANTS | ROOM | OWN, predict=predict, datasheet=datasheet, levels=levels,
    weights={"ttft_mean_ms": 0.05, "out_tokens_per_s": 0.3},
)  # fmt: skip
