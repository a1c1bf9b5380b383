"""Hypothesis strategies for the simulator: every feature, small machines that fill up, times without ties."""

import random
from dataclasses import replace

from hypothesis import strategies as st

from hwlib.designs import ServingLoad
from hwlib.simulator import Costs, Fleet, Policy, diurnal_requests, poisson_requests

ROOMS = st.integers(60, 300) | st.integers(60, 2000)


@st.composite
def costs(draw, room=ROOMS):
    """Costs in odd numbers, so that no two things happen at one moment by accident; each term may be absent."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    some = lambda scale, odds=0.75: scale * rng.uniform(0.3, 3) if rng.random() < odds else 0.0  # noqa: E731
    return Costs(
        fixed=some(3e-3, 1), weights=some(8e-3), per_kv=some(2e-5), per_seq=some(1e-3), comm0=some(1e-4), comm1=some(1e-5),
        pre_fixed=some(2e-3), pre_floor=some(9e-3), pre1=some(4e-4), pre2=some(1e-6), pre_comm=some(1e-5), kv_room_tokens=float(draw(room)) + rng.random(),
    )


@st.composite
def policies(draw, **fixed):
    """Every scheduler; what does not go together is left out."""
    scheduler = draw(st.sampled_from(["continuous", "continuous", "static"]))
    allocation = draw(st.sampled_from(["paged", "paged", "paged", "contiguous"]))
    admission = "whole" if allocation == "contiguous" else draw(st.sampled_from(["whole", "prompt", "prompt"]))
    drafted = draw(st.sampled_from([0, 0, 1, 3])) if admission == "whole" else 0
    values = dict(
        scheduler=scheduler, allocation=allocation, admission=admission, draft_tokens=drafted, acceptance=draw(st.sampled_from([0.0, 0.6, 0.83])),
        draft_s=draw(st.sampled_from([0.0, 7.1e-4])), batch_limit=draw(st.sampled_from([1, 3, 8, 40, 40])), chunk_tokens=draw(st.sampled_from([0, 0, 3, 16, 64])),
        overlap=draw(st.booleans()), block_tokens=draw(st.sampled_from([1, 2, 5, 16])), context_tokens=120 if allocation == "contiguous" else 10_000,
        preemption=draw(st.sampled_from(["recompute", "swap"])), swap_s_per_token=draw(st.sampled_from([0.0, 3.1e-5])),
        prefix_reuse=allocation == "paged" and draw(st.booleans()), oversized="refuse" if admission == "prompt" else draw(st.sampled_from(["refuse", "alone"])),
    )
    return Policy(**{**values, **fixed})


@st.composite
def requests(draw, most=60, longest=119):
    """Arrivals of both kinds, in bursts or far apart, with and without shared prefixes."""
    load = ServingLoad(
        prompt_tokens=draw(st.sampled_from([1, 8, 30, 60])), prompt_spread=draw(st.sampled_from([0.0, 0.5, 1.0])),
        output_tokens=draw(st.sampled_from([1, 5, 20, 40])), output_spread=draw(st.sampled_from([0.0, 0.5, 1.0])),
    )
    shape = dict(
        rate=draw(st.sampled_from([0.5, 30.0, 200.0, 1e4])), count=draw(st.integers(1, most)), seed=draw(st.integers(0, 10**6)), longest=longest,
        prefix_share=draw(st.sampled_from([0.0, 0.5, 1.0])), prefixes=draw(st.integers(1, 4)), prefix_tokens=draw(st.sampled_from([5, 17, 32])),
    )
    if draw(st.booleans()):
        return poisson_requests(load, **shape)
    return diurnal_requests(replace(load, peak_factor=2.5), day_s=draw(st.sampled_from([1.0, 60.0, 86400.0])), **shape)


@st.composite
def fleets(draw):
    apart = draw(st.sampled_from([0, 0, 0, 1, 2]))
    return Fleet(
        replicas=draw(st.sampled_from([1, 1, 2, 3])), dispatch=draw(st.sampled_from(["shortest-queue", "round-robin"])), prefill_replicas=apart,
        transfer_s=draw(st.sampled_from([0.0, 1.3e-3])), transfer_s_per_token=draw(st.sampled_from([0.0, 2.3e-5])),
    )
