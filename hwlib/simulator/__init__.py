"""Serving, request by request: an event simulator of batching, caches, queues and fleets.

`run_requests` serves `Requests` (Poisson, over a day, or from a trace) at the `Costs` of a replica under a `Policy`
and on a `Fleet`, and gives an `Outcome`; `simulate` does so for a design under its load.

Simplifications, stated: prompts are read one after the other on a replica; a plain prefill stops the decode
of the others, a chunked one shares its steps; service times do not vary beyond the lengths; nothing fails.
"""

from hwlib.simulator.arrivals import (
    Request,
    Requests,
    day_profile,
    diurnal_requests,
    draw_requests,
    poisson_requests,
    read_trace,
)
from hwlib.simulator.costs import Costs, costs_of
from hwlib.simulator.designed import (
    Served,
    SimulatedServing,
    figures,
    percentile,
    policy_of,
    simulate,
    simulation_misses,
)
from hwlib.simulator.fleet import run_requests
from hwlib.simulator.outcome import Outcome, quantile
from hwlib.simulator.policy import CHUNK_TOKENS, Fleet, Policy

__all__ = [
    "CHUNK_TOKENS", "Costs", "Fleet", "Outcome", "Policy", "Request", "Requests", "Served", "SimulatedServing", "costs_of", "day_profile",
    "diurnal_requests", "draw_requests", "figures", "percentile", "poisson_requests", "policy_of", "quantile", "read_trace", "run_requests", "simulate", "simulation_misses",
]
