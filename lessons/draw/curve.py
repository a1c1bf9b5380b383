"""The curve of a knob: what one control buys, with the limit, the region that meets it, and yours."""

from __future__ import annotations

import math

from .figures import num, quantity, tick
from .measure import Placer, spread, text_width, wrap
from .scale import Scale, gutter, padded, x_axis, y_axis
from .svg import Pic, two


def curve(
    points,
    *,
    x_label: str,
    y_label: str,
    label: str = "as designed",
    yours=None,
    yours_label: str | None = None,
    limit: float | None = None,
    meets: str = "below",
    limit_label: str | None = None,
    others=(),
    unit: str = "",
    x_log: bool = False,
    y_log: bool = False,
    x_ticks=None,
    y_max: float | None = None,
    y_zero: bool = True,
    band=(),
    kind: str = "ink",
    title: str | None = None,
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """points: (x, y); a y that is None or infinite (saturated, refused) breaks the line rather than counting as 0.

    yours: (x, y), or an x that lies on the curve. others: (label, points), dashed. The region that meets the limit
    ("below" or "above") is washed. band: (x, low, high) around the curve. y_max cuts the axis.
    """
    points = list(points)
    others = [(str(n), list(ps)) for n, ps in others]
    if yours is not None and not isinstance(yours, (tuple, list)):
        yours = (yours, dict(points).get(yours, interpolate(points, yours)))
    known = [y for _, y in points + [p for _, ps in others for p in ps] if _finite(y)]
    known += [v for _, low, high in band for v in (low, high)] + ([limit] if limit is not None else [])
    xs = [x for x, _ in points] + [x for _, ps in others for x, _ in ps]
    y_low, y_high = padded(known, log=y_log, share=0.1, zero=y_zero and not y_log)
    y_high = min(y_high, y_max) if y_max else y_high
    title = title or f"{y_label} against {x_label}"
    if limit is not None and limit_label is None:
        limit_label = f"limit {quantity(limit, unit)}"
    says = says or _says(points, others, label, x_label, yours, limit, limit_label, meets, unit)

    def draw(w: float) -> Pic:
        slim = w < 500
        h = 250 if slim else 270
        shown = Scale(low=y_low, high=y_high, a=0, b=1, log=y_log).ticks(4)
        say = tick(unit) if unit in ("$", "s", "B", "B/s", "FLOP/s", "%", "×") else None
        left = gutter(shown, say, log=y_log)
        names = [label, *(n for n, _ in others)] if others else []
        right = 12.0 if slim or not names else min(max(text_width(n, 12.5, True) for n in names) + 12, 120)
        X = Scale(low=min(xs, default=0), high=max(xs, default=1), a=left, b=w - right, log=x_log)
        Y = Scale(low=y_low, high=y_high, a=h - 46, b=26, log=y_log)
        pic = Pic(w, h, title, says)
        if limit is not None and Y.holds(limit):
            edge = Y(limit)
            if meets == "below":
                pic.rect(X.a, edge, X.b - X.a, Y.a - edge, fill="wash")
            else:
                pic.rect(X.a, Y.b, X.b - X.a, edge - Y.b, fill="wash")
            pic.line(X.a, edge, X.b, edge, c="ink", sw=1.25, dash="4 3")
        y_axis(pic, Y, left - 8, ticks=shown, say=say, label=y_label)
        x_axis(pic, X, h - 46, ticks=x_ticks, label=x_label)
        _lines(pic, X, Y, points, others, band, kind)
        place = Placer()
        _taken(place, X, Y, points, others)
        _name_lines(pic, X, Y, points, others, label, right, slim, place)
        if yours is not None and _finite(yours[1]):
            _mark_yours(pic, X, Y, yours, yours_label or f"{quantity(yours[1], unit)}", place)
        if limit is not None and Y.holds(limit):
            _name_limit(pic, X, Y, limit, limit_label, place)
        return pic

    return two(draw, wide=wide, narrow=narrow)


def curve_table(points, *, x_label: str, y_label: str, label: str = "as designed", others=(), **_look):
    """(head, rows): one row an x, one column a line."""
    lines = [(label, dict(points)), *((n, dict(ps)) for n, ps in others)]
    xs = sorted({x for _, line in lines for x in line})
    head = [x_label, *(f"{y_label}, {n}" if others else y_label for n, _ in lines)]
    rows = [
        [
            x,
            *(
                line[x] if _finite(line.get(x)) else "–" if x not in line else "not known"
                for _, line in lines
            ),
        ]
        for x in xs
    ]
    return head, rows


def interpolate(points, x: float) -> float | None:
    """The curve at x, straight between its points; None where it is broken or ends."""
    ordered = sorted((p for p in points), key=lambda p: p[0])
    for (x1, y1), (x2, y2) in zip(ordered, ordered[1:], strict=False):
        if x1 <= x <= x2 and _finite(y1) and _finite(y2):
            return y1 + (y2 - y1) * (x - x1) / (x2 - x1) if x2 > x1 else y1
    return None


def _finite(y) -> bool:
    return y is not None and math.isfinite(y)


def at_place(x: float, label: str) -> str:
    """A place on an axis as words: the unit that ends the label goes to the figure.

    >>> at_place(40, "share of the peak, %"), at_place(67.1, "message, MB"), at_place(60, "minutes between checkpoints")
    ('share of the peak 40%', 'message 67.1 MB', '60 minutes between checkpoints')
    """
    name, comma, unit = label.rpartition(", ")
    if not comma or len(unit) > 6:
        return f"{num(x)} {label}"
    return f"{name} {num(x)}{unit}" if unit in ("%", "×") else f"{name} {num(x)} {unit}"


def _says(points, others, label, x_label, yours, limit, limit_label, meets, unit) -> str:
    known = [(x, y) for x, y in points if _finite(y)]
    parts = []
    if yours is not None:
        said = quantity(yours[1], unit) if _finite(yours[1]) else "not known"
        parts.append(f"yours: {said} at {at_place(yours[0], x_label)}")
    if known:
        (x1, y1), (x2, y2) = known[0], known[-1]
        parts.append(
            f"{label}: {quantity(y1, unit)} at {at_place(x1, x_label)}, {quantity(y2, unit)} at {num(x2)}"
        )
    if len(known) < len(points):
        parts.append(f"not known at {len(points) - len(known)} of {len(points)} values")
    for name, ps in others:
        ends = [p for p in ps if _finite(p[1])]
        if ends:
            parts.append(f"{name}: {quantity(ends[-1][1], unit)} at {num(ends[-1][0])}")
    if limit is not None:
        good = [x for x, y in known if (y <= limit if meets == "below" else y >= limit)]
        parts.append(
            f"{limit_label}: met at " + (f"{num(good[0])} to {num(good[-1])}" if good else "no value shown")
        )
    return "; ".join(parts)


def _runs(points):
    """The stretches of a line between values that are not known."""
    run: list = []
    for x, y in points:
        if _finite(y):
            run.append((x, y))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _lines(pic, X, Y, points, others, band, kind) -> None:
    colour = f"c-{kind}" if kind not in ("ink", "ink2") else kind
    if len(band) > 1:
        upper = [(X(x), Y(high)) for x, _, high in band]
        lower = [(X(x), Y(low)) for x, low, _ in band]
        pic.path(upper + lower[::-1], c=None, sw=0, fill=colour, close=True, opacity=0.16)
    for _, ps in others:
        for run in _runs(ps):
            pic.path([(X(x), Y(y)) for x, y in run], c="ink", sw=1.5, dash="5 3")
    for run in _runs(points):
        if len(run) == 1:
            pic.predicted(X(run[0][0]), Y(run[0][1]), c=colour)
        pic.path([(X(x), Y(y)) for x, y in run], c=colour, sw=2)


def _taken(place: Placer, X, Y, points, others) -> None:
    """Labels must not cross the lines: small boxes along each."""
    for ps in [points, *(ps for _, ps in others)]:
        for run in _runs(ps):
            pixels = [(X(x), Y(y)) for x, y in run]
            for (x1, y1), (x2, y2) in zip(pixels, pixels[1:], strict=False):
                count = min(8, max(1, math.ceil(max(abs(x2 - x1), abs(y2 - y1)) / 4)))  # no more than cover a short stretch
                for k in range(count):
                    x, y = x1 + (x2 - x1) * k / count, y1 + (y2 - y1) * k / count
                    place.take(x - 4, y - 2, x + 4, y + 2)


def _name_lines(pic, X, Y, points, others, label, right, slim, place) -> None:
    ends = []
    for name, ps in [(label, points), *others]:
        known = [p for p in ps if _finite(p[1])]
        if known and others:
            ends.append((name, X(known[-1][0]), Y(known[-1][1])))
    if not slim:
        for y, (name, _, _) in zip(spread([e[2] + 4 for e in ends], 32, 26, Y.a), ends, strict=True):
            pic.lines(X.b + 6, y, wrap(name, right - 8, 12.5, 2, True), size=12.5, bold=True, lead=14)
        return
    for name, x, y in sorted(ends, key=lambda end: -end[2]):  # the lowest first, so that names of close lines keep their order
        spots = [(x, y - d, "end") for d in (8, 22, 38)] + [(x, y + d, "end") for d in (18, 34)]
        tx, ty, a = place.label(name, spots, size=12.5, bold=True, limits=(X.a, 14, X.b, Y.a))
        pic.text(tx, ty, name, a=a, size=12.5, bold=True, halo=True)


def _mark_yours(pic, X, Y, yours, text, place) -> None:
    x, y = X(yours[0]), Y(yours[1])
    pic.yours(x, y)
    place.take(x - 9, y - 9, x + 9, y + 9)
    spots = [
        (x + 12, y - 12, "start"),
        (x - 12, y - 12, "end"),
        (x + 12, y + 22, "start"),
        (x - 12, y + 22, "end"),
        (x + 12, y - 30, "start"),
        (x - 12, y - 30, "end"),
        (x, y - 40, "middle"),
        (x, y + 40, "middle"),
    ]
    tx, ty, a = place.label(text, spots, bold=True, limits=(X.a, 12, pic.w, Y.a))
    pic.text(tx, ty, text, a=a, bold=True, halo=True)


def _name_limit(pic, X, Y, limit, text, place) -> None:
    y = Y(limit)
    spots = [
        (X.b - 4, y - 6, "end"),
        (X.a + 6, y - 6, "start"),
        (X.b - 4, y + 16, "end"),
        (X.a + 6, y + 16, "start"),
        ((X.a + X.b) / 2, y - 6, "middle"),
        ((X.a + X.b) / 2, y + 16, "middle"),
    ]
    tx, ty, a = place.label(text, spots, size=12.5, limits=(X.a, 12, X.b, Y.a))
    pic.text(tx, ty, text, a=a, size=12.5, halo=True)
