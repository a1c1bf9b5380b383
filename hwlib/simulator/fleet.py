"""Several replicas behind one door, and prompts read apart from answers."""

from __future__ import annotations

import heapq
import math
from dataclasses import replace

import numpy as np

from hwlib.errors import BadInput
from hwlib.simulator.arrivals import Requests
from hwlib.simulator.costs import Costs
from hwlib.simulator.engine import Ledger, Tally, serve
from hwlib.simulator.outcome import Outcome
from hwlib.simulator.policy import Fleet, Policy

SAMPLES = 1024
"""About how many moments of a run are kept to show the cache over time."""


def run_requests(costs: Costs, requests: Requests, policy: Policy | None = None, fleet: Fleet | None = None) -> Outcome:
    """Serve requests on a fleet, each exactly once, or refuse those that can never fit; times in seconds.

    ``costs`` are those of one replica, and of one that reads prompts when ``fleet`` has such.

    >>> from hwlib.simulator import Request
    >>> costs = Costs(0.01, 0, 0, 0, 0, 0, pre_fixed=0.1, pre_floor=0, pre1=0, pre2=0, pre_comm=0, kv_room_tokens=1000)
    >>> run = run_requests(costs, Requests.of([Request(0.0, 10, 5), Request(1.0, 10, 5)]), Policy(batch_limit=4))
    >>> run.end.round(3), run.tpot().round(3)
    (array([0.14, 1.14]), array([0.01, 0.01]))
    """
    policy, fleet = policy or Policy(), fleet or Fleet()
    costs.check()
    requests.check()
    ledger, tallies = Ledger.blank(len(requests)), [Tally() for _ in range(fleet.replicas)]
    fits = _fitting(costs, requests, policy)
    if not fits.any():
        raise BadInput(
            f"costs.kv_room_tokens = {costs.kv_room_tokens:,.0f} holds none of the {len(requests):,} requests; "
            f"they need room for {int((requests.prompt + requests.output).min()):,} tokens or more, and policy.context_tokens = {policy.context_tokens:,} must not be shorter",
            field="kv_room_tokens",
        )
    every = max(1, len(requests) // SAMPLES)
    prefill_s = 0.0
    if fleet.prefill_replicas:
        prefill_s = _prefill_apart(costs, requests, policy, fleet, fits, ledger, tallies, every)
    elif fleet.replicas == 1 or fleet.dispatch == "round-robin":
        _round_robin(costs, policy, requests, _numbers(fits), ledger, tallies, every)
    else:
        _shortest_queue(costs, policy, requests, _numbers(fits), ledger, tallies, every)
    return Outcome(requests, ledger.start, ledger.first, ledger.end, policy, fleet, tuple(tallies), prefill_s, costs.kv_room_tokens)


def _fitting(costs: Costs, requests: Requests, policy: Policy) -> np.ndarray:
    """Which requests can be served at all: alone, each would have room and be short enough."""
    tokens = requests.prompt.astype(np.int64) + requests.output
    if policy.oversized == "alone":
        return np.ones(len(requests), bool)
    blocks = -(-tokens // policy.block_tokens) if policy.allocation == "paged" else policy.context_tokens
    return (tokens <= policy.context_tokens) & (blocks <= policy.capacity(costs.kv_room_tokens))


def _numbers(fits: np.ndarray):
    """The numbers of those that fit; a range, which takes no memory, when all do."""
    return range(len(fits)) if fits.all() else np.flatnonzero(fits).tolist()


def _round_robin(costs, policy, requests, numbers, ledger, tallies, every, *, prefilled=False) -> None:
    """Each replica serves every so-manieth request: they know nothing of each other and run one after the other."""
    for k, tally in enumerate(tallies):
        replica = serve(costs, policy, requests, numbers[k :: len(tallies)], ledger, tally, sample_every=every, prefilled=prefilled)
        next(replica)
        _send_last(replica)


def _shortest_queue(costs, policy, requests, numbers, ledger, tallies, every, *, prefilled=False) -> None:
    """Each request joins the replica with the fewest that wait or run at that moment, the first of equals."""
    inboxes: list[list[int]] = [[] for _ in tallies]
    ended: list[list[float]] = [[] for _ in tallies]
    gone = [0] * len(tallies)
    replicas = [
        serve(costs, policy, requests, inbox, ledger, tally, sample_every=every, prefilled=prefilled, ended=ends)
        for inbox, tally, ends in zip(inboxes, tallies, ended, strict=True)
    ]
    for each in replicas:
        next(each)
    arrival = memoryview(requests.arrival)
    everyone = range(len(tallies))
    for i in numbers:
        now = arrival[i]
        best, fewest = 0, len(requests) + 1
        for k in everyone:
            replicas[k].send(now)
            ends, out = ended[k], gone[k]
            while out < len(ends) and ends[out] <= now:
                out += 1
            gone[k] = out
            here = len(inboxes[k]) - out
            if here < fewest:
                best, fewest = k, here
        inboxes[best].append(i)
    for each in replicas:
        _send_last(each)


def _send_last(replica) -> None:
    """Nobody comes any more: the replica works off what it has."""
    try:
        replica.send(math.inf)
    except StopIteration:
        return
    raise AssertionError("a replica waits for requests although none will come")


def _prefill_apart(costs, requests, policy, fleet, fits, ledger, tallies, every) -> float:
    """Prompts are read first come, first served by the next free replica; the cache then moves to a replica that decodes.

    Returns the seconds of reading. The reader keeps a cache until it is moved, without a limit.
    """
    free = [(0.0, k) for k in range(fleet.prefill_replicas)]
    busy = 0.0
    ready = np.full(len(requests), math.nan)
    arrival, prompt, output = memoryview(requests.arrival), memoryview(requests.prompt), memoryview(requests.output)
    for i in _numbers(fits):
        when, k = free[0]
        start = max(arrival[i], when)
        spent = costs.prefill(prompt[i])
        done = start + spent
        busy += spent
        heapq.heapreplace(free, (done, k))
        ledger.start[i], ledger.first[i] = start, done
        if output[i] == 1:
            ledger.end[i] = done
        else:
            ready[i] = done + fleet.transfer_s + fleet.transfer_s_per_token * (prompt[i] + 1)
    order = np.argsort(ready, kind="stable")
    order = order[: np.count_nonzero(~np.isnan(ready))]
    if len(order):
        prefix = requests.prefix[order] if requests.prefix is not None else None
        moved = replace(requests, arrival=ready[order], prompt=requests.prompt[order], output=requests.output[order], prefix=prefix)
        after = Ledger.blank(len(moved))
        how = _round_robin if fleet.replicas == 1 or fleet.dispatch == "round-robin" else _shortest_queue
        how(costs, policy, moved, range(len(moved)), after, tallies, every, prefilled=True)
        ledger.end[order] = after.end
    return busy
