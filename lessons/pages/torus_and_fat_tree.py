"""The chapter on fabrics: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import csv
import random
from functools import cache

from hwlib import catalogue
from hwlib.cases import FOLDER
from hwlib.collectives import hierarchical_all_reduce_s, torus_all_reduce_s
from hwlib.formula import given
from hwlib.topology import fat_tree_bisection
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import dated
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item
from lessons.panels.ring_of_chips import reduce
from lessons.panels.torus_and_fat_tree import NIC, SERVER, TORI, fabrics, known, torus, torus_s, tree_s

GROUP, CARD = "vidur-allreduce", "A100-SXM-80GB (DGX)"
POD, POD_RATE = 4096, 1.1e15
"""Chips of a TPU v4 pod, and the rate at which Google says that it reduces, bytes a second (ledger S3-23)."""
GRADIENTS = 2**30


@cache
def outside() -> tuple[tuple[int, float, float], ...]:
    """(bytes, seconds inside one server, seconds over two) of eight A100; the rows over two are not scored, because their port is not named."""
    found: dict[int, dict[str, float]] = {}
    with (FOLDER / "7_collectives.csv").open(encoding="utf8") as handle:
        for row in csv.DictReader(handle):
            if row["group"] == GROUP and row["chip"] == CARD and row["op"] == "all_reduce" and row["n_ranks"] == "8":
                found.setdefault(int(row["payload_bytes"]), {})[row["n_nodes"]] = float(row["time_us"]) * 1e-6
    return tuple((size, both["1"], both["2"]) for size, both in sorted(found.items()) if len(both) == 2)


def over_two(size: float) -> float:
    """The same message over two servers of four A100, a port of InfiniBand HDR for each chip."""
    inside, port = catalogue.link("nvlink3"), catalogue.link("ib-hdr")
    return float(hierarchical_all_reduce_s(
        message_bytes=size, ranks_per_node=4.0, nodes=2.0, link_bytes_per_s=float(inside.bytes_per_s), nic_bytes_per_s=float(port.bytes_per_s),
        nic_efficiency=float(port.efficiency or catalogue.constant("link_efficiency")), nic_hop_s=float(port.step_s or catalogue.constant("link_step_s")), **{k: float(v) for k, v in known(inside).items()},
    ))  # fmt: skip


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    chip, link, port = catalogue.chip("tpu-v4"), catalogue.link("ici-v4"), catalogue.link(NIC)
    axes = TORI["tpu-v4"]
    v4, tree, ring = (fabrics(4096, 2**26)[k] for k in (0, -2, -1))
    few = fabrics(64, 2**26)[0]
    small = fabrics(4096, 2**16)
    size, one, two = outside()[-1]
    per_chip = POD_RATE / POD
    said = float(link.bytes_per_s) * float(link.efficiency)
    return {
        "message": draw.quantity(float(GRADIENTS), "B"), "chips": f"{POD:,}", "links": str(2 * axes), "rate": show(float(link.bytes_per_s) / (2 * axes), "B/s"), "sum": show(chip.link_bytes_per_s, "B/s"), "axes": str(axes),
        "port": show(port.bytes_per_s, "B/s"), "server": str(SERVER), "middle": draw.quantity(2.0**26, "B"), "few": "64", "few_time": show(few.time, "s"), "many_time": show(v4.time, "s"), "tree_time": show(tree.time, "s"), "ring_time": show(ring.time, "s"),
        "small": draw.quantity(2.0**16, "B"), "small_torus": show(small[0].time, "s"), "small_tree": show(small[-2].time, "s"),
        "out_size": draw.quantity(float(size), "B"), "inside": draw.quantity(one, "s"), "outside": draw.quantity(two, "s"), "slower": draw.num(two / one, 2), "says": draw.quantity(over_two(size), "s"), "off": draw.num(two / over_two(size), 2),
        "pod": draw.quantity(POD_RATE, "B/s"), "pod_chip": draw.quantity(per_chip, "B/s"), "we_say": draw.quantity(said, "B/s"),
    }  # fmt: skip


def question() -> Question:
    """A gigabyte over a pod."""
    time, few = torus_s("tpu-v4", POD, GRADIENTS), torus_s("tpu-v4", 64, GRADIENTS)
    return Question(
        ask=f"Time to sum {draw.quantity(float(GRADIENTS), 'B')} over {POD:,} chips", unit="ms", scale=1e-3, base="s", computed=time, choice_ask=f"Over {64} chips of the same kind it takes",
        choices=("about as long", "a quarter", f"{draw.num(POD / 64)} times less"), right="about as long", example="50",
        because=f"{draw.quantity(float(few), 's')}: each chip sends nearly twice the message however many there are, and only the hops grow.",
        bought=lambda v: f"At your figure each chip would send {draw.quantity(2 * GRADIENTS / v, 'B/s')}; its links carry {show(catalogue.chip('tpu-v4').link_bytes_per_s, 'B/s')} together.",
        anchors=(("on the fat tree", float(tree_s(POD, GRADIENTS)), "network"),),
    )


def derivation() -> Shown:
    """The all-reduce on both fabrics with the numbers of the panel's first state plugged in."""
    return Shown(explained(fabrics()[0].time) + explained(fabrics()[-2].time))


def measured() -> Shown:
    """Eight A100 in one server and in two, as one project timed them, beside a ring and a port each."""
    rows = outside()
    one = [(size, float(reduce(8, size, "nvlink3").time)) for size, *_ in rows]
    two = [(size, over_two(size)) for size, *_ in rows]
    us = lambda pairs: [(s / 1e6, t * 1e6) for s, t in pairs]  # noqa: E731
    series = [
        dict(label="one server", kind="compute", line=us(one), measured=us([(s, a) for s, a, _ in rows])),
        dict(label="two servers", kind="network", line=us(two), measured=us([(s, b) for s, _, b in rows])),
    ]
    picture = draw.measured_band(series, x_label="message, MB", y_label="time, µs", x_log=True, y_log=True)
    table = draw.table(
        ["All-reduce over eight A100", "One server, µs", "Predicted", "Two servers, µs", "Predicted with a port each"],
        [[draw.quantity(float(s), "B"), f"{a * 1e6:,.0f}", f"{p * 1e6:,.0f}", f"{b * 1e6:,.0f}", f"{q * 1e6:,.0f}"] for (s, a, b), (_, p), (_, q) in zip(rows, one, two, strict=True)], right={1, 2, 3, 4},
    )
    size, a, b = rows[-1]
    caption = (
        f"Diamonds: measured. Lines: a ring inside a server; over two servers a port of InfiniBand HDR for each chip. The source does not say which ports it had, so the second line is no test: "
        f"at {draw.quantity(float(size), 'B')} the measurement is {draw.num(b / over_two(size), 2)} times slower, as if the chips of a server shared {'a port or less' if b / over_two(size) > 3.5 else 'their ports'}. "
        "No timed all-reduce on a torus is public that we know of, nor one over many servers with its fabric named."
    )
    return Shown(draw.figure(picture, caption=caption, source=f"Microsoft: {dated('Vidur network profiles')}, A100 DGX.", table=table))


def claim_computed() -> str:
    """Both fabrics at one message."""
    found = fabrics(4096, 2**26)
    torus, tree, ring = found[0], found[-2], found[-1]
    return (
        f"{draw.quantity(2.0**26, 'B')} over 4,096 chips: {draw.quantity(float(torus.time), 's')} on the torus, {draw.quantity(float(tree.time), 's')} on the tree. "
        f"What cuts latency is the way of summing: with rings across servers the same tree takes {draw.quantity(float(ring.time), 's')}."
    )


def torus_computed() -> str:
    """A chip's links, and what the pod's figure leaves for a chip."""
    link = catalogue.link("ici-v4")
    return f"{show(link.bytes_per_s, 'B/s')} in one direction are {draw.num(float(link.bytes_per_s) * 8 / 1e12)} Tb/s. Google’s figure for a pod, {draw.quantity(POD_RATE, 'B/s')}, over {POD:,} chips is {draw.quantity(POD_RATE / POD, 'B/s')} for each."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    full, one = tree_s(4096, GRADIENTS), tree_s(4096, GRADIENTS, 1)
    inside = reduce(8, GRADIENTS, "nvlink4")
    pod = torus("tpu-v4", POD, GRADIENTS)
    cut = pod.bisection_bytes_per_s
    full_cut = fat_tree_bisection(ranks=given(POD), nic_bytes_per_s=catalogue.link(NIC).bytes_per_s, oversubscription=given(1))
    return {
        "p1_message": draw.quantity(float(GRADIENTS), "B"), "p1_chips": f"{POD:,}", "p1_full": show(full, "s"), "p1_one": show(one, "s"), "p1_times": draw.num(float(one / full), 2), "p1_inside": show(inside.time, "s"),
        "p2_chips": f"{POD:,}", "p2_side": str(round(POD ** (1 / 3))), "p2_links": f"{round(cut / pod.link_bytes_per_s):,}", "p2_torus": show(cut, "B/s"), "p2_tree": show(full_cut, "B/s"), "p2_times": draw.num(full_cut / cut, 2),
    }  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """The bytes of an all-reduce on a torus, without start and hops."""
    axes, side, rate, size = rng.choice((1, 2, 3)), rng.choice((4, 8, 16)), rng.choice((25e9, 50e9, 100e9)), rng.choice((200e6, 500e6, 1e9, 4e9))
    answer = torus_all_reduce_s(
        message_bytes=given(size, "the question"), side_ranks=given(side, "the question"), torus_axes=given(axes, "the question"), link_bytes_per_s=given(rate, "the question"),
        link_efficiency=given(1.0, "the question"), launch_s=given(0.0, "the question"), hop_s=given(0.0, "the question"),
    )  # fmt: skip
    return Item(
        ask=f"A torus of {axes} ax{'is' if axes == 1 else 'es'} with {side} chips along each; every link carries {draw.quantity(rate, 'B/s')} in each direction. Start and hops aside, how many ms does an all-reduce of {draw.quantity(size, 'B')} take?",
        unit="ms", scale=1e-3, base="s", answer=answer,
        slips=((2.0, "a ring can use both directions at once"), (0.5, "the sums must come back as well"), *(((float(axes), "every axis works at once, each with its part of the message"),) if axes > 2 else ()), (1000.0, "the answer is in milliseconds")),
    )  # fmt: skip
