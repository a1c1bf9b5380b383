"""A ring of chips: an all-reduce step by step, and its time over the size of the message."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.collectives import ring_all_reduce_bytes, ring_all_reduce_s
from hwlib.formula import Figure, given
from hwlib.units import show
from lessons import draw
from lessons.panels.parts import WIDE, View, choice, explained, steps, wire

LINKS = {"NVLink 4, inside a server": "nvlink4", "NVLink 3, inside a server": "nvlink3", "InfiniBand NDR, one port": "ib-ndr", "InfiniBand HDR, one port": "ib-hdr", "PCIe 4 × 16": "pcie4-x16", "TPU v5e links": "ici-v5e"}
CHIPS = (2, 4, 6, 8)
STEPS = tuple(range(15))
SIZES = tuple(4**k * 1024 for k in range(11))
POINTS = tuple(2**k * 1024 for k in range(21))


@dataclass(frozen=True, slots=True)
class Reduce:
    """One all-reduce: bytes that each chip sends, and seconds."""

    chips: int
    size: int
    link: catalogue.Link
    sent: Figure
    time: Figure
    ideal_s: float

    @property
    def waiting(self) -> float:
        """Share of the time in which no byte of the message moves."""
        return 1 - self.ideal_s / float(self.time)


@cache
def reduce(chips: int = 4, size: int = 2**26, link: str = "nvlink4") -> Reduce:
    """The ring on a link of the catalogue, with its launch, hop and efficiency, or the usual ones where it has none."""
    found = catalogue.link(link)
    known = {name: getattr(found, attribute) or catalogue.constant(f"link_{attribute}") for name, attribute in (("link_efficiency", "efficiency"), ("launch_s", "launch_s"), ("hop_s", "step_s"))}
    n, message = given(chips), given(float(size))
    sent = ring_all_reduce_bytes(message_bytes=message, ranks=n)
    time = ring_all_reduce_s(message_bytes=message, ranks=n, link_bytes_per_s=found.bytes_per_s, **known)
    return Reduce(chips, size, found, sent, time, float(sent) / float(found.bytes_per_s * known["link_efficiency"]))


def picture(r: Reduce, step: int, link: str, wide: float = WIDE) -> str:
    """The ring at a step, and the time over the size."""
    last = 2 * (r.chips - 1)
    ring = draw.ring(chips=r.chips, kind="all-reduce", steps=[0, min(max(step, 1), last)] if step else [0], wide=wide)
    points = [(float(s), float(reduce(r.chips, s, link).time)) for s in POINTS]
    curve = draw.curve(
        [(s / 1e6, t * 1e6) for s, t in points], yours=(r.size / 1e6, float(r.time) * 1e6), yours_label=draw.quantity(float(r.time), "s"), x_label="message, MB", y_label="time, µs", x_log=True, y_log=True,
        kind="network", wide=wide, title="Time of an all-reduce",
    )
    return ring + curve


def sentence(r: Reduce) -> str:
    """The result in words."""
    return (
        f"<b>{draw.quantity(float(r.size), 'B')} over {r.chips} chips: {draw.quantity(float(r.time), 's')}.</b> Each sends {draw.quantity(float(r.sent), 'B')} in {2 * (r.chips - 1)} steps. "
        f"{draw.percent(r.waiting)} of the time is start and hops, in which no byte of the message moves."
    )


def table(r: Reduce, link: str) -> str:
    """The ring's steps, and the curve as numbers."""
    body = [[draw.quantity(float(s), "B"), draw.quantity(float(reduce(r.chips, s, link).time), "s")] for s in SIZES]
    return draw.table(*draw.ring_table(chips=r.chips, kind="all-reduce"), right={0, 1, 2, 3}) + draw.table(["Message", "Time"], body, right={0, 1})


def view(chips: int = 4, step: int = 1, size: int = 2**26, link: str = "nvlink4") -> View:
    """The panel's pictures and words for one state of its controls."""
    r = reduce(chips, size, link)
    return View(
        picture=picture(r, step, link), readout=sentence(r), table=table(r, link), why=explained(r.time), named=f"{draw.quantity(float(size), 'B')} over {chips} chips",
        source=f"{r.link.name}: {show(r.link.bytes_per_s, 'B/s')} in one direction of one chip. Filled: chunks summed so far; the hue of a link marks what has just arrived.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "chips": steps("Chips in the ring", CHIPS, 4),
            "step": steps("Step", STEPS, 1),
            "size": steps("Message", SIZES, 2**26, say=lambda v: draw.quantity(float(v), "B")),
            "link": choice("Link", LINKS, "nvlink4"),
        },
        view,
    )
