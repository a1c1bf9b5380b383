"""Evidence for a training cluster: what a chip holds, where a step goes, how the pipeline idles, how often to save."""

from __future__ import annotations

import math
from typing import Any

from hwlib.formula import given
from hwlib.reliability import goodput
from hwlib.units import show
from lessons import draw
from lessons.panels.studio.parts import FINDINGS, WIDE, Section, View, picture, room, why_of

MOST_STAGES, MOST_BATCHES = 16, 48
"""Past these a schedule is a wall of cells: the formula says the same."""


def memory(view: View) -> str:
    """One chip's share of weights, gradients, optimizer state and activations, against its capacity."""
    e = view.ctx.estimate
    segments = [
        ("weights", float(e.weight_bytes), "weights"), ("optimizer", float(e.gradient_bytes), "gradients"), ("optimizer", float(e.optimizer_bytes), "master and moments"),
        ("reserve", float(e.reserve_bytes), "runtime"), ("activations", float(e.activation_bytes), "activations"),
    ]
    rows = [("each chip", segments, f"of {show(e.n_chips)}")]
    return picture(
        draw.memory_bars(rows, capacity_bytes=float(e.mem_bytes), wide=WIDE),
        caption=f"{show(e.state_bytes_per_param, 'B')} of state for each of {show(e.params)} parameters, {show(e.state_bytes_total, 'B')} in all, before it is split. Grey: the runtime’s reserve.",
        table=draw.memory_bars_table(rows, capacity_bytes=float(e.mem_bytes)), figure=e.state_bytes, asks="Why is a chip’s share of the state that large?",
    )


def step_terms(e: Any) -> list[tuple[str, str, float]]:
    """The terms of a step in the order of time; the bubble is what the others leave of it."""
    terms = [
        ("arithmetic", "compute", e.compute_s), ("computed again", "compute", e.recompute_s), ("tensor links", "network", e.tensor_comm_s),
        ("pipeline transfers", "network", e.pipeline_comm_s), ("gradients, exposed", "network", e.data_comm_exposed_s), ("optimizer", "memory", e.optimizer_s),
    ]
    rest = float(e.step_s) - math.fsum(float(v) for *_, v in terms)
    terms.insert(3, ("pipeline bubble", "bubble", rest if rest > 1e-9 * e.step_s else 0.0))  # less is a rounding of the sum, not a wait
    return [(label, kind, float(value)) for label, kind, value in terms if value > 0]


def step(view: View) -> str:
    """The waterfall of one training step."""
    e = view.ctx.estimate
    terms = step_terms(e)
    return picture(
        draw.waterfall(terms, unit="s", total="one step", title="One training step", most=room(terms), wide=WIDE),
        caption=f"{show(e.steps)} steps like this one. The chips reach {show(e.mfu, '%')} of their peak (MFU); {show(e.exposed_comm_share, '%')} of the step waits for links. Hatched: nothing happens.",
        table=draw.waterfall_table(terms, unit="s", total="one step"), sums=1, figure=e.mfu, asks=f"Why {show(e.mfu, '%')} of the peak?",
    )


def schedule(view: View) -> str:
    """The pipeline's schedule where it can be read, else its formula in words."""
    e, d = view.ctx.estimate, view.ctx.design
    batches, stages, chunks = int(round(float(e.micro_batches))), d.pipeline_parallel, d.interleave
    if stages == 1:
        return draw.state_line("No pipeline", "One stage holds all layers, so there is no bubble. With 2 or more stages their schedule stands here.")
    why = f"Why is the bubble {show(e.bubble, '%')}?"
    said = f"{stages} stages, {show(e.micro_batches)} micro-batches a step" + (f", {chunks} chunks of layers a stage" if chunks > 1 else "")
    if stages > MOST_STAGES or batches > MOST_BATCHES or batches < 1 or (chunks > 1 and batches % stages):
        return f"<p>{draw.esc(said)}: each stage idles {draw.esc(show(e.bubble, '%'))} of the time. That many cells do not fit a picture.</p>" + why_of(e.bubble, why)
    return picture(
        draw.pipeline(stages=stages, microbatches=batches, interleave=chunks, wide=WIDE), caption=f"{said}. Hatched: the bubble.",
        table=draw.pipeline_table(stages=stages, microbatches=batches, interleave=chunks), figure=e.bubble, asks=why,
    )


def checkpoints(view: View) -> str:
    """Goodput against the interval between checkpoints, with the floor of the brief."""
    e, d, load = view.ctx.estimate, view.ctx.design, view.ctx.load

    def at(seconds: float) -> float:
        return float(goodput(checkpoint_write_s=e.checkpoint_write_s, checkpoint_interval_s=given(seconds), restart_s=given(load.restart_s), mtbf_s=e.mtbf_s))

    best = float(e.best_interval_s)
    low, high = min(best, d.checkpoint_interval_s) / 4, max(best, d.checkpoint_interval_s) * 4
    spots = sorted({low * (high / low) ** (k / 12) for k in range(13)} | {float(d.checkpoint_interval_s)})
    points = [(s / 60, 100 * at(s)) for s in spots]
    points = [(x, y if math.isfinite(y) else None) for x, y in points]
    mine = (d.checkpoint_interval_s / 60, 100 * float(e.goodput))
    look = {"x_label": "minutes between checkpoints", "y_label": "goodput"}
    return picture(
        draw.curve(points, yours=mine, yours_label=f"yours: {show(e.goodput, '%')}", limit=100 * view.ctx.brief.target("goodput").limit, meets="above", unit="%", x_log=True,
                   y_zero=False, title="How often to save", wide=WIDE, **look),
        caption=f"{show(e.failures, digits=2)} failures are to be expected, one each {show(e.mtbf_s, 's')}; a checkpoint of {show(e.checkpoint_bytes, 'B')} takes {show(e.checkpoint_write_s, 's')}. "
                f"Saving every {show(e.best_interval_s, 's')} loses least.",
        table=(["minutes", "goodput, %"], [[x, y] for x, y in points]), figure=e.best_interval_s, asks="Why that interval?",
    )


SECTIONS = (
    Section("memory", "Memory of a chip", memory),
    Section("step", "Where a step’s time goes", step),
    FINDINGS,
    Section("schedule", "The pipeline", schedule, after_s=0.05),
    Section("checkpoints", "How often to save", checkpoints, after_s=0.05),
)
