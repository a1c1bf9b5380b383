"""How long a collective takes: all-reduce, all-gather, reduce-scatter or all-to-all, inside a node or over several.

Four things cost time. The start of a kernel, more when a framework calls it. Hops, each a little slower once messages
outgrow the protocol that carries a flag with every few bytes. The bytes of the ring, the tree or the switches, on a
link whose pipeline has to fill. And the rank's own share, which is copied where it is not sent. Over nodes every
network card carries its share of the message while the links inside work on the next chunk.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from hwlib.collectives import (
    all_to_all_bytes,
    filling_transfer_s,
    node_share_bytes,
    ring_all_gather_bytes,
    ring_all_reduce_bytes,
    switch_all_reduce_bytes,
)
from hwlib.predict.constants import Constant, Constants
from hwlib.predict.families.cards import card_of, card_of_row
from hwlib.predict.family import Family
from hwlib.predict.row import Refused, Row

LINKS = (
    ("nvlink5", r"nvlink ?5"), ("nvlink4", r"nvlink ?4"), ("bridge", r"pair|bridge"), ("nvlink3", r"nvlink ?3"), ("nvlink2", r"nvlink ?2"),
    ("xgmi", r"xgmi|infinity"), ("ici", r"\bici"), ("neuronlink", r"neuron"), ("pcie", r"pcie"),
)  # fmt: skip
RATES = (("nvlink5", 700e9), ("nvlink4", 380e9), ("nvlink3", 150e9), ("pcie", 0.0))
"""Links that were measured, with the rate from which an unknown link counts as one of them."""
IN_SWITCH = {"nvlink4", "nvlink5", "nvlink6"}
"""Links whose switches add up (NVLink Switch from its third generation on)."""
LARGE = 16 * 2**20
"""Bytes from which bandwidth, not latency and protocols, decides."""
FLAGGED = 32 * 2**10
"""Bytes at which NCCL leaves the protocol that sends a flag with every word."""

EAGER = 8 * 2**10
"""Bytes up to which a rank seldom waits for its peers inside the kernel: profilers that time the kernel alone show it."""
# The starts of launch_s and hop_s are NCCL's own table for its flagged protocol (`baseLat` and `hwLat` in src/graph/tuning.cc).

CONSTANTS = {
    c.name: c
    for c in (
        Constant(name="launch_s", start=6.6e-6, low=1e-6, high=60e-6, unit="s", meaning="start of a collective's kernel on all ranks", spread=0.12, base_spread=0.2),
        Constant(name="framework_s", start=20e-6, low=2e-6, high=200e-6, unit="s", meaning="what a framework does before it starts a collective that nothing else hides", spread=0.4),
        Constant(name="late_s", start=30e-6, low=5e-6, high=200e-6, unit="s", meaning="how long a rank's kernel waits for the rank that was called last, seen where a profiler times the kernels of a framework; transfers run meanwhile", spread=0.3),
        Constant(name="hop_s", start=1.0e-6, low=0.2e-6, high=8e-6, unit="s", meaning="one hop of a ring inside a node, smallest messages", spread=0.12, base_spread=0.2),
        Constant(name="protocol", start=0.25, low=0.02, high=1.5, unit="", meaning="how much longer a start and its hops take in the protocols for more than some 32 KiB", spread=0.4),
        Constant(name="link", start=0.76, low=0.30, high=0.95, meaning="share of the link's rate that rings and direct sends reach on large messages", spread=0.15),
        Constant(name="switch", start=0.62, low=0.30, high=0.95, meaning="share of the link's rate that an all-reduce inside the switches reaches", spread=0.2),
        Constant(name="copy", start=1.8, low=0.3, high=8.0, meaning="rate at which a rank copies its own share, over the link's rate", spread=0.4),
        Constant(name="fill_bytes", start=27e6, low=1e6, high=200e6, unit="byte", meaning="bytes under way before a transfer's pipeline is full", spread=0.4),
        Constant(name="nic", start=0.85, low=0.30, high=0.95, meaning="share of the network cards' rate that large messages reach"),
        Constant(name="nic_hop_s", start=8e-6, low=1e-6, high=60e-6, unit="s", meaning="one hop between nodes", spread=0.4),
    )
}  # fmt: skip


class Group:
    """The ranks of a row and what joins them."""

    __slots__ = ("link", "link_bytes_per_s", "nic_bytes_per_s", "nodes", "op", "per_node", "ranks", "size", "stack", "switched")

    def __init__(self, row: Row) -> None:
        op = re.sub(r"[^a-z]", "", row.text("op").lower())
        self.op = next((name for name in ("reduce_scatter", "all_gather", "all_reduce", "all_to_all") if name.replace("_", "") in op), "")
        if not self.op:
            raise Refused(f"op = {row.text('op')[:40]!r} is not a collective known here; it can be all_gather, all_reduce, all_to_all, reduce_scatter" if op else "op is missing", field="op")
        self.size = row.number("payload_bytes")
        self.ranks = _count(row, "n_ranks")
        if self.ranks < 2:
            raise Refused(f"n_ranks = {self.ranks:g} is too few: a collective needs two", field="n_ranks")
        nodes = _count(row, "n_nodes") if row.text("n_nodes") else None
        per_node = _count(row, "ranks_per_node") if row.text("ranks_per_node") else self.ranks / (nodes or 1)
        self.per_node = min(per_node, self.ranks)
        self.nodes = nodes or self.ranks / self.per_node
        if self.per_node * self.nodes != self.ranks:
            raise Refused(f"n_ranks = {self.ranks:g} is not ranks_per_node × n_nodes = {self.per_node:g} × {self.nodes:g}", field="n_ranks")
        text = row.text("link").lower()
        self.link = next((name for name, pattern in LINKS if re.search(pattern, text)), "")
        inside = row.number("link_gbs_unidir") * 1e9 if row.text("link_gbs_unidir") else 0.0
        if not (inside and self.link):
            try:
                card = card_of_row(row)
                self.link, inside = self.link or card.link, inside or card.link_bytes_per_s
            except Refused:
                if not inside:  # neither the link nor the chip says how fast it is
                    raise
                self.link = next(name for name, rate in RATES if inside >= rate)  # the nearest that was measured
        self.link_bytes_per_s = inside
        self.switched = self.link in IN_SWITCH and "pair" not in text
        self.nic_bytes_per_s = _nic(row, self.per_node) if self.nodes > 1 else 0.0
        software = row.text("software").lower()
        self.stack = "profiler" if "profiler" in software else "torch" if "torch" in software else "nccl" if "nccl" in software else software.split(" ")[0][:24]


def _count(row: Row, name: str) -> float:
    value = row.number(name)
    if value != int(value) or value > 1e6:
        raise Refused(f"{name} = {value:g} is not a count of ranks or nodes", field=name)
    return value


def _nic(row: Row, per_node: float) -> float:
    """Bytes a second that a rank gets of its node's network cards: all cards of the node together, over its ranks.

    >>> _nic(Row({"link": "NVLink5 900 GB/s/dir; 8x50 GB/s EFAv4 per node"}), 8) / 1e9, _nic(Row({"chip": "H100-SXM DGX (8x400G NDR)"}), 8) / 1e9
    (50.0, 50.0)
    """
    for text in (row.text("link"), row.text("chip")):
        if found := re.search(r"(\d+)\s*[x×]\s*([\d.]+)\s*(GB/s|Gb/s|G\b)", text):
            rate = float(found[2]) * 1e9 / (1 if found[3] == "GB/s" else 8)
            return float(found[1]) * rate / per_node
    from hwlib import catalogue

    rate = catalogue.chip(card_of(row.text("chip")).id).nic_bytes_per_s if card_of(row.text("chip")).id in catalogue.chip_ids() else None
    if rate is None:
        raise Refused("link names no network card and the catalogue has none for the chip: give '8x50 GB/s', say", field="link")
    return float(rate)


def _sent(op: str, size: float, ranks: float) -> float:
    """Bytes that each rank sends."""
    if op == "all_reduce":
        return ring_all_reduce_bytes(message_bytes=size, ranks=ranks)
    return (all_to_all_bytes if op == "all_to_all" else ring_all_gather_bytes)(message_bytes=size, ranks=ranks)


def _hops(op: str, ranks: float) -> float:
    """Steps that wait for one another: a direct exchange has one, and the more peers the later the last of them."""
    if op == "all_to_all":
        return max(1.0, ranks - 1) ** 0.5
    return (2 if op == "all_reduce" else 1) * (ranks - 1)


def _inside_s(g: Group, k: Constants, fill: float) -> float:
    """Seconds of the bytes inside a node."""
    if g.per_node < 2:
        return 0.0
    rate = g.link_bytes_per_s
    size = g.size / g.nodes if g.op == "all_to_all" else g.size
    own = size / g.per_node / (rate * k.get("copy", g.op, g.link))
    direct = own + filling_transfer_s(sent_bytes=_sent(g.op, size, g.per_node), link_bytes_per_s=rate, link_efficiency=k.get("link", g.op, g.link), fill_bytes=fill)
    if g.op != "all_reduce" or not g.switched:
        return direct
    summed = filling_transfer_s(
        sent_bytes=switch_all_reduce_bytes(message_bytes=size, ranks=g.per_node), link_bytes_per_s=rate, link_efficiency=k.get("switch", g.link), fill_bytes=fill
    )
    return min(direct, summed)


def _between_s(g: Group, k: Constants, fill: float) -> float:
    """Seconds of the bytes between nodes, through all network cards."""
    if g.op == "all_to_all":
        sent = g.size * (1 - 1 / g.nodes)
    else:
        sent = _sent(g.op, node_share_bytes(message_bytes=g.size, ranks_per_node=g.per_node), g.nodes)
    return filling_transfer_s(sent_bytes=sent, link_bytes_per_s=g.nic_bytes_per_s, link_efficiency=k.get("nic"), fill_bytes=fill / g.per_node)


def seconds(g: Group, k: Constants) -> float:
    """One collective."""
    hops = _hops(g.op, g.per_node) * k.get("hop_s", g.link) if g.per_node > 1 else 0.0
    start = (k.get("launch_s", g.link) + hops) * (1 + k.get("protocol") * g.size / (g.size + FLAGGED))
    late = 0.0
    if g.stack == "profiler":
        late = k.get("late_s", g.link) * g.size / (g.size + EAGER)
    elif g.stack == "torch":
        start += k.get("framework_s")
    fill = k.get("fill_bytes", g.op, g.link)
    inside = _inside_s(g, k, fill)
    if g.nodes < 2:
        return math.hypot(late, start + inside) if g.stack == "profiler" else start + inside
    rounds = min(_hops(g.op, g.nodes), 2.0 * math.ceil(math.log2(g.nodes)))  # a ring, or two trees where that is shorter
    whole = start + rounds * k.get("nic_hop_s") + max(inside, _between_s(g, k, fill))
    return math.hypot(late, whole) if g.stack == "profiler" else whole


def _terms(row: Row, k: Constants) -> Iterator[tuple[str, float]]:
    g = Group(row)
    hops = _hops(g.op, g.per_node) * k.get("hop_s", g.link) if g.per_node > 1 else 0.0
    slower = 1 + k.get("protocol") * g.size / (g.size + FLAGGED)
    fill = k.get("fill_bytes", g.op, g.link)
    yield "start of the kernel", k.get("launch_s", g.link) * slower
    yield "hops", hops * slower
    if g.stack == "torch":
        yield "framework", k.get("framework_s")
    if g.stack == "profiler":
        yield "waiting for the last rank, while bytes move", k.get("late_s", g.link) * g.size / (g.size + EAGER)
    yield "bytes inside the node", _inside_s(g, k, fill)
    if g.nodes > 1:
        yield "bytes between nodes, meanwhile", _between_s(g, k, fill)
        yield "hops between nodes", min(_hops(g.op, g.nodes), 2.0 * math.ceil(math.log2(g.nodes))) * k.get("nic_hop_s")


def predict(row: Row, constants: Constants) -> dict[str, float]:
    """Microseconds of one collective.

    >>> row = {"op": "all_reduce", "n_ranks": "8", "ranks_per_node": "8", "n_nodes": "1", "link": "NVLink4+NVSwitch", "link_gbs_unidir": "450",
    ...        "payload_bytes": "536870912", "chip": "H100-SXM-80GB", "software": "NCCL"}
    >>> 1200 < predict(Row(row), Constants(FAMILY.constants, {}))["time_us"] < 3000
    True
    """
    return {"time_us": 1e6 * seconds(Group(row), constants)}


def datasheet(row: Row) -> dict[str, float]:
    """The bytes of a ring at the link's rate, and nothing else."""
    g = Group(row)
    inside = _sent(g.op, g.size, g.per_node) / g.link_bytes_per_s
    between = _sent(g.op, g.size / g.per_node, g.nodes) / g.nic_bytes_per_s if g.nodes > 1 else 0.0
    return {"time_us": 1e6 * max(inside, between)}


def levels(row: Row) -> tuple[str, ...]:
    g = Group(row)
    place = "nodes" if g.nodes > 1 else g.link
    return (g.stack, place, f"{g.stack}/{place}")


def regime(row: Row) -> str:
    return "large" if row.number("payload_bytes") >= LARGE else "small"


FAMILY = Family(
    title="Collectives", names=("collectives",), file="7_collectives.csv", metrics={"collectives": ("time_us",)}, constants=CONSTANTS,
    predict=predict, datasheet=datasheet, levels=levels, terms=_terms, regime=regime,
)  # fmt: skip
