"""Portfolios: the cheapest fleet of up to three kinds of replica, found by trying every count of each.

`hwlib.mix` solves the same with a solver, for many kinds and parts of the day; a test holds the two together. Here all
counts are tried, and for each the reading of prompts goes to the kinds that give up least writing for it: that choice
is the best one, because the time of a fleet divides freely between two tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from hwlib import catalogue
from hwlib.designs import ServingDesign, ServingLoad
from hwlib.formula import Figure, defined, given
from hwlib.mix import Kind, Part, kind_of, replicas_usd, usd_so_far
from lessons import draw
from lessons.panels.parts import WIDE, View, explained, steps, wire

MODEL = "llama3.1-70b"
DESIGNS = {"H100": ("h100-sxm", 2), "L40S": ("l40s", 4), "TPU v5e": ("tpu-v5e", 8)}
BUSY = 0.7
"""Share of a replica's time that is planned with; the rest keeps the queue short."""
TTFT_S, TPOT_S = 2.0, 0.1
OUTPUT = 180.0
RATES = (2, 5, 10, 20, 40, 80)
PROMPTS = (256, 512, 1024, 2048, 4096)
NIGHTS, NIGHT = (0.1, 0.25, 0.5, 1.0), 0.25
"""Rate of the night against the day, and where the panel opens."""
HAD = (0, 1, 2, 4, 8, 100)
"""H100 replicas that can be had; the last is more than any state needs."""
DAY_H = 16.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """Replicas of each kind, and what a day of them costs."""

    counts: tuple[int, ...]
    usd_per_day: float


@dataclass(frozen=True, slots=True)
class Found:
    """The kinds, the parts of the day, the best mix and the best fleet of each kind alone."""

    kinds: tuple[Kind, ...]
    day: tuple[Part, ...]
    best: Fleet | None
    alone: dict[str, Fleet | None]
    bill: Figure | None


@cache
def kind(name: str, prompt: float, available: int | None = None) -> Kind:
    """One kind of replica, with 8-bit weights, as the course estimates it for these prompts."""
    chip, chips = DESIGNS[name]
    design = ServingDesign(model=MODEL, accelerator=chip, chips_per_replica=chips, weight_bits=8, batch_limit=64, replicas=1, chunked_prefill=True, context_tokens=8192)
    load = ServingLoad(daily_users=50_000, prompt_tokens=prompt, output_tokens=OUTPUT)
    return kind_of(design, load, ttft_s=TTFT_S, tpot_s=TPOT_S, name=name, available=available)


def parts(rate: float, prompt: float, night: float) -> tuple[Part, ...]:
    """Day and night, in tokens a second."""
    day = Part(name="day", hours=DAY_H, prefill_tokens_per_s=rate * prompt, decode_tokens_per_s=rate * OUTPUT)
    return day, Part(name="night", hours=24.0 - DAY_H, prefill_tokens_per_s=night * rate * prompt, decode_tokens_per_s=night * rate * OUTPUT)


def carries(counts: np.ndarray, kinds: tuple[Kind, ...], part: Part) -> np.ndarray:
    """Which rows of ``counts`` (fleets × kinds) carry the part: prompts go first to the kinds that lose least writing by them."""
    reads = np.array([k.prefill_tokens_per_s * BUSY if k.reads else 0.0 for k in kinds])
    writes = np.array([k.decode_tokens_per_s * BUSY if k.writes else 0.0 for k in kinds])
    order = sorted(range(len(kinds)), key=lambda i: writes[i] / reads[i] if reads[i] else np.inf)
    left = np.full(len(counts), part.prefill_tokens_per_s)
    written = np.zeros(len(counts))
    for i in order:
        time = np.minimum(counts[:, i], left / reads[i]) if reads[i] else np.zeros(len(counts))
        left = left - time * reads[i]
        written = written + (counts[:, i] - time) * writes[i]
    return (left <= 1e-9 * part.prefill_tokens_per_s) & (written >= part.decode_tokens_per_s * (1 - 1e-9))


def cheapest(kinds: tuple[Kind, ...], day: tuple[Part, ...]) -> Fleet | None:
    """The cheapest counts, all of them tried; None where nothing carries the day."""
    if not kinds:
        return None
    tops = []
    for k in kinds:
        needs = [part.prefill_tokens_per_s / (k.prefill_tokens_per_s * BUSY) + part.decode_tokens_per_s / (k.decode_tokens_per_s * BUSY) for part in day]
        most = int(np.ceil(max(needs))) + 1
        tops.append(min(most, k.available) if k.available is not None else most)
    singles = [found.usd_per_day for k in kinds if (found := cheapest((k,), day))] if len(kinds) > 1 else []
    if singles:  # nothing dearer than the best single kind can be the best mix
        hours = sum(part.hours for part in day)
        tops = [min(top, int(min(singles) / (float(k.usd_per_hour) * hours) + 1e-9)) for top, k in zip(tops, kinds, strict=True)]
    counts = np.stack(np.meshgrid(*(np.arange(top + 1) for top in tops), indexing="ij"), axis=-1).reshape(-1, len(kinds))
    usd = counts @ np.array([float(k.usd_per_hour) for k in kinds]) * sum(part.hours for part in day)
    if singles:
        keep = usd <= min(singles) * (1 + 1e-12)
        counts, usd = counts[keep], usd[keep]
    able = np.logical_and.reduce([carries(counts, kinds, part) for part in day])
    if not able.any():
        return None
    at = int(np.argmin(np.where(able, usd, np.inf)))
    return Fleet(tuple(int(c) for c in counts[at]), float(usd[at]))


@cache
def find(rate: float = 20, prompt: float = 1024, night: float = NIGHT, had: int = 2) -> Found:
    """The best mix for the state of the controls, and each kind alone."""
    kinds = tuple(kind(name, prompt, had if name == "H100" and had != HAD[-1] else None) for name in DESIGNS)
    day = parts(rate, prompt, night)
    best = cheapest(kinds, day)
    return Found(kinds, day, best, {k.name: cheapest((k,), day) for k in kinds}, _bill(kinds, best) if best else None)


def _bill(kinds: tuple[Kind, ...], fleet: Fleet) -> Figure:
    """The day's bill, item by item."""
    total = defined(0.0, "nothing yet")
    for k, count in zip(kinds, fleet.counts, strict=True):
        if count:
            item = replicas_usd(replicas=defined(float(count), "the cheapest count found"), usd_per_hour=given(float(k.usd_per_hour), f"an hour of a {k.name} replica", "assumption"), hours=catalogue.constant("day_hours"))
            total = usd_so_far(before_usd=total, amount_usd=item)
    return total


KIND_GREYS = ("ink", "grey2", "grey")


def rows(f: Found) -> list:
    """The mix, then each kind alone, in dollars a day."""
    found = []
    if f.best:
        segments = [(grey, count * float(k.usd_per_hour) * 24, f"{count} × {k.name}") for grey, k, count in zip(KIND_GREYS, f.kinds, f.best.counts, strict=True) if count]
        found.append(("best mix", segments, ""))
    for grey, k in zip(KIND_GREYS, f.kinds, strict=True):
        alone = f.alone[k.name]
        if alone:
            found.append((f"{k.name} alone", [(grey, alone.usd_per_day, f"{alone.counts[0]} × {k.name}")], ""))
    return found


def picture(f: Found, wide: float = WIDE) -> str:
    """Bills of a day, side by side."""
    return draw.cost_bars(rows(f), title="A day of the fleet", wide=wide) if rows(f) else draw.cost_bars([("no fleet", [("grey", 0.0, "nothing carries it")], "")], title="A day of the fleet", wide=wide)


def sentence(f: Found) -> str:
    """The result in words."""
    if not f.best:
        return "<b>No fleet of these kinds carries the day.</b>"
    held = ", ".join(f"{count} × {k.name}" for k, count in zip(f.kinds, f.best.counts, strict=True) if count)
    singles = {name: fleet for name, fleet in f.alone.items() if fleet}
    head = f"<b>The cheapest fleet is {held}: {draw.quantity(f.best.usd_per_day, '$')} a day.</b> "
    cannot = [name for name in f.alone if name not in singles]
    tail = f" Alone, {' and '.join(cannot)} cannot carry it." if cannot else ""
    if not singles:
        return f"{head}No single kind carries it.{tail}"
    name, one = min(singles.items(), key=lambda item: item[1].usd_per_day)
    gain = 1 - f.best.usd_per_day / one.usd_per_day
    said = f"The best single kind, {name}, costs {draw.quantity(one.usd_per_day, '$')}: mixing saves {draw.percent(gain)}." if gain > 1e-9 else f"That is a single kind: mixing {name} with another saves nothing here."
    return head + said + tail


def table(f: Found) -> str:
    """What each kind can do, and what it costs."""
    out = [[f"{k.name} × {DESIGNS[k.name][1]}", draw.num(k.prefill_tokens_per_s) if k.reads else "too slow for the first token", draw.num(k.decode_tokens_per_s) if k.writes else "too slow", f"${float(k.usd_per_hour):.2f}"] for k in f.kinds]
    return draw.table(["Replica", "Reads, tokens a second", "Writes, tokens a second", "An hour"], out, right={1, 2, 3})


def view(rate: float = 20, prompt: float = 1024, night: float = NIGHT, had: int = 2) -> View:
    """The panel's picture and words for one state of its controls."""
    f = find(rate, prompt, night, had)
    return View(
        picture=picture(f), readout=sentence(f), table=table(f), why=explained(f.bill) if f.bill is not None else "", named=f"{rate} requests a second with prompts of {prompt:,} tokens",
        source=f"Llama 3.1 70B, 8-bit weights, answers of {OUTPUT:.0f} tokens; {DAY_H:.0f} hours of day, the rest night; every replica is paid all day and planned with {draw.percent(BUSY)} of its time. Rates are this course’s estimates, prices the catalogue’s.",
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "rate": steps("Requests a second by day", RATES, 20),
            "prompt": steps("Tokens of a prompt", PROMPTS, 1024, say=lambda v: f"{v:,}"),
            "night": steps("Night against day", NIGHTS, 0.25, say=draw.percent),
            "had": steps("H100 replicas to be had", HAD, 2, say=lambda v: "any" if v == HAD[-1] else f"{v}"),
        },
        view,
    )
