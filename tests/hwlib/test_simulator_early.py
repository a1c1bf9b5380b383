"""A run that stops early says of the percentile what the whole run says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib.designs import ServingDesign, ServingLoad
from hwlib.errors import BadInput
from hwlib.simulator import Policy, simulate, simulation_misses
from hwlib.simulator.early import misses_ttft

LOAD = ServingLoad(daily_users=50_000.0)


def fleet(replicas, **more):
    return ServingDesign(**{"model": "llama2-70b", "accelerator": "h100-sxm", "chips_per_replica": 4, "replicas": replicas, "batch_limit": 32, **more})


@settings(max_examples=40, deadline=None)
@given(
    replicas=st.integers(1, 8), batch=st.sampled_from([1, 8, 64]), scheduler=st.sampled_from(["static", "continuous"]), chunked=st.booleans(), lost=st.integers(0, 1),
    times=st.sampled_from([0.3, 0.9, 0.999, 1.001, 1.1, 4.0]), network=st.sampled_from([0.0, 0.03]), seed=st.integers(1, 3),
)
def test_it_misses_exactly_where_the_whole_run_does(replicas, batch, scheduler, chunked, lost, times, network, seed):
    design = fleet(replicas, batch_limit=batch, scheduler=scheduler, chunked_prefill=chunked)
    load = ServingLoad(daily_users=50_000.0, network_s=network)
    p99 = float(simulate(design, load, seed=seed, requests=400, lost=lost).ttft_p99_s)
    assert simulation_misses(design, load, limit_s=p99 * times, seed=seed, requests=400, lost=lost) is (times < 1)


def test_the_limit_itself_is_met():
    p99 = float(simulate(fleet(4), LOAD, requests=400).ttft_p99_s)
    assert not simulation_misses(fleet(4), LOAD, limit_s=p99, requests=400)


def test_a_fleet_that_is_far_too_small_is_found_out_without_serving_everybody(monkeypatch):
    from hwlib.simulator import early

    sent = []

    def watched(*args, **more):
        replica = early_serve(*args, **more)
        next(replica)
        until = yield
        while True:
            sent.append(until)
            replica.send(until)
            until = yield

    early_serve = early.serve
    monkeypatch.setattr(early, "serve", watched)
    assert simulation_misses(fleet(1), LOAD, limit_s=0.5)
    assert len(sent) < early.LOOKS / 2


def test_who_may_be_refused_has_no_first_token():
    with pytest.raises(BadInput, match=r"policy.oversized = 'refuse' must be 'alone'"):
        misses_ttft(None, [], Policy(), limit_s=1.0)
