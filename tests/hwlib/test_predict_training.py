"""Training throughput of measurement rows: physics that must hold, wrong answers that must not, errors that were reached."""

import csv
import math
from pathlib import Path

import pytest

import hwlib
from hwlib.parallelism import largest_stage_layers, pipeline_bubble, pipelined_s, sharded_traffic_bytes
from hwlib.predict.constants import Constants
from hwlib.predict.crossval import held_out
from hwlib.predict.families.training import CONSTANTS, FAMILY, IDEAL, coefficients, layer_and_head_s, step_s
from hwlib.predict.families.training_model import model_of
from hwlib.predict.families.training_work import prepared
from hwlib.predict.fit import observations
from hwlib.predict.row import Refused, Row
from hwlib.step import hfu, mfu

ROWS = [Row(r) for r in csv.DictReader((Path(hwlib.__file__).parent / "measured" / "1_training_throughput.csv").open(encoding="utf8"))]
START = Constants(CONSTANTS, {})
MEASURED = ("tflops_per_chip", "mfu_pct", "hfu_pct", "s_per_step", "tokens_per_s", "tokens_per_s_per_chip", "mem_gib_peak", "mem_gb_peak", "time_to_train_min", "peak_tflops_used")
GPT3 = {
    "case_id": "x", "family": "training", "model": "gpt3-175b", "params_b": "175", "n_layers": "96", "d_model": "12288", "n_heads": "96", "n_kv_heads": "96", "d_ff": "49152",
    "vocab": "51200", "gated_mlp": "0", "n_experts": "0", "chip": "A100-SXM-80GB", "n_chips": "1024", "chips_per_node": "8", "inter_link": "8x200Gb/s HDR IB", "tp": "8", "pp": "8",
    "dp": "16", "micro_batch": "1", "global_batch": "1024", "seq_len": "2048", "precision": "bf16", "recompute": "none", "interleave": "1", "software": "Megatron-Core",
    "tflops_counts": "model FLOPs",
}  # fmt: skip


def row(**changed):
    return Row(GPT3 | {k: str(v) for k, v in changed.items()})


def say(constants=START, **changed):
    return FAMILY.predict(row(**changed), constants)


def seconds(constants=START, **changed):
    return say(constants, **changed)["s_per_step"]


def with_(**values):
    return Constants(CONSTANTS, {k: math.log(v) for k, v in values.items()})


# --- every case


def test_every_public_case_is_predicted_and_nothing_is_refused():
    for each in ROWS:
        found = FAMILY.predict(each, START)
        assert set(found) == {"tokens_per_s_per_chip", "s_per_step", "tflops_per_chip"}
        assert all(v > 0 and math.isfinite(v) for v in found.values()), each.id


def test_measured_columns_are_never_inputs():
    """A "validation" that is fed the achieved FLOPS of the paper it checks is the wrong answer of peers."""
    for each in ROWS[::7]:
        blanked = Row({**each.cells, **dict.fromkeys(MEASURED, "")})
        absurd = Row({**each.cells, **dict.fromkeys(MEASURED, "1e9")})
        assert FAMILY.predict(blanked, START) == FAMILY.predict(absurd, START) == FAMILY.predict(each, START), each.id


def test_the_three_metrics_are_one_prediction():
    for each in ROWS:
        found, (run, _) = FAMILY.predict(each, START), prepared(each)
        assert found["tokens_per_s_per_chip"] * found["s_per_step"] * run.chips == pytest.approx(run.global_batch * run.seq)


def test_arithmetic_is_counted_as_each_paper_counts_it():
    """Tokens a second times the counted FLOP a token is the TFLOP/s that the same row states."""
    checked = 0
    for each in ROWS:
        rate, tflops = each.measured("tokens_per_s_per_chip"), each.measured("tflops_per_chip")
        if rate is None and (step := each.measured("s_per_step")) and each.text("global_batch"):
            rate = float(each.text("global_batch")) * float(each.text("seq_len")) / step / float(each.text("n_chips"))
        if rate and tflops and not each.text("exclude_from_scoring"):
            found = FAMILY.predict(each, START)
            per_token = found["tflops_per_chip"] / found["tokens_per_s_per_chip"]
            # learned positions count as parameters in one table's convention, and rates are printed to two digits
            assert per_token == pytest.approx(tflops / rate, rel=0.035), each.id
            checked += 1
    assert checked > 250


def test_nothing_is_above_the_peak():
    for each in ROWS:
        run, work = prepared(each)
        layer, _ = layer_and_head_s(run, work, IDEAL)
        assert layer > 0
        peak = max(run.card.peaks.values())
        useful = FAMILY.datasheet(each)["tokens_per_s_per_chip"] * 6 * run.model.layers * run.model.active_layer_params * (2 / 3 if run.adapters else 1)
        assert useful <= peak * 1.0001, each.id
        assert FAMILY.predict(each, START)["tokens_per_s_per_chip"] <= FAMILY.datasheet(each)["tokens_per_s_per_chip"] * 1.0001, each.id


# --- monotone where physics says so


def better(name):
    return name in ("compute", "compute8", "attention", "tensor_link", "data_link", "data_hidden", "slice_link")


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_better_constant_is_never_slower(name):
    c = CONSTANTS[name]
    low, high = math.sqrt(c.low * c.start), math.sqrt(c.high * c.start)
    for each in ROWS[::9]:
        a, b = (FAMILY.predict(each, with_(**{name: v}))["s_per_step"] for v in (low, high))
        assert (b <= a * (1 + 1e-9)) if better(name) else (a <= b * (1 + 1e-9)), (name, each.id)


def test_more_network_bandwidth_is_never_slower():
    rates = [seconds(inter_link=f"8x{g}Gb/s IB", software=s, fsdp=f) for s, f in (("Megatron-Core", ""), ("torchtitan", "FULL_SHARD")) for g in (25, 100, 400, 1600)]
    assert rates[:4] == sorted(rates[:4], reverse=True)
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[0] > rates[3]


def test_more_chips_shorten_a_step_of_the_same_batch_and_never_by_more_than_their_number():
    steps = {n: seconds(n_chips=n, dp=n // 64) for n in (512, 1024, 2048)}
    assert steps[512] > steps[1024] > steps[2048]
    assert steps[512] / steps[2048] < 4


def test_inter_node_time_depends_on_the_number_of_nodes():
    """A wrong answer seen in peers: an all-reduce between nodes that costs the same at 2 and at 256 nodes."""
    weak = [say(software="llm-foundry", fsdp="FULL_SHARD", tp=1, pp=1, n_chips=n, dp=n, global_batch=2 * n, micro_batch=2, recompute="full")["tokens_per_s_per_chip"] for n in (16, 128, 1024, 8192)]
    assert weak == sorted(weak, reverse=True)
    assert weak[-1] < 0.99 * weak[0]


def test_every_network_card_of_a_node_is_used():
    """A wrong answer seen in peers: the traffic of eight chips through one card, or a node's rate read as a chip's."""
    kw = {"software": "llm-foundry", "fsdp": "FULL_SHARD", "tp": 1, "pp": 1, "dp": 1024}
    _, eight = prepared(row(**kw, inter_link="8x200Gb/s HDR IB"))
    _, one = prepared(row(**kw, inter_link="1x200Gb/s HDR IB"))
    _, whole = prepared(row(**kw, inter_link="1600Gb/s RoCE per node"))
    assert eight.data_rate == 8 * one.data_rate == whole.data_rate == 200e9


def test_zero_3_pays_its_traffic():
    plain = sharded_traffic_bytes(params_per_chip=1e9, weight_value_bytes=2, gathers=1, gradient_value_bytes=2, scatters=1, ranks=64)
    sharded = sharded_traffic_bytes(params_per_chip=1e9, weight_value_bytes=2, gathers=2, gradient_value_bytes=2, scatters=1, ranks=64)
    assert sharded == 1.5 * plain
    _, two = prepared(row(software="llm-foundry", fsdp="SHARD_GRAD_OP", tp=1, pp=1, dp=1024))
    _, three = prepared(row(software="llm-foundry", fsdp="FULL_SHARD", tp=1, pp=1, dp=1024))
    assert three.data_bytes == pytest.approx(1.5 * two.data_bytes)
    exposed = with_(data_hidden=0.1)
    assert seconds(exposed, software="llm-foundry", fsdp="FULL_SHARD", tp=1, pp=1, dp=1024) > seconds(exposed, software="llm-foundry", fsdp="SHARD_GRAD_OP", tp=1, pp=1, dp=1024)


def test_gathering_repeats_with_every_micro_batch():
    _, work = prepared(row(software="llm-foundry", fsdp="FULL_SHARD", tp=1, pp=1, dp=256, n_chips=256))
    assert work.data_repeats == 4
    _, once = prepared(row())
    assert once.data_repeats == 1


def test_recomputation_costs_a_forward_pass_and_less_where_less_is_repeated():
    none, some, full = (seconds(recompute=r, software="Megatron-LM") for r in ("none", "selective", "full"))
    assert none < some < full < 1.45 * none
    assert full > 1.2 * none


def test_hfu_is_at_least_mfu():
    counted = {c: say(recompute="full", tflops_counts=c)["tflops_per_chip"] for c in ("model FLOPs", "hardware FLOPs incl. recompute")}
    assert 1.3 < counted["hardware FLOPs incl. recompute"] / counted["model FLOPs"] < 4 / 3
    used = mfu(step_flops_per_chip=2.4e15, step_s=5.0, peak_flops_per_s=989e12)
    assert hfu(mfu=used, recompute_share=0.0) == used <= hfu(mfu=used, recompute_share=1 / 3)


def test_attention_counts_full_causal_or_not_at_all():
    full, causal, none = (say(tflops_counts=c, seq_len=32768, group=g)["tflops_per_chip"] for c, g in (
        ("model FLOPs; attention counted full", ""), ("model FLOPs; attention causal-halved", ""), ("model FLOPs", "nemo-24.07-ft")))  # fmt: skip
    assert full > causal
    assert say(tflops_counts="attention NOT causal-halved", seq_len=32768)["tflops_per_chip"] == full
    assert none > 0


def test_the_bubble_is_what_the_formula_says_and_shrinks_with_micro_batches_and_interleaving():
    assert pipelined_s(stage_s=1.0, micro_batches=8, pipeline_parallel=4, interleave=2) == 9.5
    share = 1 - 8 / 9.5
    assert pipeline_bubble(pipeline_parallel=4, micro_batches=8, interleave=2) == pytest.approx(share)
    rates = [say(global_batch=b)["tokens_per_s_per_chip"] for b in (64, 128, 512, 2048)]
    assert rates == sorted(rates)
    assert seconds(interleave=4, global_batch=128) < seconds(interleave=1, global_batch=128)


def test_stages_that_do_not_divide_the_layers_wait_for_the_largest():
    """A wrong answer seen in peers: 96 layers on 40 stages computed as 2.4 layers a stage."""
    assert largest_stage_layers(layers=96, pipeline_parallel=40) == 3
    _, uneven = prepared(row(pp=40, n_chips=5120, dp=16))
    assert uneven.layers == 3
    _, embedded = prepared(row(n_layers=94, pp=8))
    assert (embedded.layers, embedded.last_layers) == (12, 11), "embeddings stand in for a layer at each end"
    with pytest.raises(Refused, match="pp = 128 is more than the 96 layers"):
        say(pp=128, n_chips=16384, dp=16)


def test_the_output_projection_sits_on_the_last_stage():
    small, large = seconds(vocab=51200), seconds(vocab=250880)
    assert large > 1.05 * small


def test_a_mixture_computes_with_the_experts_that_a_token_visits():
    moe = {"n_layers": 48, "d_model": 2048, "n_heads": 32, "n_kv_heads": 4, "d_ff": 768, "gated_mlp": 1, "n_experts": 128, "model": "qwen3-30b-a3b", "vocab": 151936, "tp": 1, "pp": 1, "dp": 64, "n_chips": 64, "ep": 8}
    run, work = prepared(row(**moe, experts_per_tok=8))
    assert run.model.params / 1e9 == pytest.approx(30.5, rel=0.01)
    active = run.model.layers * run.model.active_layer_params + 2 * run.model.vocab * run.model.hidden
    assert active < 0.12 * run.model.params
    assert work.matmul_flops == pytest.approx(2 * 2048 * run.model.active_layer_params)
    assert seconds(**moe, experts_per_tok=16) > seconds(**moe, experts_per_tok=8) * 1.1
    assert prepared(row(**moe | {"ep": 64}, experts_per_tok=8))[1].expert_rate < work.expert_rate, "between nodes tokens travel over the network"
    with pytest.raises(Refused, match="experts_per_tok is missing"):
        say(**moe, experts_per_tok="")


def test_deepseeks_shared_experts_dense_layers_and_latent_attention_are_counted():
    cells = {"model": "deepseek-v3", "n_layers": 61, "d_model": 7168, "n_heads": 128, "n_kv_heads": 128, "vocab": 129280, "n_experts": 256, "experts_per_tok": 8, "gated_mlp": 1}
    for ffn in (18432, 2048):
        model = model_of(row(**cells, d_ff=ffn))
        assert model.params / 1e9 == pytest.approx(671, rel=0.01)


def test_adapters_need_no_gradients_of_the_weights():
    assert seconds(software="NeMo LoRA") < 0.8 * seconds(software="NeMo")


def test_eight_bits_gain_less_than_the_ratio_of_the_peaks():
    sixteen, eight = (seconds(chip="H100-SXM-80GB", precision=p) for p in ("bf16", "fp8"))
    assert 1.05 < sixteen / eight < 1.9
    assert seconds(precision="fp8") > 0.9 * seconds(), "an A100 has no 8-bit floating point and gains nothing"


def test_small_products_are_less_efficient():
    def mfu_of(hidden):
        heads, kw = hidden // 64, {"tp": 1, "pp": 1, "dp": 8, "n_chips": 8, "n_layers": 24, "global_batch": 64, "micro_batch": 8}
        return say(**kw, d_model=hidden, n_heads=heads, n_kv_heads=heads, d_ff=4 * hidden)["tflops_per_chip"]

    rates = [mfu_of(h) for h in (512, 1024, 2048, 4096, 8192)]
    assert rates == sorted(rates)
    assert rates[0] < 0.75 * rates[-1]


def test_a_chip_with_much_arithmetic_for_its_bandwidth_loses_more_to_its_operands():
    """The same run on two generations: the newer has five times the arithmetic and twice the bandwidth."""
    lost = {}
    for chip in ("TPU v5e", "TPU v6e"):
        run, work = prepared(row(chip=chip, tp=1, pp=1, dp=1024, software="MaxText", global_batch=1024))
        lost[chip] = layer_and_head_s(run, work, IDEAL._replace(operands=1.0))[0] / layer_and_head_s(run, work, IDEAL)[0]
    assert 1 < lost["TPU v5e"] < lost["TPU v6e"]


def test_a_single_micro_batch_adds_no_gradients():
    one, many = dict(tp=8, pp=1, dp=128, micro_batch=8, global_batch=1024), dict(tp=8, pp=1, dp=128, micro_batch=1, global_batch=1024)
    light, heavy = with_(accumulate=2.0), with_(accumulate=20.0)
    assert seconds(light, **one) == seconds(heavy, **one)
    assert seconds(light, **many) < seconds(heavy, **many)


def test_a_power_cap_stated_in_the_name_slows_the_chip():
    assert seconds(chip="H100-96GB-HBM2e-500W") > seconds(chip="H100-SXM-80GB")


# --- blanks and bad input


def test_what_is_blank_is_inferred_where_it_follows():
    run, _ = prepared(row(dp=""))
    assert run.dp == 16
    run, _ = prepared(row(dp=4))
    assert run.dp == 16, "4 contradicts tp × pp × dp = chips"
    run, _ = prepared(row(tp="", pp="", dp=""))
    assert run.tp * run.pp * run.dp == 1024
    assert run.tp * run.pp >= 16, "the states alone need more than eight chips"
    run, _ = prepared(row(n_heads="", n_kv_heads=""))
    assert run.model.heads == 96
    run, _ = prepared(row(chip="TPU v5p", n_chips=64, global_batch=16, tp="", pp="", dp="", fsdp="FSDP", micro_batch=""))
    assert (run.dp, run.cp) == (16, 4), "fewer sequences than chips: they share them"


@pytest.mark.parametrize("field", ["n_layers", "d_model", "seq_len", "chip"])
def test_a_missing_input_is_named(field):
    with pytest.raises(Refused, match=f"{field} is missing"):
        say(**{"model": "a model of its own", field: ""})


def test_a_row_without_any_batch_is_refused():
    with pytest.raises(Refused, match="global_batch is missing"):
        say(global_batch="", micro_batch="")


@pytest.mark.parametrize(("field", "value"), [("n_layers", "-3"), ("seq_len", "nan"), ("tp", "0"), ("global_batch", "inf"), ("d_model", "wide"), ("micro_batch", "-1")])
def test_absurd_values_are_refused_by_name(field, value):
    with pytest.raises(Refused, match=field):
        say(**{field: value})


def test_more_ranks_than_chips_are_refused():
    with pytest.raises(Refused, match="do not fit on 32 chips"):
        say(n_chips=32)


def test_a_chip_outside_the_catalogue_is_predicted_and_an_unknown_one_refused():
    assert seconds(chip="NVIDIA H800") > 0
    with pytest.raises(Refused, match="neither in the catalogue"):
        say(chip="Abacus 3000")


# --- accuracy on cases that the fit has not seen


def main_metric(at):
    return next(m for m in ("tokens_per_s_per_chip", "s_per_step", "tflops_per_chip") if at.row.measured(m)) == at.metric


@pytest.fixture(scope="module")
def folds():
    return [h for h in held_out(FAMILY, observations(FAMILY, ROWS), "fold") if main_metric(h.at)]


def test_unseen_cases_of_known_groups(folds):
    errors = sorted(abs(h.error) for h in folds if h.predicted is not None)
    assert len(errors) == len(folds) > 340, "nothing refused"
    assert errors[len(errors) // 2] < 0.04
    assert sum(errors) / len(errors) < 0.065


def test_scaling_inside_a_group(folds):
    """Throughput at more chips over throughput at the fewest, everything else the same."""
    alike = {}
    for h in folds:
        r = h.at.row
        sign = -1 if h.at.metric == "s_per_step" else 1
        weak = sign > 0
        key = (r.group, h.at.metric, *(r.text(c) for c in ("model", "seq_len", "precision", "recompute", "micro_batch", "tp", "pp", "software")))
        if weak:
            alike.setdefault(key, []).append((float(r.text("n_chips")), h))
    errors = []
    for cases in alike.values():
        (least, first), *others = sorted(cases, key=lambda c: c[0])
        errors += [abs(h.predicted / first.predicted / (h.at.value / first.at.value) - 1) for n, h in others if n > least]
    assert len(errors) > 40
    assert sum(errors) / len(errors) < 0.06


def test_constants_are_few_physical_and_bounded():
    assert len(CONSTANTS) <= 20
    for c in CONSTANTS.values():
        assert 0 < c.low < c.start <= c.high and c.meaning
    c = coefficients(START, prepared(row())[0])
    assert 0.3 <= c.compute <= 0.95
    assert step_s(*prepared(row()), c) > step_s(*prepared(row()), IDEAL)
