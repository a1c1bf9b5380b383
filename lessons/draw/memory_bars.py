"""Memory bars: what lies in a chip's memory, what is left, and what does not fit."""

from __future__ import annotations

from .figures import num, quantity
from .stacked import Look, stacked
from .svg import Pic, two


def memory_bars(
    rows,
    *,
    capacity_bytes: float | None = None,
    capacity_label: str | None = None,
    max_bytes: float | None = None,
    title: str = "Memory of one chip",
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """Horizontal bars on one scale, the capacity an ink line through all of them.

    rows: (label, [(kind, bytes, name), …], note), kinds in the order weights, optimizer, reserve, activations, kv.
    What is left up to the capacity is hatched; what does not fit runs past the line and is named in red words.
    max_bytes fixes the scale, so that bars move and the axis does not.
    """
    rows = [_with_free(row, capacity_bytes) for row in rows]
    totals = [sum(v for _, v, _ in row[1]) for row in rows] or [1.0]
    most = max(totals + ([capacity_bytes * 1.02] if capacity_bytes else []))
    most = max(most * 1.01, max_bytes or 0) or 1.0
    factor, unit = _unit(most)
    if capacity_bytes and capacity_label is None:
        capacity_label = quantity(capacity_bytes, "B")
    look = Look(
        say=lambda v: num(v / factor),
        say_first=lambda v: f"{num(v / factor)} {unit}",
        axis=lambda v: f"{num(v / factor)} {unit}" if v + 1e-9 >= last else num(v / factor),
        limit=capacity_bytes,
        limit_label=capacity_label or "",
    )
    says = says or _says(rows, capacity_bytes, capacity_label)
    last = 0.0

    def draw(w: float) -> Pic:
        nonlocal last
        last = _last_tick(most, 4 if w < 500 else 6)
        return stacked(w, rows, look=look, most=most, title=title, says=says)

    return two(draw, wide=wide, narrow=narrow)


def memory_bars_table(rows, *, capacity_bytes: float | None = None, **_look) -> tuple[list[str], list[list]]:
    """(head, rows): one column a segment, GB, then the total and what is left."""
    names: list[str] = []
    for _, segments, *_rest in rows:
        names += [n or k for k, _, n in segments if (n or k) not in names]
    head = ["", *(f"{n}, GB" for n in names), "together, GB"]
    if capacity_bytes:
        head.append("left of the capacity, GB")
    out = []
    for label, segments, *_rest in rows:
        held = {n or k: v for k, v, n in segments}
        total = sum(v for k, v, _ in segments if k != "free")
        row = [label, *(held[n] / 1e9 if n in held else "–" for n in names), total / 1e9]
        if capacity_bytes:
            row.append((capacity_bytes - total) / 1e9)
        out.append(row)
    return head, out


def _with_free(row, capacity: float | None):
    label, segments, *rest = row
    segments = [(k, float(v), n) for k, v, n in segments]
    total = sum(v for _, v, _ in segments)
    if capacity and total < capacity and not any(k == "free" for k, _, _ in segments):
        segments.append(("free", capacity - total, "free"))
    return (label, segments, *rest)


def _unit(most: float) -> tuple[float, str]:
    for factor, unit in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if most >= 2 * factor:
            return factor, unit
    return 1.0, "B"


def _last_tick(most: float, count: int) -> float:
    from .scale import ticks

    return max(ticks(0, most, count) or [0])


def _says(rows, capacity: float | None, label: str | None) -> str:
    parts = []
    for name, segments, *_rest in rows:
        held = ", ".join(f"{n or k} {quantity(v, 'B')}" for k, v, n in segments if k != "free")
        total = sum(v for k, v, _ in segments if k != "free")
        end = ""
        if capacity:
            gap = capacity - total
            end = f"; {quantity(gap, 'B')} free" if gap >= 0 else f"; {quantity(-gap, 'B')} too much"
        parts.append(f"{name}: {held}{end}")
    return ". ".join(parts) + (f". Capacity {label}" if label else "")
