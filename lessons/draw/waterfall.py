"""Waterfall: the terms of a time (or of a cost) one after another, each in the colour of what it waits for."""

from __future__ import annotations

from .figures import num, quantity
from .measure import text_width, wrap
from .scale import Scale
from .svg import Pic, fill_of, two

BAR = 18


def waterfall(
    terms,
    *,
    limit: float | None = None,
    unit: str = "ms",
    total: str = "first token",
    limit_label: str | None = None,
    most: float | None = None,
    title: str = "Time to first token",
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """terms: (label, kind, value), in the order of time; the limit is dashed, the total an ink line.

    Waiting kinds (queue, wait, idle, …) are hatched. `most` fixes the scale while a control moves.
    """
    terms = [(label, kind, float(value)) for label, kind, value in terms]
    together = sum(v for *_, v in terms)
    far = max(together, limit or 0, most or 0) or 1.0
    said = _sayer(unit)
    if limit is not None and limit_label is None:
        limit_label = f"limit {said(limit, True)}"
    if not says:
        says = "; ".join(f"{a} {said(v, True)}" for a, _, v in terms) + f"; {total} {said(together, True)}"
        if limit is not None:
            says += f", {limit_label}"

    def draw(w: float) -> Pic:
        slim = w < 500
        left = (
            0.5
            if slim
            else min(max([text_width(t[0]) for t in terms] + [text_width(total, 13, True)]) + 14, w * 0.36)
        )
        row = 42 if slim else 30
        top = 34.0 if limit is not None else 8.0
        X = Scale(low=0, high=far, a=left, b=w - text_width(said(together, True), 13, True) - 14)
        pic = Pic(w, top + row * (len(terms) + 1) + 6, title, says)
        if limit is not None:
            x = X(limit)
            pic.line(x, top - 8, x, pic.h - 4, c="ink", sw=1.25, dash="4 3")
            pic.text(x, top - 14, limit_label, a="middle", size=12.5)
        start = 0.0
        for j, (label, kind, value) in enumerate(terms):
            y = top + j * row
            bar = y + 14 if slim else y
            _name(pic, label, left, y, slim, False)
            x1, x2 = X(start), X(start + value)
            if j:
                pic.line(x1, bar - row + BAR, x1, bar, c="rule")
            pic.rect(x1, bar, max(1.5, x2 - x1), BAR, fill=fill_of(kind))
            pic.text(x2 + 6, bar + 13.5, said(value, False), halo=True)
            start += value
        y = top + len(terms) * row
        bar = y + 12 if slim else y
        _name(pic, total, left, y + 1, slim, True)
        pic.line(X(0), bar + 10, X(together), bar + 10, c="ink", sw=2.5)
        pic.text(X(together) + 6, bar + 14.5, said(together, True), bold=True, halo=True)
        return pic

    return two(draw, wide=wide, narrow=narrow)


def breakdown(
    terms,
    *,
    unit: str = "$",
    total: str = "total",
    limit: float | None = None,
    limit_label: str | None = None,
    title: str = "Where the money goes",
    says: str = "",
    **look,
) -> str:
    """A waterfall of dollars: the same terms, mostly of kind "grey2", hatched where money is paid for idleness."""
    return waterfall(
        terms, limit=limit, unit=unit, total=total, limit_label=limit_label, title=title, says=says, **look
    )


def waterfall_table(
    terms, *, unit: str = "ms", total: str = "first token", **_look
) -> tuple[list[str], list[list]]:
    """(head, rows): each term, its share, then the total (table(..., sums=1))."""
    together = sum(v for *_, v in terms) or 1.0
    said = _sayer(unit)
    head = ["Term", "In words" if unit == "$" else f"{unit}", "Share, %"]
    head[1] = {"$": "$"}.get(unit, unit)
    rows: list[list] = [[a, said(v, False), 100 * v / together] for a, _, v in terms]
    return head, [*rows, [total, said(together, False), 100]]


def _sayer(unit: str):
    """Figures at the bars go without their unit, except money and seconds, which are said whole."""

    def say(value: float, whole: bool) -> str:
        if unit in ("$", "s", "B"):
            return quantity(value, unit)
        return f"{num(value)} {unit}".strip() if whole else num(value)

    return say


def _name(pic: Pic, label: str, left: float, y: float, slim: bool, bold: bool) -> None:
    if slim:
        pic.text(left, y + 8, label, bold=bold, halo=True)
        return
    names = wrap(label, left - 14, 13, 2, bold)
    pic.lines(left - 12, y + (14 if len(names) == 1 else 6), names, a="end", bold=bold, c="ink", lead=14)
