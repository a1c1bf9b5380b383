"""The event simulator under a design: repeatable, within what queues allow, and with its sums even."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hwlib import why
from hwlib.designs import ServingDesign, ServingLoad
from hwlib.queueing import erlang_b, erlang_c, mmc_wait_s, pollaczek_khinchine_wait_s
from hwlib.serving import estimate_serving, simulate_serving
from hwlib.simulator import (
    Costs,
    Fleet,
    Policy,
    Request,
    Requests,
    costs_of,
    draw_requests,
    figures,
    poisson_requests,
    policy_of,
    run_requests,
)
from tests.hwlib.reference_simulator import serve_step_by_step

LOAD = ServingLoad(daily_users=50000)
L40S = ServingDesign(model="llama2-70b", accelerator="l40s", chips_per_replica=4, replicas=14, batch_limit=32, weight_bits=8)
FREE = Costs(fixed=0.01, weights=0.0, per_kv=0.0, per_seq=0.0, comm0=0.0, comm1=0.0, pre_fixed=0.05, pre_floor=0.0, pre1=0.0, pre2=0.0, pre_comm=0.0, kv_room_tokens=1e9)
"""A machine whose steps take 10 ms whatever is in them."""


@pytest.mark.parametrize("variant", [{}, {"scheduler": "static"}, {"chunked_prefill": True}, {"kv_allocation": "contiguous"}, {"replicas": 9}])
def test_a_design_jumped_equals_a_design_stepped(variant):
    design = replace(L40S, **variant)
    drawn = Requests.of(draw_requests(LOAD, rate=1.6, count=150, seed=3, longest=4096))
    costs, policy = costs_of(design, LOAD), policy_of(design, running_batch=16)
    run, (times, _) = run_requests(costs, drawn, policy), serve_step_by_step(costs, drawn, policy, Fleet())
    for name in ("first", "end"):
        assert getattr(run, name) == pytest.approx([times[i][name] for i in range(150)], rel=1e-9)


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
    spared = simulate_serving(replace(L40S, spare_replicas=1), LOAD, requests=1000, lost=1).ttft_p99_s
    assert lost >= base and spared == base


def test_static_batching_waits_longer_than_continuous():
    assert simulate_serving(replace(L40S, scheduler="static"), LOAD, requests=800).ttft_p99_s > simulate_serving(L40S, LOAD, requests=800).ttft_p99_s


def test_a_request_longer_than_the_cache_is_served_alone_and_flagged():
    tiny = replace(costs_of(L40S, LOAD), kv_room_tokens=100.0)
    run = run_requests(tiny, Requests.of([Request(0.0, 200, 10), Request(0.1, 20, 10)]), Policy(batch_limit=8, oversized="alone"))
    assert run.kv_peak_share > 1 and (run.end > 0).all()


def test_or_refused_and_counted():
    run = run_requests(FREE, Requests.of([Request(0.0, 200, 10), Request(0.1, 20, 10)]), Policy(context_tokens=100))
    assert (run.refused, run.served) == (1, 1) and math.isnan(run.end[0]) and run.end[1] > 0


def test_chunks_do_as_much_arithmetic_as_the_whole_prompt():
    """Attention in chunks looks back on the chunks before it; a sum of squares of chunks alone would lose most of it."""
    costs = replace(FREE, fixed=1e-9, pre_fixed=0.0, pre1=1e-4, pre2=1e-7)
    busy = Requests.of([Request(0.0, 1, 10**6), Request(1e-6, 4000, 2)])
    whole = run_requests(costs, busy, Policy(overlap=False))
    chunked = run_requests(costs, busy, Policy(overlap=False, chunk_tokens=512))
    assert chunked.first[1] - chunked.start[1] == pytest.approx(whole.first[1] - whole.start[1], rel=1e-6)


# Queues.


def mean_with_interval(values, batches=20):
    """The mean after a warm-up and three standard errors of it, by batch means."""
    means = np.array([part.mean() for part in np.array_split(values[len(values) // 10 :], batches)])
    return means.mean(), 3 * means.std(ddof=1) / math.sqrt(batches)


@pytest.mark.parametrize("spread", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_a_single_server_waits_as_pollaczek_and_khinchine_say(load, spread):
    """With one sequence at a time a replica is an M/G/1 queue: the formula lies in the interval of the run."""
    lengths = ServingLoad(prompt_tokens=10, prompt_spread=0, output_tokens=96, output_spread=spread)
    drawn = poisson_requests(lengths, rate=1.0, count=200_000, seed=11, longest=100_000)
    service = 0.05 + 0.01 * (drawn.output - 1.0)
    rate = load / service.mean()
    run = run_requests(FREE, replace(drawn, arrival=drawn.arrival / rate), Policy(batch_limit=1))
    mean, error = mean_with_interval(run.wait())
    expected = pollaczek_khinchine_wait_s(arrivals_per_s=rate, mean_service_s=service.mean(), service_variance_s2=service.var())
    assert error < 0.25 * mean and abs(mean - expected) < error


@pytest.mark.parametrize(("servers", "load"), [(2, 0.6), (8, 0.8), (16, 0.85)])
def test_places_of_a_batch_wait_as_erlang_says(servers, load):
    """Steps that do not lengthen and answers without memory: the places of a batch are the servers of an M/M/c queue."""
    costs = replace(FREE, fixed=1e-3, pre_fixed=0.0)
    drawn = poisson_requests(ServingLoad(), rate=servers * load, count=150_000, seed=5)
    rng = np.random.default_rng(7)
    drawn = replace(drawn, output=np.maximum(1, np.rint(1000 * rng.exponential(size=len(drawn)))).astype(np.int32))
    run = run_requests(costs, drawn, Policy(batch_limit=servers))
    mean, error = mean_with_interval(run.wait())
    offered = servers * load * 1e-3 * drawn.output.mean()
    share = erlang_c(servers=servers, offered_load=offered, blocked_share=erlang_b(servers, offered))
    expected = mmc_wait_s(wait_share=share, mean_service_s=1e-3 * drawn.output.mean(), servers=servers, offered_load=offered)
    assert error < 0.25 * mean and abs(mean - expected) < error + 1e-3  # a place is taken at the end of a step of 1 ms
    waited = run.wait()[15_000:] > 1e-3
    assert waited.mean() == pytest.approx(share, abs=0.03)


def test_the_formulas_of_queues_agree_where_they_meet():
    """One server: Erlang's wait is Pollaczek and Khinchine's with exponential service."""
    share = erlang_c(servers=1, offered_load=0.7, blocked_share=erlang_b(1, 0.7))
    assert share == pytest.approx(0.7)
    both = mmc_wait_s(wait_share=share, mean_service_s=2.0, servers=1, offered_load=0.7), pollaczek_khinchine_wait_s(arrivals_per_s=0.35, mean_service_s=2.0, service_variance_s2=4.0)
    assert both[0] == pytest.approx(both[1])


# Results.


def test_an_interval_of_batch_means_holds_the_percentile_of_a_long_run():
    costs = costs_of(L40S, LOAD)
    policy = Policy(batch_limit=32)
    long = run_requests(costs, poisson_requests(LOAD, rate=0.8, count=200_000, seed=99), policy).percentile("ttft", 0.9)
    inside = 0
    for seed in range(20):
        low, high = run_requests(costs, poisson_requests(LOAD, rate=0.8, count=10_000, seed=seed), policy).interval("ttft", 0.9)
        inside += low <= long <= high
    assert 14 <= inside <= 20  # of 20 intervals of 90 %


def test_the_summary_answers_why():
    run = run_requests(FREE, poisson_requests(LOAD, rate=1.0, count=500, seed=4), Policy())
    summary = figures(run, 4)
    assert summary["ttft_p99_s"] == run.percentile("ttft", 0.99)
    assert summary["ttft_p99_s"].origin.words() == "simulated: 99th percentile of the time to first token of 450 requests, seed 4" and why(summary["ttft_p99_s"])


def test_the_cache_over_time_is_thinned_and_within_the_room():
    run = run_requests(costs_of(L40S, LOAD), poisson_requests(LOAD, rate=0.8, count=5000), Policy(batch_limit=32))
    rows = run.occupancy()
    assert 500 < len(rows) < 3000 and (np.diff(rows[:, 0]) >= 0).all() and 0 < rows[:, 1].max() <= 1 and rows[:, 2].max() <= 32


def test_the_same_seed_gives_the_same_requests_however_many_are_drawn():
    few, many = (poisson_requests(LOAD, rate=2.0, count=n, seed=8) for n in (1000, 70_000))
    assert (few.arrival == many.arrival[:1000]).all() and (few.output == many.output[:1000]).all()


def test_a_known_seed_gives_known_requests():
    """PCG64 and transforms of our own: the same under every version of Python and NumPy."""
    drawn = poisson_requests(LOAD, rate=2.0, count=4, seed=1)
    assert drawn.arrival.round(6).tolist() == KNOWN[0] and drawn.prompt.tolist() == KNOWN[1] and drawn.output.tolist() == KNOWN[2]


KNOWN = ([0.201638, 0.674879, 1.029144, 1.114122], [328, 473, 1134, 589], [192, 316, 461, 101])
