"""The scratchpad: every cut fits, none moves less than it must, and more memory never moves more."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib import catalogue, why
from hwlib.errors import BadInput, NotSupported
from hwlib.formula import defined
from hwlib.roofline import attainable_flops_per_s
from hwlib.scratchpad import core_of, plan_product, sides

CORE = core_of("inferentia2")
SIZE = st.one_of(st.integers(1, 300), st.integers(1, 40_000), st.sampled_from([128, 1024, 4096, 8192, 28672]))
MANY = settings(max_examples=80, deadline=None)


@MANY
@given(SIZE, SIZE, SIZE, st.sampled_from([16, 8, 4]))
def test_no_cut_moves_less_than_it_must_or_more_than_the_smallest_tile(m, k, n, bits):
    t = plan_product(CORE, m=m, k=k, n=n, bits=bits)
    assert t.moved_bytes >= t.compulsory_bytes * (1 - 1e-12)
    assert t.moved_bytes >= t.bound_bytes * (1 - 1e-12) >= t.compulsory_bytes * (1 - 2e-12)
    rows, columns = -(-m // min(m, 128)), -(-n // min(n, 128))
    assert t.moved_bytes <= (m * k * columns + k * n * rows + m * n) * bits / 8 * (1 + 1e-12)


@MANY
@given(SIZE, SIZE, SIZE)
def test_the_cut_fits_the_core(m, k, n):
    t = plan_product(CORE, m=m, k=k, n=n)
    tm, tn, tk = float(t.tile_m), float(t.tile_n), float(t.tile_k)
    assert tm <= m and tn <= n and tk <= k
    if t.stays == "result":
        assert tm * tn * 4 <= CORE.accumulator_bytes and 2 * (tm + tn) * tk * 2 <= CORE.scratch_bytes
    else:
        held, streams = (tm, tn) if t.stays == "left" else (tn, tm)
        assert tk == k and (held + 2 * streams) * k * 2 <= CORE.scratch_bytes and min(held, 128) * streams * 4 <= CORE.accumulator_bytes


@MANY
@given(SIZE, SIZE, SIZE, st.floats(1, 8), st.floats(1, 8))
def test_a_larger_scratchpad_never_moves_more_bytes(m, k, n, pad, sums):
    larger = replace(CORE, scratch_bytes=defined(CORE.scratch_bytes * pad), accumulator_bytes=defined(CORE.accumulator_bytes * sums))
    assert plan_product(larger, m=m, k=k, n=n).moved_bytes <= plan_product(CORE, m=m, k=k, n=n).moved_bytes * (1 + 1e-12)


@MANY
@given(SIZE, SIZE, SIZE)
def test_moving_ahead_never_takes_longer_and_nothing_beats_the_roofline(m, k, n):
    t = plan_product(CORE, m=m, k=k, n=n)
    assert max(t.compute_s, t.memory_s) <= t.overlapped_s * (1 + 1e-12) and t.overlapped_s <= t.in_turn_s * (1 + 1e-12)
    flops = 2.0 * m * k * n
    roof = attainable_flops_per_s(peak_flops_per_s=CORE.peak_flops_per_s / 2, mem_bytes_per_s=CORE.mem_bytes_per_s / 2, intensity=flops / t.compulsory_bytes)
    assert flops / t.overlapped_s <= roof * (1 + 1e-9)
    assert t.intensity == pytest.approx(flops / t.moved_bytes)


def test_a_product_that_fits_whole_moves_each_value_once():
    t = plan_product(CORE, m=512, k=512, n=512)
    assert t.moved_bytes == t.compulsory_bytes


def test_a_product_of_a_layer_comes_near_the_bound_and_a_small_scratchpad_does_not():
    layer = {"m": 8192, "k": 8192, "n": 8192}
    t = plan_product(CORE, **layer)
    assert t.moved_bytes < 5 * t.bound_bytes and t.compute_s > t.memory_s
    tiny = replace(CORE, scratch_bytes=defined(2.0**19), accumulator_bytes=defined(2.0**16))
    assert plan_product(tiny, **layer).moved_bytes > 4 * t.moved_bytes


def test_decoding_one_sequence_moves_the_weights_once_and_waits_for_them():
    t = plan_product(CORE, m=1, k=8192, n=8192)
    assert t.moved_bytes == t.compulsory_bytes and t.overlapped_s < 1.01 * t.memory_s and t.intensity < 1


def test_the_core_is_that_of_the_catalogue():
    chip = catalogue.chip("inferentia2")
    assert CORE.cores * (CORE.scratch_bytes + CORE.accumulator_bytes) == chip.sram_bytes
    assert CORE.scratch_bytes == 24 * 2**20 and CORE.accumulator_bytes == 2 * 2**20 and CORE.mem_bytes_per_s == 820e9


@given(st.integers(1, 10**6))
def test_sides_to_try_hold_the_whole_and_the_smallest_and_are_multiples(size):
    tried = sides(size)
    assert tried[-1] == size and tried[0] <= 128 and all(s % 128 == 0 or s == size for s in tried)


def test_every_figure_answers_why_down_to_a_source():
    for name, figure in plan_product(CORE, m=1000, k=5000, n=3000).figures().items():
        if hasattr(figure.origin, "leaves"):
            assert why(figure).text() and not [leaf.name for leaf in figure.origin.leaves() if leaf.bare], name


@pytest.mark.parametrize("bad", [0, -1, 1.5, float("nan"), float("inf"), "8", None, True, 10**9])
@pytest.mark.parametrize("name", ["m", "k", "n", "buffers"])
def test_a_size_that_is_none_is_named(name, bad):
    with pytest.raises(BadInput, match=f"^{name} = "):
        plan_product(CORE, **{"m": 8, "k": 8, "n": 8, name: bad})


def test_other_chips_formats_and_a_scratchpad_that_holds_nothing_are_refused():
    with pytest.raises(NotSupported, match="scratchpad"):
        core_of("h100-sxm")
    with pytest.raises(NotSupported, match="no fp4 peak"):
        core_of("inferentia2", "fp4")
    with pytest.raises(BadInput, match="bits = 3"):
        plan_product(CORE, m=8, k=8, n=8, bits=3)
    with pytest.raises(BadInput, match="hold no tile"):
        plan_product(replace(CORE, scratch_bytes=defined(1.0), accumulator_bytes=defined(1.0)), m=8, k=8, n=8)
