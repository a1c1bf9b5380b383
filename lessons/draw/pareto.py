"""Pareto front: designs in cost against latency (or any two that should be small)."""

from __future__ import annotations

import math

from .figures import quantity, tick
from .measure import Placer, text_width
from .scale import Scale, gutter, padded, x_axis, y_axis
from .svg import Pic, two, var

#: Shape and the glyph that names it in the legend; the diamond is kept for what was measured.
_SHAPES = ("□", "△", "○", "+", "×", "▽")


def pareto(
    points,
    *,
    x_label: str,
    y_label: str,
    yours=None,
    best=None,
    limit: float | None = None,
    limit_label: str | None = None,
    x_log: bool = True,
    y_log: bool = True,
    x_unit: str = "$",
    y_unit: str = "",
    best_label: str = "best known",
    x_limits=None,
    y_limits=None,
    title: str | None = None,
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """points: (x, y, group), smaller is better on both axes; the shape names the group, grey, never a colour.

    The step line is the front, the washed region meets the limit on y, yours is ringed, best (x, y) hollow. Points
    outside x_limits or y_limits are left out and counted in the aria-label; say so in the caption.
    """
    points = [(float(x), float(y), str(g)) for x, y, g in points if math.isfinite(x) and math.isfinite(y)]
    extra = [p for p in (yours, best) if p is not None]
    x_low, x_high = x_limits or padded([p[0] for p in points] + [p[0] for p in extra], log=x_log, share=0.06)
    y_low, y_high = y_limits or padded(
        [p[1] for p in points] + [p[1] for p in extra] + ([limit] if limit else []), log=y_log, share=0.06
    )
    inside = [p for p in points if x_low <= p[0] <= x_high and y_low <= p[1] <= y_high]
    groups = list(dict.fromkeys(p[2] for p in points))
    line = front([p[:2] for p in inside] + ([tuple(best)] if best else []))
    title = title or f"{x_label} against {y_label}"
    if limit is not None and limit_label is None:
        limit_label = f"limit {quantity(limit, y_unit)}"
    says = says or _says(
        points, inside, line, yours, best, limit, limit_label, x_unit, y_unit, x_label, y_label
    )

    def draw(w: float) -> Pic:
        roomy = w >= 600
        h = 310 if roomy else 300
        say_x, say_y = tick(x_unit), tick(y_unit)
        shown = Scale(low=y_low, high=y_high, a=0, b=1, log=y_log).ticks(4)
        left = gutter(shown, say_y)
        names = [f"{_SHAPES[k % len(_SHAPES)]} {g}" for k, g in enumerate(groups)]
        right = min(max([text_width(n, 12.5) for n in names] + [20]) + 14, 140) if roomy else 10
        X = Scale(low=x_low, high=x_high, a=left, b=w - right, log=x_log)
        Y = Scale(low=y_low, high=y_high, a=h - 46, b=28 if roomy else 46, log=y_log)
        pic = Pic(w, h, title, says)
        if limit is not None and Y.holds(limit):
            pic.rect(X.a, Y(limit), X.b - X.a, Y.a - Y(limit), fill="wash")
        y_axis(pic, Y, left - 8, ticks=shown, say=say_y, label=y_label)
        x_axis(pic, X, h - 46, say=say_x, label=x_label)
        for k, group in enumerate(groups):
            _shapes(pic, [(X(x), Y(y)) for x, y, g in inside if g == group], _SHAPES[k % len(_SHAPES)])
        steps = []
        for k, (x, y) in enumerate(line):
            if k:
                steps.append((X(x), Y(line[k - 1][1])))
            steps.append((X(x), Y(y)))
        pic.path(steps, c="ink", sw=1.5)
        if roomy:
            pic.lines(X.b + 10, 42, names, c="ink2", size=12.5, lead=18)
        else:
            pic.text(w, 30, "  ".join(names), a="end", c="ink2", size=12)
        place = Placer()
        for x, y in extra:
            place.take(X(x) - 8, Y(y) - 8, X(x) + 8, Y(y) + 8)
        if yours is not None:
            _named(pic, X, Y, yours, "yours", place, ring=True)
        if best is not None:
            _named(pic, X, Y, best, best_label if roomy else "best", place, ring=False)
        if limit is not None and Y.holds(limit):
            pic.line(X.a, Y(limit), X.b, Y(limit), c="ink", sw=1.25, dash="4 3")
            spots = [
                (X.b - 4, Y(limit) - 6, "end"),
                (X.a + 4, Y(limit) - 6, "start"),
                (X.b - 4, Y(limit) + 16, "end"),
            ]
            tx, ty, a = place.label(limit_label, spots, size=12.5)
            pic.text(tx, ty, limit_label, a=a, size=12.5, halo=True)
        return pic

    return two(draw, wide=wide, narrow=narrow)


def pareto_table(
    points, *, x_label: str, y_label: str, yours=None, best=None, **_look
) -> tuple[list[str], list[list]]:
    """(head, rows): the designs on the front, then yours and the best known."""
    line = front([(p[0], p[1]) for p in points if math.isfinite(p[0]) and math.isfinite(p[1])])
    group = {(p[0], p[1]): p[2] for p in points}
    rows: list[list] = [[group[p], p[0], p[1]] for p in line]
    if yours is not None:
        rows.append(["yours", yours[0], yours[1]])
    if best is not None:
        rows.append(["best known", best[0], best[1]])
    return ["Design", x_label, y_label], rows


def front(points) -> list[tuple[float, float]]:
    """The points that nothing beats on both axes, from the left.

    >>> front([(1, 9), (2, 5), (3, 6), (4, 1)])
    [(1, 9), (2, 5), (4, 1)]
    """
    kept: list[tuple[float, float]] = []
    for x, y in sorted(points):
        if not kept or y < kept[-1][1]:
            kept.append((x, y))
    return kept


def _says(points, inside, line, yours, best, limit, limit_label, x_unit, y_unit, x_label, y_label) -> str:
    parts = [f"{len(points)} designs, {len(line)} of them on the front"]
    if len(inside) < len(points):
        parts.append(f"{len(points) - len(inside)} lie outside the picture")
    if limit is not None:
        parts.append(f"{sum(p[1] <= limit for p in points)} meet the {limit_label}")
    for name, p in (("yours", yours), ("best known", best)):
        if p is not None:
            parts.append(f"{name}: {quantity(p[0], x_unit)} {x_label}, {quantity(p[1], y_unit)} {y_label}")
    return "; ".join(parts)


def _named(pic, X, Y, point, text, place, ring: bool) -> None:
    x, y = X(point[0]), Y(point[1])
    spots = [
        (x + 12, y - 9, "start"),
        (x - 12, y - 9, "end"),
        (x + 12, y + 20, "start"),
        (x - 12, y + 20, "end"),
        (x, y - 18, "middle"),
        (x, y + 30, "middle"),
    ]
    tx, ty, a = place.label(text, spots, bold=ring, limits=(X.a, 12, X.b, Y.a))
    pic.yours(x, y) if ring else pic.predicted(x, y, r=5)
    pic.text(tx, ty, text, a=a, bold=ring, c="ink" if ring else "ink2", halo=True)


def _shapes(pic: Pic, centres, shape: str) -> None:
    """All points of a group as one path: a search may hand over a thousand."""
    outline = {
        "□": "m-2.6-2.6h5.2v5.2h-5.2z",
        "△": "m0-3.4l3.2 5.8h-6.4z",
        "▽": "m0 3.4l3.2-5.8h-6.4z",
        "○": "m-2.9 0a2.9 2.9 0 1 0 5.8 0a2.9 2.9 0 1 0-5.8 0",
        "+": "m-3.2 0h6.4m-3.2-3.2v6.4",
        "×": "m-2.5-2.5l5 5m0-5l-5 5",
    }[shape]
    if centres:
        d = "".join(f"M{x:.1f} {y:.1f}{outline}" for x, y in centres)
        pic.add(f'<path d="{d}" style="fill:none;stroke:{var("axis")};stroke-width:1.1"/>')
