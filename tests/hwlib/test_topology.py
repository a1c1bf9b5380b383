"""Networks by their shape: more links never slow a collective, rates of chips and links are not mixed, and stated bisections come out."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib import catalogue, why
from hwlib.collectives import torus_all_reduce_s
from hwlib.designs import TrainingDesign, TrainingLoad
from hwlib.errors import BadInput, NotSupported
from hwlib.topology import (
    RULES,
    across_bytes_per_s,
    estimate_torus,
    fat_tree_bisection,
    three_tier_ports,
    torus_lanes_all_reduce_s,
    two_tier_ports,
)
from hwlib.training import estimate_training

SIZE = st.floats(1, 1e12)


@pytest.mark.parametrize(("chip", "stated"), [("tpu-v5e", 1.6e12), ("tpu-v6e", 3.2e12)])
def test_the_bisection_of_a_pod_is_the_one_that_google_states(chip, stated):
    assert estimate_torus(chip, (16, 16), message_bytes=1e6).bisection_bytes_per_s == pytest.approx(stated, rel=0.01)


@pytest.mark.parametrize("chip", RULES)
def test_the_links_of_a_chip_together_have_the_rate_of_the_chip(chip):
    """A chip's rate read as a link's would be four or six times too much."""
    side = (4,) * RULES[chip].axes
    one = estimate_torus(chip, side, message_bytes=1e6).link_bytes_per_s
    links = catalogue.constant(f"chip_links.{chip}")
    assert links == 2 * RULES[chip].axes and one * links == pytest.approx(catalogue.chip(chip).link_bytes_per_s)


@given(SIZE, st.integers(2, 4096), st.integers(1, 5))
def test_more_directions_never_slow_a_collective(size, ranks, lanes):
    at = {"message_bytes": size, "ranks": ranks, "torus_hops": 6, "link_bytes_per_s": 50e9, "link_efficiency": 0.9, "launch_s": 1e-5, "hop_s": 1e-6}
    assert torus_lanes_all_reduce_s(torus_lanes=lanes + 1, **at) <= torus_lanes_all_reduce_s(torus_lanes=lanes, **at)


@settings(max_examples=60, deadline=None)
@given(SIZE, st.sampled_from([(4, 4, 4), (4, 4, 8), (8, 8, 8), (2, 2, 4), (16, 16, 16), (1, 4, 8)]))
def test_an_all_reduce_takes_a_reduce_scatter_and_an_all_gather_and_never_beats_the_links(size, sides):
    e = estimate_torus("tpu-v4", sides, message_bytes=size)
    launch = e.all_reduce_s.origin.inputs["launch_s"]
    assert e.all_reduce_s - launch == pytest.approx(2 * (e.all_gather_s - launch), rel=1e-6, abs=1e-12)
    ranks = math.prod(sides)
    assert e.all_reduce_s >= 2 * (ranks - 1) / ranks * size / catalogue.chip("tpu-v4").link_bytes_per_s


def test_an_axis_whose_ends_are_not_joined_carries_half():
    whole, half = estimate_torus("tpu-v5e", (16, 16), message_bytes=1e10), estimate_torus("tpu-v5e", (8, 8), message_bytes=1e10)
    assert (whole.torus_lanes, half.torus_lanes) == (4, 2)
    assert half.all_reduce_s > 1.9 * whole.all_reduce_s, "fewer chips, and yet slower: the pod wraps round, a part of it does not"
    cube, slab = estimate_torus("tpu-v4", (4, 4, 4), message_bytes=1e10), estimate_torus("tpu-v4", (2, 2, 2), message_bytes=1e10)
    assert (cube.torus_lanes, slab.torus_lanes) == (6, 3)


def test_a_cube_of_equal_rings_takes_what_the_general_torus_formula_says():
    e = estimate_torus("tpu-v4", (8, 8, 8), message_bytes=1e9)
    i = e.all_reduce_s.origin.inputs
    same = torus_all_reduce_s(message_bytes=1e9, side_ranks=8, torus_axes=3, **{n: i[n] for n in ("link_bytes_per_s", "link_efficiency", "launch_s", "hop_s")})
    assert e.all_reduce_s == pytest.approx(same)


def test_three_axes_beat_two_at_the_same_rate_of_a_link():
    assert estimate_torus("tpu-v4", (4, 4, 16), message_bytes=1e9).all_reduce_s < estimate_torus("tpu-v5e", (16, 16), message_bytes=1e9).all_reduce_s


@given(st.integers(2, 10**6), st.floats(1e8, 1e12), st.floats(1, 16), st.floats(1, 4))
def test_fewer_links_up_never_carry_more(ranks, rate, over, more):
    full, less = (fat_tree_bisection(ranks=ranks, nic_bytes_per_s=rate, oversubscription=o) for o in (over, over * more))
    assert less <= full <= ranks / 2 * rate * (1 + 1e-12)
    assert across_bytes_per_s(nic_bytes_per_s=rate, oversubscription=over) * ranks / 2 == pytest.approx(full)


@given(st.integers(2, 512))
def test_a_third_tier_joins_more_than_two_and_oversubscription_joins_more_chips(ports):
    assert two_tier_ports(switch_ports=ports, oversubscription=1) == ports**2 / 2
    assert three_tier_ports(switch_ports=ports) >= two_tier_ports(switch_ports=ports, oversubscription=1)
    assert two_tier_ports(switch_ports=ports, oversubscription=3) > two_tier_ports(switch_ports=ports, oversubscription=1)


def test_every_figure_answers_why_down_to_a_source():
    for name, figure in estimate_torus("tpu-v5e", (4, 8), message_bytes=1e6).figures().items():
        if hasattr(figure.origin, "leaves"):
            assert why(figure).text() and not [leaf.name for leaf in figure.origin.leaves() if leaf.bare], name


@pytest.mark.parametrize(("sides", "words"), [((4, 4), "3 whole numbers"), ("444", "3 whole numbers"), (None, "3 whole numbers"), ((4, 4, 0), "^sides = 0"), ((4, 4, 32), "^sides = 32"), ((4, 4, 2.5), "^sides = 2.5"), ((1, 1, 1), "single chip")])
def test_a_slice_that_the_pod_does_not_have_is_named(sides, words):
    with pytest.raises(BadInput, match=words):
        estimate_torus("tpu-v4", sides, message_bytes=1e6)


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf"), "8", None])
def test_a_message_that_is_none_is_named(bad):
    with pytest.raises(BadInput, match="^message_bytes"):
        estimate_torus("tpu-v4", (4, 4, 4), message_bytes=bad)


def test_chips_without_a_torus_are_refused():
    with pytest.raises(NotSupported, match="torus"):
        estimate_torus("h100-sxm", (4, 4, 4), message_bytes=1e6)


TPU = TrainingDesign(accelerator="tpu-v5e", nodes=64, chips_per_node=4, tensor_parallel=4, data_parallel=64, topology="torus", global_batch_tokens=2**21, micro_batch=1)
SMALL = TrainingLoad(layers=32, hidden=4096, ffn=14336, heads=32, kv_heads=8, train_tokens=1e12)


def test_a_pod_that_trains_reduces_over_its_torus_with_one_links_rate_an_axis():
    torus, tree = (estimate_training(replace(TPU, topology=t), SMALL) for t in ("torus", "fat-tree"))
    link = torus.data_comm_s.origin.inputs["link_bytes_per_s"]
    assert link == catalogue.chip("tpu-v5e").link_bytes_per_s / 4
    assert torus.data_comm_s.origin.inputs["torus_axes"] == 1, "tensor parallelism keeps one of the two axes"
    assert torus.data_comm_s != tree.data_comm_s and torus.all_reduce_s.origin.formula.name == "torus_all_reduce_s"
    assert not [leaf.name for leaf in torus.step_s.origin.leaves() if leaf.bare]


def test_three_axes_carry_gradients_faster_than_two_on_the_same_links():
    flat, cube = (estimate_training(replace(TPU, accelerator=chip, tensor_parallel=1, data_parallel=256), SMALL) for chip in ("tpu-v5e", "tpu-v4"))
    assert cube.data_comm_s < flat.data_comm_s


def test_a_torus_larger_than_a_pod_is_refused_and_other_chips_have_none():
    with pytest.raises(NotSupported, match="a pod of Google TPU v5e has 256 chips"):
        estimate_training(replace(TPU, nodes=128, data_parallel=128), SMALL)
    gpu = TrainingDesign(accelerator="h100-sxm", nodes=4, tensor_parallel=8, data_parallel=4)
    assert estimate_training(replace(gpu, topology="torus"), SMALL).step_s == estimate_training(gpu, SMALL).step_s
