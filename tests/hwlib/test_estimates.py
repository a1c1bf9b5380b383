"""What must be true of every estimate, whatever the numbers."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib import catalogue
from hwlib.designs import ServingDesign, ServingLoad, TcoDesign, TcoLoad, TrainingDesign, TrainingLoad
from hwlib.economics import estimate_tco
from hwlib.errors import BadInput, NotSupported
from hwlib.formula import Derivation
from hwlib.memory import kv_cache_bytes
from hwlib.serving import estimate_serving
from hwlib.training import estimate_training

LOAD = ServingLoad(daily_users=50000)
SERVE = ServingDesign(model="llama2-70b", accelerator="h100-sxm", chips_per_replica=4, replicas=4, batch_limit=32)
TRAIN = TrainingDesign(accelerator="h100-sxm", nodes=128, tensor_parallel=8, pipeline_parallel=8, data_parallel=16)
PLAN = TcoDesign(tokens_per_day=1e9, quantise=True, continuous_batching=True)
SERVING_CHIPS = ["a100-80-sxm", "h100-sxm", "h200-sxm", "b200-sxm", "l40s", "tpu-v5e", "inferentia2", "groq-lpu-v1", "h100-nvl", "tpu-v4"]


def estimates():
    return [("serving", estimate_serving(SERVE, LOAD)), ("training", estimate_training(TRAIN, TrainingLoad())), ("tco", estimate_tco(PLAN, TcoLoad()))]


@pytest.mark.parametrize("name,estimate", estimates(), ids=lambda v: v if isinstance(v, str) else "")
def test_no_leaf_of_a_sample_estimate_is_a_bare_number(name, estimate):
    for field, figure in estimate.figures().items():
        origin = figure.origin
        gaps = [leaf.name for leaf in origin.leaves() if leaf.bare] if isinstance(origin, Derivation) else []
        assert not gaps, f"{name}.{field}: {gaps}"


@pytest.mark.parametrize("name,estimate", estimates(), ids=lambda v: v if isinstance(v, str) else "")
def test_every_figure_explains_itself_in_three_dresses(name, estimate):
    from hwlib import why

    for figure in estimate.figures().values():
        explanation = why(figure)
        assert explanation.text() and explanation.html() and explanation.latex()


@pytest.mark.parametrize("chip", SERVING_CHIPS)
def test_nothing_decodes_faster_than_its_memory_allows(chip):
    estimate = estimate_serving(replace(SERVE, accelerator=chip, chips_per_replica=8), LOAD)
    part = catalogue.chip(chip)
    ranks = min(8, estimate.weight_bytes / part.mem_bytes * 0 + 8)
    fastest = estimate.weight_bytes / (ranks * part.mem_bytes_per_s)
    assert estimate.step_s >= fastest


@given(factor=st.floats(1.0, 10.0))
@settings(max_examples=30, deadline=None)
def test_more_replicas_never_raise_utilisation(factor):
    more = max(4, round(4 * factor))
    assert estimate_serving(replace(SERVE, replicas=more), LOAD).utilisation <= estimate_serving(SERVE, LOAD).utilisation


@given(bits=st.sampled_from([(16, 8), (8, 4), (16, 4)]), batch=st.integers(1, 256))
@settings(max_examples=30, deadline=None)
def test_fewer_bits_never_slow_decode(bits, batch):
    wide, narrow = (estimate_serving(replace(SERVE, weight_bits=b, batch_limit=batch), LOAD) for b in bits)
    assert narrow.step_memory_s <= wide.step_memory_s * 1.0001 or narrow.operating_batch > wide.operating_batch


@given(users=st.floats(1e3, 1e6), factor=st.floats(1.0, 5.0))
@settings(max_examples=30, deadline=None)
def test_more_users_never_make_a_token_faster(users, factor):
    few, many = (estimate_serving(SERVE, ServingLoad(daily_users=u)) for u in (users, users * factor))
    assert many.tpot_s >= few.tpot_s * 0.9999


def test_a_model_that_does_not_fit_says_so_and_still_answers():
    estimate = estimate_serving(replace(SERVE, accelerator="l40s", chips_per_replica=1), LOAD)
    assert not estimate.fits and estimate.kv_room_bytes < 0 and estimate.sequences_that_fit == 0


def test_seventy_billion_parameters_on_groq_need_hundreds_of_chips():
    few, many = (estimate_serving(replace(SERVE, accelerator="groq-lpu-v1", chips_per_replica=n, weight_bits=8), LOAD) for n in (64, 576))
    assert not few.fits and many.fits


def test_the_state_of_mixed_precision_adam_is_sixteen_bytes_a_parameter():
    assert estimate_training(TRAIN, TrainingLoad()).state_bytes_per_param == 16


@given(dp=st.sampled_from([1, 2, 4, 8, 16]), zero=st.sampled_from([0, 1, 2, 3]))
@settings(max_examples=40, deadline=None)
def test_sharding_only_ever_takes_memory_away(dp, zero):
    base = replace(TRAIN, nodes=8 * dp, data_parallel=dp, zero_stage=0)
    assert estimate_training(replace(base, zero_stage=zero), TrainingLoad()).state_bytes <= estimate_training(base, TrainingLoad()).state_bytes


def test_plain_data_parallelism_takes_no_memory_away():
    one, many = (estimate_training(replace(TRAIN, nodes=8 * dp, data_parallel=dp, zero_stage=0), TrainingLoad()) for dp in (1, 16))
    assert one.state_bytes == many.state_bytes


def test_zero_three_pays_its_traffic():
    plain, full = (estimate_training(replace(TRAIN, zero_stage=z), TrainingLoad()) for z in (1, 3))
    assert full.data_comm_s > plain.data_comm_s


def test_tensor_parallelism_across_nodes_is_slower_than_inside():
    inside = estimate_training(TRAIN, TrainingLoad())
    across = estimate_training(replace(TRAIN, tensor_parallel=16, data_parallel=8), TrainingLoad())
    assert across.tensor_comm_s > 2 * inside.tensor_comm_s


def test_nothing_trains_above_its_peak():
    for precision in ("bf16", "fp8"):
        assert 0 < estimate_training(replace(TRAIN, matmul_precision=precision), TrainingLoad()).mfu < 1


def test_fp8_gains_less_than_two_end_to_end():
    bf16, fp8 = (estimate_training(replace(TRAIN, matmul_precision=p), TrainingLoad()) for p in ("bf16", "fp8"))
    assert 1.1 < bf16.step_s / fp8.step_s < 1.4


def test_an_a100_refuses_fp8_in_one_sentence():
    with pytest.raises(NotSupported, match="no fp8 peak"):
        estimate_training(replace(TRAIN, accelerator="a100-80-sxm", matmul_precision="fp8"), TrainingLoad())


def test_a_layout_that_does_not_use_its_chips_is_refused():
    with pytest.raises(BadInput, match="make the two equal"):
        estimate_training(replace(TRAIN, data_parallel=15), TrainingLoad())


def test_youngs_interval_loses_least_time():
    best = float(estimate_training(TRAIN, TrainingLoad()).best_interval_s)
    at = [estimate_training(replace(TRAIN, checkpoint_interval_s=best * k), TrainingLoad()).goodput for k in (0.25, 1.0, 4.0)]
    assert at[1] == max(at)


def test_a_billion_tokens_a_day_at_two_dollars_a_million_is_not_730_million():
    estimate = estimate_tco(replace(PLAN, tokens_per_day=1e9), TcoLoad(revenue_usd_per_mtoken=2.0))
    assert estimate.revenue_usd == pytest.approx(0.73e6)


def test_the_shares_of_the_levers_add_up_to_what_all_save():
    estimate = estimate_tco(replace(PLAN, inference_chip="tpu-v6e", migration_weeks=12), TcoLoad())
    assert estimate.saving_quantise + estimate.saving_batching + estimate.saving_chip == pytest.approx(estimate.saving_all)


def test_savings_of_levers_do_not_add():
    estimate = estimate_tco(PLAN, TcoLoad())
    assert estimate.sum_of_singles > estimate.saving_all * 1.1


def test_a_chip_without_a_price_is_not_known_and_never_zero():
    estimate = estimate_serving(replace(SERVE, accelerator="groq-lpu-v1", chips_per_replica=576, weight_bits=8), LOAD)
    assert estimate.usd_per_mtoken != estimate.usd_per_mtoken  # NaN
    assert "price" in estimate.usd_per_chip_hour.origin.note


@given(
    chip=st.sampled_from(SERVING_CHIPS), chips=st.integers(1, 64), bits=st.sampled_from([16, 8, 4]), kv=st.sampled_from([16, 8]), batch=st.integers(1, 512),
    replicas=st.integers(1, 64), scheduler=st.sampled_from(["static", "continuous"]), allocation=st.sampled_from(["paged", "contiguous"]), context=st.integers(128, 32768),
)
@settings(max_examples=80, deadline=None)
def test_any_legal_fleet_has_an_estimate(chip, chips, bits, kv, batch, replicas, scheduler, allocation, context):
    design = ServingDesign(
        model="llama2-70b", accelerator=chip, chips_per_replica=chips, weight_bits=bits, kv_bits=kv, batch_limit=batch, replicas=replicas, scheduler=scheduler,
        kv_allocation=allocation, context_tokens=context,
    )
    estimate = estimate_serving(design, LOAD)
    assert estimate.step_s > 0 and estimate.utilisation > 0 and estimate.running_batch >= 1


def test_everything_that_the_package_offers_by_name_can_be_had():
    import hwlib

    for name, module in hwlib._LAZY.items():
        assert getattr(hwlib, name) is getattr(__import__(f"hwlib.{module}", fromlist=[name]), name)


@pytest.mark.parametrize(("attention", "chips", "copies"), [("as-published", 8, 1), ("gqa", 8, 1), ("mqa", 1, 1), ("mqa", 2, 2), ("mqa", 8, 8)])
def test_ranks_that_share_a_key_value_head_each_keep_a_copy(attention, chips, copies):
    """Eight ranks cannot split one head: the cache of multi-query attention does not shrink with tensor parallelism."""
    e = estimate_serving(replace(SERVE, attention=attention, chips_per_replica=chips, weight_bits=4), LOAD)
    live = e.kv_bytes_per_sequence.origin.inputs["context_tokens"]
    assert e.kv_bytes_per_sequence == pytest.approx(copies * e.kv_bytes_per_token * live)


@pytest.mark.parametrize(("model", "chip", "chips"), [("llama2-70b", "h100-sxm", 4), ("gemma3-27b", "h100-sxm", 2), ("deepseek-v3", "h200-sxm", 8), ("mistral-7b", "l40s", 1)])
@pytest.mark.parametrize("batch", [1, 8, 64])
def test_the_simulators_step_is_the_estimates_step_for_grouped_windowed_and_latent_caches(model, chip, chips, batch):
    from hwlib.formula import defined
    from hwlib.replica import ONE, make_pass
    from hwlib.simulator import Costs
    from hwlib.simulator.costs import costs_of

    design = ServingDesign(model=model, accelerator=chip, chips_per_replica=chips, weight_bits=8, replicas=1, batch_limit=64)
    load = ServingLoad(daily_users=1e4, prompt_tokens=6000.0, output_tokens=400.0)
    one, live, costs = make_pass(design), defined(6200.0), costs_of(design, load)
    seen = one.shape.attended_tokens(live)
    cache = kv_cache_bytes(kv_bytes_per_token=one.cache_bytes_per_token(16), context_tokens=seen, sequences=ONE)
    assert isinstance(costs, Costs)
    assert costs.step(batch, batch * 6200.0) == pytest.approx(one.step(defined(float(batch)), cache, seen)["step"], rel=1e-9)
