"""The chapter on collectives: its figures, its prediction, its measurements and its quiz item."""

from __future__ import annotations

import random
import statistics

from hwlib import catalogue
from hwlib.cases import rows as measured_rows
from hwlib.collectives import hierarchical_all_reduce_s, ring_all_reduce_bytes, ring_all_reduce_s
from hwlib.formula import given
from hwlib.memory import weight_bytes
from hwlib.replica import BYTES
from hwlib.units import show
from lessons import draw
from lessons.pages.blocks import dated
from lessons.panels.parts import Shown, explained
from lessons.panels.predict import Question
from lessons.panels.quiz import Item
from lessons.panels.ring_of_chips import reduce

GRADIENTS = 70e9
"""Parameters whose 16-bit gradients are summed in the problems."""
LARGE = 16 * 2**20


def facts() -> dict[str, str]:
    """Every figure of the prose."""
    four, eight, small = reduce(), reduce(chips=8), reduce(chips=8, size=65536)
    many = ring_all_reduce_bytes(message_bytes=float(four.size), ranks=1024.0)
    ib = reduce(chips=8, link="ib-ndr")
    return {
        "message": draw.quantity(float(four.size), "B"), "chips": str(four.chips), "steps": str(2 * (four.chips - 1)), "sent": show(four.sent, "B"), "eight_sent": show(eight.sent, "B"), "eight": str(eight.chips),
        "many": "1,024", "many_sent": draw.quantity(float(many), "B"), "small": draw.quantity(float(small.size), "B"), "small_time": show(small.time, "s"), "small_waits": draw.percent(small.waiting),
        "eight_time": show(eight.time, "s"), "ib_time": show(ib.time, "s"), "slower": draw.num(ib.time / eight.time, 2),
    }  # fmt: skip


def question() -> Question:
    """How many bytes does each chip send?"""
    r = reduce()
    return Question(
        ask=f"Bytes that each of {r.chips} chips sends", unit="MB", scale=1e6, base="B", computed=r.sent, choice_ask=f"With {1024:,} chips instead each sends", choices=("far more", "hardly more", "less"),
        right="hardly more", example="250", because="However long the ring, each chip sends less than twice the message.", bought=lambda v: f"That is {draw.num(v / r.size)} times the message.",
        anchors=(("the message", float(r.size), "network"),),
    )


def derivation() -> Shown:
    """The time of an all-reduce with the numbers of the panel's first state plugged in."""
    return Shown(explained(reduce().time))


def _points(chip: str, ranks: str = "8") -> list[tuple[float, float]]:
    """(bytes, seconds) of NCCL's all-reduce on one server."""
    found = [r for r in measured_rows("7_collectives") if r["group"] == "aic-nccl" and r["chip"] == chip and r["op"] == "all_reduce" and r["n_ranks"] == ranks]
    return sorted((float(r["payload_bytes"]), float(r["time_us"]) * 1e-6) for r in found)


def _beside(ratio: float) -> str:
    """Predicted over measured in words."""
    return "agrees" if abs(ratio - 1) < 0.05 else f"says {draw.num(ratio, 2)} times what was measured"


def measured() -> Shown:
    """NCCL's times on eight A100 and eight H100, beside the ring on the catalogue's figures of their links."""
    series, body, notes = [], [], []
    for chip, link, kind in (("A100-SXM-80GB", "nvlink3", "network"), ("H100-SXM-80GB", "nvlink4", "compute")):
        seen = _points(chip)
        said = [(size, float(reduce(8, int(size), link).time)) for size, _ in seen]
        name = f"eight {chip.split('-')[0]}"
        series.append(dict(label=name, kind=kind, line=[(s / 1e6, t * 1e6) for s, t in said], measured=[(s / 1e6, t * 1e6) for s, t in seen]))
        body += [[f"{name}, {draw.quantity(s, 'B')}", f"{t * 1e6:,.1f}", f"{p * 1e6:,.1f}"] for (s, t), (_, p) in zip(seen, said, strict=True)]
        pairs = [(s, p / t) for (s, t), (_, p) in zip(seen, said, strict=True)]
        large, small = (statistics.median(abs(q - 1) for s, q in pairs if (s >= LARGE) == big) for big in (True, False))
        notes.append(f"{name}: off by {draw.percent(small)} at the median below {draw.quantity(LARGE, 'B')} and {draw.percent(large)} from there up; for the largest message the line {_beside(pairs[-1][1])}")
    picture = draw.measured_band(series, x_label="message, MB", y_label="time, µs", x_log=True, y_log=True)
    caption = (
        f"Diamonds: NCCL 2.27.3. Line: a ring, with launch, hop and efficiency from the catalogue. {'. '.join(n[:1].upper() + n[1:] for n in notes)}. "
        "On the H100 the line runs above the largest messages: its switches can add up in passing, so each chip sends the message once and not twice, which no ring can. "
        "In between both lines are low: NCCL changes protocols, and one start with one slope fits no size well. The page on validation gives the model that knows both, with intervals."
    )
    table = draw.table(["All-reduce", "Measured, µs", "Ring, µs"], body, right={1, 2})
    return Shown(draw.figure(picture, caption=caption, source=f"{dated('aiconfigurator NCCL tables')}, ai-dynamo.", table=table))


def claim_computed() -> str:
    """All-reduces over eight chips at three sizes."""
    said = ", ".join(f"{draw.quantity(float(reduce(8, size, 'nvlink4').time), 's')} for {draw.quantity(float(size), 'B')}" for size in (16384, 2**24, 2**26))
    return f"A ring over eight H100: {said}."


def solutions() -> dict[str, str]:
    """Figures of the worked problems."""
    message = weight_bytes(params=given(GRADIENTS), bytes_per_param=BYTES[16])
    port = catalogue.link("ib-hdr")
    launch, hop = catalogue.constant("link_launch_s"), catalogue.constant("link_step_s")
    inside = catalogue.link("nvlink3")
    efficiency = float(port.efficiency or catalogue.constant("link_efficiency"))
    one = float(ring_all_reduce_s(message_bytes=float(message), ranks=256.0, link_bytes_per_s=float(port.bytes_per_s), link_efficiency=efficiency, launch_s=float(launch), hop_s=float(port.step_s or hop)))
    all_ = float(_hierarchical(float(message), inside, port))
    two, eight = reduce(chips=2), reduce(chips=8)
    return {
        "p1_params": draw.quantity(GRADIENTS, ""), "p1_message": show(message, "B"), "p1_chips": "256", "p1_one": draw.quantity(one, "s"), "p1_all": draw.quantity(all_, "s"), "p1_port": show(port.bytes_per_s, "B/s"), "p1_ports": "8",
        "p1_times": draw.num(one / all_, 2), "p2_two": show(two.time, "s"), "p2_eight": show(eight.time, "s"), "p2_ratio": draw.num(eight.time / two.time, 2), "p2_chips": "8",
    }  # fmt: skip


def _hierarchical(message: float, inside: catalogue.Link, port: catalogue.Link) -> float:
    """Inside servers of eight first, then each chip's share over its own port, then inside again."""
    launch, hop = (float(catalogue.constant(f"link_{n}")) for n in ("launch_s", "step_s"))
    return hierarchical_all_reduce_s(
        message_bytes=message, ranks_per_node=8.0, nodes=32.0, link_bytes_per_s=float(inside.bytes_per_s), link_efficiency=float(inside.efficiency), launch_s=float(inside.launch_s or launch), hop_s=float(inside.step_s or hop),
        nic_bytes_per_s=float(port.bytes_per_s), nic_efficiency=float(port.efficiency), nic_hop_s=float(port.step_s or hop),
    )  # fmt: skip


def quiz(rng: random.Random) -> Item:
    """Bytes that a chip sends in an all-reduce."""
    chips, size = rng.choice((2, 3, 4, 5, 8, 16, 64)), rng.choice((24e6, 80e6, 150e6, 400e6, 1.2e9))
    answer = ring_all_reduce_bytes(message_bytes=given(size, "the question"), ranks=given(chips, "the question"))
    return Item(
        ask=f"{chips} chips sum {draw.quantity(size, 'B')} of gradients in a ring. How many MB does each chip send?", unit="MB", scale=1e6, base="B", answer=answer,
        slips=((0.5, "that is the reduce-scatter alone; the sums must come back"), (2.0, "counted twice"), (chips / (chips - 1), "a chip need not send what is its own"), (float(chips), "that is what all of them send"), (size / float(answer), "that is the message")),
    )  # fmt: skip
