"""Jumping from event to event gives what stepping gives, to 1e-9, whatever the features and the machine."""

import math

import numpy as np
from hypothesis import HealthCheck, given, settings

from hwlib.errors import BadInput
from hwlib.simulator import run_requests
from tests.hwlib.reference_simulator import serve_step_by_step
from tests.hwlib.sim_strategies import costs, fleets, policies, requests

SLOW = dict(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def both(costs, policy, requests, fleet):
    """The run, the reference's times and replicas; None when nothing fits."""
    try:
        run = run_requests(costs, requests, policy, fleet)
    except BadInput as refused:
        assert "holds none" in str(refused)
        return None
    return run, *serve_step_by_step(costs, requests, policy, fleet)


@settings(max_examples=300, **SLOW)
@given(costs(), policies(), requests(), fleets())
def test_jumping_equals_stepping(costs, policy, requests, fleet):
    got = both(costs, policy, requests, fleet)
    if got is None:
        return
    run, times, replicas = got
    for name in ("start", "first", "end"):
        expected = np.array([times[i][name] for i in range(len(requests))])
        np.testing.assert_allclose(getattr(run, name), expected, rtol=1e-9, atol=0, err_msg=name)
    for tally, twin in zip(run.tallies, replicas, strict=True):
        assert (tally.decode_steps, tally.decode_tokens, tally.preemptions, tally.peak_blocks) == (twin.steps, twin.token_steps, twin.preemptions, twin.peak)
        if tally.served:
            assert math.isclose(tally.now - tally.idle_s, twin.busy, rel_tol=1e-9)


def test_the_drawn_cases_reach_every_feature():
    """A comparison of machines that never preempt would prove little."""
    seen: set[str] = set()

    @settings(max_examples=300, database=None, derandomize=True, **SLOW)
    @given(costs(), policies(), requests(), fleets())
    def look(costs, policy, requests, fleet):
        try:
            run = run_requests(costs, requests, policy, fleet)
        except BadInput:
            seen.add("nothing fits")
            return
        seen.add(policy.scheduler)
        seen.add(policy.allocation)
        if run.preemptions:
            seen.add(f"preempted by {policy.preemption}")
        if run.cached_share:
            seen.add("a prefix was reused")
        if run.refused:
            seen.add("refused")
        if policy.draft_tokens:
            seen.add("drafted")
        if policy.chunk_tokens and run.mean_batch > 1:
            seen.add("chunked")
        if fleet.prefill_replicas:
            seen.add("prefill apart")
        if fleet.replicas > 1:
            seen.add(fleet.dispatch)
        if run.kv_peak_share > 1:
            seen.add("alone")

    look()
    assert seen == {
        "nothing fits", "continuous", "static", "paged", "contiguous", "preempted by recompute", "preempted by swap", "a prefix was reused", "refused",
        "drafted", "chunked", "prefill apart", "shortest-queue", "round-robin", "alone",
    }
