"""What must hold of every run, whatever the scheduler: counts, clocks, room, work; and what may be compared with what."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwlib.designs import ServingLoad
from hwlib.errors import BadInput
from hwlib.queueing import littles_law
from hwlib.simulator import Costs, Fleet, Policy, Request, Requests, poisson_requests, run_requests
from tests.hwlib.sim_strategies import costs, fleets, policies, requests

RUNS = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def served(costs, requests, policy, fleet=None):
    """The run, or None when nothing fits."""
    try:
        return run_requests(costs, requests, policy, fleet)
    except BadInput as refused:
        assert "holds none" in str(refused)
        return None


@RUNS
@given(costs(), policies(), requests(), fleets())
def test_every_request_is_served_once_or_refused_and_no_time_runs_back(costs, policy, requests, fleet):
    run = served(costs, requests, policy, fleet)
    if run is None:
        return
    done = ~np.isnan(run.end)
    assert run.served + run.refused == len(requests)
    at_once = int((requests.output[done] == 1).sum()) if fleet.prefill_replicas else 0  # those never reach a replica that decodes
    assert sum(t.served for t in run.tallies) + at_once == run.served
    arrival = requests.arrival[done]
    assert (arrival <= run.start[done]).all() and (run.start[done] <= run.first[done]).all() and (run.first[done] <= run.end[done]).all()
    assert np.isnan(run.start[~done]).all() and np.isnan(run.first[~done]).all()


@RUNS
@given(costs(), policies(oversized="refuse"), requests(), fleets())
def test_the_cache_is_never_above_its_room(costs, policy, requests, fleet):
    run = served(costs, requests, policy, fleet)
    if run is None:
        return
    assert all(t.peak_blocks <= t.capacity for t in run.tallies) and run.kv_peak_share <= 1
    assert all(t.peak_batch <= policy.batch_limit for t in run.tallies)


@RUNS
@given(costs(), policies(), requests(), fleets())
def test_work_is_conserved(costs, policy, requests, fleet):
    """Each token after the first is one place in one step, or came with a prompt that was read again."""
    run = served(costs, requests, policy, fleet)
    if run is None:
        return
    done = ~np.isnan(run.end)
    steps = np.ceil((requests.output[done].astype(float) - 1) / policy.tokens_per_step).sum()
    again = run.preemptions if policy.preemption == "recompute" else 0
    assert sum(t.decode_tokens for t in run.tallies) == steps - again
    if not run.preemptions:
        read = sum(t.prefill_tokens + t.cached_tokens for t in run.tallies)
        assert read == (0 if fleet.prefill_replicas else requests.prompt[done].sum())


@RUNS
@given(costs(), policies(), requests(), fleets())
def test_littles_law_holds_in_every_run(costs, policy, requests, fleet):
    run = served(costs, requests, policy, fleet)
    if run is None:
        return
    done = ~np.isnan(run.end)
    span = float(np.nanmax(run.end) - requests.arrival[done][0])
    time_in_system = float((run.end - requests.arrival)[done].mean())
    assert run.in_system() == pytest.approx(littles_law(arrivals_per_s=run.served / span, time_in_system_s=time_in_system), rel=1e-6, abs=1e-9)


@RUNS
@given(costs(), policies(), requests(), st.floats(1.0, 4.0))
def test_a_faster_machine_ends_everything_sooner_when_all_are_there_at_once(costs, policy, requests, factor):
    """Without arrivals to wait for, what is done in which order does not depend on speed, so every moment comes sooner."""
    together = replace(requests, arrival=np.zeros(len(requests)))
    slow, fast = served(costs, together, policy), served(faster(costs, factor), together, policy)
    if slow is None:
        return
    ok = ~np.isnan(slow.end)
    assert (fast.end[ok] <= slow.end[ok] * (1 + 1e-9)).all() and (fast.first[ok] <= slow.first[ok] * (1 + 1e-9)).all()


@RUNS
@given(costs(), requests(), st.floats(1.0, 4.0))
def test_more_bandwidth_never_worsens_the_tail_of_a_single_queue(costs, requests, factor):
    """One place, first come first served: each wait is a sum of services less gaps (Lindley), and no service gets longer."""
    policy = Policy(batch_limit=1)
    slow, fast = served(costs, requests, policy), served(faster(costs, factor), requests, policy)
    if slow is None:
        return
    for what in ("ttft", "e2e", "wait"):
        assert fast.percentile(what, 0.99, warmup=0) <= slow.percentile(what, 0.99, warmup=0) + 1e-9


def faster(costs: Costs, factor: float) -> Costs:
    """The same machine with so many times the memory bandwidth."""
    return replace(costs, weights=costs.weights / factor, per_kv=costs.per_kv / factor, pre_floor=costs.pre_floor / factor)


def test_in_a_batch_a_faster_machine_can_be_later_for_one_request():
    """The exception to the rule, and why it is one: requests join at the end of a step, and faster steps end at other moments.

    Whoever just misses an end waits for another step and for the prompts that are read before his.
    """
    found = 0
    base = Costs(fixed=0.001, weights=0.02, per_kv=0, per_seq=0, comm0=0, comm1=0, pre_fixed=0.03, pre_floor=0, pre1=0, pre2=0, pre_comm=0, kv_room_tokens=1e6)
    load = ServingLoad(prompt_tokens=50, output_tokens=10)
    for seed in range(20):
        drawn = poisson_requests(load, rate=4.0, count=300, seed=seed)
        slow, fast = (run_requests(c, drawn, Policy(batch_limit=16)) for c in (base, faster(base, 1.05)))
        found += bool((fast.ttft() > slow.ttft() + 1e-9).any())
        assert fast.ttft().mean() <= slow.ttft().mean() + base.step(1, 0)  # never by more than about a step
        assert fast.e2e().mean() < slow.e2e().mean()
    assert found


@RUNS
@given(costs(room=st.integers(10**6, 10**7)), requests(), st.sampled_from([1, 3, 8, 40]))
def test_static_batching_never_writes_more_a_second_than_continuous(costs, requests, limit):
    """All there at once and room for all: continuous batching takes no more steps, each as full as can be."""
    together = replace(requests, arrival=np.zeros(len(requests)))
    static, continuous = (run_requests(costs, together, Policy(scheduler=s, batch_limit=limit)) for s in ("static", "continuous"))
    assert static.tokens_per_s <= continuous.tokens_per_s * (1 + 1e-9)


@RUNS
@given(costs(), requests(longest=119), st.sampled_from(["whole", "prompt"]), st.sampled_from([1, 2, 4, 8]))
def test_pages_hold_at_least_as_many_as_contiguous_room(costs, requests, admission, block):
    together = replace(requests, arrival=np.zeros(len(requests)))
    contiguous = served(costs, together, Policy(allocation="contiguous", context_tokens=120))
    if contiguous is None:
        return
    paged = run_requests(costs, together, Policy(block_tokens=block, context_tokens=120, admission=admission))
    assert paged.tallies[0].peak_batch >= contiguous.tallies[0].peak_batch


@RUNS
@given(costs(room=st.integers(10**5, 10**6)), requests())
def test_a_reused_prefix_never_makes_a_prompt_longer(costs, requests):
    together = replace(requests, arrival=np.zeros(len(requests)))
    plain, reused = (run_requests(costs, together, Policy(prefix_reuse=reuse, block_tokens=4)) for reuse in (False, True))
    assert (reused.first <= plain.first + 1e-9).all() and reused.tallies[0].prefill_tokens <= plain.tallies[0].prefill_tokens


def test_the_shortest_queue_is_no_worse_than_taking_turns():
    load = ServingLoad(prompt_tokens=200, output_tokens=100, output_spread=1.0)
    machine = Costs(0.005, 0.01, 1e-7, 1e-4, 0, 0, 0.005, 0.01, 1e-4, 0, 0, 1e5)
    tails = {"shortest-queue": [], "round-robin": []}
    for seed in range(5):
        drawn = poisson_requests(load, rate=14.0, count=4000, seed=seed)
        for dispatch, found in tails.items():
            found.append(run_requests(machine, drawn, Policy(batch_limit=8), Fleet(replicas=4, dispatch=dispatch)).percentile("ttft", 0.99))
    assert np.mean(tails["shortest-queue"]) < np.mean(tails["round-robin"])


def test_a_day_brings_as_many_as_its_profile_says():
    from hwlib.simulator import diurnal_requests

    profile = [1.0, 0.0, 3.0, 2.0]
    drawn = diurnal_requests(ServingLoad(), rate=10.0, count=120_000, seed=2, day_s=1000.0, profile=profile)
    part = ((drawn.arrival % 1000) // 250).astype(int)
    share = np.bincount(part, minlength=4) / len(drawn)
    assert share == pytest.approx(np.array(profile) / 6, abs=0.01) and share[1] == 0
    assert len(drawn) / drawn.arrival[-1] == pytest.approx(10.0, rel=0.02)


def test_the_second_with_a_prefix_finds_it_and_reads_only_its_own():
    pair = Requests(np.array([0.0, 10.0]), np.array([100, 100], np.int32), np.array([2, 2], np.int32), np.array([0, 0], np.int16), 64)
    machine = Costs(0.01, 0, 0, 0, 0, 0, 0.0, 0.0, 1e-3, 0, 0, 1e4)
    run = run_requests(machine, pair, Policy(prefix_reuse=True, block_tokens=16))
    assert run.ttft() == pytest.approx([0.1, 0.036]) and run.cached_share == pytest.approx(64 / 200)


def test_a_cache_that_is_handed_over_delays_the_second_token_and_not_the_first():
    one = Requests.of([Request(0.0, 100, 3)])
    machine = Costs(0.01, 0, 0, 0, 0, 0, 0.0, 0.0, 1e-3, 0, 0, 1e4)
    run = run_requests(machine, one, Policy(), Fleet(prefill_replicas=1, transfer_s=0.005, transfer_s_per_token=1e-4))
    assert run.first[0] == pytest.approx(0.1) and run.end[0] == pytest.approx(0.1 + 0.005 + 0.0101 + 0.02)
