"""The event simulator: repeatable, exact against its step-by-step twin, and within what queues allow."""

import pytest

from hwlib.designs import ServingDesign, ServingLoad
from hwlib.queueing import pollaczek_khinchine_wait_s
from hwlib.serving import estimate_serving, simulate_serving
from hwlib.simulator import Costs, Replica, Request, costs_of, draw_requests

LOAD = ServingLoad(daily_users=50000)
L40S = ServingDesign(model="llama2-70b", accelerator="l40s", chips_per_replica=4, replicas=14, batch_limit=32, weight_bits=8)


def change(design, **fields):
    from dataclasses import replace

    return replace(design, **fields)


@pytest.mark.parametrize("variant", [{}, {"scheduler": "static"}, {"chunked_prefill": True}, {"kv_allocation": "contiguous"}, {"replicas": 9}])
def test_jumping_equals_stepping(variant):
    design = change(L40S, **variant)
    drawn = draw_requests(LOAD, rate=1.6, count=150, seed=3, longest=4096)
    shape = dict(batch=16, static=design.scheduler == "static", chunked=design.chunked_prefill, reserve_tokens=4096 if design.kv_allocation == "contiguous" else 0)
    jumped, stepped = (Replica(costs_of(design, LOAD), drawn, jump=j, **shape).run() for j in (True, False))
    for a, b in zip(jumped.served, stepped.served, strict=True):
        assert a.first == pytest.approx(b.first, rel=1e-9) and a.end == pytest.approx(b.end, rel=1e-9)


def test_the_same_seed_gives_the_same_percentiles():
    assert simulate_serving(L40S, LOAD, seed=5, requests=300).ttft_p99_s == simulate_serving.__wrapped__(L40S, LOAD, seed=5, requests=300).ttft_p99_s


def test_every_request_ends_after_it_began_and_gets_all_its_tokens():
    run = simulate_serving(L40S, LOAD, requests=500)
    for s in run.served:
        assert s.request.arrival <= s.start < s.first <= s.end


def test_no_first_token_comes_before_the_floor():
    floor = estimate_serving(L40S, LOAD).ttft_floor_s - estimate_serving(L40S, LOAD).step_s
    run = simulate_serving(L40S, LOAD, requests=500)
    median_prompts = [s for s in run.served if s.request.prompt >= 512]
    assert min(s.first - s.request.arrival + LOAD.network_s for s in median_prompts) >= floor * 0.999


def test_a_lost_replica_never_helps_and_a_spare_one_makes_up_for_it():
    base = simulate_serving(L40S, LOAD, requests=1000).ttft_p99_s
    lost = simulate_serving(L40S, LOAD, requests=1000, lost=1).ttft_p99_s
    spared = simulate_serving(change(L40S, spare_replicas=1), LOAD, requests=1000, lost=1).ttft_p99_s
    assert lost >= base and spared == base


def test_static_batching_waits_longer_than_continuous():
    assert simulate_serving(change(L40S, scheduler="static"), LOAD, requests=800).ttft_p99_s > simulate_serving(L40S, LOAD, requests=800).ttft_p99_s


def test_a_single_server_waits_as_pollaczek_and_khinchine_say():
    """With one sequence at a time and fixed lengths the replica is an M/D/1 queue."""
    costs = Costs(fixed=0.01, weights=0.0, per_kv=0.0, per_seq=0.0, comm0=0.0, comm1=0.0, pre_fixed=0.05, pre_floor=0.0, pre1=0.0, pre2=0.0, pre_comm=0.0, kv_room_tokens=1e9)
    service = 0.05 + 0.01 * 95
    drawn = draw_requests(ServingLoad(prompt_tokens=10, prompt_spread=0, output_tokens=96, output_spread=0), rate=0.6, count=60_000, seed=7, longest=4096)
    served = Replica(costs, drawn, batch=1).run().served
    waited = sum(s.start - s.request.arrival for s in served) / len(served)
    expected = pollaczek_khinchine_wait_s(arrivals_per_s=0.6, mean_service_s=service, service_variance_s2=0.0)
    assert waited == pytest.approx(expected, rel=0.06)


def test_a_request_longer_than_the_cache_is_served_alone_and_flagged():
    costs = costs_of(L40S, LOAD)
    tiny = Costs(**{f: getattr(costs, f) for f in costs.__slots__ if f != "kv_room_tokens"}, kv_room_tokens=100.0)
    replica = Replica(tiny, [Request(0.0, 200, 10), Request(0.1, 20, 10)], batch=8).run()
    assert replica.peak_held > 100 and all(s.end > 0 for s in replica.served)
