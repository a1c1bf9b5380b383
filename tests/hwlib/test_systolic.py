"""The systolic array: cell by cell it makes the right product, in as many cycles as the closed form says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib import catalogue, why
from hwlib.errors import BadInput, NotSupported
from hwlib.roofline import attainable_flops_per_s
from hwlib.systolic import (
    SYSTOLIC_CHIPS,
    array_peak,
    estimate_systolic,
    simulate_systolic,
    systolic_cycles,
    systolic_share,
    weight_tiles,
)
from lessons.draw.systolic import busy_cells

SIZE = st.integers(1, 6)


@st.composite
def products(draw):
    m, k, n = draw(SIZE), draw(SIZE), draw(SIZE)
    numbers = st.integers(-1000, 1000)
    a, b = (np.array(draw(st.lists(numbers, min_size=r * c, max_size=r * c))).reshape(r, c) for r, c in ((m, k), (k, n)))
    return a, b, draw(st.integers(1, 4))


@settings(max_examples=60, deadline=None)
@given(products())
def test_the_cells_make_the_product_in_the_cycles_of_the_closed_form(problem):
    a, b, side = problem
    run = simulate_systolic(a, b, side)
    assert np.array_equal(run.product, a @ b)
    (m, k), n = a.shape, b.shape[1]
    tiles = weight_tiles(gemm_k=k, gemm_n=n, array_side=side)
    cycles = systolic_cycles(gemm_m=m, array_tiles=tiles, array_side=side)
    assert run.cycles == cycles
    assert run.busy_share == pytest.approx(systolic_share(gemm_m=m, gemm_k=k, gemm_n=n, array_cycles=cycles, arrays=1, array_side=side))
    assert sum(int(s.busy.sum()) for s in run.steps) == m * k * n, "each product is added once"


def test_all_small_shapes_take_the_cycles_of_the_closed_form():
    for side in (2, 3):
        for m in range(1, 5):
            for k in range(1, 5):
                for n in range(1, 5):
                    run = simulate_systolic(np.ones((m, k), dtype=int), np.arange(k * n).reshape(k, n), side)
                    assert run.cycles == systolic_cycles(gemm_m=m, array_tiles=weight_tiles(gemm_k=k, gemm_n=n, array_side=side), array_side=side)


@given(st.integers(1, 6), st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_the_picture_of_the_book_shows_the_cells_that_are_busy(side, rows):
    run = simulate_systolic(np.ones((rows, side), dtype=int), np.ones((side, side), dtype=int), side)
    for step in run.steps:
        drawn = np.array(busy_cells(rows=side, cols=side, depth=rows, cycle=step.cycle - side))
        assert np.array_equal(step.busy, drawn > 0) and np.array_equal(step.row, drawn - 1)


def test_the_first_weights_are_in_before_the_first_row_and_the_next_while_it_streams():
    run = simulate_systolic(np.ones((4, 8), dtype=int), np.ones((8, 4), dtype=int), 4)
    assert all(not s.busy.any() for s in run.steps[:4]) and run.steps[4].busy.sum() == 1
    assert any(s.busy.any() and s.loading.any() for s in run.steps), "the second set of weights moves while the first works"
    assert not (run.steps[-1].loading.any())


@given(st.integers(1, 4096), st.sampled_from(SYSTOLIC_CHIPS))
def test_more_rows_never_lower_the_utilisation_and_never_pass_one(rows, chip):
    few, more = (estimate_systolic(chip, m=m, k=4096, n=4096) for m in (rows, rows + 1))
    assert few.array_share <= more.array_share * (1 + 1e-12) and more.array_share < 1
    assert few.product_s <= more.product_s * (1 + 1e-12)


def test_decoding_one_sequence_leaves_the_array_nearly_idle_and_waiting_for_memory():
    one, batch, prompt = (estimate_systolic("tpu-v5e", m=m, k=8192, n=8192) for m in (1, 64, 4096))
    assert one.array_share < 0.01 and one.product_s == one.memory_s
    assert batch.array_share == pytest.approx(64 / 128, rel=0.05), "an array of 128 rows streams 64 of them"
    assert prompt.array_share > 0.9 and prompt.product_s == prompt.compute_s


@given(st.integers(1, 10_000), st.integers(1, 20_000), st.integers(1, 20_000), st.sampled_from(SYSTOLIC_CHIPS))
def test_nothing_beats_the_roofline(m, k, n, chip):
    e, part = estimate_systolic(chip, m=m, k=k, n=n), catalogue.chip(chip)
    flops, moved = 2.0 * m * k * n, 2.0 * (m * k + k * n + m * n)
    assert flops / e.product_s <= attainable_flops_per_s(peak_flops_per_s=part.peak("bf16"), mem_bytes_per_s=part.mem_bytes_per_s, intensity=flops / moved) * (1 + 1e-9)


@pytest.mark.parametrize(("chip", "clock"), [("tpu-v4", 1.05e9), ("tpu-v5e", 1.5e9), ("tpu-v5p", 1.75e9)])
def test_the_arrays_of_the_catalogue_and_the_stated_peak_give_a_plausible_clock(chip, clock):
    e = estimate_systolic(chip, m=128, k=128, n=128)
    assert e.clock_hz == pytest.approx(clock, rel=0.01)
    assert array_peak(arrays=e.arrays, array_side=e.array_side, clock_hz=e.clock_hz) == pytest.approx(catalogue.chip(chip).peak("bf16"))


def test_every_figure_answers_why_down_to_a_source():
    for name, figure in estimate_systolic("tpu-v4", m=8, k=1000, n=1000).figures().items():
        assert why(figure).text(), name
        if hasattr(figure.origin, "leaves"):
            assert not [leaf.name for leaf in figure.origin.leaves() if leaf.bare]


@pytest.mark.parametrize("bad", [0, -1, 1.5, float("nan"), "8", None, True, 10**10])
def test_a_size_that_is_none_is_named(bad):
    with pytest.raises(BadInput, match="^k = "):
        estimate_systolic("tpu-v4", m=1, k=bad, n=1)
    with pytest.raises(BadInput, match="^side = "):
        simulate_systolic(np.ones((1, 1), dtype=int), np.ones((1, 1), dtype=int), bad)


def test_chips_without_known_arrays_and_matrices_that_do_not_fit_are_refused():
    with pytest.raises(NotSupported, match="tpu-v4"):
        estimate_systolic("h100-sxm", m=1, k=1, n=1)
    with pytest.raises(BadInput, match="inner sizes"):
        simulate_systolic(np.ones((2, 3), dtype=int), np.ones((2, 3), dtype=int), 2)
    with pytest.raises(BadInput, match="whole numbers"):
        simulate_systolic(np.ones((2, 2)), np.ones((2, 2), dtype=int), 2)
