"""The best design known for a brief: found by search, stored as a design file, priced when it is used.

`python -m tutor best BRIEF` searches the values that the form steps through. Only the design is stored; its
cost is computed again under the load at hand, so no price is ever typed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from hwlib.designs import knobs
from hwlib.errors import BadInput
from tutor.briefs import Brief, brief
from tutor.context import Context, NotKnown, context
from tutor.designfile import Entry, entry, loads
from tutor.targets import feasible, screened

SKIP = ("cost", "unit-chain", "levers", "memo")
"""Targets that a search cannot or need not meet: the cost is what it minimises, and text is the learner's."""


LEVERS = ("accelerator", "inference_chip", "quantise", "continuous_batching", "financing", "migration_weeks")
"""What a search of the three-year plan decides; the rest is the learner's plan."""


@cache
def best_entry(id: str) -> Entry | None:
    """The stored design of a brief; None while no search has been run."""
    path = files("tutor") / "briefs" / "best" / f"{id}.toml"
    return loads(path.read_text("utf-8"), where=f"best/{id}.toml") if path.is_file() else None


def best_context(ctx: Context) -> Context:
    """The best design's context under this entry's load.

    For a plan of three years the best levers are applied to the learner's own volumes and runs.
    With other assumptions than the brief's the stored layout keeps its shape and takes as many replicas as the
    fast targets need: an upper bound on the best, good enough to compare with and said to be one.
    """
    stored = best_entry(ctx.entry.brief)
    if stored is None:
        raise NotKnown("no search has been stored for this brief yet")
    if ctx.brief.kind == "tco":
        levers = {name: getattr(stored.design, name) for name in LEVERS}
        return Context(replace(ctx.entry, design=replace(ctx.design, **levers)), simulate=False)
    if not ctx.entry.assumptions:
        return context(stored)
    return _scaled(ctx.entry.brief, tuple(sorted(ctx.entry.assumptions.items())))


@lru_cache(maxsize=64)
def _scaled(id: str, assumptions: tuple[tuple[str, Any], ...]) -> Context:
    stored = best_entry(id)
    moved = replace(stored, assumptions=dict(assumptions), load=brief(id).load_with(dict(assumptions)))
    if brief(id).kind != "serving":
        return Context(moved)
    for replicas in sorted({max(2, round(stored.design.replicas * 1.15**k)) for k in range(-20, 25)}):
        tried = Context(replace(moved, design=replace(moved.design, replicas=replicas)))
        if screened(tried, SKIP):
            return tried
    raise NotKnown("no number of replicas of the best layout meets these assumptions")


def cost_of(ctx: Context) -> float:
    """What a search minimises: the brief's own cost."""
    name = {"serving": "estimate.usd_per_mtoken", "training": "estimate.usd", "tco": "estimate.total_usd"}[ctx.brief.kind]
    return float(ctx.measure(name))


def cost_measure(of: Brief) -> tuple[str, str]:
    """The measure of the cost and its unit."""
    return {
        "serving": ("estimate.usd_per_mtoken", "usd/Mtoken"), "training": ("estimate.usd", "usd"), "tco": ("estimate.total_usd", "usd"),
    }[of.kind]


def search(of: Brief, *, report: Any = None) -> Entry | None:
    """The cheapest design on the grid that meets the brief's targets; deterministic, seconds to a minute.

    Screened without simulation, sorted by cost, simulated from the cheapest on until one holds.
    """
    found = []
    tried = 0
    for values in grid(of):
        tried += 1
        try:
            candidate = entry(of, values)
            ctx = Context(candidate, simulate=False)
            if screened(ctx, SKIP):
                found.append((cost_of(ctx), len(found), candidate))
        except (BadInput, NotKnown):
            continue
    found.sort(key=lambda item: item[:2])
    for simulated, (cost, _, candidate) in enumerate(found, 1):
        if feasible(Context(candidate), SKIP):
            if report:
                report(f"{tried:,} designs tried, {len(found):,} pass the screen, {simulated:,} simulated; cost {cost:.4g}")
            return replace(candidate, title=f"The best of {tried:,} designs tried")
    return None


def grid(of: Brief) -> Iterator[dict[str, Any]]:
    """The designs that the search tries."""
    yield from {"serving": _serving_grid, "training": _training_grid, "tco": _tco_grid}[of.kind](of)


def _serving_grid(of: Brief) -> Iterator[dict[str, Any]]:
    fixed = {name: value for name, (value, _) in of.fixed.items()}
    tries = knobs(of.design_class)
    attentions = (fixed["attention"],) if "attention" in fixed else ("as-published", "gqa")
    chips_a_replica = (*tries["chips_per_replica"].tries, 48, 64, 96, 128, 192, 256, 320, 384, 512, 640)
    replicas = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48, 64)
    for chip, attention, n, weights, kv, batch in itertools.product(
        of.chips, attentions, chips_a_replica, (16, 8), (16, 8), (4, 8, 16, 32, 64, 128, 256, 512),
    ):
        base = fixed | {
            "accelerator": chip, "attention": attention, "chips_per_replica": n, "weight_bits": weights, "kv_bits": kv,
            "batch_limit": batch, "chunked_prefill": True, "quality_gate": weights < 16 or kv < 16, "spare_replicas": 0,
            "migration_weeks": porting_weeks(chip), "context_tokens": 4096,
        }
        if not _holds(of, base | {"replicas": 64}):
            continue
        for count, spare in itertools.product(replicas, (0, 1)):
            yield base | {"replicas": count, "spare_replicas": spare}


def _holds(of: Brief, values: dict[str, Any]) -> bool:
    """Whether a layout holds the model at all: it spares the search the fleets of layouts that do not."""
    try:
        return bool(Context(entry(of, values), simulate=False).estimate.fits)
    except (BadInput, NotKnown):
        return False


def porting_weeks(chip: str) -> float:
    """Weeks that the course assumes for a move off CUDA; none for NVIDIA's own chips."""
    from hwlib.catalogue import chip as known

    return 0.0 if known(chip).vendor == "NVIDIA" else 8.0


def _training_grid(of: Brief) -> Iterator[dict[str, Any]]:
    fixed = {name: value for name, (value, _) in of.fixed.items()}
    per_node = fixed["chips_per_node"]
    for chip, nodes, tp, pp, zero, micro, batch, recompute in itertools.product(
        of.chips, (64, 96, 128, 160, 192, 256), (2, 4, 8), (1, 2, 4, 8), (1, 2, 3), (1, 2), (4_194_304, 8_388_608), ("none", "selective", "full"),
    ):
        if nodes * per_node % (tp * pp):
            continue
        for interleave in (1,) if pp == 1 else (1, 2):
            yield fixed | {
                "accelerator": chip, "nodes": nodes, "spare_nodes": 2, "tensor_parallel": tp, "pipeline_parallel": pp,
                "data_parallel": nodes * per_node // (tp * pp), "interleave": interleave, "zero_stage": zero, "micro_batch": micro,
                "global_batch_tokens": batch, "recompute": recompute, "checkpoint_interval_s": 1800.0,
            }


def _tco_grid(of: Brief) -> Iterator[dict[str, Any]]:
    """Levers and financing are searched; volumes and plans are the learner's facts and stay at the reference."""
    base = dict(of.reference_values)
    for chip, lever, quantise, batching, money in itertools.product(
        of.chips, ("none", *of.chips), (False, True), (False, True), ("on-demand", "reserved", "spot", "owned"),
    ):
        if lever == chip:
            continue
        weeks = 0.0 if lever == "none" else porting_weeks(lever)
        yield base | {
            "accelerator": chip, "inference_chip": lever, "quantise": quantise, "continuous_batching": batching,
            "financing": money, "migration_weeks": weeks,
        }


__all__ = ["best_context", "best_entry", "cost_measure", "cost_of", "grid", "porting_weeks", "search"]
