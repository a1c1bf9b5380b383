"""Whatever is given, an estimate, a search, a simulation or a prediction comes out finite, or one sentence says what is wrong."""

import math
from dataclasses import fields, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwlib import catalogue
from hwlib.designs import (
    KINDS,
    ServingDesign,
    ServingLoad,
    TcoDesign,
    TcoLoad,
    TrainingDesign,
    TrainingLoad,
    knobs,
)
from hwlib.economics import estimate_tco
from hwlib.errors import BadInput, NotSupported
from hwlib.predict import predict_rows
from hwlib.search import Space, search
from hwlib.serving import estimate_serving, simulate_serving
from hwlib.training import estimate_training

GOOD = {
    "serving": (ServingDesign(model="llama2-70b", accelerator="h100-sxm", chips_per_replica=4, replicas=4, batch_limit=32), ServingLoad(daily_users=5e4)),
    "training": (TrainingDesign(accelerator="h100-sxm", nodes=128, tensor_parallel=8, pipeline_parallel=8, data_parallel=16), TrainingLoad()),
    "tco": (TcoDesign(tokens_per_day=1e9, quantise=True), TcoLoad()),
}
ESTIMATE = {"serving": estimate_serving, "training": estimate_training, "tco": estimate_tco}
ODD = st.one_of(
    st.floats(), st.integers(-10, 10), st.integers(-(10**20), 10**20), st.none(), st.text(max_size=5), st.booleans(),
    st.sampled_from([math.nan, math.inf, -math.inf, 0, -0.0, 1e300, 5e-324, 10**310, (), [1.0]]),
)
FUZZ = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FIELDS = [(kind, part, f.name) for kind in KINDS for part in (0, 1) for f in fields(KINDS[kind][part])]


def is_one_sentence(error: BadInput) -> None:
    text = str(error)
    assert text and "\n" not in text and len(text) < 600 and error.field, repr(text)


def is_sound(estimate) -> None:
    """Every figure is a number that can be; only a price may be unknown, and says so."""
    for name, figure in estimate.figures().items():
        if math.isnan(figure):
            assert "usd" in name, name
        else:
            assert math.isfinite(figure), f"{name} = {figure}"


def tried(kind: str, design, load) -> None:
    try:
        estimate = ESTIMATE[kind](design, load)
    except BadInput as error:
        is_one_sentence(error)
    else:
        is_sound(estimate)


@FUZZ
@given(st.sampled_from(FIELDS), ODD)
def test_a_field_of_anything(field, value):
    kind, part, name = field
    parts = list(GOOD[kind])
    parts[part] = replace(parts[part], **{name: value})
    tried(kind, *parts)


def extremes(knob):
    """Values at and inside the range of a knob, and those of its steps."""
    if knob.kind == "chip":
        return st.sampled_from(catalogue.chip_ids())
    if knob.kind == "model":
        return st.sampled_from(catalogue.transformer_ids())
    if knob.kind == "link":
        return st.sampled_from(("none", *catalogue.link_ids()))
    if knob.kind in ("choice", "flag"):
        return st.sampled_from(knob.options or (False, True))
    high = min(knob.high, 1e18)
    whole = knob.kind == "count"
    inner = st.integers(int(knob.low), int(high)) if whole else st.floats(knob.low, high)
    return st.one_of(st.sampled_from([v for v in (knob.low, high, *knob.tries)]), inner).map(lambda v: int(v) if whole else float(v))


@pytest.mark.parametrize("kind", KINDS)
def test_any_values_inside_their_ranges_together(kind):
    ranges = [{name: extremes(knob) for name, knob in knobs(cls).items()} for cls in KINDS[kind]]

    @FUZZ
    @given(st.data())
    def check(data):
        parts = []
        for good, allowed in zip(GOOD[kind], ranges, strict=True):
            moved = data.draw(st.lists(st.sampled_from(sorted(allowed)), max_size=6, unique=True))
            parts.append(replace(good, **{name: data.draw(allowed[name]) for name in moved}))
        tried(kind, *parts)

    check()


@pytest.mark.parametrize("chip", catalogue.chip_ids())
@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16", "fp16", "fp8"])
def test_training_in_a_format_that_the_chip_lacks_is_refused_and_never_falls_back(chip, precision):
    design, load = replace(GOOD["training"][0], accelerator=chip, matmul_precision=precision), TrainingLoad(usd_per_chip_hour=2.0)
    if precision in catalogue.chip(chip).formats:
        return
    with pytest.raises(NotSupported, match=precision if "bf16" in catalogue.chip(chip).formats or "fp16" in catalogue.chip(chip).formats else "16-bit"):
        estimate_training(design, load)


@pytest.mark.parametrize("chip", catalogue.chip_ids())
def test_serving_computes_in_a_format_that_the_chip_has_and_names_it(chip):
    part = catalogue.chip(chip)
    for bits in (16, 8, 4):
        design = replace(GOOD["serving"][0], accelerator=chip, weight_bits=bits)
        try:
            peak = estimate_serving(design, GOOD["serving"][1]).ridge.origin.inputs["peak_flops_per_s"]
        except NotSupported as error:
            assert chip in str(error)
            continue
        allowed = {16: ("bf16", "fp16"), 8: ("fp8", "int8", "bf16", "fp16"), 4: ("bf16", "fp16", "fp8")}[bits]
        assert peak in [part.peak(f) for f in allowed if f in part.formats]


@FUZZ
@given(st.sampled_from(["tensor_parallel", "pipeline_parallel", "interleave", "micro_batch", "seq_len", "global_batch_tokens", "data_parallel"]), st.integers(1, 200))
def test_a_layout_that_does_not_divide_is_named_or_has_whole_pieces(name, value):
    design, load = GOOD["training"]
    moved = replace(design, **{name: value})
    try:
        estimate_training(moved, load)
    except BadInput as error:
        is_one_sentence(error)
        return
    assert load.layers % (moved.pipeline_parallel * moved.interleave) == 0 and load.heads % moved.tensor_parallel == 0
    assert moved.tensor_parallel * moved.pipeline_parallel * moved.data_parallel == moved.n_chips
    assert moved.global_batch_tokens % (moved.seq_len * moved.micro_batch * moved.data_parallel) == 0


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([f.name for f in fields(TrainingDesign)]), ODD)
def test_a_search_around_anything(name, value):
    try:
        found = search(replace(TrainingDesign(accelerator="h100-sxm", nodes=2), **{name: value}), TrainingLoad(layers=8, hidden=1024, ffn=2048, heads=8), Space(micro_batch=(1, 2)))
    except BadInput as error:
        is_one_sentence(error)
    else:
        is_sound(found.fastest.estimate)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["seed", "requests", "lost", "peak"]), ODD)
def test_a_simulation_of_anything(name, value):
    if name == "requests" and isinstance(value, int | float) and not isinstance(value, bool) and 1e4 < value <= 1e7:
        return  # allowed, and too many for a test
    try:
        run = simulate_serving(*GOOD["serving"], **{"requests": 20, name: value})
    except BadInput as error:
        is_one_sentence(error)
    except TypeError:
        assert isinstance(value, list), "only what cannot be a key of the memo"
    else:
        assert math.isfinite(run.ttft_p99_s)


ROW = {
    "case_id": "x", "family": "saturated_throughput", "model": "Llama 2 70B", "params_b": "70", "n_layers": "80", "d_model": "8192", "n_heads": "64", "n_kv_heads": "8", "d_ff": "28672",
    "vocab": "32000", "gated_mlp": "1", "chip": "H100-SXM-80GB", "n_chips": "8", "tp": "8", "pp": "1", "weight_bits": "16", "kv_bits": "16", "act_bits": "16", "input_len": "128", "output_len": "128",
    "software": "TensorRT-LLM", "precision": "bf16",
}  # fmt: skip


@FUZZ
@given(st.sampled_from(sorted(ROW)), st.one_of(ODD.map(str), st.text(max_size=8)))
def test_a_row_of_anything_is_predicted_or_refused_and_never_stops_the_others(name, value):
    said = predict_rows([{**ROW, name: value}, ROW])
    assert said[-1].predicted is not None
    for each in said[:-1]:
        assert (each.predicted is None) == bool(each.refused) and "\n" not in each.refused
        assert each.predicted is None or 0 < each.low <= each.predicted <= each.high < math.inf
