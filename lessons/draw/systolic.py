"""Systolic array: which cells work at a few moments, and how busy the whole is."""

from __future__ import annotations

from .figures import percent
from .svg import Pic, two


def busy_cells(*, rows: int, cols: int, depth: int, cycle: int) -> list[list[int]]:
    """For each cell the number of the product that it adds at this cycle (from 1), 0 while it idles.

    Operands enter at the left and top edge, one cycle later in each further row and column, so cell (i, j) works
    from cycle i + j on, for as many cycles as the sum has products.

    >>> busy_cells(rows=2, cols=3, depth=2, cycle=1)
    [[2, 1, 0], [1, 0, 0]]
    """
    return [[d + 1 if 0 <= (d := cycle - i - j) < depth else 0 for j in range(cols)] for i in range(rows)]


def systolic(
    *,
    rows: int = 6,
    cols: int = 6,
    depth: int = 6,
    cycles=None,
    title: str | None = None,
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """Three moments (two on a phone): working cells carry the number of their product, the others are hatched.

    cycles: the moments, from 0. A page that steps by a button passes cycles=[k].
    """
    total = depth + rows + cols - 2
    share = depth / total
    chosen = (
        list(cycles) if cycles is not None else sorted({total // 7, (total - 1) // 2, total - 1 - total // 5})
    )
    title = title or f"Systolic array of {rows} by {cols} cells, sums of {depth} products"
    says = (
        says
        or f"Work runs as a diagonal wave; over {total} cycles the cells are busy {percent(share)} of the time"
    )

    def draw(w: float) -> Pic:
        slim = w < 500
        moments = chosen[:2] if slim and len(chosen) > 2 else chosen
        gap = 28
        cell = min(24.0, ((w - 4) - gap * (len(moments) - 1)) / len(moments) / cols)
        pic = Pic(w, 48 + rows * cell + (58 if slim else 40), title, says)
        for k, cycle in enumerate(moments):
            x0 = k * max((w + gap) / max(3, len(moments)) if not slim else 0, cols * cell + gap)
            state = busy_cells(rows=rows, cols=cols, depth=depth, cycle=cycle)
            working = sum(value > 0 for row in state for value in row)
            pic.text(x0, 14, f"cycle {cycle + 1}", bold=True)
            pic.text(x0, 31, f"{working} of {rows * cols} cells work", c="ink2", size=12)
            _cells(pic, x0, 42, cell, state)
        y = 42 + rows * cell + 18
        pic.text(0, y, "operands enter left and top, sums leave below", c="ink2", size=12)
        said = f"over {total} cycles: {rows * cols * depth} of {total * rows * cols} cell-cycles = {percent(share)} busy"
        pic.text(0, y + 20, said, bold=True, size=12.5 if slim else 13)
        return pic

    return two(draw, wide=wide, narrow=narrow)


def systolic_table(*, rows: int = 6, cols: int = 6, depth: int = 6, **_look) -> tuple[list[str], list[list]]:
    """(head, rows): how many cells work at each cycle."""
    out = []
    for cycle in range(depth + rows + cols - 2):
        state = busy_cells(rows=rows, cols=cols, depth=depth, cycle=cycle)
        working = sum(value > 0 for row in state for value in row)
        out.append([cycle + 1, working, rows * cols - working, 100 * working / (rows * cols)])
    return ["Cycle", "Cells that work", "Idle", "Busy, %"], out


def _cells(pic: Pic, x0: float, y0: float, cell: float, state) -> None:
    gap = 1.0 if cell > 8 else 0.3
    size = 11 if cell >= 18 else 8.5
    working, idle = [], []
    for i, row in enumerate(state):
        for j, value in enumerate(row):
            box = (x0 + j * cell + gap, y0 + i * cell + gap, cell - 2 * gap, cell - 2 * gap)
            (working if value else idle).append(box)
    pic.rects(idle, fill="hatch").rects(working, fill="c-compute")
    if cell < 12:
        return
    names = [
        (x0 + (j + 0.5) * cell, y0 + (i + 0.5) * cell + size * 0.36, value)
        for i, row in enumerate(state)
        for j, value in enumerate(row)
        if value
    ]
    pic.labels(names, c="on-compute", size=size, bold=True)
