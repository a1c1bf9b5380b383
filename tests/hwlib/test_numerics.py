"""Few bits: equal to ml_dtypes bit by bit, errors bounded as the format says, and a network that needs its scales."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hwlib.errors import BadInput
from hwlib.number_formats import FORMATS, FloatFormat, compiled, decode, encode, format_of, round_to, table
from hwlib.numerics import SCHEMES, DelayedScaling, quantise

FLOATS = [n for n, f in FORMATS.items() if isinstance(f, FloatFormat)]
pytest.importorskip("ml_dtypes")


def bits(x):
    return np.asarray(x, dtype=np.float32).view(np.uint32)


@pytest.mark.parametrize("name", FLOATS)
def test_every_code_means_what_ml_dtypes_says(name):
    codes = np.arange(2 ** FORMATS[name].bits, dtype=np.uint8)
    theirs = codes.view(compiled(name)).astype(np.float32)
    ours = decode(codes, name)
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    assert np.array_equal(bits(ours)[~np.isnan(ours)], bits(theirs)[~np.isnan(theirs)])


@pytest.mark.parametrize("name", FLOATS)
def test_random_tensors_round_to_the_same_codes(name):
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.standard_normal(200_000) * 10.0 ** rng.uniform(-9, 6, 200_000), rng.uniform(-10, 10, 50_000)]).astype(np.float32)
    assert np.array_equal(encode(x, name), x.astype(compiled(name)).view(np.uint8))


@pytest.mark.parametrize("name", FLOATS)
def test_ties_neighbours_and_special_values_round_to_the_same_codes(name):
    values = table(name)[np.isfinite(table(name))]
    between = (np.sort(values)[1:] + np.sort(values)[:-1]) / 2
    around = np.concatenate([f(v) for v in (values, between) for f in (lambda a: a, lambda a: np.nextafter(a, np.float32(np.inf)), lambda a: np.nextafter(a, np.float32(-np.inf)))])
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 1e-45, -1e-45, 3.4e38, 464, 464.00003, 61440, 61439.996, 480, 7, 5, -5]
    x = np.concatenate([around, np.array(special, dtype=np.float32)]).astype(np.float32)
    assert np.array_equal(encode(x, name), x.astype(compiled(name)).view(np.uint8))


@given(hnp.arrays(np.float32, st.integers(1, 60), elements=st.floats(width=32)), st.sampled_from(FLOATS))
@settings(max_examples=300, deadline=None)
def test_any_bit_pattern_rounds_to_the_same_codes(x, name):
    assert np.array_equal(encode(x, name), x.astype(compiled(name)).view(np.uint8))


@given(hnp.arrays(np.float32, 20, elements=st.floats(-(2.0**100), 2.0**100, width=32)), st.sampled_from(FLOATS))
@settings(max_examples=100, deadline=None)
def test_rounding_twice_changes_nothing_and_codes_come_back(x, name):
    once = round_to(x, name)
    assert np.array_equal(bits(round_to(once, name)), bits(once)) and np.array_equal(bits(decode(encode(once, name), name)), bits(once))
    assert np.abs(once).max() <= FORMATS[name].max


@pytest.mark.parametrize("name", FORMATS)
@given(x=hnp.arrays(np.float32, st.integers(1, 80), elements=st.floats(-1e4, 1e4, width=32)))
@settings(max_examples=60, deadline=None)
def test_under_its_own_scale_nothing_is_cut_and_the_error_is_half_a_step(name, x):
    q = quantise(x, name)
    f = FORMATS[name]
    assert q.overflow_share == 0
    step = 0.5 if not isinstance(f, FloatFormat) else np.maximum(np.abs(x / q.scale[0, 0]) * 2.0 ** -(f.mantissa_bits + 1), f.quantum / 2)
    assert (np.abs(q.values - x) <= q.scale[0, 0] * step * (1 + 1e-5) + 1e-37).all()


def outliers(channels=16, size=64):
    x = np.random.default_rng(1).standard_normal((channels, size)).astype(np.float32)
    x[3] *= 300
    return x


@pytest.mark.parametrize("name", ["int8", "int4", "fp4-e2m1"])
def test_finer_scales_lose_less_where_one_channel_is_large(name):
    quality = [quantise(outliers(), name, scheme, group=32) for scheme in ("tensor", "channel", "group")]
    quiet = [float(np.sqrt(np.mean((q.values - outliers())[np.arange(16) != 3] ** 2))) for q in quality]
    assert quiet[0] > 3 * quiet[1] >= 3 * 0.9 * quiet[2]
    assert quality[0].bits_per_value < quality[2].bits_per_value == FORMATS[name].bits + 8 / 32


def test_eight_bits_are_finer_than_four_and_floats_keep_small_values():
    x = np.random.default_rng(2).standard_normal(4096)
    assert quantise(x, "int8").sqnr_db > quantise(x, "int4").sqnr_db + 20
    assert quantise(x, "fp8-e4m3").sqnr_db > quantise(x, "fp8-e5m2").sqnr_db + 4
    wide = x * 10.0 ** np.random.default_rng(3).uniform(-4, 0, 4096)
    assert quantise(wide, "fp8-e5m2").underflow_share < quantise(wide, "int8").underflow_share / 10


def test_a_gradient_below_the_range_is_lost_without_a_scale_and_kept_with_one():
    x = np.random.default_rng(4).standard_normal(1000) * 1e-8
    assert quantise(x, "fp8-e5m2", "none").underflow_share == 1 and quantise(x, "fp8-e5m2").underflow_share < 0.01
    assert quantise(x * 1e14, "fp8-e5m2", "none").overflow_share > 0.9


def test_a_power_of_two_scale_only_shifts_exponents():
    q = quantise(outliers(), "fp8-e4m3", "group", power_of_two=True)
    assert (np.log2(q.scale) == np.rint(np.log2(q.scale))).all() and q.overflow_share == 0


def test_delayed_scaling_lags_one_step_and_forgets_after_its_history():
    scaling = DelayedScaling("fp8-e4m3", history=2)
    assert scaling.scale == 1
    scaling(np.array([0.7]))
    assert scaling.scale == pytest.approx(0.7 / 448)
    assert float(scaling(np.array([7.0]))[0]) == pytest.approx(0.7)  # grown tenfold: held at what the last step allowed
    assert scaling.scale == pytest.approx(7 / 448)
    scaling(np.array([0.1])), scaling(np.array([0.1]))
    assert scaling.scale == pytest.approx(0.1 / 448)
    scaling(np.array([np.nan, 1.0]))
    assert math.isfinite(scaling.scale)


def test_the_error_answers_why():
    from hwlib import why

    q = quantise(outliers(), "int8")
    assert "counted on this tensor" in why(q.sqnr_db).text() and "bits of int8" in why(q.bits_per_value).text()


def test_zeros_stay_zeros_and_have_no_error():
    q = quantise(np.zeros((2, 32)), "int4", "group")
    assert not q.values.any() and q.sqnr_db == math.inf and q.rms_error == 0 and (q.scale == 1).all()


@given(
    st.one_of(hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=6), elements=st.floats(allow_nan=True, allow_infinity=True)), st.just("text"), st.just([]), st.just(3.0), st.just([[1], [1, 2]])),
    st.sampled_from([*FORMATS, "fp9", "", 8]), st.sampled_from([*SCHEMES, "row"]), st.integers(-4, 4), st.integers(-2, 9), st.sampled_from([None, 0, -1.0, math.nan, math.inf, 1e-3]),
)
@settings(max_examples=300, deadline=None)
def test_any_input_is_quantised_or_refused_in_one_sentence(x, name, scheme, axis, group, scale):
    try:
        q = quantise(x, name, scheme, axis=axis, group=group, scale=scale)
    except BadInput as refused:
        assert 10 < len(str(refused)) < 250 and "\n" not in str(refused)
    else:
        assert np.isfinite(q.values).all() and q.values.shape == np.shape(x) and 0 <= q.underflow_share <= 1


def test_names_codes_and_lengths_that_make_no_sense_are_refused():
    with pytest.raises(BadInput, match="did you mean"):
        format_of("fp8-e4m4")
    with pytest.raises(BadInput, match="whole numbers"):
        round_to(np.ones(2), "int8")
    with pytest.raises(BadInput, match="from 0 to 15"):
        decode(np.array([16]), "fp4-e2m1")
    for history in (0, -1, 2.5, True, "16"):
        with pytest.raises(BadInput, match="history"):
            DelayedScaling("fp8-e4m3", history=history)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_small_network_stalls_in_fp8_without_scales_and_converges_with_delayed_scaling(seed):
    from hwlib.tiny_training import compare

    runs = compare(seed=seed)
    full, bare, delayed = (runs[name] for name in ("fp32", "fp8", "fp8-delayed"))
    assert full.last < 0.1 * full.first
    assert bare.last > 0.8 * bare.first and min(bare.lost) == 1
    assert delayed.last < 1.1 * full.last
    assert delayed.lost[0] == 1 and max(delayed.lost[3:]) < 0.05  # a step for each layer that waits for the one after it


def test_large_inputs_diverge_in_fp8_without_scales_and_converge_with_delayed_scaling():
    from hwlib.tiny_training import compare

    runs = compare(input_scale=1000.0)
    assert math.isnan(runs["fp8"].last) and runs["fp8-delayed"].last < 1.1 * runs["fp32"].last


def test_where_gradients_are_large_enough_fp8_learns_without_scales_too():
    """One rank alone: the scales are needed for the small gradients of a large batch, not for FP8 as such."""
    from hwlib.tiny_training import train

    alone = train("fp8", ranks=1)
    assert alone.last < 0.1 * alone.first and 0 < alone.lost[-1] < 1


@pytest.mark.parametrize("bad", [{"recipe": "fp4"}, {"steps": 0}, {"steps": 1.5}, {"batch": -1}, {"width": True}, {"ranks": 0}, {"input_scale": math.nan}, {"input_scale": 0}])
def test_a_recipe_or_size_that_makes_no_sense_is_refused(bad):
    from hwlib.tiny_training import train

    with pytest.raises(BadInput):
        train(**{"recipe": "fp8", **bad})


def test_the_same_seed_gives_the_same_curve():
    from hwlib.tiny_training import train

    assert train("fp8-delayed", steps=20).loss == train("fp8-delayed", steps=20).loss
