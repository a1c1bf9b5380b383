"""Matrix products: nothing above the roofline, waves and tiles where they pay, precisions never in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwlib.gemm import gemm_bytes, gemm_compute_s, gemm_flops, gemm_memory_s, gemm_s, tiles_of, wave_share
from hwlib.predict import constants_of, predict_rows
from hwlib.predict.cases import measured
from hwlib.predict.families.gemm import FAMILY, Product, seconds
from hwlib.predict.row import Refused, Row

K = constants_of(FAMILY)
DIM = st.integers(1, 20000)


def row(**changed):
    return Row({"family": "gemm", "case_id": "x", "m": "4096", "n": "4096", "k": "4096", "precision": "fp16", "chip": "A100-SXM-80GB"} | {k: str(v) for k, v in changed.items()})


def tflops(**changed):
    return FAMILY.predict(row(**changed), K)["tflops"]


@given(m=DIM, n=DIM, k=DIM, chip=st.sampled_from(["A100-SXM-80GB", "H100-SXM-80GB", "TPU v6e", "AMD MI300X"]))
def test_nothing_beats_the_roofline(m, n, k, chip):
    at = row(m=m, n=n, k=k, chip=chip, precision="bf16")
    assert FAMILY.predict(at, K)["tflops"] <= FAMILY.datasheet(at)["tflops"] * 1.0001


@given(m=DIM, n=DIM, k=DIM)
def test_a_longer_sum_takes_longer(m, n, k):
    at = {"m": m, "n": n, "precision": "fp16"}
    assert seconds(Product(row(**at, k=k)), K) <= seconds(Product(row(**at, k=2 * k)), K) * 1.0001


def test_one_tile_more_than_a_wave_costs_a_wave():
    """108 processors: 108 tiles are one wave, 109 are two."""
    at = {"gemm_n": 256, "tile_m": 128, "tile_n": 256, "multiprocessors": 108}
    share = [wave_share(gemm_m=128 * t, tiles=t, **at) for t in (108, 109)]
    assert share[0] == 1.0 and share[1] == pytest.approx(109 / 216)


@given(m=DIM, n=DIM)
def test_tiles_cover_the_result_and_no_more_than_one_row_and_column_beyond(m, n):
    tiles = tiles_of(gemm_m=m, gemm_n=n, tile_m=128, tile_n=256)
    assert tiles * 128 * 256 >= m * n
    assert tiles <= (m / 128 + 1) * (n / 256 + 1)


def test_the_two_bounds_join_smoothly_and_never_below_the_larger():
    join = {"kernel_launch_s": 0.0}
    for p in (1.0, 2.0, 8.0):
        assert max(3.0, 4.0) <= gemm_s(gemm_compute_s=3.0, gemm_memory_s=4.0, join_power=p, **join) <= 7.0
    assert gemm_s(gemm_compute_s=3.0, gemm_memory_s=4.0, join_power=1.0, **join) == pytest.approx(7.0)


def test_formulas_agree_with_a_product_worked_by_hand():
    flops = gemm_flops(gemm_m=1000, gemm_n=2000, gemm_k=3000)
    assert flops == 12e9
    moved = gemm_bytes(gemm_m=1000, gemm_n=2000, gemm_k=3000, bytes_per_value=2, result_value_bytes=2)
    assert moved == 2 * (3e6 + 6e6 + 2e6)
    assert gemm_compute_s(gemm_flops=flops, peak_flops_per_s=1e12, compute_efficiency=0.5, wave_share=0.8) == pytest.approx(0.03)
    assert gemm_memory_s(gemm_bytes=moved, mem_bytes_per_s=1e12, memory_efficiency=0.5) == pytest.approx(44e-6)


def test_one_row_is_bound_by_memory_and_a_square_by_arithmetic():
    assert tflops(m=1) < 0.03 * tflops()
    assert 0.6 * 312 < tflops(m=8192, n=8192, k=8192) < 312


@pytest.mark.parametrize(("chip", "precision"), [("A100-SXM-80GB", "fp8"), ("V100-SXM2", "fp8"), ("H100-SXM-80GB", "fp4"), ("H100-SXM-80GB", "posit16")])
def test_a_precision_that_a_chip_lacks_is_refused_not_replaced(chip, precision):
    with pytest.raises(Refused, match=precision):
        FAMILY.predict(row(chip=chip, precision=precision, peak_tflops_used=""), K)


def test_half_the_bits_is_not_twice_the_speed():
    h100 = {"chip": "H100-SXM-80GB", "m": 64, "n": 4096, "k": 4096}
    assert tflops(**h100, precision="fp8") < 1.9 * tflops(**h100, precision="bf16")


def test_a_chiplet_counted_as_a_device_has_half_the_bandwidth():
    whole, half = (Product(row(chip="TPU7x Ironwood", precision="bf16", peak_tflops_used=p)) for p in ("2307", "1153.5"))
    assert half.bandwidth == pytest.approx(whole.bandwidth / 2)


@pytest.mark.parametrize("bad", [{"m": "0"}, {"m": "-4"}, {"n": "2.5"}, {"k": "nan"}, {"k": "1e12"}, {"peak_tflops_used": "3"}])
def test_what_is_no_matrix_is_refused_by_name(bad):
    (said,) = predict_rows([row(**bad)])
    assert said.predicted is None and next(iter(bad)) in said.refused


def test_longer_kernels_hold_a_lower_clock():
    """One full wave of 132 tiles or twenty of them: the same tiles, a smaller share of the peak."""
    short, long = (tflops(m=128 * 33 * waves, n=256 * 4, k=8192, chip="H100-SXM-80GB") for waves in (1, 20))
    assert long < 0.97 * short


def test_a_chip_that_nobody_knows_is_predicted_from_the_peak_in_its_row():
    (said,) = predict_rows([row(chip="Abacus 3000", peak_tflops_used="500", m=8192, n=8192, k=8192)])
    assert 200 < said.predicted < 500 and "the interval of a group left out" in said.note
    (said,) = predict_rows([row(chip="Abacus 3000", peak_tflops_used="")])
    assert "Abacus" in said.refused


def test_the_order_of_the_measured_products_comes_out():
    from hwlib.predict.validation import rank_correlation

    rows = [r for r in measured("8_gemm_micro.csv") if r.group.startswith("vidur")]
    assert rank_correlation([(FAMILY.predict(r, K)["tflops"], r.measured("tflops")) for r in rows]) > 0.97
