"""Inference predictions of measurement rows: physics that must hold, wrong answers that must not, errors that were reached."""

import csv
import dataclasses
import math
import statistics
from pathlib import Path

import pytest

import hwlib
from hwlib.predict.constants import Constants
from hwlib.predict.families import decode, prefill, saturated, serving, static
from hwlib.predict.families.cards import card_of
from hwlib.predict.families.passes import CONSTANTS, IDEAL, coefficients, filled, pass_s, stream_rate
from hwlib.predict.families.replica_row import INPUTS, MEAN_LENGTHS, lengths, replica_of
from hwlib.predict.row import Refused, Row

HERE = Path(hwlib.__file__).parent
FAMILIES = [m.FAMILY for m in (decode, prefill, static, saturated, serving)]
NAMES = [f.title for f in FAMILIES]
LLAMA70 = {
    "case_id": "x", "model": "llama3-70b", "params_b": "70.55", "n_layers": "80", "d_model": "8192", "n_heads": "64", "n_kv_heads": "8", "d_ff": "28672", "vocab": "128256",
    "gated_mlp": "1", "n_experts": "0", "chip": "H100-SXM-80GB", "n_chips": "8", "tp": "8", "weight_bits": "16", "act_bits": "16", "kv_bits": "16", "batch": "1",
    "input_len": "128", "output_len": "128", "software": "TensorRT-LLM 0.17",
}  # fmt: skip


def rows_of(family):
    rows = [Row(r) for r in csv.DictReader((HERE / "measured" / family.file).open(encoding="utf8"))]
    return [r for r in rows if r.family in family.names and not r.text("exclude_from_scoring") and any(family.observed(r, m) for m in family.metrics_of(r))]


def start(family):
    return Constants(family.constants, {})


def row(family="decode_bs1", **changed):
    return Row(LLAMA70 | {"family": family} | {k: str(v) for k, v in changed.items()})


def rate(**changed):
    return decode.predict(row(**changed), start(decode.FAMILY))["tokens_per_s"]


def step_s(r, c, *, batch, context=1000):
    return pass_s(r, c, tokens=batch, sequences=batch, cached=batch * context)


def usual(r):
    return coefficients(Constants(CONSTANTS, {}), r)


# --- every case


@pytest.mark.parametrize("family", FAMILIES, ids=NAMES)
def test_every_scored_case_is_predicted_with_a_positive_number(family):
    rows = rows_of(family)
    assert rows
    for case in rows:
        said = family.predict(case, start(family))
        for metric in family.metrics_of(case):
            assert math.isfinite(said[metric]) and said[metric] > 0, (case.id, metric)


@pytest.mark.parametrize("family", FAMILIES, ids=NAMES)
def test_only_the_inputs_are_read(family):
    for case in rows_of(family)[::5]:
        blank = Row({k: v for k, v in case.cells.items() if k in INPUTS or k == "family"})
        wild = Row(dict(case.cells) | {k: "123456" for k in case.cells if k.endswith(("_ms", "_per_s", "_pct", "_gib", "_peak", "_per_chip"))})
        assert family.predict(blank, start(family)) == family.predict(case, start(family)) == family.predict(wild, start(family)), case.id


@pytest.mark.parametrize("family", [decode.FAMILY, prefill.FAMILY, static.FAMILY], ids=["decode", "prefill", "static"])
def test_nothing_is_faster_than_the_datasheet(family):
    for case in rows_of(family):
        said, peak = family.predict(case, start(family)), family.datasheet(case)
        for metric in family.metrics_of(case):
            slower = said[metric] > peak[metric] if metric.endswith("_ms") else said[metric] < peak[metric]
            assert slower, (case.id, metric)


# --- what physics says


@pytest.mark.parametrize("tp", [1, 2, 4, 8])
@pytest.mark.parametrize("batch", [1, 8, 64, 512])
def test_more_bandwidth_never_slows_a_step(tp, batch):
    r = replica_of(row(tp=tp, n_chips=tp))
    c = usual(r)
    times = [step_s(dataclasses.replace(r, card=dataclasses.replace(r.card, mem_bytes_per_s=r.card.mem_bytes_per_s * x)), c, batch=batch) for x in (0.5, 1, 2, 4)]
    assert times == sorted(times, reverse=True) and times[0] > times[-1]


@pytest.mark.parametrize("experts", [0, 8])
def test_a_bigger_batch_takes_longer_and_gives_more(experts):
    r = replica_of(row(n_experts=experts, experts_per_tok=2 if experts else 0))
    c = usual(r)
    batches = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
    times = [step_s(r, c, batch=b) for b in batches]
    assert times == sorted(times)
    rates = [b / t for b, t in zip(batches, times, strict=True)]
    if experts:  # few sequences each wake more experts: the gain is small, never a loss
        assert all(y > x for x, y in zip(rates, rates[1:], strict=False)) or rates[-1] > rates[0]
    else:
        assert rates == sorted(rates)


def test_longer_context_and_wider_weights_slow_decode():
    assert rate(input_len=128) > rate(input_len=8192) > rate(input_len=65536)
    assert rate(weight_bits=8) > rate(weight_bits=16)


def test_prompts_cost_more_than_in_proportion():
    seconds = [prefill.predict(row("prefill", input_len=n), start(prefill.FAMILY))["ttft_ms"] for n in (8192, 16384, 65536)]
    assert seconds[1] > 2 * seconds[0] * 0.99 and seconds[2] > 4 * seconds[1]


def test_more_clients_slow_each_reader_and_raise_the_total():
    said = [serving.predict(row("serving_concurrency_sweep", concurrency=n, output_len=512), start(serving.FAMILY)) for n in (1, 4, 16, 64, 256)]
    tpot, total = ([s[m] for s in said] for m in ("tpot_mean_ms", "out_tokens_per_s"))
    assert tpot == sorted(tpot) and total == sorted(total)


def test_throughput_follows_arrivals_up_to_the_knee():
    said = [serving.predict(row("serving_qps_sweep", target_qps=q, output_len=256, n_requests=500), start(serving.FAMILY)) for q in (1, 2, 4, 200, "INF")]
    out = [s["out_tokens_per_s"] for s in said]
    assert out[0] == pytest.approx(256, rel=0.05) and out[1] == pytest.approx(512, rel=0.05)
    assert out == sorted(out) and out[4] < 200 * 256 / 2
    assert said[3]["ttft_mean_ms"] > 3 * said[0]["ttft_mean_ms"]


def test_clients_beyond_the_cache_wait_outside():
    small = serving.predict(row("serving_concurrency_sweep", chip="H200-SXM-141GB", n_chips=1, tp=1, weight_bits=8, act_bits=8, concurrency=8, input_len=8192, output_len=1024), start(serving.FAMILY))
    full = serving.predict(row("serving_concurrency_sweep", chip="H200-SXM-141GB", n_chips=1, tp=1, weight_bits=8, act_bits=8, concurrency=256, input_len=8192, output_len=1024), start(serving.FAMILY))
    assert full["ttft_mean_ms"] > 10 * small["ttft_mean_ms"]


# --- wrong answers seen in peers


def test_decode_stays_below_the_bandwidth():
    for case in rows_of(decode.FAMILY):
        r = replica_of(case)
        weights = (r.attention_params + r.ffn_params * r.active) * r.layer_bits / 8 + r.head_bytes
        share = decode.predict(case, start(decode.FAMILY))["tokens_per_s"] * weights / (r.chips * r.card.mem_bytes_per_s)
        assert share < 0.95, case.id


def test_the_cache_counts_key_value_heads_not_the_hidden_size():
    r = replica_of(row())
    assert r.kv_token_bytes == 2 * 80 * 8 * 128 * 2
    assert replica_of(row(n_kv_heads=64)).kv_token_bytes == 8 * r.kv_token_bytes
    assert replica_of(row(model="qwen3-32b", d_model=5120, n_layers=64)).kv_token_bytes == 2 * 64 * 8 * 128 * 2  # heads wider than hidden over heads


def test_batch_one_over_eight_chips_pays_for_all_reduces_and_kernel_floors():
    r = replica_of(row(tp=8))
    c = usual(r)
    whole = step_s(r, c, batch=1)
    without = step_s(r, c._replace(latency=0.0, layer_s=0.0), batch=1)
    hops = r.card.launch_s + 14 * r.card.hop_s
    assert whole - without >= 2 * 80 * hops * 0.99 + 80 * c.layer_s
    assert step_s(replica_of(row(tp=1, n_chips=1)), c, batch=1) < 8 * whole * 0.9  # eight chips are not eight times as fast
    assert 1 / whole < 180 < 1 / step_s(r, IDEAL, batch=1)


def test_more_ranks_than_key_value_heads_hold_copies_of_the_cache():
    eight, sixteen = replica_of(row(tp=8)), replica_of(row(tp=16, n_chips=16))
    free = [(r.card.mem_bytes - r.resident_bytes / r.chips) * r.chips / r.cache_tokens(1.0, 0.0) for r in (eight, sixteen)]
    assert free == pytest.approx([eight.kv_token_bytes, 2 * eight.kv_token_bytes])


def test_peaks_are_dense_and_memory_is_in_bytes():
    h100 = card_of("H100-SXM-80GB")
    assert h100.peaks["fp8"] < 2000e12 and h100.peaks["bf16"] < 1000e12
    assert h100.mem_bytes == 80 * 2**30 and card_of("L40S").mem_bytes < 48.1e9


def test_four_bit_weights_are_not_twice_as_fast_for_having_half_the_bits():
    eight, four = (rate(software="llama.cpp", chip="4090 24GB", n_chips=1, tp=1, weight_bits=b, act_bits=16, n_layers=32, d_model=4096, n_heads=32, d_ff=14336) for b in (8, 4))
    assert eight < four < 1.8 * eight


def test_a_batch_wakes_more_experts_than_one_token():
    r = replica_of(row(n_experts=8, experts_per_tok=2))
    assert r.touched_experts(1) == 2 < r.touched_experts(4) < r.touched_experts(64) <= 8


def test_weight_only_formats_compute_at_sixteen_bits():
    assert replica_of(row(weight_bits=8, act_bits=16)).peak == replica_of(row()).peak16
    assert replica_of(row(weight_bits=8, act_bits=8)).peak == pytest.approx(2 * replica_of(row()).peak16, rel=1e-3)


# --- words and gaps


def test_named_sets_of_requests_stand_for_their_mean_lengths():
    assert lengths(row(input_len="ShareGPT (<=1024)", output_len="ShareGPT (<=1024)")) == MEAN_LENGTHS["sharegpt"]
    assert lengths(row(input_len="OpenOrca mean ~294 max 1024 (memory)", output_len="290.9")) == (294.0, 290.9)
    with pytest.raises(Refused, match="input_len = 'my own prompts' is not a number"):
        lengths(row(input_len="my own prompts"))


@pytest.mark.parametrize("name", ["4080 16GB", "RTX A6000 48GB", "M1 Max 32‑Core GPU 64GB", "GH200-96GB", "RTX 6000 Ada 48GB", "L40S 48GB", "3080 Ti 12GB", "M3 Max 40‑Core GPU 64GB"])
def test_chips_outside_the_catalogue_are_predicted_from_datasheets(name):
    assert rate(software="llama.cpp", chip=name, n_chips=1, tp=1, weight_bits=4.85, n_layers=32, d_model=4096, n_heads=32, d_ff=14336) > 3


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"chip": ""}, "chip is missing"),
        ({"chip": "Abacus 3000"}, "neither in the catalogue"),
        ({"weight_bits": ""}, "weight_bits is missing"),
        ({"weight_bits": "nan"}, "weight_bits = 'nan'"),
        ({"n_layers": "-3"}, "n_layers"),
        ({"input_len": "-5"}, "input_len"),
        ({"d_ff": "", "params_b": "", "model": "mine"}, "d_ff is missing"),
    ],
)
def test_what_is_missing_is_refused_by_name(changed, words):
    with pytest.raises(Refused, match=words):
        rate(**changed)


def test_a_model_that_does_not_fit_is_refused_with_what_would_do():
    with pytest.raises(Refused, match=r"weights and one sequence need \d+ GB a chip, it has 86 GB; more chips \(tp\) would do"):
        saturated.predict(row("saturated_throughput", n_chips=1, tp=1), start(saturated.FAMILY))


def test_serving_without_a_load_is_refused():
    with pytest.raises(Refused, match="concurrency and target_qps are both missing"):
        serving.predict(row("serving_concurrency_sweep"), start(serving.FAMILY))


# --- errors that were reached, with the case left out of the fit; each bound stands above what was measured


@pytest.mark.parametrize(
    ("family", "metric", "bound"),
    [
        ("decode_bs1", "tokens_per_s", 0.08), ("prefill", "prefill_tokens_per_s", 0.12), ("prefill", "ttft_ms", 0.12), ("static_throughput", "out_tokens_per_s", 0.09),
        ("neuron_decode", "tpot_ms", 0.11), ("saturated_throughput", "out_tokens_per_s", 0.09), ("serving_concurrency_sweep", "tpot_mean_ms", 0.06),
        ("serving_concurrency_sweep", "out_tokens_per_s", 0.06), ("serving_qps_sweep", "out_tokens_per_s", 0.13), ("serving_slo", "out_tokens_per_s", 0.04),
    ],
)  # fmt: skip
def test_held_out_errors(family, metric, bound):
    cases = [r for r in csv.DictReader((HERE / "predict" / "heldout.csv").open(encoding="utf8")) if (r["family"], r["metric"]) == (family, metric)]
    errors = [abs(float(r["fold"]) / float(r["measured"]) - 1) for r in cases if r["fold"]]
    assert len(errors) >= 0.95 * len(cases) > 0
    assert statistics.mean(errors) < bound


# --- portable kernels


LLAMA8 = {"software": "llama.cpp", "n_chips": 1, "tp": 1, "act_bits": 16, "n_layers": 32, "d_model": 4096, "n_heads": 32, "d_ff": 14336, "chip": "4090 24GB", "weight_bits": 16}


def read_s(**changed):
    said = prefill.predict(row("prefill", **(LLAMA8 | changed)), start(prefill.FAMILY))
    return said["ttft_ms"] / 1e3


def test_a_chip_with_much_bandwidth_for_its_processors_does_not_get_all_of_it():
    """Bytes under way bound a plain kernel on an A100, whose processors are few and slow for its memory; not on a card with less."""
    shares = {}
    for chip in ("A100 PCIe 80GB", "RTX A6000 48GB"):
        r = replica_of(row(**(LLAMA8 | {"chip": chip})))
        shares[chip] = stream_rate(r, usual(r)) / (r.card.mem_bytes_per_s * usual(r).memory)
    assert shares["A100 PCIe 80GB"] < 0.8 < shares["RTX A6000 48GB"] < 1
    tuned = replica_of(row(**(LLAMA8 | {"chip": "A100 PCIe 80GB", "software": "vLLM"})))
    assert stream_rate(tuned, usual(tuned)) == tuned.card.mem_bytes_per_s * usual(tuned).memory


def test_a_prompt_is_read_in_chunks_with_the_weights_anew_for_each():
    one, two, four = (read_s(input_len=n) for n in (512, 1024, 2048))
    assert 1.9 * one < two < 2.4 * one and 1.9 * two < four < 2.6 * two


def test_few_bits_speed_decode_and_slow_prompts():
    """A prompt's products want 16 bits: what was saved in reading is written and read again."""
    assert read_s(weight_bits=4.85, input_len=512) > read_s(input_len=512)
    assert rate(**(LLAMA8 | {"weight_bits": 4.85})) > 1.5 * rate(**LLAMA8)


def test_widening_costs_a_chip_without_matrix_units_its_arithmetic():
    few = LLAMA8 | {"weight_bits": 4.85}
    mac, card = (replica_of(row(**(few | {"chip": chip}))) for chip in ("M2 Ultra 76-Core GPU 192GB", "3090 24GB"))
    assert usual(card).widen == 0 and usual(mac).dequantise == 0
    with_it, without = (step_s(mac, usual(mac)._replace(widen=w), batch=1) for w in (usual(mac).widen, 0.0))
    arithmetic = (mac.attention_params + mac.ffn_params) * usual(mac).widen / mac.peak16
    assert without < with_it < without + arithmetic


def test_tiles_fill_processors_between_none_and_all():
    for chip, tokens in (("A100 PCIe 80GB", 512), ("4090 24GB", 512), ("4090 24GB", 4096), ("M2 Ultra 76-Core GPU 192GB", 512)):
        assert 0.2 < filled(replica_of(row(**(LLAMA8 | {"chip": chip}))), tokens) <= 1
    small, large = (filled(replica_of(row(**(LLAMA8 | {"chip": "A100 PCIe 80GB"}))), n) for n in (512, 8192))
    assert small < large


def test_cards_that_hold_layers_one_after_another_decode_no_faster_than_one():
    assert rate(**(LLAMA8 | {"n_chips": 4, "tp": ""})) == rate(**LLAMA8)
