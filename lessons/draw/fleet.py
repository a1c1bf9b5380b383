"""Fleet by year: how many of each chip are bought, beside the demand they are bought for."""

from __future__ import annotations

from .figures import num
from .measure import text_width, wrap
from .svg import Pic, two


def fleet(
    years,
    rows,
    *,
    demand=None,
    demand_label: str = "tokens/s wanted",
    title: str | None = None,
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """Small multiples on one scale: rows chips, columns years, a figure at each bar and "–" for none.

    rows: (chip, [count a year]). demand: one figure a year, outlined, because it is a wish; chips are solid.
    """
    years = [str(y) for y in years]
    rows = [(str(n), [float(v) for v in vs]) for n, vs in rows]
    most = max([v for _, vs in rows for v in vs] + [1])
    title = title or "Chips by year"
    says = says or _says(years, rows, demand, demand_label)
    strips = ([(demand_label, [float(v) for v in demand], True)] if demand else []) + [
        (n, vs, False) for n, vs in rows
    ]

    def draw(w: float) -> Pic:
        slim = w < 500
        left = 0.5 if slim else min(max(text_width(n) for n, *_ in strips) + 16, w * 0.26)
        pitch, top = (74 if slim else 58), 24.0
        column = (w - left) / len(years)
        figures = max([text_width(num(v), 12.5) for _, vs, _ in strips for v in vs] + [12])
        bar = max(8.0, min(column * 0.62, column - figures - 14))
        pic = Pic(w, top + pitch * len(strips) + 4, title, says)
        for j, year in enumerate(years):
            pic.text(left + j * column, 14, year, bold=True, width=column - 6)
        y = top
        for name, values, is_demand in strips:
            base = y + (62 if slim else 46)
            if slim:
                pic.text(left, y + 13, name, c="ink2", size=12.5)
            else:
                pic.lines(left - 14, base - 2, wrap(name, left - 14, 13, 1), a="end")
            scale = max(values + [1e-9]) if is_demand else most
            for j, value in enumerate(values):
                x, tall = left + j * column, 38 * value / scale
                if is_demand:
                    pic.rect(x + 0.6, base - tall, bar - 1.2, tall, fill="none", stroke="ink", sw=1.25)
                elif value:
                    pic.rect(x, base - max(1, tall), bar, max(1, tall), fill="ink2")
                pic.line(x, base + 0.5, x + bar, base + 0.5)
                pic.text(
                    x + bar + 6,
                    base - 1,
                    num(value) if value else "–",
                    c="ink" if value else "ink2",
                    size=12.5,
                )
            y += pitch
        return pic

    return two(draw, wide=wide, narrow=narrow)


def fleet_table(
    years, rows, *, demand=None, demand_label: str = "tokens/s wanted", **_look
) -> tuple[list[str], list[list]]:
    """(head, rows): one column a year."""
    out = [[demand_label, *demand]] if demand else []
    return ["", *map(str, years)], out + [[n, *vs] for n, vs in rows]


def _says(years, rows, demand, label) -> str:
    parts = [
        f"{n}: " + ", ".join(f"{num(v)} in {y}" for y, v in zip(years, vs, strict=True)) for n, vs in rows
    ]
    if demand:
        parts.append(f"{label}: " + ", ".join(num(v) for v in demand))
    return "; ".join(parts)
