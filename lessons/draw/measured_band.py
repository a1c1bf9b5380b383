"""Measured beside predicted: diamonds, a line, and the band in which a share of the cases should fall."""

from __future__ import annotations

from .figures import alike, num
from .measure import shorten, spread, text_width, wrap
from .scale import Scale, gutter, padded, x_axis, y_axis
from .svg import Pic, fill_of, two


def measured_band(
    series,
    *,
    x_label: str,
    y_label: str,
    x_log: bool = False,
    y_log: bool = False,
    x_ticks=None,
    y_ticks=None,
    unit: str = "",
    y_zero: bool = False,
    title: str | None = None,
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """series: dicts with label, kind, line [(x, y)], band [(x, low, high)], measured [(x, y)]; each part may be missing.

    `unit` follows the figures of the y axis ("×" without a space). At the end of each line stand its name and the
    predicted and measured value there; of several series the second's diamonds are hollow, and a key tells which.
    The caption must say what the band is and which cases were fitted.
    """
    series = [dict(s) for s in series]
    xs = [p[0] for s in series for key in ("line", "band", "measured") for p in s.get(key) or ()]
    ys = [p[1] for s in series for key in ("line", "measured") for p in s.get(key) or ()]
    ys += [v for s in series for p in s.get("band") or () for v in p[1:]]
    cloud = "predicted" in x_label  # measured against predicted: the last point of a cloud says nothing about it
    title = title or f"{y_label.removesuffix(', measured').removesuffix(', reported')}, measured and predicted"
    says = says or "; ".join(_say_cloud(s, unit) if cloud else _say_series(s, unit) for s in series)
    x_low, x_high = padded(xs, log=x_log, share=0.03)
    y_low, y_high = padded(ys, log=y_log, share=0.06, zero=y_zero)
    short = unit if unit in ("×", "%") else ""

    def draw(w: float) -> Pic:
        slim, h = w < 500, 300
        shown = (
            list(y_ticks)
            if y_ticks is not None
            else Scale(low=y_low, high=y_high, a=0, b=1, log=y_log).ticks(4)
        )
        words = dict(
            zip(shown, [num(v) + short for v in shown] if y_log else alike(shown, suffix=short), strict=True)
        )
        left = gutter(shown, words.__getitem__)
        right = (
            12.0
            if slim
            else min(max([text_width(s.get("label", ""), 13, True) for s in series] + [100]) + 14, 170)
        )
        X = Scale(low=x_low, high=x_high, a=left, b=w - right, log=x_log)
        keyed = slim and len(series) > 1
        h += 18 * len(series) if keyed else 0
        Y = Scale(low=y_low, high=y_high, a=h - 46, b=26 + (18 * len(series) if keyed else 0), log=y_log)
        pic = Pic(w, h, title, says)
        y_axis(pic, Y, left - 8, ticks=shown, say=words.__getitem__, label=y_label)
        x_axis(pic, X, h - 46, ticks=x_ticks, label=x_label)
        for k, s in enumerate(series):
            _draw_series(pic, X, Y, s, hollow=k == 1)
        if keyed:
            _key(pic, series, left)
        elif slim:
            _name_above(pic, X, Y, series)
        else:
            _name_right(pic, X, Y, series, short, right, cloud)
        return pic

    return two(draw, wide=wide, narrow=narrow)


def measured_band_table(series, *, x_label: str, **_look) -> tuple[list[str], list[list]]:
    """(head, rows): one row a measured point, with what was predicted there and whether the band holds it."""
    rows = []
    for s in series:
        for x, y in sorted(s.get("measured") or ()):
            guess = _at(s.get("line"), x)
            low, high = _band_at(s.get("band"), x)
            inside = "–" if low is None else "inside" if low <= y <= high else "outside"
            rows.append(
                [
                    s.get("label", ""),
                    x,
                    y,
                    guess if guess is not None else "–",
                    "–" if low is None else f"{num(low)} to {num(high)}",
                    inside,
                ]
            )
    return ["", x_label, "Measured", "Predicted", "Interval", "Measured lies"], rows


def _at(line, x: float) -> float | None:
    """A value on the line, straight between its points; None outside."""
    line = sorted(line or ())
    for (x1, y1), (x2, y2) in zip(line, line[1:], strict=False):
        if x1 <= x <= x2:
            return y1 if x1 == x2 else y1 + (y2 - y1) * (x - x1) / (x2 - x1)
    return line[0][1] if len(line) == 1 and line[0][0] == x else None


def _band_at(band, x: float) -> tuple[float | None, float | None]:
    return _at([(p[0], p[1]) for p in band or ()], x), _at([(p[0], p[2]) for p in band or ()], x)


def _last(s) -> tuple[float, float | None, float | None]:
    """(x, predicted, measured) at the right end of a series; predicted at the last measured point if there is one."""
    measured = sorted(s.get("measured") or ())
    line = sorted(s.get("line") or ())
    if measured:
        x, y = measured[-1]
        guess = _at(line, x)
        return x, guess if guess is not None else (line[-1][1] if line else None), y
    return (line[-1][0], line[-1][1], None) if line else (0.0, None, None)


def _say_series(s, unit: str) -> str:
    x, guess, seen = _last(s)
    parts = []
    if seen is not None:
        parts.append(f"measured {num(seen)}{unit} at {num(x)}")
    if guess is not None:
        parts.append(f"predicted {num(guess)}{unit}")
    low, high = _band_at(s.get("band"), x)
    if low is not None:
        parts.append(f"interval {num(low)} to {num(high)}")
    return f"{s.get('label', '')}: {', '.join(parts)}"


def _cases(s) -> str:
    count = len(s.get("measured") or ())
    return f"{count} case{'s' if count != 1 else ''}"


def _say_cloud(s, unit: str) -> str:
    """How many cases there are, how far they reach, and how many the band holds."""
    points = sorted(s.get("measured") or ())
    if not points:
        return _say_series(s, unit)
    seen = [y for _, y in points]
    parts = [f"{_cases(s)}, measured {num(min(seen))} to {num(max(seen))}{unit}, predicted {num(points[0][0])} to {num(points[-1][0])}{unit}"]
    bands = [(_band_at(s.get("band"), x), y) for x, y in points]
    if all(low is not None for (low, _), _ in bands):
        parts.append(f"{sum(low <= y <= high for (low, high), y in bands)} of {len(points)} inside the band")
    return f"{s.get('label', '')}: {', '.join(parts)}"


def _line_colour(s) -> str:
    fill = fill_of(s.get("kind", "ink"))
    return "ink2" if fill in ("hatch", "ink") else fill


def _draw_series(pic: Pic, X: Scale, Y: Scale, s, *, hollow: bool = False) -> None:
    fill = _line_colour(s)
    band = sorted(s.get("band") or ())
    if len(band) > 1:
        upper = [(X(x), Y(high)) for x, _, high in band]
        lower = [(X(x), Y(low)) for x, low, _ in band]
        pic.path(upper + lower[::-1], c=None, sw=0, fill=fill, close=True, opacity=0.18)
    elif band:
        x, low, high = band[0]
        pic.vinterval(X(x), Y(low), Y(high), c=fill)
    line = sorted(s.get("line") or ())
    if len(line) > 1:
        pic.path([(X(x), Y(y)) for x, y in line], c=fill, sw=2)
    elif line:
        pic.predicted(X(line[0][0]), Y(line[0][1]))
    for x, y in s.get("measured") or ():
        pic.measured(X(x), Y(y), hollow=hollow)


def _name_right(pic, X, Y, series, unit, right, cloud) -> None:
    blocks = []
    several = len(series) > 1
    for s in series:
        _, guess, seen = _last(s)
        lines = wrap(s.get("label", ""), right - (28 if several else 10), 13, 2, bold=True)
        bold = len(lines)
        if cloud:
            lines += [_cases(s)] if s.get("measured") else []
        else:
            named = [(w, v) for w, v in (("predicted", guess), ("measured", seen)) if v is not None]
            figures = alike([v for _, v in named], suffix=unit)
            lines += [f"{word} {figure}" for (word, _), figure in zip(named, figures, strict=True)]
        blocks.append((Y(guess if guess is not None else seen if seen is not None else Y.low), lines, bold))
    tall = max([16 * len(b[1]) for b in blocks], default=16) + 6
    places = spread([b[0] - 6 for b in blocks], tall, 14, pic.h - 46 - tall + 20)
    for k, (y, (_, lines, bold)) in enumerate(zip(places, blocks, strict=True)):
        indent = _sign(pic, X.b + 6, y - 4.5, series[k], hollow=k == 1) if several else 0
        pic.lines(X.b + 8 + indent, y, lines[:bold], bold=True)
        pic.lines(X.b + 8, y + 16 * bold, lines[bold:], c="ink2", size=12.5)


def _sign(pic: Pic, x: float, y: float, s, *, hollow: bool) -> float:
    """A piece of the series' line with its diamond; returns the room that it takes."""
    if s.get("line"):
        pic.line(x, y, x + 16, y, c=_line_colour(s), sw=2)
    if s.get("measured"):
        pic.measured(x + 8, y, hollow=hollow)
    return 18.0


def _key(pic: Pic, series, left: float) -> None:
    """Narrow, several series: a row each under the axis label, with its line and its mark."""
    for k, s in enumerate(series):
        y = 30.0 + 18 * k
        _sign(pic, left, y - 4.5, s, hollow=k == 1)
        pic.text(left + 24, y, shorten(s.get("label", ""), pic.w - left - 26, 12.5, True), size=12.5, bold=True)


def _name_above(pic, X, Y, series) -> None:
    """Narrow: the name over the right end of its band, moved apart where two would touch."""
    tops = []
    for s in series:
        x, guess, seen = _last(s)
        _, high = _band_at(s.get("band"), x)
        values = [v for v in (high, guess, seen) if v is not None]
        tops.append(Y(max(values)) - 8 if values else 20.0)
    for y, s in zip(spread(tops, 17, 24, pic.h - 60), series, strict=True):
        pic.text(
            X.b,
            y,
            shorten(s.get("label", ""), X.b - X.a, 12.5, True),
            a="end",
            size=12.5,
            bold=True,
            halo=True,
        )
