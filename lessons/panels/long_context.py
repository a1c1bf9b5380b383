"""Long context: sessions of many tokens on a few chips, and three ways to have one back: kept, fetched, read again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib import catalogue
from hwlib.designs import ServingDesign
from hwlib.formula import Figure, defined, given
from hwlib.memory import kv_room_bytes, sequences_that_fit
from hwlib.offload import OffloadEstimate, estimate_offload
from hwlib.replica import BYTES, ONE, make_pass
from lessons import draw
from lessons.panels.parts import WIDE, View, choice, either, explained, steps, wire

MODEL, CHIP = "llama3.1-70b", "h100-sxm"
CONTEXTS = (4096, 8192, 16384, 32768, 65536, 131072)
CHIPS = (2, 4, 8)
DRIVES, STORE = 4, 1e12
"""Drives of one replica, and bytes that it may keep outside its chips."""
PLACES = {"host, PCIe 4": "pcie4-x16", "host, PCIe 5": "pcie5-x16", "host, NVLink-C2C": "nvlink-c2c", f"{DRIVES} drives": "drives"}
DRIVE_LINK = "pcie5-x16"


@dataclass(frozen=True, slots=True)
class Session:
    """One replica and its sessions. Bytes and seconds."""

    chips: int
    context: int
    mem: Figure
    weights: Figure
    reserve: Figure
    fit: Figure
    aside: OffloadEstimate
    step_s: Figure
    place: str

    @property
    def room(self) -> float:
        """Memory of all chips."""
        return self.chips * float(self.mem)

    @property
    def cache(self) -> Figure:
        """One session's keys and values."""
        return self.aside.session_bytes

    @property
    def fetch_s(self) -> Figure:
        """Until they are back."""
        return self.aside.fetch_s

    @property
    def again_s(self) -> Figure:
        """Until they are computed again."""
        return self.aside.prefill_s


def usual() -> Figure:
    """Share of a link's rate that arrives in large copies."""
    return catalogue.constant("link_efficiency")


@cache
def session(context: int = 131072, chips: int = 4, bits: int = 16, place: str = "pcie5-x16") -> Session:
    """Weights in 16 bits over so many chips; what is put aside lies in the host's memory, behind a link, or on its drives."""
    one, reserve = catalogue.chip(CHIP), catalogue.constant("runtime_reserve_bytes")
    design = ServingDesign(model=MODEL, accelerator=CHIP, chips_per_replica=chips, batch_limit=1, replicas=1, context_tokens=context, kv_bits=bits)
    at = make_pass(design)
    disks = place == "drives"
    aside = estimate_offload(design, tokens=context, store="nvme" if disks else "dram", store_bytes=STORE, drives=DRIVES, host_link=DRIVE_LINK if disks else place)
    per_token = at.shape.cache_bytes_per_token(BYTES[bits])
    room = kv_room_bytes(n_chips=given(chips), mem_bytes=one.mem_bytes, reserve_bytes=reserve, weight_bytes=at.weights)
    return Session(
        chips, context, one.mem_bytes, at.weights, defined(float(reserve) * chips, "the runtime's part on every chip"),
        sequences_that_fit(kv_room_bytes=room, kv_bytes_per_token=per_token, held_tokens=given(context)), aside, at.step(ONE, aside.session_bytes, given(context))["step"], place,
    )  # fmt: skip


def rows(s: Session) -> list:
    """The replica with one session, and with as many as fit."""
    base = [("weights", float(s.weights), "weights"), ("reserve", float(s.reserve), "runtime")]
    count = int(s.fit)
    found = [("one session", [*base, ("kv", float(s.cache), "KV")], "")]
    if count > 1:
        found.append((f"{count:,} sessions", [*base, ("kv", float(s.cache) * count, "KV")], "as many as fit"))
    return found


def waits(s: Session) -> list:
    """Seconds until a session that was put aside can go on."""
    return [("fetched back", [("network", float(s.fetch_s), "link")], ""), ("read again", [("compute", float(s.again_s), "prefill")], ""), ("one token, kept", [("memory", float(s.step_s), "a step")], "")]


def picture(s: Session, wide: float = WIDE) -> str:
    """Memory above, waiting below."""
    name = f"{s.chips} × H100"
    return (
        draw.memory_bars(rows(s), capacity_bytes=s.room, capacity_label=name, title=f"Memory of {name} with sessions of {s.context:,} tokens", wide=wide)
        + draw.cost_bars(waits(s), unit="s", title="How long until a session goes on", wide=wide)
    )


def sentence(s: Session) -> str:
    """The result in words."""
    b = lambda v: draw.quantity(float(v), "B")  # noqa: E731
    t = lambda v: draw.quantity(float(v), "s")  # noqa: E731
    fit = int(s.fit)
    held = f"{fit:,} such session{'s' if fit != 1 else ''} fit{'s' if fit == 1 else ''} beside the weights" if fit else "Not one such session fits beside the weights"
    faster = float(s.again_s / s.fetch_s)
    than = f"{draw.num(faster, 2)} times faster than reading it again" if faster >= 1 else f"{draw.num(1 / faster, 2)} times slower than reading it again"
    where = f"on {DRIVES} drives" if s.place == "drives" else "in the host’s memory"
    kept = int(s.aside.sessions_held)
    return (
        f"<b>A session of {s.context:,} tokens is {b(s.cache)} of cache. {held}.</b> Put aside {where}, it is back after {t(s.fetch_s)}, {than} ({t(s.again_s)}). "
        f"{b(STORE)} there hold {kept:,} session{'s' if kept != 1 else ''}; fetching pays from {b(s.aside.break_even_bytes_per_s)}/s on, and here it is {b(s.aside.store_bytes_per_s)}/s. "
        f"A step takes {t(s.step_s)}, so fetching at every token would be {draw.num(float(s.fetch_s / s.step_s), 2)} times as slow."
    )


def table(s: Session) -> str:
    """Both pictures as numbers."""
    far = s.aside
    aside = [["its cache", draw.quantity(float(s.cache), "B")], ["rate back", draw.quantity(float(far.store_bytes_per_s), "B/s")], ["rate from which it pays", draw.quantity(float(far.break_even_bytes_per_s), "B/s")], [f"sessions in {draw.quantity(STORE, 'B')}", draw.num(far.sessions_held)]]
    return (
        draw.table(*draw.memory_bars_table(rows(s), capacity_bytes=s.room))
        + draw.table(["How", "Seconds"], [[label, draw.quantity(parts[0][1], "s")] for label, parts, _ in waits(s)], right={1})
        + draw.table(["Put aside", "Value"], aside, right={1})
    )


def view(context: int = 131072, chips: int = 4, bits: int = 16, place: str = "pcie5-x16") -> View:
    """The panel's picture and words for one state of its controls."""
    s = session(context, chips, bits, place)
    link = catalogue.link(DRIVE_LINK if place == "drives" else place)
    over = f"{DRIVES} drives of {draw.quantity(float(catalogue.constant('drive_bytes_per_s')), 'B/s')}, at most what the links take" if place == "drives" else f"each chip fetches its part over its own {link.name}"
    return View(
        picture=picture(s), readout=sentence(s), table=table(s), why=explained(s.cache) + explained(s.fetch_s) + explained(s.aside.break_even_bytes_per_s), named=f"sessions of {context:,} tokens on {chips} chips",
        source=f"Llama 3.1 70B, weights in 16 bits; {over}. A link carries {draw.percent(usual())} of its rate; that share, the drives and the {draw.quantity(STORE, 'B')} kept outside are assumptions. Reading again: this course’s estimate of prefill.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "context": steps("Tokens of a session", CONTEXTS, 131072, say=lambda v: f"{v:,}"),
            "chips": steps("H100s", CHIPS, 4),
            "bits": either("Cache in", {"16 bits": 16, "8 bits": 8}, 16),
            "place": choice("Put aside in", PLACES, "pcie5-x16"),
        },
        view,
    )
