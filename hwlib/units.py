"""Base units inside, prefixes only when shown.

Every number in the course is held in bytes, FLOP, seconds, watts, joules, dollars or plain counts.
`show` is the only place where a prefix, a thousands separator or a power of ten appears.
"""

from __future__ import annotations

import math

GIB = 2**30
"""Bytes in a GiB. GB is 10⁹ bytes; the two are never mixed in silence."""

_PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))
_PREFIXED = {"B", "FLOP", "s", "W", "J", "B/s", "FLOP/s", "FLOP/B", "W·h"}
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

COUNTED = frozenset({"tokens", "requests", "token", "sequence", "request", "user", "chip", "param", "layer", "run", "FLOP"})
"""Nouns that may stand where a unit stands; the dimension test reads them as plain counts."""


def digits_of(value: float, digits: int) -> str:
    """``value`` with ``digits`` significant digits and commas, never in exponent form.

    >>> digits_of(1234.5, 3), digits_of(0.04567, 2), digits_of(327680, 6), digits_of(999.6, 3)
    ('1,234', '0.046', '327,680', '1,000')
    """
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _power(value: float, digits: int, latex: bool) -> str:
    exponent = 3 * math.floor(math.log10(abs(value)) / 3)
    mantissa = digits_of(value / 10**exponent, digits)
    if mantissa == "1,000":
        mantissa, exponent = "1", exponent + 3
    if latex:
        return rf"{mantissa} \times 10^{{{exponent}}}"
    return f"{mantissa} × 10{str(exponent).translate(_SUPERSCRIPT)}"


def _count(value: float, digits: int, latex: bool) -> str:
    if value == int(value) and abs(value) < 1e6:
        text = f"{int(value):,}"
    elif 1e-3 <= abs(value) < 1e6:
        text = digits_of(value, digits)
    else:
        text = _power(value, digits, latex)
    return text.replace(",", "{,}") if latex else text


def show(value: float, unit: str = "", *, digits: int = 3, latex: bool = False) -> str:
    """A number as people read it.

    >>> show(140e9, "B"), show(70e9), show(1024), show(0.0375, "s"), show(2.0e12, "B/s")
    ('140 GB', '70 × 10⁹', '1,024', '37.5 ms', '2 TB/s')
    >>> show(0.42, "%"), show(1720320, "chip·h"), show(2.5, "usd/h"), show(0.73e6, "usd")
    ('42%', '1,720,320 chip·h', '$2.50 an hour', '$730,000')
    >>> show(70e9, "", latex=True), show(312e12, "FLOP/s", latex=True)
    ('70 \\\\times 10^{9}', '312\\\\,\\\\mathrm{TFLOP/s}')
    >>> show(-2.5e6, "usd"), show(33.9, "day"), show(8.4e23, "FLOP")
    ('−$2.5 million', '33.9 days', '840 × 10²¹ FLOP')
    >>> show(float("nan"), "s"), show(float("inf"), "s")
    ('not known', 'unbounded')
    """
    value = float(value)
    if math.isnan(value):
        return r"\text{not known}" if latex else "not known"
    if math.isinf(value):
        return r"\infty" if latex else "unbounded"
    if value == 0 and unit in _PREFIXED:
        return rf"0\,\mathrm{{{unit}}}" if latex else f"0 {unit}"
    if unit == "%":
        text = digits_of(value * 100, digits)
        return rf"{text}\%" if latex else f"{text}%"
    if unit.startswith("usd"):
        return _dollars(value, unit[3:], digits, latex)
    if unit in _PREFIXED:
        return _prefixed(value, unit, digits, latex)
    if not unit:
        return _count(value, digits, latex)
    if value == int(value) and abs(value) < 1e9:  # "1,720,320 chip·h": counted things keep their digits
        text = f"{int(value):,}".replace(",", "{,}" if latex else ",")
    else:
        text = _count(value, digits, latex)
    if unit in ("day", "week") and value != 1:
        unit += "s"
    return rf"{text}\,\mathrm{{{unit}}}" if latex else f"{text} {unit}"


def _prefixed(value: float, unit: str, digits: int, latex: bool) -> str:
    if unit == "FLOP/B":
        scale, prefix = 1.0, ""
    elif abs(value) >= 1e18:  # past the peta: a power of ten is easier to read than a rare prefix
        text = _power(value, digits, latex)
        return rf"{text}\,\mathrm{{{unit}}}" if latex else f"{text} {unit}"
    elif unit == "s" and abs(value) >= 60:
        return _duration(value, digits, latex)
    else:
        scale, prefix = next(((s, p) for s, p in _PREFIXES if abs(value) >= s * 0.9995), _PREFIXES[-1])
        if unit == "s" and scale > 1:
            scale, prefix = 1.0, ""
    number = digits_of(value / scale, digits)
    unit_text = "FLOP/byte" if unit == "FLOP/B" else f"{prefix}{unit}"
    if latex:
        return rf"{number.replace(',', '{,}')}\,\mathrm{{{unit_text.replace('µ', chr(92) + 'mu ')}}}"
    return f"{number} {unit_text}"


def _duration(seconds: float, digits: int, latex: bool) -> str:
    for scale, name in ((86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if abs(seconds) >= 2 * scale or name == "min":
            number = digits_of(seconds / scale, digits)
            return rf"{number.replace(',', '{,}')}\,\mathrm{{{name}}}" if latex else f"{number} {name}"
    raise AssertionError("unreachable")


_PER = {"": "", "/h": " an hour", "/token": " a token", "/Mtoken": " a million tokens", "/W": " a watt",
        "/J": " a joule", "/kWh": " a kWh", "/a": " a year", "/chip": " a chip", "/day": " a day", "/week": " a week"}


def _dollars(value: float, per: str, digits: int, latex: bool) -> str:
    if value < 0:
        return "−" + _dollars(-value, per, digits, latex)
    size = abs(value)
    if size >= 1e9:
        text = f"{digits_of(value / 1e9, digits)} billion"
    elif size >= 1e6:
        text = f"{digits_of(value / 1e6, digits)} million"
    elif size >= 1000:
        text = digits_of(value, max(digits, 3))
    elif size >= 0.995:
        text = f"{value:,.2f}"
    elif size == 0:
        text = "0"
    else:
        text = digits_of(value, 3) if size >= 1e-4 else _power(value, 3, latex)
    words = _PER.get(per, f" {per}")
    if latex:
        return rf"\${text.replace(',', '{,}').replace(' billion', chr(92) + ',' + chr(92) + 'text{billion}').replace(' million', chr(92) + ',' + chr(92) + 'text{million}')}" + (rf"\,\text{{{words.strip()}}}" if words else "")
    return f"${text}{words}"
