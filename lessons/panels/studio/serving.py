"""Evidence for a serving fleet: what the slowest first token waits for, what replicas buy, and what a chip holds."""

from __future__ import annotations

import math
from typing import Any

from hwlib import catalogue
from hwlib.designs import knobs
from hwlib.formula import defined
from hwlib.serving import simulate_serving
from hwlib.units import show
from lessons import draw
from lessons.draw.table import Html
from lessons.panels.studio.parts import FINDINGS, WIDE, Section, View, picture, room
from lessons.panels.studio.state import spoken, value_words
from tutor.context import Context, NotKnown

LADDER = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 160, 192, 256, 384, 512, 768, 1024)
SEEDS = tuple(range(2, 12))
"""Ten other draws of the same traffic: eight of them span 80%."""
AROUND = 3
"""Points of the ladder on either side of yours: few, since each is a simulation."""


def tail_terms(ctx: Context) -> tuple[list[tuple[str, str, float]], int, float]:
    """The terms of the 99th percentile, how many requests near it were averaged, and their mean prompt.

    A percentile has no terms of its own: those of the requests around it are averaged, and the queue takes the rest.
    """
    from hwlib.replica import make_pass

    run = ctx.simulated
    counted = run.served[len(run.served) // 10:]
    ordered = sorted(counted, key=lambda s: s.first - s.request.arrival)
    rank = math.ceil(0.99 * len(ordered)) - 1
    near = ordered[max(0, rank - 8): rank + 9]
    prompt = sum(s.request.prompt for s in near) / len(near)
    total, _, links = make_pass(ctx.design).prefill(defined(prompt))
    spent = sum(s.first - s.start for s in near) / len(near)
    links = min(float(links), spent)
    shared = max(0.0, spent - float(total)) if ctx.design.chunked_prefill else 0.0
    arithmetic = spent - links - shared
    queue = max(0.0, float(run.ttft_p99_s) - run.network_s - spent)
    terms = [("network and gateway", "wait", float(run.network_s)), ("queue", "queue", queue), ("prefill, arithmetic", "compute", arithmetic)]
    if ctx.design.chips_per_replica > 1:
        terms.append(("prefill, links", "network", links))
    if ctx.design.chunked_prefill:
        terms.append(("decode steps of others", "memory", shared))
    return terms, len(near), prompt


def tail(view: View) -> str:
    """The waterfall of the 99th percentile of the first token, the limit dashed."""
    ctx = view.ctx
    terms, near, prompt = tail_terms(ctx)
    limit = ctx.brief.target("ttft-p99").limit
    caption = (
        f"The terms of the {near} requests nearest to the 99th percentile, of {len(ctx.simulated.served):,} simulated at the peak with seed 1; "
        f"their prompts have {show(prompt, 'tokens', digits=3)} on average. Hatched: no chip works for this user."
    )
    return picture(
        draw.waterfall(terms, limit=limit, unit="s", title="First token, 99th percentile", most=room(terms, limit), wide=WIDE), caption=caption,
        table=draw.waterfall_table(terms, unit="s"), sums=1, figure=ctx.estimate.ttft_floor_p99_s, asks=f"Why do the longest prompts need {show(ctx.estimate.ttft_floor_p99_s, 's')} even without a queue?",
    )


def replica_points(design: Any) -> tuple[int, ...]:
    """Numbers of replicas to simulate: yours and its neighbours on a ladder, so that a turned knob finds most of them kept."""
    below = [r for r in LADDER if r < design.replicas][-AROUND:]
    above = [r for r in LADDER if r > design.replicas][:AROUND + 1]
    return (*below, design.replicas, *above)


def tails(ctx: Context, counts: tuple[int, ...], **changes: Any) -> list[tuple[int, float]]:
    """The simulated 99th percentile at each number of replicas."""
    return [(count, float(Context(ctx.entry.changed(replicas=count, **changes)).simulated.ttft_p99_s)) for count in counts]


def tried(ctx: Context, counts: tuple[int, ...], changes: Any) -> list[tuple[str, list[tuple[int, float]]]]:
    """The curve of what the tutor last offered, when it is more than another number of replicas."""
    other = {n: v for n, v in (changes or {}).items() if n != "replicas" and getattr(ctx.design, n) != v}
    if not other:
        return []
    known = knobs(type(ctx.design))
    name = ", ".join(f"{spoken(known[n].label)} {value_words(known[n], v)}" for n, v in other.items())
    try:
        return [(name, tails(ctx, counts, **other))]
    except NotKnown:
        return []


def replicas(view: View) -> str:
    """The curve of the 99th percentile against replicas."""
    ctx = view.ctx
    yours = float(ctx.simulated.ttft_p99_s)
    limit = ctx.brief.target("ttft-p99").limit
    counts = replica_points(ctx.design)
    points = tails(ctx, counts)
    others = tried(ctx, counts, view.tried)
    wide_range = max(y for _, y in points) > 5 * limit
    under = [count for count, y in points if y <= limit]
    says = f"Met from {under[0]} replicas on." if under and under[0] > points[0][0] else "Met at every number shown." if under else "Met at none of the numbers shown."
    look = {"x_label": "replicas", "y_label": "p99 to first token", "unit": "s"}
    return picture(
        draw.curve(points, yours=(ctx.design.replicas, yours), yours_label=f"{ctx.design.replicas} replicas: {show(yours, 's')}", limit=limit, y_log=wide_range, others=others, x_ticks=[count for count, _ in points],
                   title="What more replicas buy", wide=WIDE, **look),
        caption=f"{len(ctx.simulated.served):,} requests a point, all with seed 1. {says}",
        table=(["replicas", "p99 to first token", *(name for name, _ in others)],
               [[count, show(y, "s"), *(show(dict(line)[count], "s") for _, line in others)] for count, y in points]),
        figure=ctx.estimate.utilisation, asks=f"Why are {ctx.design.replicas} replicas {show(ctx.estimate.utilisation, '%')} busy?",
    )


def memory(view: View) -> str:
    """What one chip of a replica holds when the scheduler runs as many sequences as it may."""
    e, d = view.ctx.estimate, view.ctx.design
    held = float(e.running_batch) * float(e.kv_bytes_per_sequence) / d.chips_per_replica
    segments = [("weights", float(e.weight_bytes_per_chip), "weights"), ("reserve", float(e.reserve_bytes), "runtime"), ("kv", held, "KV")]
    rows = [(f"each of {d.chips_per_replica} chips" if d.chips_per_replica > 1 else "the chip", segments, f"batch of {show(e.running_batch, digits=3)}")]
    caption = (
        f"A token keeps {show(e.kv_bytes_per_token, 'B')} of cache; {show(math.floor(e.sequences_that_fit))} sequences fit in a replica. Grey: the runtime’s reserve."
        if e.fits else "The weights and the reserve do not leave room for a single sequence."
    )
    return picture(
        draw.memory_bars(rows, capacity_bytes=float(e.mem_bytes), wide=WIDE), caption=caption,
        table=draw.memory_bars_table(rows, capacity_bytes=float(e.mem_bytes)), figure=e.kv_room_bytes, asks="Why is there that much room for the cache?",
    )


def step(view: View) -> str:
    """What one decode step waits for."""
    e = view.ctx.estimate
    rows = [["weights and cache from memory", show(e.step_memory_s, "s")], ["arithmetic", show(e.step_compute_s, "s")],
            ["links", show(e.step_comm_s + e.hops_s, "s")], ["launches and the rest", show(e.step_overhead_s, "s")],
            ["a token, with others’ prefills between" if not view.ctx.design.chunked_prefill else "a token", show(e.tpot_s, "s")]]
    said = f"<p>At the peak {show(e.operating_batch, digits=2)} sequences decode together on a replica; the longest term is <b>{draw.esc(e.bottleneck)}</b>. Memory and arithmetic run at the same time.</p>"
    return said + draw.table(["What a decode step takes", "time"], rows, right={1}, sums=1)


def options(view: View) -> str:
    """The chips on offer as far as they have been designed, in the brief's order."""
    ctx = view.ctx
    rows = []
    for chip_id in ctx.brief.chips:
        name = catalogue.chip(chip_id).name
        here = chip_id == ctx.design.accelerator
        made = Context(view.designed[chip_id]) if chip_id in (view.designed or {}) else None
        rows.append([Html(f"<b>{draw.esc(name)}</b>") if here else name, chips_for_weights(ctx, chip_id), *(_figures(ctx if here else made))])
    head = ["Chip", f"Chips for the weights at {ctx.design.weight_bits} bits", "p99", "$ a million tokens"]
    return draw.table(head, rows, right={1, 2, 3}) + draw.caption("Choose another chip in the form to fill its row; each keeps the last design that you gave it.")


def chips_for_weights(ctx: Context, chip_id: str) -> Any:
    """The fewest chips that hold the weights: capacity decides before speed does."""
    from hwlib.replica import BYTES, make_pass
    from hwlib.serving import reserve_of
    from hwlib.transformer import shape_of

    chip = catalogue.chip(chip_id)
    if chip.mem_bytes is None:
        return "not published"
    tried = ctx.entry.changed(accelerator=chip_id).design
    usable = float(chip.mem_bytes) - float(reserve_of(make_pass(tried).group))
    return math.ceil(float(shape_of(tried.model).params) * float(BYTES[tried.weight_bits]) / usable) if usable > 0 else "not known"


def _figures(ctx: Context | None) -> list[str]:
    if ctx is None:
        return ["not yet", "not yet"]
    try:
        tail_s = show(ctx.simulated.ttft_p99_s, "s")
    except NotKnown:
        tail_s = "does not fit" if ctx.refusal or not ctx.estimate.fits else "not known"
    try:
        cost = show(ctx.measure("estimate.usd_per_mtoken"), "usd")
    except NotKnown:
        cost = "no list price"
    return [tail_s, cost]


def spread(view: View) -> str:
    """How far the simulated percentile moves when other requests come: seeds, not guesses."""
    ctx = view.ctx
    yours = ctx.simulated.ttft_p99_s
    found = sorted(float(simulate_serving(ctx.design, ctx.load, seed=seed, requests=len(ctx.simulated.served)).ttft_p99_s) for seed in SEEDS)
    low, high = found[1], found[-2]
    said = f"{len(found)} other seeds give {show(found[0], 's')} to {show(found[-1], 's')}, and all but the two outermost lie between {show(low, 's')} and {show(high, 's')}."
    limit = ctx.brief.target("ttft-p99").limit
    verdict = "Every one meets the limit." if found[-1] <= limit else "None meets the limit." if found[0] > limit else f"{sum(v <= limit for v in found)} of them meet the limit, so the verdict hangs on the draw."
    return f"<p>With seed 1 the 99th percentile is {show(yours, 's')}. {said} {verdict}</p>"


SECTIONS = (
    Section("tail", "What the slowest first token waits for", tail),
    Section("memory", "Memory of a chip", memory),
    Section("step", "A decode step", step),
    FINDINGS,
    Section("replicas", "What more replicas buy", replicas, after_s=0.05),
    Section("spread", "How sure is that?", spread, after_s=0.6),
)
OPTIONS = Section("options", "The chips, as far as you have designed them", options, after_s=0.05)
