"""The small pictures of the reports: inline SVG with a title, at two widths, and the same figures as a table.

A report has no script and asks no network, so a picture is text. Ink and grey only: a score has no hue.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median

from markupsafe import Markup, escape

WIDE, NARROW = 688, 340


def two_widths(draw: Callable[[int], Markup]) -> Markup:
    """One picture drawn twice: the style sheet shows the one that fits, so that type is never scaled below 12 px."""
    return Markup('<div class="two"><div class="wide">{}</div><div class="narrow">{}</div></div>').format(draw(WIDE), draw(NARROW))


def _svg(width: float, height: float, title: str, body: Sequence[Markup]) -> Markup:
    return Markup('<svg class="pic" role="img" aria-label="{0}" viewBox="0 0 {1:g} {2:g}" width="{1:g}" height="{2:g}"><title>{0}</title>{3}</svg>').format(
        escape(title), width, height, Markup("").join(body))


def _text(x: float, y: float, text: str, *, anchor: str = "start", strong: bool = False, size: float = 12) -> Markup:
    kind = "ink b" if strong else "ink2"
    return Markup(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{escape(anchor)}" class="{escape(kind)}" style="font-size:{size:g}px">{escape(text)}</text>')


def _line(x1: float, y1: float, x2: float, y2: float, kind: str = "axis") -> Markup:
    return Markup(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="l-{escape(kind)}"/>')


def _bar(x: float, y: float, width: float, height: float, kind: str) -> Markup:
    return Markup(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0, width):.1f}" height="{height:.1f}" class="f-{escape(kind)}"/>')


def score_bins(scores: Sequence[float], step: int = 5) -> list[tuple[int, int, int]]:
    """From, to and count; the last bin holds a full 100.

    >>> score_bins([0, 42.5, 100], step=50)
    [(0, 50, 2), (50, 100, 1)]
    """
    counts = [0] * (100 // step)
    for score in scores:
        counts[min(len(counts) - 1, max(0, int(score // step)))] += 1
    return [(place * step, (place + 1) * step, count) for place, count in enumerate(counts)]


def scores_words(scores: Sequence[float]) -> str:
    """The result of the histogram in a sentence: its title, and what a screen reader says."""
    if not scores:
        return "No scores yet"
    if len(scores) == 1:
        return f"One score: {scores[0]:.0f}"
    return f"{len(scores):,} scores from {min(scores):.0f} to {max(scores):.0f}, median {median(scores):.0f}"


def histogram(scores: Sequence[float]) -> Markup:
    """Scores in steps of five, the count on each bar, the median as a dashed line."""

    def draw(width: int) -> Markup:
        left, base, top = 6, 150, 34
        scale = (width - 2 * left) / 100
        bins = score_bins(scores)
        tallest = max(count for *_, count in bins) or 1
        body = []
        middle = left + median(scores or [0]) * scale
        if scores:  # under the counts, which it may cross
            body.append(_line(middle, 18, middle, base, "limit"))
        for low, high, count in bins:
            if count:
                height = max(2, (base - top) * count / tallest)
                body.insert(0, _bar(left + low * scale + 0.75, base - height, (high - low) * scale - 1.5, height, "ink2"))
                body.append(_text(left + (low + high) / 2 * scale, base - height - 5, f"{count:,}", anchor="middle"))
        body.append(_line(left, base, width - left, base))
        for tick in (0, 25, 50, 75, 100):
            anchor = {0: "start", 100: "end"}.get(tick, "middle")
            body += [_line(left + tick * scale, base, left + tick * scale, base + 4), _text(left + tick * scale, base + 18, str(tick), anchor=anchor)]
        if scores:
            body.append(_text(min(max(middle, 40), width - 40), 13, f"median {median(scores):.0f}", anchor="middle", strong=True, size=12.5))
        return _svg(width, base + 26, scores_words(scores), body)

    return two_widths(draw)


def bars(rows: Sequence[tuple[str, float]], of: float, title: str) -> Markup:
    """Horizontal bars with their label beside or above and their count at the end, all out of the same whole."""

    def draw(width: int) -> Markup:
        beside = width >= 500
        left = 344.0 if beside else 0.0
        body, y, room = [], 2.0, width - left - 48
        for label, value in rows:
            lines = _wrapped(label, int((left - 12 if beside else width) / 6.4))
            if beside:
                for place, line in enumerate(lines):
                    body.append(_text(left - 12, y + 12 + 16 * place, line, anchor="end", size=13))
            else:
                for line in lines:
                    body.append(_text(0, y + 12, line, size=13))
                    y += 16
                y += 2
            body += [_bar(left, y, room, 15, "wash"), _bar(left, y, room * value / of if of else 0, 15, "ink2"), _text(left + room + 8, y + 12, f"{value:,.0f}", strong=True, size=13)]
            y += max(24, 16 * len(lines) + 8) if beside else 24
        return _svg(width, y, title, body)

    return two_widths(draw)


def waterfall(terms: Sequence[tuple[str, str, float]], *, unit: str, total: str, limit: float | None, title: str) -> Markup:
    """Terms one after another, each in the hue of what it waits for, hatched where nothing happens; the limit dashed, the total an ink line."""
    from hwlib.units import show

    together = sum(value for *_, value in terms)
    said = f"{title}: " + "; ".join(f"{label} {show(value, unit)}" for label, _, value in terms) + f"; {total} {show(together, unit)}" + (f"; limit {show(limit, unit)}" if limit else "")

    def draw(width: int) -> Markup:
        beside = width >= 500
        ends = 14 + 7.2 * max(len(show(value, unit)) for value in (together, *(value for *_, value in terms)))
        left, right, top = (178.0 if beside else 0.0), width - ends, 24.0 if limit else 4.0
        scale = (right - left) / max(together, min(limit or 0, 4 * together))
        shown = limit if limit and left + limit * scale <= right + 1 else None
        body, y, at = [], top, left
        for label, kind, value in terms:
            body.append(_text(left - 12 if beside else 0, y + 13, label, anchor="end" if beside else "start", size=13))
            y += 0 if beside else 19
            length = max(1.0, value * scale)
            body.append(_hatched(at, y, length, 17) if kind == "idle" else _bar(at, y, length, 17, kind))
            body.append(_text(at + length + 6, y + 13, show(value, unit), size=12.5))
            y += 27
            at += value * scale
        body.append(_text(left - 12 if beside else 0, y + 13, total, anchor="end" if beside else "start", strong=True, size=13))
        y += 0 if beside else 19
        body += [_line(left, y + 8, left + together * scale, y + 8, "data"), _text(left + together * scale + 6, y + 13, show(together, unit), strong=True, size=13)]
        if shown:
            x = left + shown * scale
            body += [_line(x, top - 8, x, y + 17, "limit"), _text(x, top - 12, f"limit {show(shown, unit)}", anchor="middle" if left + 40 < x < width - 40 else "end" if x >= width - 40 else "start", strong=True)]
        elif limit:
            body.append(_text(width, top - 12, f"the limit, {show(limit, unit)}, lies beyond", anchor="end", strong=True))
        return _svg(width, y + 22, said, body)

    return two_widths(draw)


def _hatched(x: float, y: float, width: float, height: float) -> Markup:
    """A bar that is only hatched: a pattern would need an address, and the page's policy allows none."""
    strokes = []
    at = x - height + 3
    while at < x + width:
        a, b = max(at, x), min(at + height, x + width)
        if b > a:
            strokes.append(f"M{a:.1f} {y + height - (a - at):.1f}L{b:.1f} {y + height - (b - at):.1f}")
        at += 5
    return Markup('<path d="{}" class="l-idle"/><rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="o-idle"/>').format("".join(strokes), x, y, width, height)


def _wrapped(text: str, letters: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > letters:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def factor_strip(yours: float, computed: float, title: str) -> Markup:
    """A predicted and a computed value on one logarithmic strip, a decade to each side of the computed one."""

    def draw(width: int) -> Markup:
        pad, middle, y = 30, width / 2, 40
        reach = max(1.0, math.ceil(abs(math.log10(yours / computed)) - 1e-9))
        scale = (width / 2 - pad) / reach
        here = middle + math.log10(yours / computed) * scale
        body = [_line(pad, y, width - pad, y)]
        for decade in range(-int(reach), int(reach) + 1):
            if reach <= 3 or decade % math.ceil(reach / 3) == 0:
                x = middle + decade * scale
                label = "computed" if decade == 0 else f"× {10**decade:,}" if decade > 0 else f"÷ {10**-decade:,}"
                body += [_line(x, y, x, y + 4), _text(x, y + 18, label, anchor="middle")]
        body += [_line(min(here, middle), y, max(here, middle), y, "data"),
                 Markup('<circle cx="{:.1f}" cy="{}" r="5" class="hollow"/>').format(middle, y),
                 Markup('<circle cx="{0:.1f}" cy="{1}" r="7" class="hollow"/><circle cx="{0:.1f}" cy="{1}" r="2.5" class="f-ink"/>').format(here, y),
                 _text(min(max(here, 24), width - 24), y - 13, "yours", anchor="middle", strong=True)]
        return _svg(width, y + 26, title, body)

    return two_widths(draw)


FAR = 20
"""Times the limit; designs beyond it have no place in the picture and are counted under it."""


def within(points: Sequence[tuple[float, float, bool]], limit: float) -> list[tuple[float, float, bool]]:
    """The points that a picture of latency against cost can hold: a queue without end would squeeze the others together.

    >>> within([(0.4, 9.0, True), (900.0, 8.0, False)], 0.5)
    [(0.4, 9.0, True)]
    """
    return [point for point in points if not limit > 0 or point[0] <= FAR * limit]


def cloud(points: Sequence[tuple[float, float, bool]], axes: Sequence[tuple[str, str, float]]) -> Markup:
    """Designs by latency (across) and cost (up), both logarithmic, the brief's limits dashed; what meets every target is filled."""
    from hwlib.units import show

    lows, highs = [], []
    for place in (0, 1):
        values = [point[place] for point in points] + ([axes[place][2]] if axes[place][2] > 0 else [])
        lows.append(min(values) / 1.25)
        highs.append(max(values) * 1.25)
    met = sum(point[2] for point in points)
    title = (f"{len(points):,} designs: {axes[0][0].lower()} from {show(lows[0] * 1.25, axes[0][1])} to {show(highs[0] / 1.25, axes[0][1])}, "
             f"{axes[1][0].lower()} from {show(lows[1] * 1.25, axes[1][1])} to {show(highs[1] / 1.25, axes[1][1])}; {met:,} meet every target")

    def draw(width: int) -> Markup:
        left, right, top, base = 62, width - 12, 44, 268

        def across(value: float) -> float:
            return left + (right - left) * math.log(value / lows[0]) / math.log(highs[0] / lows[0])

        def up(value: float) -> float:
            return base - (base - top) * math.log(value / lows[1]) / math.log(highs[1] / lows[1])

        body = [_line(left, base, right, base), _line(left, top, left, base), _text(0, 13, f"{axes[1][0]} ↑", size=13),
                _text(right, base + 36, f"{axes[0][0]} →", anchor="end", size=13)]
        for value in _ticks(lows[0], highs[0], 4 if width < 500 else 6):
            body += [_line(across(value), base, across(value), base + 4), _text(across(value), base + 18, show(value, axes[0][1]), anchor="middle")]
        for value in _ticks(lows[1], highs[1], 4):
            body += [_line(left - 4, up(value), left, up(value)), _text(left - 8, up(value) + 4, show(value, axes[1][1]), anchor="end")]
        if axes[0][2] > 0:
            body += [_line(across(axes[0][2]), top, across(axes[0][2]), base, "limit"), _text(across(axes[0][2]), top - 5, f"limit {show(axes[0][2], axes[0][1])}", anchor="middle", strong=True)]
        if axes[1][2] > 0:
            body += [_line(left, up(axes[1][2]), right, up(axes[1][2]), "limit"), _text(right, up(axes[1][2]) - 4, f"limit {show(axes[1][2], axes[1][1])}", anchor="end", strong=True)]
        for x, y, held in sorted(points, key=lambda point: point[2]):
            body.append(Markup('<circle cx="{:.1f}" cy="{:.1f}" r="4" class="{}"/>').format(across(x), up(y), "f-ink" if held else "open"))
        return _svg(width, base + 44, title, body)

    return two_widths(draw)


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Round values inside a logarithmic range, at most so many.

    >>> _ticks(0.8, 130, 3), _ticks(2.1, 4.2, 4)
    ([1.0, 10.0, 100.0], [3.0, 4.0])
    """
    found: list[float] = []
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 4, 5, 6, 8)):
        more = [float(f"{step * 10.0**power:.1g}") for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1) for step in steps]
        fit = [value for value in more if low <= value <= high]
        if len(fit) > most:
            break
        found = fit
    return found or [float(f"{math.sqrt(low * high):.2g}")]
