"""Torus and fat tree: the same all-reduce on two kinds of fabric, phase by phase, and what it takes on each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.collectives import hierarchical_all_reduce_s
from hwlib.formula import Figure, defined, given
from hwlib.topology import TorusEstimate, estimate_torus
from lessons import draw
from lessons.draw import Pic, two
from lessons.panels.parts import WIDE, View, explained, steps, wire

CHIPS = (64, 256, 512, 4096)
SIZES = tuple(4**k * 1024 for k in range(3, 12))
PORTS = (8, 4, 2, 1)
PHASES = tuple(range(7))
SERVER, NIC, SIDE = 8, "ib-ndr", 4
SLICES = {
    ("tpu-v4", 64): (4, 4, 4), ("tpu-v4", 256): (4, 8, 8), ("tpu-v4", 512): (8, 8, 8), ("tpu-v4", 4096): (16, 16, 16),
    ("tpu-v5e", 64): (8, 8), ("tpu-v5e", 256): (16, 16),
}  # fmt: skip
"""Chips along the axes of a slice."""
TORI = {"tpu-v4": 3, "tpu-v5e": 2}
"""Axes."""
TINY = 1.0
"""A message so small that only the start and the hops are left of its time."""


@dataclass(frozen=True, slots=True)
class Fabric:
    """An all-reduce on one fabric. Seconds."""

    label: str
    time: Figure
    waits: float
    """The part that does not grow with the message: start and hops."""

    @property
    def parts(self) -> list[tuple[str, float, str]]:
        """Milliseconds: bytes on links, then start and hops."""
        return [("network", (float(self.time) - self.waits) * 1e3, "bytes on links"), ("wait", self.waits * 1e3, "start and hops")]


def known(link: catalogue.Link) -> dict[str, Figure]:
    """What a link's messages cost, or the usual figures where none was measured."""
    return {name: getattr(link, attribute) or catalogue.constant(f"link_{attribute}") for name, attribute in (("link_efficiency", "efficiency"), ("launch_s", "launch_s"), ("hop_s", "step_s"))}


def torus(chip: str, chips: int, size: float) -> TorusEstimate | None:
    """The slice of a TPU pod with so many chips; None where the pod has no such slice."""
    sides = SLICES.get((chip, chips))
    return estimate_torus(chip, sides, message_bytes=size) if sides else None


def torus_s(chip: str, chips: int, size: float) -> Figure:
    """On that slice: all axes at once, and both directions of each axis whose ends are joined."""
    return torus(chip, chips, size).all_reduce_s


def tree_s(chips: int, size: float, ports: int = SERVER, *, trees: bool = True) -> Figure:
    """In servers of eight H100 first, then each chip's share over the fat tree, through so many ports a server.

    Across servers the sums climb two trees, whose hops grow with the logarithm, or go round a ring.
    """
    inside, port = catalogue.link("nvlink4"), catalogue.link(NIC)
    nodes = chips // SERVER
    hop = port.step_s or catalogue.constant("link_step_s")
    if trees:
        hop = defined(float(hop) * math.log2(nodes) / (nodes - 1), f"hops up and down two trees over {nodes} servers, shared out over the steps of a ring")
    rate = defined(float(port.bytes_per_s) * ports / SERVER, f"a chip’s share of {ports} port{'s' if ports > 1 else ''}")
    return hierarchical_all_reduce_s(
        message_bytes=given(size), ranks_per_node=given(SERVER), nodes=given(nodes), link_bytes_per_s=inside.bytes_per_s, nic_bytes_per_s=rate,
        nic_efficiency=port.efficiency or catalogue.constant("link_efficiency"), nic_hop_s=hop, **known(inside),
    )


@cache
def fabrics(chips: int = 512, size: int = 2**26, ports: int = 8) -> tuple[Fabric, ...]:
    """The message on every fabric that has room for the chips; the largest torus first."""
    made = []
    for chip in TORI:
        if (chip, chips) in SLICES:
            found = catalogue.chip(chip).name.removeprefix("Google ")
            made.append(Fabric(f"{found}, {' × '.join(map(str, SLICES[chip, chips]))}", torus_s(chip, chips, float(size)), float(torus_s(chip, chips, TINY))))
    for label, trees in (("H100, fat tree", True), ("the same, rings across servers", False)):
        made.append(Fabric(label, tree_s(chips, size, ports, trees=trees), float(tree_s(chips, TINY, ports, trees=trees))))
    return tuple(made)


def torus_phase(phase: int) -> tuple[int, int, str]:
    """(axis that works, contributions in a part, words) after a phase on a torus of 4 × 4 × 4; axis −1 for none.

    >>> torus_phase(2)
    (1, 16, 'summed along 2 axes: 1/16 of the message on each chip')
    """
    if phase == 0:
        return -1, 1, "own gradients"
    if phase <= 3:
        return phase - 1, SIDE**phase, f"summed along {phase} ax{'es' if phase > 1 else 'is'}: 1/{SIDE**phase} of the message on each chip"
    left = 6 - phase
    return left, SIDE**3, f"handed back along {phase - 3} ax{'es' if phase > 4 else 'is'}: {f'1/{SIDE**left} of the sums' if left else 'all sums'} on each chip"


def tree_phase(phase: int) -> tuple[int, int, str]:
    """The same in eight servers of eight: axis 0 runs inside a server, 1 across servers.

    >>> tree_phase(1)
    (0, 8, 'summed inside the server: 1/8 of the message on each chip')
    """
    return (
        (-1, 1, "own gradients"), (0, SERVER, "summed inside the server: 1/8 of the message on each chip"), (1, SERVER**2, "summed across servers, through each chip’s own port: 1/64"),
        (1, SERVER**2, "handed back across servers: 1/8 of the sums on each chip"), (0, SERVER**2, "handed back inside the server: all sums"),
    )[phase] if phase <= 4 else (-1, SERVER**2, "done: all sums on each chip")  # fmt: skip


def partners(axis: int, shape: tuple[int, ...], chip: tuple[int, ...]) -> set[tuple[int, ...]]:
    """The chips that a chip shares a ring with along an axis, itself among them."""
    return {chip[:axis] + (k,) + chip[axis + 1 :] for k in range(shape[axis])} if axis >= 0 else {chip}


def phases(phase: int, wide: float = WIDE) -> str:
    """Sixty-four chips as a torus and as servers on a fat tree; filled is one chip's ring of this phase."""
    axis, count, words = torus_phase(phase)
    level, summed, said = tree_phase(phase)
    torus = partners(axis, (SIDE,) * 3, (1, 1, 1))
    tree = partners(level, (SERVER,) * 2, (1, 2))

    def picture(w: float) -> Pic:
        slim = w < 430
        cell, gap = (17.0, 14.0) if slim else (22.0, 18.0)
        pic = Pic(w, 2 * 46 + SIDE * cell + SERVER * cell + 12, "One all-reduce over 64 chips, phase by phase", f"Torus: {words}. Fat tree: {said}")
        pic.text(0, 13, "torus, 4 × 4 × 4: four layers side by side", bold=True).text(0, 29, words, c="ink2", size=12)
        boxes = {(z, y, x): (z * (SIDE * cell + gap) + x * cell, 38 + y * cell) for z in range(SIDE) for y in range(SIDE) for x in range(SIDE)}
        # the axes in the order of the phases: along a row, along a column, through the layers
        _cells(pic, boxes, {(z, y, x) for (x, y, z) in torus}, cell, count)
        top = 38 + SIDE * cell + 12
        pic.text(0, top + 13, "fat tree, 8 servers of 8", bold=True).text(0, top + 29, said, c="ink2", size=12)
        boxes = {(server, chip): (chip * cell, top + 38 + server * cell) for server in range(SERVER) for chip in range(SERVER)}
        _cells(pic, boxes, {(server, chip) for (chip, server) in tree}, cell, summed)
        pic.text(SERVER * cell + 10, top + 38 + cell * 0.7, "← one server", c="ink2", size=12)
        return pic

    return two(picture, wide=wide)


def _cells(pic: Pic, boxes: dict, filled: set, cell: float, count: int) -> None:
    plain = [(x + 1, y + 1, cell - 2, cell - 2) for key, (x, y) in boxes.items() if key not in filled]
    busy = [(x + 1, y + 1, cell - 2, cell - 2) for key, (x, y) in boxes.items() if key in filled]
    pic.rects(plain, fill="wash").rects(busy, fill="c-network")
    pic.labels([(boxes[key][0] + cell / 2, boxes[key][1] + cell / 2 + 4, count) for key in sorted(filled)], c="paper", size=12 if cell > 20 else 8.5, bold=True)


def bars(found: tuple[Fabric, ...], wide: float = WIDE) -> str:
    """The time on each fabric, on one scale."""
    return draw.cost_bars([(f.label, f.parts, draw.quantity(float(f.time), "s")) for f in found], unit="ms", title="Time of the all-reduce", wide=wide)


def sentence(found: tuple[Fabric, ...], chips: int, size: int) -> str:
    """The result in words."""
    first, tree = found[0], found[-2]
    ratio = float(tree.time / first.time)
    than = f"{draw.num(ratio)} times that" if ratio >= 1 else f"{draw.percent(ratio)} of that"
    return (
        f"<b>{draw.quantity(float(size), 'B')} over {chips:,} chips: {draw.quantity(float(first.time), 's')} on the torus of {first.label.partition(',')[0]}</b>, {draw.quantity(float(tree.time), 's')} on the fat tree, {than}. "
        f"Start and hops take {draw.percent(first.waits / float(first.time))} on the torus and {draw.percent(tree.waits / float(tree.time))} on the tree."
    )


def table(found: tuple[Fabric, ...]) -> str:
    """The bars as numbers."""
    body = [[f.label, draw.quantity(float(f.time) - f.waits, "s"), draw.quantity(f.waits, "s"), draw.quantity(float(f.time), "s")] for f in found]
    return draw.table(["Fabric", "Bytes on links", "Start and hops", "Together"], body, right={1, 2, 3})


def view(phase: int = 1, chips: int = 512, size: int = 2**26, ports: int = 8) -> View:
    """The panel's pictures and words for one state of its controls."""
    found = fabrics(chips, size, ports)
    missing = {64: " That slice of TPU v5e is no torus: only a whole pod closes its rings.", 256: ""}.get(chips, " A pod of TPU v5e has fewer chips, so it is left out.")
    return View(
        picture=phases(phase) + bars(found), readout=sentence(found, chips, size), table=table(found), why=explained(found[0].time) + explained(found[-2].time), named=f"{draw.quantity(float(size), 'B')} over {chips:,} chips",
        source=f"Filled: one chip’s ring of this phase; the number counts what is summed. On the torus this is one of three parts of the message; the others begin with another axis at the same time.{missing}",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "phase": steps("Phase", PHASES, 1),
            "chips": steps("Chips", CHIPS, 512, say=lambda v: f"{v:,}"),
            "size": steps("Message", SIZES, 2**26, say=lambda v: draw.quantity(float(v), "B")),
            "ports": steps("Ports of a server of eight", PORTS, 8),
        },
        view,
    )
