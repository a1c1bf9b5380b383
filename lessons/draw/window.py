"""Window of a number format: where a tensor's values lie, and which of them the format can hold."""

from __future__ import annotations

import math

from .figures import num, percent
from .scale import Scale, x_axis
from .svg import Pic, two

_ROW, _TALL = 98, 40
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(exponent: float) -> str:
    """A power of ten as an axis says it.

    >>> power(-12), power(0), power(3)
    ('10⁻¹²', '1', '1,000')
    """
    return num(10.0**exponent) if -2 <= exponent <= 4 else f"10{str(round(exponent)).translate(_RAISED)}"


def window(rows, *, low: float, high: float, title: str = "What the format holds", says: str = "", wide: float = 680, narrow: float = 340) -> str:
    """One strip a tensor, all on one axis of powers of ten from ``low`` to ``high`` (exponents).

    rows: dicts with label, kind (a hue), bins [(from, to, share of the values)], holds (smallest, largest exponent),
    format (its name), lost and cut (shares that become zero and that are too large). What lies left of the window is
    hatched, because nothing is left of it; what lies right of it is red.
    """
    rows = list(rows)
    says = says or "; ".join(f"{r['label']}: {percent(r['lost'])} of the values become zero, {percent(r['cut'])} are too large for {r['format']}" for r in rows)

    def draw(w: float) -> Pic:
        X = Scale(low=low, high=high, a=6, b=w - 8)
        pic = Pic(w, _ROW * len(rows) + 40, title, says)
        for k, row in enumerate(rows):
            _strip(pic, X, row, k * _ROW, slim=w < 430)
        step = 4 if w < 430 else 3
        x_axis(pic, X, _ROW * len(rows) + 2, ticks=[v for v in range(round(low), round(high) + 1) if v % step == 0], say=power, label="size of a value")
        return pic

    return two(draw, wide=wide, narrow=narrow)


def size(exponent: float) -> str:
    """Ten to this power, to two digits.

    >>> size(-5.097), size(0.568), size(-15.745)
    ('8 × 10⁻⁶', '3.7', '1.8 × 10⁻¹⁶')
    """
    if -3 <= exponent < 5:
        return num(10.0**exponent, 2)
    whole = math.floor(exponent)
    return f"{num(10.0 ** (exponent - whole), 2)} × {power(whole)}"


def window_table(rows) -> tuple[list[str], list[list]]:
    """(head, rows): what each format holds of each tensor."""
    out = [[r["label"], r["format"], size(r["holds"][0]), size(r["holds"][1]), percent(r["lost"]), percent(r["cut"])] for r in rows]
    return ["Tensor", "Format", "Smallest held", "Largest held", "Become zero", "Too large"], out


def _strip(pic: Pic, X: Scale, row, top: float, *, slim: bool) -> None:
    first, last = row["holds"]
    pic.text(0, top + 14, row["label"], bold=True)
    fate = [f"{percent(row['lost'])} to zero"] * (row["lost"] > 0) + [f"{percent(row['cut'])} too large"] * (row["cut"] > 0) or ["all held"]
    pic.text(pic.w, top + 14, ", ".join(fate), a="end", c="miss" if row["cut"] > 0 else "ink", bold=True)
    base = top + 24 + _TALL
    tallest = max((share for *_, share in row["bins"]), default=1.0) or 1.0
    boxes: dict[str, list] = {"hatch": [], "c-" + row["kind"]: [], "miss": []}
    for a, b, share in row["bins"]:
        if share <= 0 or b < X.low or a > X.high:
            continue
        fill = "hatch" if b <= first else "miss" if a >= last else "c-" + row["kind"]
        height = max(1.5, _TALL * share / tallest)
        x1, x2 = X(max(a, X.low)), X(min(b, X.high))
        boxes[fill].append((x1, base - height, max(1.0, x2 - x1 - 1), height))
    for fill, some in boxes.items():
        pic.rects(some, fill=fill)
    x1, x2 = X(max(first, X.low)), X(min(last, X.high))
    pic.line(X.a, base + 0.5, X.b, base + 0.5, c="rule")
    pic.brace(x1, x2, base + 14, c="ink", up=False)
    pic.line(x1, base + 14, x2, base + 14, c="ink", sw=2)
    pic.text((x1 + x2) / 2, base + 29, row["format"] if slim else f"{row['format']} holds these", a="middle", size=12, c="ink2", halo=True)
