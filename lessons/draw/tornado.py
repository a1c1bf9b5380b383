"""Tornado: what moves a result, widest first. Grey, because a range is no resource."""

from __future__ import annotations

from .figures import quantity, tick
from .measure import shorten, text_width, wrap
from .scale import Scale, x_axis
from .svg import Pic, two


def tornado(
    rows,
    *,
    base: float,
    unit: str = "$",
    title: str = "What moves the result",
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """rows: (name, low_label, high_label, value_at_low, value_at_high).

    The ends carry the assumption ("2", "5"), the axis carries the result, the base is an ink line with its figure.
    A value that is lower than the base is the lighter grey. Rows are sorted here.
    """
    rows = sorted(
        ([str(n), str(a), str(b), float(v), float(u)] for n, a, b, v, u in rows),
        key=lambda r: -abs(r[4] - r[3]),
    )
    values = [base, *(v for r in rows for v in r[3:])]
    low, high = min(values), max(values)
    say = lambda v: quantity(v, unit)  # noqa: E731
    says = says or f"Base {say(base)}. " + "; ".join(
        f"{n}: {say(min(a, b))} to {say(max(a, b))} ({la} to {lb})" for n, la, lb, a, b in rows
    )

    def draw(w: float) -> Pic:
        slim = w < 500
        left = 0.5 if slim else min(max([text_width(r[0]) for r in rows] + [60]) + 16, w * 0.32)
        pitch, top = (44 if slim else 32), 30.0
        pic = Pic(w, top + pitch * len(rows) + 32, title, says)
        ends = max([text_width(t, 12) for r in rows for t in r[1:3]] + [20])
        margin = min(ends + 8, (w - left) * 0.3)
        X = Scale(low=low, high=high, a=left + margin, b=w - margin)
        x0 = X(base)
        for j, (name, low_label, high_label, a, b) in enumerate(rows):
            y = top + j * pitch
            bar = y + 15 if slim else y + 3
            if slim:
                pic.text(left, y + 10, name)
            else:
                pic.lines(0, y + 15, wrap(name, left - 12, 13, 1))
            _ends(pic, X, x0, bar, [(a, low_label), (b, high_label)], base, margin)
        pic.line(x0, top - 4, x0, pic.h - 28, c="ink", sw=1.25)
        pic.text(x0, top - 11, say(base), a="middle", bold=True)
        x_axis(pic, X, pic.h - 26, ticks=X.ticks(4), say=tick(unit))
        return pic

    return two(draw, wide=wide, narrow=narrow)


def tornado_table(rows, *, base: float, unit: str = "$", **_look) -> tuple[list[str], list[list]]:
    """(head, rows): each assumption and the result at both of its ends, widest first."""
    ordered = sorted(rows, key=lambda r: -abs(r[4] - r[3]))
    said = [
        [n, f"{a}: {quantity(v, unit)}", f"{b}: {quantity(u, unit)}", quantity(abs(u - v), unit)]
        for n, a, b, v, u in ordered
    ]
    return ["Assumption", "At one end", "At the other", f"Width, around {quantity(base, unit)}"], said


def _ends(pic, X, x0, bar, ends, base, margin) -> None:
    """Two greys and their labels; where both ends lie on one side, the nearer label goes to the other."""
    same_side = len({v >= base for v, _ in ends}) == 1
    for value, _ in sorted(ends, key=lambda e: -abs(e[0] - base)):
        x = X(value)
        if abs(x - x0) > 0.5:
            pic.rect(min(x0, x), bar, abs(x - x0), 16, fill="idle" if value < base else "ink2")
    for k, (value, label) in enumerate(sorted(ends, key=lambda e: -abs(e[0] - base))):
        x, left = X(value), value < base
        if same_side and k == 1:
            x, left = x0, not left
        pic.text(
            x + (-5 if left else 5),
            bar + 12.5,
            shorten(label, margin, 12),
            a="end" if left else "start",
            c="ink2",
            size=12,
        )
