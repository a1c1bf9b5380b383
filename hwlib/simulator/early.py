"""Whether a percentile is over its limit, told before everybody is served: a search throws away most of the designs it tries."""

from __future__ import annotations

import math
from contextlib import suppress

import numpy as np

from hwlib.errors import BadInput
from hwlib.simulator.arrivals import Requests
from hwlib.simulator.costs import Costs
from hwlib.simulator.engine import Ledger, Tally, serve
from hwlib.simulator.policy import Policy

LOOKS = 16
"""How often a run is looked at, evenly over its arrivals."""
SURE = 1e-9
"""So much over the limit, as a share of it, is over it whatever the rounding."""


def misses_ttft(costs: Costs, requests: Requests, policy: Policy, *, limit_s: float, share: float = 0.99, warmup: float = 0.1) -> bool:
    """Whether the nearest-rank percentile of the time to first token on one replica exceeds ``limit_s`` seconds.

    The same requests in the same order as `run_requests` serves them; the run stops as soon as so many have waited too
    long that the others cannot make up for it. ``warmup`` is the share of the requests that is not counted, as in
    `Outcome.percentile`. A replica that refuses requests is not asked for: ``policy.oversized`` must be "alone".

    >>> from hwlib.simulator import Request
    >>> costs = Costs(0.01, 0, 0, 0, 0, 0, pre_fixed=0.1, pre_floor=0, pre1=0, pre2=0, pre_comm=0, kv_room_tokens=1000)
    >>> two = Requests.of([Request(0.0, 10, 5), Request(1.0, 10, 5)])
    >>> alone = Policy(batch_limit=4, oversized="alone")
    >>> misses_ttft(costs, two, alone, limit_s=0.05, warmup=0), misses_ttft(costs, two, alone, limit_s=0.2, warmup=0)
    (True, False)
    """
    if policy.oversized != "alone":
        raise BadInput(f"policy.oversized = {policy.oversized!r} must be 'alone' here: who is refused has no first token", field="oversized")
    count = len(requests)
    first = int(warmup * count)
    allowed = (count - first) - math.ceil(share * (count - first))
    ledger, arrival = Ledger.blank(count), requests.arrival
    replica = serve(costs, policy, requests, range(count), ledger, Tally(), sample_every=count)
    next(replica)
    over = limit_s * (1 + SURE)
    for look in range(1, LOOKS):
        until = float(arrival[look * count // LOOKS])
        replica.send(until)
        came = slice(first, look * count // LOOKS)
        # Who still waits has waited until now at least.
        if np.count_nonzero(np.where(np.isnan(ledger.first[came]), until, ledger.first[came]) - arrival[came] > over) > allowed:
            return True
    with suppress(StopIteration):
        replica.send(math.inf)
    return bool(np.count_nonzero(ledger.first[first:] - arrival[first:] > over) > allowed)
