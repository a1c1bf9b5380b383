"""Collectives: bytes conserved, hops counted, every network card used, and the wrong answers of peers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwlib import collectives as c
from hwlib.predict import constants_of, predict_rows
from hwlib.predict.cases import measured
from hwlib.predict.families.collectives import FAMILY, Group
from hwlib.predict.row import Refused, Row

K = constants_of(FAMILY)
LINK = {"link_bytes_per_s": 450e9, "link_efficiency": 0.8, "launch_s": 5e-6, "hop_s": 1e-6}
SIZE = st.floats(1.0, 1e12)
RANKS = st.integers(2, 4096)


def row(**changed):
    base = {"family": "collectives", "case_id": "x", "op": "all_reduce", "n_ranks": "8", "ranks_per_node": "8", "n_nodes": "1", "link": "NVLink4+NVSwitch", "link_gbs_unidir": "450",
            "payload_bytes": str(2**28), "chip": "H100-SXM-80GB", "software": "NCCL 2.29.2"}  # fmt: skip
    return Row(base | {k: str(v) for k, v in changed.items()})


def us(**changed):
    return FAMILY.predict(row(**changed), K)["time_us"]


@given(SIZE, RANKS)
def test_an_all_reduce_is_a_reduce_scatter_and_an_all_gather(size, ranks):
    whole = c.ring_all_reduce_bytes(message_bytes=size, ranks=ranks)
    assert whole == pytest.approx(2 * c.ring_all_gather_bytes(message_bytes=size, ranks=ranks))
    assert whole < 2 * size


@given(SIZE, st.integers(4, 4096))
def test_switches_that_add_move_fewer_bytes_than_a_ring(size, ranks):
    assert c.switch_all_reduce_bytes(message_bytes=size, ranks=ranks) < c.ring_all_reduce_bytes(message_bytes=size, ranks=ranks)


@given(SIZE, st.integers(8, 4096))
def test_a_tree_is_never_slower_than_a_ring_of_the_same_link(size, ranks):
    at = {"message_bytes": size, "ranks": ranks, **LINK}
    assert c.tree_all_reduce_s(**at) <= c.ring_all_reduce_s(**at) * (1 + 1e-12)


@given(st.floats(1.0, 1e12), st.floats(1.0, 1e12))
def test_more_bytes_take_longer_and_never_beat_the_link(a, b):
    def t(m):
        return c.filling_transfer_s(sent_bytes=m, link_bytes_per_s=1e9, link_efficiency=0.8, fill_bytes=1e6)

    small, large = sorted((a, b))
    assert t(small) <= t(large) * (1 + 1e-12)
    assert large / 1e9 / 0.8 <= t(large) <= 2.0001 * large / 1e9 / 0.8


def over(nodes, *, ranks=8, size=1e9):
    return c.hierarchical_all_reduce_s(
        message_bytes=size, ranks_per_node=ranks, nodes=nodes, link_bytes_per_s=450e9, link_efficiency=0.8, nic_bytes_per_s=50e9, nic_efficiency=0.9, launch_s=1e-5, hop_s=1e-6, nic_hop_s=5e-6
    )


def test_an_all_reduce_between_nodes_depends_on_the_number_of_nodes():
    times = [over(n) for n in (2, 4, 16, 64)]
    assert times == sorted(times) and times[-1] > 1.2 * times[0]


def test_an_all_reduce_between_nodes_uses_every_network_card():
    """Through one card of a node the gigabyte would take eight times as long as through eight."""
    through_one = 2 * 15 / 16 * 1e9 / (50e9 * 0.9)
    assert over(16) < through_one / 5
    assert over(16) >= through_one / 8


def test_a_cube_of_chips_beats_one_long_ring():
    at = {"message_bytes": 1e9, "link_bytes_per_s": 50e9, "link_efficiency": 0.8, "launch_s": 0.0, "hop_s": 1e-6}
    assert c.torus_all_reduce_s(side_ranks=8, torus_axes=3, **at) < c.torus_all_reduce_s(side_ranks=512, torus_axes=1, **at) / 2


# Predictions


def test_predicted_time_between_nodes_depends_on_nodes_and_on_all_cards():
    at = {"ranks_per_node": 8, "link": "NVLink4; 8x400G NDR", "payload_bytes": 2**30}
    two, sixteen = us(n_nodes=2, n_ranks=16, **at), us(n_nodes=16, n_ranks=128, **at)
    assert sixteen > 1.2 * two
    one_card = us(n_nodes=2, n_ranks=16, **at | {"link": "NVLink4; 1x400G NDR"})
    assert one_card > 4 * two


def test_one_line_of_latency_and_bandwidth_does_not_fit_every_size():
    """The line through the smallest and the largest measured message misses those between; the model does not."""
    rows = sorted(
        (r for r in measured("7_collectives.csv") if r.text("chip") == "H100-SXM-80GB" and r.text("op") == "all_reduce" and r.text("n_ranks") == "8" and r.text("software").startswith("NCCL")),
        key=lambda r: r.number("payload_bytes"),
    )
    size, time = [r.number("payload_bytes") for r in rows], [r.measured("time_us") for r in rows]
    slope = (time[-1] - time[0]) / (size[-1] - size[0])
    line = [abs((time[0] + slope * (s - size[0])) / t - 1) for s, t in zip(size, time, strict=True)]
    ours = [abs(FAMILY.predict(r, K)["time_us"] / t - 1) for r, t in zip(rows, time, strict=True)]
    assert max(line) > 0.3 > max(ours)
    assert sum(ours) / len(ours) < 0.1


@pytest.mark.parametrize("op", ["all_reduce", "all_gather", "reduce_scatter", "alltoall"])
def test_more_bytes_and_more_ranks_never_take_less(op):
    sizes = [us(op=op, payload_bytes=2**p) for p in range(0, 38, 2)]
    assert sizes == sorted(sizes)
    ranks = [us(op=op, n_ranks=n, ranks_per_node=n, payload_bytes=2**12) for n in (2, 4, 8, 16, 32)]
    assert ranks == sorted(ranks)


@given(st.integers(1, 2**40), st.sampled_from(["all_reduce", "all_gather", "reduce_scatter", "alltoall"]), st.sampled_from([2, 4, 8]))
def test_nothing_beats_the_link(size, op, n):
    at = row(op=op, payload_bytes=size, n_ranks=n, ranks_per_node=n)
    floor = (1 + 1 / n if op == "all_reduce" else (n - 1) / n) * size / 450e9
    assert FAMILY.predict(at, K)["time_us"] >= 1e6 * min(floor, FAMILY.datasheet(at)["time_us"] / 1e6)


def test_a_framework_adds_to_small_messages_what_large_ones_hide():
    small, large = (us(software="torch 2.9", payload_bytes=p) / us(payload_bytes=p) for p in (2**12, 2**32))
    assert small > 1.5 and large < 1.05


@pytest.mark.parametrize(
    ("bad", "name"),
    [({"op": "gossip"}, "op"), ({"op": ""}, "op"), ({"n_ranks": "1"}, "n_ranks"), ({"n_ranks": "2.5"}, "n_ranks"), ({"payload_bytes": "nan"}, "payload_bytes"), ({"n_nodes": "3"}, "n_ranks"),
     ({"link": "", "link_gbs_unidir": "", "chip": "Abacus"}, "chip"), ({"payload_bytes": ""}, "payload_bytes")],
)  # fmt: skip
def test_what_is_no_collective_is_refused_by_name(bad, name):
    (said,) = predict_rows([row(**bad)])
    assert said.predicted is None and name in said.refused


def test_a_link_without_a_rate_is_looked_up_by_the_chip():
    assert Group(row(link="", link_gbs_unidir="")).link_bytes_per_s == pytest.approx(450e9)
    with pytest.raises(Refused, match="network card"):
        Group(row(link="NVLink3", chip="RTX 4090", n_nodes=2, n_ranks=16))
