"""Log strip: what the reader predicted beside what was computed, the factor between them, one familiar anchor."""

from __future__ import annotations

from .figures import num, quantity, tick
from .measure import text_width
from .scale import Scale, log_ticks, padded, x_axis
from .svg import Pic, ink_of, two


def log_strip(
    *,
    computed: float,
    yours: float | None = None,
    unit: str = "B",
    anchors=(),
    interval=None,
    yours_word: str = "you",
    computed_word: str = "computed",
    title: str | None = None,
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """Yours is the ringed dot, computed the hollow ring, the factor stands under the line between them.

    anchors: (label, value) or (label, value, kind), ticks under the axis. interval: (low, high) of the computed value.
    A prediction of 0 or less cannot stand on a logarithmic axis; it is said in words instead.
    """
    if not computed > 0:
        raise ValueError("a log strip shows a computed value above 0")
    said = lambda v: quantity(v, unit)  # noqa: E731
    shown = yours if yours is not None and yours > 0 else None
    title = title or "Your prediction beside the computed value"
    if not says:
        says = f"Computed: {said(computed)}"
        if interval:
            says += f" ({said(interval[0])} to {said(interval[1])})"
        if shown:
            says = f"You said {said(yours)}. {says}, {_factor(computed, shown)}"
        says += "".join(f"; {a[0]}: {said(a[1])}" for a in anchors)
    values = [computed, *(interval or ()), *([shown] if shown else []), *(a[1] for a in anchors)]
    low, high = padded([v for v in values if v > 0], log=True, share=0.1)
    if high / low < 12:  # never less than a decade and a bit: a strip without a round figure says nothing
        low, high = low / 2, high * 2

    def draw(w: float) -> Pic:
        X = Scale(low=low, high=high, a=10, b=w - 14, log=True)
        mark_y, axis_y = 48.0, 76.0
        rows = _stack(anchors, X, said, w)
        pic = Pic(w, axis_y + 26 + 17 * (1 + max([r for *_, r in rows], default=-1)), title, says)
        x_axis(
            pic,
            X,
            axis_y,
            ticks=log_ticks(low, high, 4 if w < 500 else 6),
            say=tick(unit) if unit == "$" else said,
        )
        xc = X(computed)
        if interval:
            pic.interval(X(interval[0]), X(interval[1]), mark_y, c="ink2")
        if shown:
            xy = X(shown)
            pic.line(xy, mark_y, xc, mark_y, c="ink", sw=1.25)
            pic.yours(xy, mark_y)
            pic.text(
                (xy + xc) / 2,
                mark_y + 18,
                _short(computed, shown),
                a="middle",
                c="ink2",
                size=12.5,
                halo=True,
            )
        pic.predicted(xc, mark_y, r=5)
        labels = [(xc, f"{computed_word}: {said(computed)}")]
        if shown:
            labels.append((X(shown), f"{yours_word}: {said(shown)}"))
        _above(pic, labels)
        for label, x, start, kind, row in rows:
            pic.line(x, axis_y - 6, x, axis_y + 6, c=f"c-{kind}" if ink_of(kind) != "ink2" else "ink2", sw=2)
            pic.text(start, axis_y + 36 + 17 * row, label, c=ink_of(kind), size=12.5)
        return pic

    return two(draw, wide=wide, narrow=narrow)


def log_strip_table(
    *, computed: float, yours: float | None = None, unit: str = "B", anchors=(), interval=None, **_look
):
    """(head, rows): each value of the strip."""
    rows = [["computed", quantity(computed, unit), "1"]]
    if interval:
        rows += [
            ["low end", quantity(interval[0], unit), num(interval[0] / computed)],
            ["high end", quantity(interval[1], unit), num(interval[1] / computed)],
        ]
    if yours is not None:
        rows.insert(0, ["yours", quantity(yours, unit), num(yours / computed)])
    rows += [[a[0], quantity(a[1], unit), num(a[1] / computed)] for a in anchors]
    return ["", "Value", "Times the computed value"], rows


def _factor(computed: float, yours: float) -> str:
    ratio = computed / yours
    if 0.95 < ratio < 1.05:
        return "about the same"
    return f"{num(ratio, 2)} times as much" if ratio > 1 else f"{num(1 / ratio, 2)} times less"


def _short(computed: float, yours: float) -> str:
    ratio = computed / yours
    if 0.95 < ratio < 1.05:
        return "about the same"
    return f"× {num(ratio, 2)}" if ratio > 1 else f"÷ {num(1 / ratio, 2)}"


def _above(pic: Pic, labels) -> None:
    """Labels over the marks; where two would touch, the second goes one line up."""
    edge, previous = None, None
    for x, text in sorted(labels):
        half = text_width(text, 13, True) / 2
        left = min(max(x - half, 0), pic.w - 2 * half)
        up = edge is not None and left < edge + 8
        pic.text(left, 14 if up else 32, text, bold=True)
        edge = left + 2 * half if not up else previous
        previous = edge


def _stack(anchors, X: Scale, said, w: float):
    """(label, tick, start, kind, row) of each anchor; labels that would touch take the next row."""
    ends: list[float] = []
    out = []
    for label, value, *kind in sorted(anchors, key=lambda a: a[1]):
        if value <= 0:
            continue
        text = f"{label}: {said(value)}"
        long = text_width(text, 12.5)
        start = min(max(0, X(value) - 4), w - long)
        row = next((k for k, end in enumerate(ends) if start > end + 10), len(ends))
        ends[row : row + 1] = [start + long]
        out.append((text, X(value), start, kind[0] if kind else "ink2", row))
    return out
