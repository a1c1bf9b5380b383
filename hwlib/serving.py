"""A serving fleet estimated: memory, time, load and cost, each figure with its derivation.

`estimate_serving` is quick and has no randomness; what only a queue can tell, the percentiles, comes from
`hwlib.simulator` through `simulate_serving`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import lru_cache

from hwlib import catalogue
from hwlib.calibration import calibrated
from hwlib.costs import fleet_usd_per_hour, usd_per_mtoken
from hwlib.decoding import batch_tokens_per_s, user_tokens_per_s
from hwlib.designs import ServingDesign, ServingLoad, check_values
from hwlib.errors import BadInput, NotSupported
from hwlib.fleet import (
    answer_time,
    fabric_usd,
    fleet_chips,
    full_tokens,
    live_tokens,
    output_rate,
    running_batch,
    slope_of_step,
    weights_per_chip,
    working_sequences,
)
from hwlib.formula import Figure, defined, given
from hwlib.memory import kv_cache_bytes, kv_room_bytes, sequences_that_fit
from hwlib.queueing import (
    littles_law,
    lognormal_mean,
    lognormal_quantile,
    mean_requests_per_s,
    operating_batch,
    peak_requests_from_daily_users,
    peak_requests_from_sessions,
    requests_per_replica,
    service_s,
    static_batch_share,
    tpot_with_prefills,
    ttft_without_queue_s,
    utilisation,
)
from hwlib.replica import BYTES, ONE, ZERO, Group, make_pass, pass_of
from hwlib.roofline import decode_intensity, ridge_point
from hwlib.sources import Source

Z99 = defined(2.326, "one in a hundred lies above 2.326 standard deviations")
FEWEST = 1e-3
"""Requests a day, or users, below which nothing can be said of a fleet."""
MILLION = defined(1e6, "tokens in a million")


@dataclass(frozen=True, slots=True)
class ServingEstimate:
    """All that is known of a fleet without a simulation. Times in seconds, sizes in bytes, money in dollars."""

    params: Figure
    weight_bytes: Figure
    weight_bytes_per_chip: Figure
    kv_bytes_per_token: Figure
    kv_bytes_per_sequence: Figure
    reserve_bytes: Figure
    mem_bytes: Figure
    kv_room_bytes: Figure
    sequences_that_fit: Figure
    running_batch: Figure
    operating_batch: Figure
    fits: bool
    peak_requests_per_s: Figure
    mean_requests_per_s: Figure
    requests_per_s_per_replica: Figure
    mean_output_tokens: Figure
    in_flight: Figure
    utilisation: Figure
    busy_share: Figure
    prefill_s: Figure
    prefill_compute_s: Figure
    prefill_comm_s: Figure
    prefill_p99_s: Figure
    p99_prompt_tokens: Figure
    step_s: Figure
    step_memory_s: Figure
    step_compute_s: Figure
    step_comm_s: Figure
    step_overhead_s: Figure
    hops_s: Figure
    full_step_s: Figure
    tpot_s: Figure
    tokens_per_s_per_user: Figure
    replica_tokens_per_s: Figure
    decode_intensity: Figure
    ridge: Figure
    bottleneck: str
    ttft_floor_s: Figure
    ttft_floor_p99_s: Figure
    n_chips: Figure
    usd_per_chip_hour: Figure
    fabric_usd_per_hour: Figure
    usd_per_hour: Figure
    usd_per_mtoken: Figure

    def figures(self) -> dict[str, Figure]:
        """The figures by name."""
        return {f.name: v for f in fields(self) if isinstance(v := getattr(self, f.name), Figure)}


def reserve_of(group: Group | catalogue.Chip) -> Figure:
    """Memory that the runtime keeps on each chip; a chip of on-chip memory alone is laid out by its compiler and keeps none."""
    return catalogue.constant("runtime_reserve_bytes") if group.mem_bytes > 1e9 else ZERO


def chip_hour_price(chip_id: str) -> Figure:
    """The catalogue's price of a chip-hour, or a figure that is not a number and says why."""
    try:
        return catalogue.price(chip_id)
    except NotSupported as refused:
        return Figure(math.nan, Source("definition", kind="estimate", note=str(refused), subject="no list price"))


@lru_cache(maxsize=256)
def told(load: ServingLoad) -> dict[str, Figure]:
    """The load's figures, as the brief told them; read only. One load serves many designs."""
    return {name: given(getattr(load, name), by="brief") for name in load.__slots__}


@dataclass(frozen=True, slots=True)
class _Demand:
    """What a load alone decides: tokens of prompts and answers."""

    told: dict[str, Figure]
    mean_prompt: Figure
    mean_output: Figure
    live: Figure
    full: Figure
    p99_prompt: Figure


@lru_cache(maxsize=256)
def _demand(load: ServingLoad) -> _Demand:
    given_load = told(load)
    prompt = lognormal_mean(median_tokens=given_load["prompt_tokens"], spread=given_load["prompt_spread"])
    output = lognormal_mean(median_tokens=given_load["output_tokens"], spread=given_load["output_spread"])
    return _Demand(
        given_load, prompt, output, live_tokens(prompt_tokens=prompt, output_tokens=output), full_tokens(prompt_tokens=prompt, output_tokens=output),
        lognormal_quantile(median_tokens=given_load["prompt_tokens"], spread=given_load["prompt_spread"], normal_quantile=Z99),
    )


@dataclass(frozen=True, slots=True)
class _Prompts:
    """What prompts of a load take on a replica, whatever its scheduler; ``seen`` and ``flops`` are those of a decode step."""

    median: tuple[Figure, Figure, Figure]
    mean_s: Figure
    p99_s: Figure
    seen: Figure
    flops: Figure


@lru_cache(maxsize=1024)
def _prompts(model: str, attention: str, accelerator: str, chips: int, bits: int, load: ServingLoad) -> _Prompts:
    demand = _demand(load)
    one_pass = pass_of(model, attention, accelerator, chips, bits)
    seen = one_pass.shape.attended_tokens(demand.live)
    return _Prompts(
        one_pass.prefill(demand.told["prompt_tokens"]), one_pass.prefill(demand.mean_prompt)[0], one_pass.prefill(demand.p99_prompt)[0], seen, one_pass.flops(seen),
    )


@dataclass(frozen=True, slots=True)
class _Replica:
    """What one replica is and does when full, whoever else is in the fleet: none of it depends on how many there are."""

    per_token: Figure
    room: Figure
    fit: Figure
    batch: Figure
    per_sequence: Figure
    busy: Figure
    full: dict[str, Figure]
    single: dict[str, Figure]
    rate: Figure
    service: Figure
    slope: Figure


@lru_cache(maxsize=2048)
def _replica(
    model: str, attention: str, accelerator: str, chips: int, bits: int, kv_bits: int, contiguous: int, batch_limit: int, scheduler: str, load: ServingLoad,
) -> _Replica:
    """``contiguous``: the tokens set aside for each sequence, or 0 where the cache is handed out in blocks."""
    demand, one_pass = _demand(load), pass_of(model, attention, accelerator, chips, bits)
    prompts = _prompts(model, attention, accelerator, chips, bits, load)
    g, shape = one_pass.group, one_pass.shape
    kept = one_pass.cache_bytes_per_token(kv_bits)
    room = kv_room_bytes(n_chips=g.n_chips, mem_bytes=g.mem_bytes, reserve_bytes=reserve_of(g), weight_bytes=one_pass.weights)
    fit = sequences_that_fit(kv_room_bytes=room, kv_bytes_per_token=kept, held_tokens=shape.attended_tokens(given(contiguous) if contiguous else demand.full))
    batch = running_batch(batch_limit=given(batch_limit), sequences_that_fit=fit)
    per_sequence = kv_cache_bytes(kv_bytes_per_token=kept, context_tokens=prompts.seen, sequences=ONE)
    busy = static_batch_share(output_spread=demand.told["output_spread"], sequences=batch) if scheduler == "static" else ONE
    full, single = (one_pass.step_at(sequences, per_sequence, prompts.flops) for sequences in (batch, ONE))
    return _Replica(
        shape.cache_bytes_per_token(BYTES[kv_bits]), room, fit, batch, per_sequence, busy, full, single,
        batch_tokens_per_s(sequences=working_sequences(running_batch=batch, busy_share=busy), step_s=full["step"]),
        service_s(prefill_s=prompts.mean_s, output_tokens=demand.mean_output, step_s=full["step"], sequences=batch, busy_share=busy),
        slope_of_step(full_step_s=full["step"], single_step_s=single["step"], running_batch=batch),
    )


def check_serving(design: ServingDesign, load: ServingLoad) -> None:
    """Refuse in one sentence a design or load that `build` would refuse, and a load without anybody."""
    check_values(design)
    check_values(load, where="load")
    if max(load.daily_users * load.requests_per_user_day, 0 if load.daily_users else load.concurrent_users) < FEWEST:
        raise BadInput(
            f"load.daily_users × load.requests_per_user_day = {load.daily_users * load.requests_per_user_day:g} and load.concurrent_users = {load.concurrent_users:g} "
            "leave nobody to serve; one of them must be at least 0.001", field="daily_users",
        )  # fmt: skip


def estimate_serving(design: ServingDesign, load: ServingLoad, *, answer_s: float | None = None) -> ServingEstimate:
    """Estimate a fleet under a load.

    ``answer_s`` is the time that a session's answer may take (seconds), used to turn concurrent users into
    requests; without it the brief's objectives are taken as met in 10 s. Raises `BadInput` for what cannot be.
    """
    check_serving(design, load)
    demand = _demand(load)
    given_load = demand.told
    one_pass = make_pass(design)
    prompts = _prompts(design.model, design.attention, design.accelerator, design.chips_per_replica, design.weight_bits, load)
    one = _replica(
        design.model, design.attention, design.accelerator, design.chips_per_replica, design.weight_bits, design.kv_bits,
        design.context_tokens if design.kv_allocation == "contiguous" else 0, design.batch_limit, design.scheduler, load,
    )
    g, shape = one_pass.group, one_pass.shape
    n = g.n_chips
    reserve = reserve_of(g)
    mean_output, batch, per_sequence, full = demand.mean_output, one.batch, one.per_sequence, one.full

    peak_factor = given_load["peak_factor"]
    if load.daily_users:
        day = catalogue.constant("day_s")
        peak = peak_requests_from_daily_users(
            daily_users=given_load["daily_users"], requests_per_user_day=given_load["requests_per_user_day"], peak_factor=peak_factor, day_s=day
        )
    else:
        peak = peak_requests_from_sessions(
            concurrent_users=given_load["concurrent_users"], think_time_s=given_load["think_time_s"],
            answer_s=given(answer_s if answer_s is not None else 10.0, "an answer at the objectives", "assumption"),
        )
    mean_rate = mean_requests_per_s(peak_requests_per_s=peak, peak_factor=peak_factor)
    rate = requests_per_replica(peak_requests_per_s=peak, replicas=given(design.replicas))

    prefill, prefill_compute, prefill_comm = prompts.median
    mean_prefill, p99_prompt, prefill_p99 = prompts.mean_s, demand.p99_prompt, prompts.p99_s

    rho = utilisation(requests_per_s_per_replica=rate, service_s=one.service)
    operating = operating_batch(
        requests_per_s_per_replica=rate, output_tokens=mean_output, fixed_step_s=one.single["step"], step_per_sequence_s=one.slope, prefill_s=mean_prefill,
        batch_cap=batch,
    )
    step = one_pass.step_at(operating, per_sequence, prompts.flops)
    tpot = step["step"] if design.chunked_prefill else tpot_with_prefills(step_s=step["step"], requests_per_s_per_replica=rate, prefill_s=mean_prefill)
    network = given_load["network_s"]
    answer = answer_time(prefill_s=prefill, output_tokens=mean_output, tpot_s=tpot)

    chips = fleet_chips(n_chips=n, replicas=given(design.replicas), spare_replicas=given(design.spare_replicas))
    price = chip_hour_price(design.accelerator)
    fabric = ZERO if design.scale_out_link == "none" else fabric_usd(fleet_chips=chips, fabric_usd_per_chip_hour=calibrated("fabric_usd_per_chip_hour"))
    per_hour = fleet_usd_per_hour(n_chips=chips, usd_per_chip_hour=price, fabric_usd_per_hour=fabric)
    tokens = output_rate(mean_requests_per_s=mean_rate, output_tokens=mean_output)
    return ServingEstimate(
        params=shape.params, weight_bytes=one_pass.weights, weight_bytes_per_chip=weights_per_chip(weight_bytes=one_pass.weights, n_chips=n),
        kv_bytes_per_token=one.per_token, kv_bytes_per_sequence=per_sequence, reserve_bytes=reserve, mem_bytes=g.mem_bytes, kv_room_bytes=one.room,
        sequences_that_fit=one.fit, running_batch=batch, operating_batch=operating, fits=one.fit >= 1,
        peak_requests_per_s=peak, mean_requests_per_s=mean_rate, requests_per_s_per_replica=rate, mean_output_tokens=mean_output,
        in_flight=littles_law(arrivals_per_s=peak, time_in_system_s=answer), utilisation=rho, busy_share=one.busy,
        prefill_s=prefill, prefill_compute_s=prefill_compute, prefill_comm_s=prefill_comm, prefill_p99_s=prefill_p99, p99_prompt_tokens=p99_prompt,
        step_s=step["step"], step_memory_s=step["memory"], step_compute_s=step["compute"], step_comm_s=step["comm"], step_overhead_s=one_pass.layer_fixed,
        hops_s=step["hops"], full_step_s=full["step"], tpot_s=tpot, tokens_per_s_per_user=user_tokens_per_s(tpot_s=tpot), replica_tokens_per_s=one.rate,
        decode_intensity=decode_intensity(
            matmul_params=shape.matmul_params, sequences=operating, weight_bytes=one_pass.weights, kv_bytes_per_sequence=per_sequence
        ),
        ridge=ridge_point(peak_flops_per_s=g.peak, mem_bytes_per_s=g.mem_bytes_per_s), bottleneck=bottleneck(step, one_pass.layer_fixed),
        ttft_floor_s=ttft_without_queue_s(network_s=network, prefill_s=prefill, step_s=step["step"]),
        ttft_floor_p99_s=ttft_without_queue_s(network_s=network, prefill_s=prefill_p99, step_s=step["step"]),
        n_chips=chips, usd_per_chip_hour=price, fabric_usd_per_hour=fabric, usd_per_hour=per_hour,
        usd_per_mtoken=usd_per_mtoken(
            usd_per_hour=per_hour, tokens_per_s=tokens, hour_s=catalogue.constant("hour_s"), tokens_per_mtoken=MILLION
        ),
    )


def bottleneck(step: dict[str, Figure], overhead: Figure) -> str:
    """Which term of a decode step is the longest: memory, compute, network or overhead."""
    terms = {"memory": step["memory"], "compute": step["compute"], "network": step["comm"] + step["hops"], "overhead": overhead}
    return max(terms, key=terms.get)


@lru_cache(maxsize=256)
def simulate_serving(design: ServingDesign, load: ServingLoad, *, seed: int = 1, requests: int = 2000, lost: int = 0, peak: float = 1.0):
    """Simulate one replica of the fleet at the peak; see `hwlib.simulator`. ``lost`` replicas are down, ``peak`` scales the load."""
    from hwlib.simulator import simulate

    return simulate(design, load, seed=seed, requests=requests, lost=lost, peak=peak)
