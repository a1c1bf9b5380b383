"""Numbers as a reader meets them: three digits, commas, a unit, and "not known" instead of nothing.

>>> num(107.374), num(13.48), num(0.5), num(1200), num(12345.6)
('107', '13.5', '0.5', '1,200', '12,346')
>>> quantity(107.374e9, "B"), quantity(0.6021, "s"), quantity(16.58, "$"), quantity(989e12, "FLOP/s")
('107 GB', '602 ms', '$16.58', '989 TFLOP/s')
"""

from __future__ import annotations

import math
from collections.abc import Callable

#: Units that take a decimal prefix. GB is 10⁹ bytes; GiB is written out by whoever means it.
_PREFIXED = {"B", "B/s", "FLOP", "FLOP/s", "W", "Wh", "J", "bit/s"}
_PREFIXES = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_TIMES = (
    (86400.0, "days"),
    (3600.0, "h"),
    (60.0, "min"),
    (1.0, "s"),
    (1e-3, "ms"),
    (1e-6, "µs"),
    (1e-9, "ns"),
)
_LARGE = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def num(x: float | None, digits: int = 3) -> str:
    """A number to so many significant digits, thousands with a comma, never an exponent.

    Whole parts are kept whole (12,346 rather than 12,300), trailing zeros go.

    >>> num(0), num(None), num(float("inf")), num(-0.0412), num(1e-12)
    ('0', 'not known', '∞', '−0.0412', '0.000000000001')
    """
    if x is None or (isinstance(x, float) and math.isnan(x)):
        return "not known"
    if isinstance(x, float) and math.isinf(x):
        return "∞" if x > 0 else "−∞"
    if x == 0:
        return "0"
    size = math.floor(math.log10(abs(x)))
    if round(abs(x), digits - 1 - size) >= 10 ** (size + 1):
        size += 1  # 9.996 is 10.0, not 10.00
    places = min(15, max(0, digits - 1 - size))
    text = f"{abs(x):,.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text == "0":
        return "0"
    return f"−{text}" if x < 0 else text


def quantity(x: float | None, unit: str = "", digits: int = 3) -> str:
    """A number with its unit, scaled to a prefix that a reader would say.

    >>> quantity(2.5e6, "tokens"), quantity(246, "sequences"), quantity(48e6, "$"), quantity(None, "B")
    ('2.5 million tokens', '246 sequences', '$48 million', 'not known')
    >>> quantity(0.35, "%"), quantity(200, "GB")
    ('0.35%', '200 GB')
    """
    if x is None or not math.isfinite(x):
        return num(x)
    if unit in _PREFIXED:
        factor, prefix = next(((f, p) for f, p in _PREFIXES if abs(x) >= f * 0.9995), (1.0, ""))
        return f"{num(x / factor, digits)} {prefix}{unit}"
    if unit == "s":
        if x == 0:
            return "0 s"
        factor, word = next(((f, w) for f, w in _TIMES if abs(x) >= f * 0.9995), _TIMES[-1])
        if word == "min" and abs(x) < 120:  # "90 s" is said sooner than "1.5 min"
            factor, word = 1.0, "s"
        return f"{num(x / factor, digits)} {word}"
    factor, word = next(((f, f" {w}") for f, w in _LARGE if abs(x) >= f * 0.9995), (1.0, ""))
    if unit == "$":
        return _dollars(x / factor, digits, scaled=bool(word)) + word
    if unit in ("%", "×"):
        return f"{num(x / factor, digits)}{word}{unit}"
    return f"{num(x / factor, digits)}{word}{f' {unit}' if unit else ''}"


def _dollars(x: float, digits: int, scaled: bool) -> str:
    """Cents where money is small, whole dollars above 1,000, and enough digits below a cent."""
    sign = "−" if x < 0 else ""
    size = abs(x)
    if scaled or size >= 1000 or size == 0:
        return f"{sign}${num(size, digits)}"
    if size >= 0.095:
        cents = f"{size:.2f}"
        return f"{sign}${cents[:-3] if cents.endswith('.00') and size >= 10 else cents}"
    return f"{sign}${num(size, 2)}"


def tick(unit: str = "") -> Callable[[float], str]:
    """How an axis says its round values: whole dollars without cents.

    >>> tick("$")(5), tick("$")(2.5), tick("s")(0.2), tick("ms")(500)
    ('$5', '$2.50', '200 ms', '500')
    """
    if unit == "$":
        return lambda v: f"${num(v)}" if v == round(v) and 0 <= v < 1e6 else quantity(v, "$")
    if unit in _PREFIXED or unit in ("s", "%", "×"):
        return lambda v: quantity(v, unit)
    return num


def alike(values, digits: int = 3, suffix: str = "") -> list[str]:
    """Numbers that stand under one another, all to the decimals that the finest of them needs.

    >>> alike([1, 1.1, 1.2]), alike([1.24, 1.2], suffix="×")
    (['1.0', '1.1', '1.2'], ['1.24×', '1.20×'])
    """
    texts = [num(v, digits) for v in values]
    places = max((len(t.split(".")[1]) for t in texts if "." in t), default=0)
    out = []
    for value, text in zip(values, texts, strict=True):
        if places and text[-1:].isdigit() and abs(value) < 1e15:
            text = f"{abs(value):,.{places}f}"
            text = f"−{text}" if value < 0 and float(text.replace(",", "")) else text
        out.append(text + suffix if text[-1:].isdigit() else text)
    return out


def percent(x: float | None, digits: int = 2) -> str:
    """A share as a percentage, without a space.

    >>> percent(0.2727), percent(1), percent(0.001), percent(0.9996)
    ('27%', '100%', '0.1%', '100%')
    """
    if x is None or not math.isfinite(x):
        return "not known"
    return f"{num(100 * x, digits)}%"


def times(x: float | None) -> str:
    """A factor in words.

    >>> times(53.69), times(1.486)
    ('54 times', '1.5 times')
    """
    return f"{num(x, 2)} times" if x is not None and math.isfinite(x) else "not known"


def interval(low: float | None, high: float | None, unit: str = "") -> str:
    """What stands under a figure that is uncertain; the unit once.

    >>> interval(562, 705), interval(1.2, 1.35, "s")
    ('562 to 705', '1.2 to 1.35 s')
    """
    if low is None or high is None:
        return "not known"
    if unit == "$":
        return f"{quantity(low, '$')} to {quantity(high, '$')}"
    return f"{num(low)} to {num(high)}{f' {unit}' if unit else ''}"
