"""Parallelism: one model on 1,024 chips, and what tensor, pipeline and data parallelism make of a step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hwlib.designs import TrainingDesign, TrainingLoad
from hwlib.errors import BadInput
from hwlib.training import TrainingEstimate, estimate_training
from lessons import draw
from lessons.draw.pipeline import one_f_one_b
from lessons.draw.svg import Pic, two
from lessons.panels.parts import WIDE, View, choice, explained, steps, wire

CHIP, NODES, PER_NODE, SEQ = "h100-sxm", 128, 8, 4096
LOAD = TrainingLoad()
TENSOR = (1, 2, 4, 8, 16)
PIPELINE = (1, 2, 4, 8, 16)
BATCHES = (2**20, 2**21, 2**22, 2**23, 2**24)
CHUNKS = {"1, each stage in one piece": 1, "2 pieces": 2, "5 pieces": 5}
DRAWN = 200
"""Cells up to which each micro-batch is drawn; beyond, a stage's work is drawn in one run."""
MOST_CELLS = 2400
"""Cells up to which the schedule is played through; beyond, only the idle ends are drawn, from the formula."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A way to split the model over the cluster, and what it costs."""

    design: TrainingDesign
    estimate: TrainingEstimate

    @property
    def micro_batches(self) -> int:
        return int(self.estimate.micro_batches)

    @property
    def words(self) -> str:
        d = self.design
        return f"{d.tensor_parallel} × {d.pipeline_parallel} × {d.data_parallel}"


@cache
def lay_out(tensor: int = 8, pipeline: int = 8, batch: int = 2**22, interleave: int = 1) -> Layout:
    """The layout with data parallelism filling the cluster; `BadInput` in one sentence when it cannot be."""
    chips = NODES * PER_NODE
    data, over = divmod(chips, tensor * pipeline)
    if over or not data:
        raise BadInput(f"{tensor} × {pipeline} chips for a replica do not divide {chips:,}", field="pipeline")
    if batch < SEQ * data:
        raise BadInput(f"A batch of {batch:,} tokens leaves less than one sequence of {SEQ:,} to each of {data:,} replicas", field="batch")
    if interleave > 1 and pipeline == 1:
        interleave = 1  # a single stage has nothing to interleave with
    design = TrainingDesign(
        accelerator=CHIP, nodes=NODES, chips_per_node=PER_NODE, tensor_parallel=tensor, pipeline_parallel=pipeline, data_parallel=data,
        global_batch_tokens=batch, seq_len=SEQ, interleave=interleave,
    )
    out = Layout(design, estimate_training(design, LOAD))
    if interleave > 1 and LOAD.layers % (pipeline * interleave):
        raise BadInput(f"{LOAD.layers:.0f} layers do not split into {pipeline} stages of {interleave} pieces", field="interleave")
    if interleave > 1 and out.micro_batches % pipeline:
        raise BadInput(f"Interleaving needs micro-batches in multiples of the {pipeline} stages; here are {out.micro_batches}", field="interleave")
    return out


def schedule(layout: Layout, wide: float = WIDE) -> str:
    """The pipeline's step: every micro-batch where there is room, else each stage's busy runs."""
    d, m = layout.design, layout.micro_batches
    p, v = d.pipeline_parallel, d.interleave
    if p == 1:
        return draw.caption("One stage: no pipeline, no bubble.")
    if 2 * p * m * v <= DRAWN:
        return draw.pipeline(stages=p, microbatches=m, interleave=v, wide=wide)
    return _runs_drawn(layout, _runs(p, m, v), wide)


@cache
def _runs(p: int, m: int, v: int) -> tuple[float, tuple[tuple[int, float, float], ...]]:
    """Length of a step, and (stage, start, end) of each stretch without a pause; a forward pass takes 1, a backward 2."""
    if 2 * p * m * v > MOST_CELLS:
        total = 3 * m + 3 * (p - 1) / v
        return total, tuple((s, s / v, total - 2 * s / v - 3 * (p - 1 - s) / v) for s in range(p))
    runs: list[list[float]] = []
    cells = sorted(one_f_one_b(stages=p, microbatches=m, interleave=v), key=lambda c: (c.stage, c.start))
    for c in cells:
        if runs and runs[-1][0] == c.stage and c.start - runs[-1][2] < 1e-9:
            runs[-1][2] = c.end
        else:
            runs.append([c.stage, c.start, c.end])
    return max(c.end for c in cells), tuple((int(s), a, b) for s, a, b in runs)


def _runs_drawn(layout: Layout, runs: tuple[float, tuple[tuple[int, float, float], ...]], wide: float) -> str:
    total, stretches = runs
    d, e = layout.design, layout.estimate
    p = d.pipeline_parallel
    bubble = draw.percent(e.bubble)
    title = f"Pipeline schedule: {p} stages, {layout.micro_batches} micro-batches" + (f", {d.interleave} pieces a stage" if d.interleave > 1 else "")

    def picture(w: float) -> Pic:
        left, pitch = (22.0 if w < 430 else 58.0), (22.0 if p <= 8 else 14.0)
        bar, unit = pitch - 6, (w - left - 4) / total
        pic = Pic(w, 28 + pitch * p + 40, title, f"The bubble is {bubble} of the step")
        pic.rect(left, 5, 12, 12, fill="c-compute").text(left + 17, 15, "forward and backward", c="ink2")
        pic.rect(left + 156, 5.5, 11, 11, fill="hatch").text(left + 173, 15, "idle", c="ink2")
        for s in range(p):
            y = 28 + s * pitch
            if p <= 8 or s % 4 == 0 or s == p - 1:
                pic.text(left - 8, y + bar / 2 + 4, s + 1 if w < 430 else f"stage {s + 1}", a="end", c="ink2", size=12)
            pic.rect(left, y, total * unit, bar, fill="hatch")
        pic.rects([(left + a * unit, 28 + s * pitch - 0.5, (b - a) * unit, bar + 1) for s, a, b in stretches], fill="c-compute")
        y = 28 + p * pitch + 2
        pic.line(left, y, left + total * unit, y).text(left, y + 18, "time →", c="ink2", size=12)
        pic.text(w - 4, y + 18, f"{layout.micro_batches} micro-batches, bubble {bubble}", a="end", bold=True)
        return pic

    return two(picture, wide=wide)


def memory_rows(e: TrainingEstimate) -> list:
    """What one chip holds, as the memory bars want it."""
    parts = [
        ("weights", float(e.weight_bytes), "weights"), ("optimizer", float(e.gradient_bytes), "gradients"),
        ("optimizer", float(e.optimizer_bytes), "moments and master copy"), ("reserve", float(e.reserve_bytes), "runtime"),
        ("activations", float(e.activation_bytes), "activations"),
    ]
    return [("one chip of the first stage", parts, "")]


def memory(e: TrainingEstimate, wide: float = WIDE) -> str:
    """The memory of one chip of the first stage, which holds the most activations."""
    return draw.memory_bars(memory_rows(e), capacity_bytes=float(e.mem_bytes), title="Memory of one chip", wide=wide)


def chip_map(layout: Layout, wide: float = WIDE) -> str:
    """Which chip holds what."""
    d = layout.design
    return draw.chip_map(
        tensor=d.tensor_parallel, pipeline=d.pipeline_parallel, data=d.data_parallel, layers=int(LOAD.layers), chips_per_node=PER_NODE, chip=(0, 0, 0), wide=wide,
    )


def sentence(layout: Layout) -> str:
    """The result in words."""
    d, e = layout.design, layout.estimate
    step = draw.quantity(e.step_s, "s")
    head = f"<b>{layout.words}:</b> a step takes <b>{step}</b>, {draw.percent(e.mfu)} of the peak; {draw.num(e.days)} days for the run. "
    parts = [f"the bubble takes {draw.percent(e.bubble)}", f"links that nothing hides {draw.percent(e.exposed_comm_share)}"]
    tail = f"Of the step {' and '.join(parts)}, with {layout.micro_batches:,} micro-batches in each of {d.data_parallel:,} pipelines. "
    if e.fits:
        return head + tail + f"A chip holds {draw.quantity(e.total_bytes, 'B')} of {draw.quantity(e.mem_bytes, 'B')}."
    return head + tail + f"But it does not fit: a chip would hold {draw.quantity(e.total_bytes, 'B')}, and it has {draw.quantity(e.mem_bytes, 'B')}."


def table(layout: Layout) -> str:
    """The step by its parts."""
    e = layout.estimate
    rows = [
        ["matrix products", e.compute_s], ["recomputed", e.recompute_s], ["all-reduces of tensor parallelism", e.tensor_comm_s],
        ["filling and draining the pipeline", e.step_s - e.data_comm_exposed_s - e.optimizer_s - e.compute_s - e.recompute_s - e.tensor_comm_s],
        ["gradients that nothing hides", e.data_comm_exposed_s], ["optimizer", e.optimizer_s],
    ]
    body = [[name, draw.quantity(float(s), "s"), draw.percent(s / e.step_s)] for name, s in rows]
    parts = draw.table(["Part of a step", "Time", "Share"], [*body, ["step", draw.quantity(float(e.step_s), "s"), "100%"]], right={1, 2}, sums=1)
    return parts + draw.table(*chips_behind(layout)) + stages_behind(layout) + draw.table(*draw.memory_bars_table(memory_rows(e), capacity_bytes=float(e.mem_bytes)))


def chips_behind(layout: Layout) -> tuple[list, list]:
    """The chip map as rows."""
    d = layout.design
    return draw.chip_map_table(tensor=d.tensor_parallel, pipeline=d.pipeline_parallel, data=d.data_parallel, layers=int(LOAD.layers), chips_per_node=PER_NODE, chip=(0, 0, 0))


def stages_behind(layout: Layout) -> str:
    """When each stage works, in steps of one forward pass through a stage; a single stage has no schedule."""
    d, m = layout.design, layout.micro_batches
    if d.pipeline_parallel == 1:
        return ""
    total, stretches = _runs(d.pipeline_parallel, m, d.interleave)
    body = []
    for stage in range(d.pipeline_parallel):
        mine = [(a, b) for s, a, b in stretches if s == stage]
        busy = 3 * m
        body.append([f"stage {stage + 1}", draw.num(mine[0][0]), draw.num(mine[-1][1]), draw.num(busy), draw.percent((total - busy) / total)])
    return draw.table(["Stage", "First works at", "Last works until", "Busy", "Idle"], body, right={1, 2, 3, 4})


def view(tensor: int = 8, pipeline: int = 8, batch: int = 2**22, interleave: int = 1) -> View:
    """The panel's pictures and words for one state of its controls."""
    layout = lay_out(tensor, pipeline, batch, interleave)
    return View(
        picture=chip_map(layout) + schedule(layout) + memory(layout.estimate), readout=sentence(layout), named=f"the layout {layout.words}",
        source="Order of the three numbers: tensor × pipeline × data. Activations are recomputed selectively, the optimizer is sharded over the replicas (ZeRO 1).",
        why=explained(layout.estimate.bubble) + explained(layout.estimate.mfu), table=table(layout),
    )


def panel() -> Any:
    """The controls and what they show."""
    return wire(
        {
            "tensor": steps("Tensor parallel", TENSOR, 8),
            "pipeline": steps("Pipeline stages", PIPELINE, 8),
            "batch": steps("Batch, tokens", BATCHES, 2**22, say=lambda v: f"{v / 1e6:.1f} M"),
            "interleave": choice("A stage holds its layers in", CHUNKS, 1),
        },
        view,
    )
