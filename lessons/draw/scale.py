"""From values to pixels, and the few round values that an axis names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .figures import alike, num
from .measure import text_width
from .svg import Pic


@dataclass(frozen=True)
class Scale:
    """Maps low..high onto the pixels a..b, straight or logarithmic, and clips what lies outside.

    >>> Scale(low=0, high=10, a=0, b=100)(2.5), Scale(low=1, high=100, a=0, b=100, log=True)(10)
    (25.0, 50.0)
    """

    low: float
    high: float
    a: float
    b: float
    log: bool = False

    def __post_init__(self):
        low, high = self.low, self.high
        if self.log:
            low = low if low > 0 else 1e-12
            high = high if high > low else low * 10
        elif not high > low:
            high = low + 1
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        if math.isnan(value):
            return self.a
        value = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.a + share * (self.b - self.a)

    def holds(self, value: float) -> bool:
        """Whether a value lies on the axis, not at its clipped end."""
        return self.low <= value <= self.high

    def ticks(self, most: int = 5) -> list[float]:
        """A handful of round values: decades on a logarithmic axis, else steps of 1, 2, 2.5 or 5."""
        return log_ticks(self.low, self.high, most) if self.log else ticks(self.low, self.high, most)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values inside a straight axis.

    >>> ticks(0, 125), ticks(9, 24, 4), ticks(1, 1.33)
    ([0, 25, 50, 75, 100, 125], [10, 15, 20], [1, 1.1, 1.2, 1.3])
    """
    rough = (high - low) / max(1, most)
    if rough < 1e-300:  # no room for a step
        return [low]
    size = 10 ** math.floor(math.log10(rough))
    step = next((m * size for m in (1, 2, 2.5, 5) if m * size >= rough * 0.9999), 10 * size)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    values = [round(k * step, 12) for k in range(first, last + 1)]
    return [int(v) if v == int(v) else v for v in values]


def log_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Decades; where an axis holds fewer than two of them, 1, 2 and 5 of each.

    >>> log_ticks(0.5, 8000), log_ticks(4, 50), log_ticks(1, 1e12)
    ([1, 10, 100, 1000], [5, 10, 20, 50], [1, 1000, 1000000, 1000000000, 1000000000000])
    """
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    every = max(1, math.ceil((last - first + 1) / (most + 0.5)))
    values = [10.0**e for e in range(first, last + 1, every)]
    if len(values) < 3 and every == 1:
        values = [m * 10.0**e for e in range(first - 1, last + 1) for m in (1, 2, 5)]
        values = [v for v in values if low * 0.9999 <= v <= high * 1.0001]
    if len(values) < 2:
        values = [v for v in ticks(low, high, most) if v > 0]
    return [int(v) if v >= 1 and abs(v - round(v)) < 1e-9 * v else v for v in values]


def padded(
    values: Sequence[float], *, log: bool = False, share: float = 0.08, zero: bool = False
) -> tuple[float, float]:
    """Limits of an axis that holds all values with some air; from zero if a length is to be compared."""
    known = [v for v in values if v is not None and math.isfinite(v) and (v > 0 or not log)]
    if not known:
        return (1.0, 10.0) if log else (0.0, 1.0)
    low, high = min(known), max(known)
    if log:
        air = max((high / low) ** share, 1.15)
        return low / air, high * air
    if zero:
        return min(0.0, low), high * (1 + share) if high > 0 else 1.0
    air = (high - low) * share or abs(high) * share or 1.0
    return low - air, high + air


def x_axis(
    pic: Pic,
    scale: Scale,
    y: float,
    *,
    ticks: Sequence[float] | None = None,
    say: Callable[[float], str] | None = None,
    label: str = "",
    line: bool = True,
) -> Pic:
    """The line, its ticks and figures; figures that would touch the one before are left out."""
    if line:
        pic.line(scale.a, y, scale.b, y)
    values = [v for v in (ticks if ticks is not None else scale.ticks()) if scale.holds(v)]
    edge = -math.inf
    for value, text in zip(values, said(values, say, log=scale.log), strict=True):
        x = scale(value)
        half = text_width(text, 12) / 2
        pic.line(x, y, x, y + 4)
        middle = min(x, pic.w - half)  # the last figure is moved in from the edge of the picture
        if middle - half > edge + 6:
            pic.text(x, y + 18, text, a="middle", c="ink2", size=12)
            edge = middle + half
    if label:
        pic.text(scale.b, y + 36, label, a="end", c="ink2", size=12)
    return pic


def y_axis(
    pic: Pic,
    scale: Scale,
    x: float,
    *,
    ticks: Sequence[float] | None = None,
    say: Callable[[float], str] | None = None,
    label: str = "",
    label_y: float = 11,
) -> Pic:
    """Figures only, at the left of x; the label lies flat above them, where it can be read."""
    edge = math.inf
    values = [v for v in sorted(ticks if ticks is not None else scale.ticks(4)) if scale.holds(v)]
    for value, text in zip(values, said(values, say, log=scale.log), strict=True):
        y = scale(value)
        if edge - y >= 14:
            pic.text(x, y + 4, text, a="end", c="ink2", size=12)
            edge = y
    if label:
        pic.text(0, label_y, label, c="ink2", size=12)
    return pic


def said(values: Sequence[float], say: Callable[[float], str] | None, *, log: bool = False) -> list[str]:
    """The figures of an axis; to the same decimals on a straight axis, each for itself on a logarithmic one."""
    if say is not None:
        return [say(v) for v in values]
    return [num(v) for v in values] if log else alike(values)


def gutter(values: Sequence[float], say: Callable[[float], str] | None = None, *, log: bool = False) -> float:
    """Room for the figures of a y axis."""
    return max([24.0] + [text_width(text, 12) + 12 for text in said(values, say, log=log)])
