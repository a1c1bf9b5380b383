"""Pipeline schedule: one forward, one backward, computed from the number of stages and micro-batches."""

from __future__ import annotations

from dataclasses import dataclass

from .figures import percent
from .measure import text_width
from .svg import Pic, two


@dataclass(frozen=True)
class Cell:
    """One piece of work: a stage computes one micro-batch of one of its model chunks, forward or backward."""

    stage: int
    backward: bool
    batch: int
    chunk: int
    start: float
    end: float


def one_f_one_b(*, stages: int, microbatches: int, interleave: int = 1, backward: float = 2) -> list[Cell]:
    """The 1F1B schedule of PipeDream-Flush, or Megatron-LM's interleaved one (Narayanan et al. 2021).

    A forward pass through a whole stage takes 1, a backward pass `backward`; with interleaving each stage holds
    `interleave` chunks of layers and a chunk takes 1/interleave of that. Each piece starts as soon as its stage is
    free and what it needs has arrived.

    >>> cells = one_f_one_b(stages=4, microbatches=8)
    >>> max(c.end for c in cells)
    33.0
    """
    if stages < 1 or microbatches < 1 or interleave < 1:
        raise ValueError("stages, micro-batches and chunks are at least 1")
    if interleave > 1 and microbatches % stages:
        raise ValueError("the interleaved schedule needs a multiple of the stages as micro-batches")
    orders = [_order(s, stages, microbatches, interleave) for s in range(stages)]
    last = stages * interleave - 1
    end: dict[tuple[bool, int, int], float] = {}  # (backward, batch, virtual stage) -> when it is done
    clock = [0.0] * stages
    done = [0] * stages
    cells: list[Cell] = []
    waiting = sum(len(order) for order in orders)
    while waiting:
        moved = False
        for stage, order in enumerate(orders):
            while done[stage] < len(order):
                back, batch, chunk = order[done[stage]]
                here = chunk * stages + stage
                needs = [(True, batch, here + 1)] if back and here < last else []
                needs += [(False, batch, here)] if back else [(False, batch, here - 1)] if here else []
                if any(need not in end for need in needs):
                    break
                start = max([clock[stage]] + [end[need] for need in needs])
                long = (backward if back else 1) / interleave
                clock[stage] = end[(back, batch, here)] = start + long
                cells.append(Cell(stage, back, batch, chunk, start, start + long))
                done[stage] += 1
                waiting -= 1
                moved = True
        if not moved:  # cannot happen for a valid order; a message beats an endless loop
            raise RuntimeError("the schedule waits for itself")
    return cells


def _order(stage: int, stages: int, batches: int, chunks: int) -> list[tuple[bool, int, int]]:
    """What a stage does, in its order: a warm-up of forwards, then one of each, then the remaining backwards."""
    total = batches * chunks
    if chunks == 1:
        warm = min(stages - 1 - stage, total)
    else:
        warm = total if batches == stages else min(2 * (stages - 1 - stage) + (chunks - 1) * stages, total)

    def forward(k: int) -> tuple[bool, int, int]:
        group, inside = divmod(k, stages * chunks)
        chunk, place = divmod(inside, stages)
        return (False, group * stages + place, chunk)

    def back(k: int) -> tuple[bool, int, int]:
        _, batch, chunk = forward(k)
        return (True, batch, chunks - 1 - chunk)

    if chunks == 1:
        forward = lambda k: (False, k, 0)  # noqa: E731
        back = lambda k: (True, k, 0)  # noqa: E731
    order = [forward(k) for k in range(warm)]
    for k in range(warm, total):
        order += [forward(k), back(k - warm)]
    return order + [back(k) for k in range(total - warm, total)]


def pipeline(
    *,
    stages: int,
    microbatches: int,
    interleave: int = 1,
    backward: float = 2,
    title: str | None = None,
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """Rows are stages, time runs to the right; forward is filled, backward outlined, the bubble hatched."""
    cells = one_f_one_b(stages=stages, microbatches=microbatches, interleave=interleave, backward=backward)
    total = max(c.end for c in cells)
    work = microbatches * (1 + backward)
    bubble = (total - work) / total
    kind = "one forward, one backward" + (f", {interleave} chunks a stage" if interleave > 1 else "")
    title = title or f"Pipeline schedule: {stages} stages, {microbatches} micro-batches, {kind}"
    says = (
        says or f"Each stage idles {total - work:.3g} of {total:.3g} steps: the bubble is {percent(bubble)}"
    )
    formula = _formula(stages, microbatches, interleave, bubble)

    def draw(w: float) -> Pic:
        slim = w < 500
        left = 22.0 if slim else 66.0
        pitch = 30 if stages <= 12 else 18
        bar = pitch - 8
        top = 28.0
        unit = (w - left - 4) / total
        pic = Pic(w, top + pitch * stages + (46 if slim else 30), title, says)
        _legend(pic, left if not slim else 0, interleave)
        for stage in range(stages):
            y = top + stage * pitch
            pic.text(
                left - 8,
                y + bar / 2 + 4,
                stage + 1 if slim else f"stage {stage + 1}",
                a="end",
                c="ink2",
                size=12,
            )
            pic.rect(left, y, total * unit, bar, fill="hatch")
        _cells(pic, cells, left, top, pitch, bar, unit, interleave)
        y = top + pitch * stages + 2
        pic.line(left, y, left + total * unit, y)
        pic.text(left, y + 18, "time →", c="ink2", size=12)
        pic.text(w - 4, y + (36 if slim else 18), formula, a="end", bold=True, size=12.5 if slim else 13)
        return pic

    return two(draw, wide=wide, narrow=narrow)


def pipeline_table(
    *, stages: int, microbatches: int, interleave: int = 1, backward: float = 2, **_look
) -> tuple[list[str], list[list]]:
    """(head, rows): for each stage when it first and last works, and how long it idles."""
    cells = one_f_one_b(stages=stages, microbatches=microbatches, interleave=interleave, backward=backward)
    total = max(c.end for c in cells)
    rows = []
    for stage in range(stages):
        mine = [c for c in cells if c.stage == stage]
        busy = sum(c.end - c.start for c in mine)
        rows.append(
            [
                f"stage {stage + 1}",
                min(c.start for c in mine),
                max(c.end for c in mine),
                busy,
                total - busy,
                100 * (total - busy) / total,
            ]
        )
    return ["Stage", "first works at", "last works until", "busy, steps", "idle, steps", "idle, %"], rows


def _formula(p: int, m: int, v: int, bubble: float) -> str:
    if v == 1:
        return f"bubble = (p − 1)/(m + p − 1) = {p - 1}/{m + p - 1} = {percent(bubble)}"
    return f"bubble = (p − 1)/(v·m + p − 1) = {p - 1}/{v * m + p - 1} = {percent(bubble)}"


def _legend(pic: Pic, x: float, interleave: int) -> None:
    words = ["forward", "backward", "idle"]
    for word in words:
        if word == "forward":
            pic.rect(x, 5, 12, 12, fill="c-compute")
        elif word == "backward":
            pic.rect(x + 0.6, 5.6, 10.8, 10.8, fill="paper", stroke="c-compute", sw=1.25)
        else:
            pic.rect(x + 0.5, 5.5, 11, 11, fill="hatch")
        pic.text(x + 17, 15, word, c="ink2")
        x += 17 + text_width(word) + 14
    if interleave > 1 and pic.w >= 500:
        pic.text(pic.w - 4, 15, "lower half: a later chunk of layers", a="end", c="ink2", size=12)


def _cells(pic, cells, left, top, pitch, bar, unit, interleave) -> None:
    """Paper under every cell, then the cells; 1.5 px of paper between neighbours while a cell can spare them."""
    gap = 0.8 if unit / interleave > 5 else 0.0
    under, forward, back = [], [], []
    for c in cells:
        x, w = left + c.start * unit, (c.end - c.start) * unit
        y = top + c.stage * pitch
        part = (
            bar / interleave
        )  # chunks share the row's height, so that they can be told apart without a colour
        cy = y + c.chunk * part
        under.append((x, y - 0.5, w, bar + 1))
        if c.backward:
            back.append((x + gap + 0.6, cy + 0.6, max(0.8, w - 2 * gap - 1.2), part - 1.2))
        else:
            forward.append((x + gap, cy, max(0.8, w - 2 * gap), part))
    pic.rects(under, fill="paper")
    pic.rects(forward, fill="c-compute")
    pic.rects(back, fill="paper", stroke="c-compute", sw=1.25)
    if interleave > 1 or bar < 14:
        return
    widest = len(str(max(c.batch for c in cells) + 1))
    for back in (False, True):
        mine = [c for c in cells if c.backward is back]
        w = min(c.end - c.start for c in mine) * unit
        size = 11.0 if w > 6.5 * widest + 2 else 8.5
        if (
            w < 5 * widest + 1
        ):  # a digit of 8.5 px is 5 px wide; numbers that fit only here and there are left out
            continue
        items = [
            (left + (c.start + c.end) / 2 * unit, top + c.stage * pitch + bar / 2 + size * 0.36, c.batch + 1)
            for c in mine
        ]
        pic.labels(items, c="ink" if back else "on-compute", size=size)
