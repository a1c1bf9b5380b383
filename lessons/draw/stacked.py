"""Horizontal stacked bars with one scale: the common ground of memory bars and cost bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .figures import num
from .measure import shorten, text_width, wrap
from .scale import Scale, x_axis
from .svg import HATCHED, Pic, fill_of, ink_of

BAR = 22  # px
LABEL = 12  # px of type under a bar


@dataclass(frozen=True)
class Look:
    """How values are said, and the limit that runs through all rows."""

    say: Callable[[float], str] = num
    say_first: Callable[[float], str] = num
    axis: Callable[[float], str] = num
    limit: float | None = None
    limit_label: str = ""
    over: str = "too much"
    unlabelled: frozenset = frozenset({"reserve"})
    totals: bool = False


def stacked(pic_width: float, rows: Sequence, *, look: Look, most: float, title: str, says: str) -> Pic:
    """Rows of (label, [(kind, value, name), …], note); labels stand under their segment, in the segment's hue."""
    narrow = pic_width < 500
    left = 0.5
    if not narrow:
        widest = max(
            [text_width(r[0], 13, True) for r in rows] + [text_width(_note(r), 12) for r in rows] + [40]
        )
        left = min(widest + 14, pic_width * 0.3)
    right = pic_width - (text_width(look.say(most), 13, True) + 10 if look.totals else 10)
    X = Scale(low=0, high=most, a=left, b=right)
    layouts = [_labels(row, rows[j - 1] if j else None, X, look, first=j == 0) for j, row in enumerate(rows)]
    top = 34.0 if look.limit is not None else 8.0
    heights = [(18 if narrow else 0) + BAR + 17 * max(1, len(lines)) + 9 for lines in layouts]
    h = top + sum(heights) + 30
    pic = Pic(pic_width, h, title, says)
    tops, y = [], top
    for height in heights:
        tops.append(y + (18 if narrow else 0))
        y += height
    for row, bar_y in zip(rows, tops, strict=True):
        _bar(pic, row, X, bar_y, look)
    if look.limit is not None:
        x = X(look.limit)
        pic.line(x, 20, x, h - 30, c="ink", sw=1.25)
        pic.text(x, 13, look.limit_label, a="end" if x > pic_width * 0.5 else "start", size=12.5)
    # Words last, each with a halo of paper, so that the limit's line breaks for them.
    for row, lines, bar_y in zip(rows, layouts, tops, strict=True):
        _words(pic, row, lines, X, bar_y, look, left, narrow)
    x_axis(pic, X, h - 26, ticks=X.ticks(4 if narrow else 6), say=look.axis)
    return pic


def _note(row) -> str:
    return str(row[2]) if len(row) > 2 and row[2] else ""


def _labels(row, before, X: Scale, look: Look, first: bool) -> list[list[tuple[float, str, str]]]:
    """Lines of (x, text, kind) under a bar: each label starts at its segment, or later where it would overlap."""
    same = {(k, round(v, 9), n) for k, v, n in before[1]} if before else set()
    lines: list[list[tuple[float, str, str]]] = []
    ends: list[float] = []
    total = sum(v for _, v, _ in row[1])
    reserved = 0.0
    if look.limit is not None and total > look.limit * (1 + 1e-9):
        over = text_width(f"{look.say_first(total - look.limit)} {look.over}", LABEL, True)
        reserved = X.b - max(X(total), X.a + over) + over + 10  # its words end where the bar ends
    start = 0.0
    for kind, value, name in row[1]:
        at, start = X(start), start + value
        if kind in HATCHED and kind != "idle" or kind in look.unlabelled or not name or value <= 0:
            continue
        if (kind, round(value, 9), name) in same:
            continue
        say = look.say_first if first and not lines else look.say
        text = f"{name} {say(value)}"
        long = text_width(text, LABEL)
        for k in range(len(lines) + 1):
            if k == len(lines):
                lines.append([])
                ends.append(-1e9)
            room = X.b - (reserved if k == 0 else 0)
            x = max(at, ends[k] + 10)
            if x + long > room:
                x = room - long
            if x >= ends[k] + 10 and abs(x - at) <= 90 or (k >= 3 and x >= 0):
                lines[k].append((x, text, kind))
                ends[k] = x + long
                break
    return lines


def _bar(pic: Pic, row, X: Scale, y: float, look: Look) -> None:
    start = 0.0
    for kind, value, name in row[1]:
        x1, x2 = X(start), X(start + value)
        start += value
        if value <= 0:
            continue
        fill = fill_of(kind)
        if fill != "hatch":
            pic.rect(x1, y, max(1.5, x2 - x1 - 1.5), BAR, fill=fill)  # 1.5 px of paper between neighbours
            continue
        pic.rect(x1 + 0.5, y + 0.5, max(1, x2 - x1 - 1.5), BAR - 1, fill="hatch")
        text = f"{name} {look.say(value)}".strip()
        long = text_width(text, LABEL)
        if kind != "idle" and x2 - x1 > long + 16:
            middle = (x1 + x2) / 2
            pic.rect(middle - long / 2 - 4, y + 3, long + 8, BAR - 6, fill="paper")
            pic.text(middle, y + 15.5, text, a="middle", c="ink2", size=LABEL)
    if look.limit is not None and start > look.limit * (1 + 1e-9):
        pic.line(X(look.limit), y - 3, X(look.limit), y + BAR + 3, c="miss", sw=3)


def _words(pic: Pic, row, lines, X: Scale, y: float, look: Look, left: float, narrow: bool) -> None:
    label, note = row[0], _note(row)
    if narrow:
        pic.text(left, y - 5, label, bold=True, width=pic.w - 8, halo=True)
    else:
        names = wrap(label, left - 12, 13, 1 if note else 2, bold=True)
        pic.lines(left - 12, y + (15 if len(names) == 1 else 10), names, a="end", bold=True)
        if note:
            pic.text(left - 12, y + 31, shorten(note, left - 12, 12), a="end", c="ink2", size=12)
    for k, line in enumerate(lines):
        for x, text, kind in line:
            pic.text(x, y + BAR + 14 + 17 * k, text, c=ink_of(kind), size=LABEL, halo=True)
    total = sum(value for _, value, _ in row[1])
    if look.totals:
        pic.text(X(total) + 6, y + 15.5, look.say(total), bold=True, halo=True)
    if look.limit is not None and total > look.limit * (1 + 1e-9):
        text = f"{look.say_first(total - look.limit)} {look.over}"
        x = max(X(total), X.a + text_width(text, LABEL, True))
        pic.text(x, y + BAR + 14, text, a="end", c="miss", size=LABEL, bold=True, halo=True)
