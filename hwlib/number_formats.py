"""Eight and four bits as numbers: FP8 E4M3, FP8 E5M2 and FP4 E2M1, rounded as the hardware does, in numpy alone.

`ml_dtypes` has the same formats compiled; where it is missing (in a browser) these functions stand in, and a test
proves them equal bit by bit. A tensor is taken as FP32; to round it is to go to the nearest value, ties to even.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from hwlib.errors import BadInput, unknown


@dataclass(frozen=True, slots=True)
class FloatFormat:
    """A small float. ``top`` is the largest finite code; past it stands ``over``, or nothing when the format ends there."""

    name: str
    exponent_bits: int
    mantissa_bits: int
    bias: int
    top: int
    over: int | None
    """The code of what is too large to hold: infinity in E5M2, not-a-number in E4M3; ``None`` saturates."""
    nan: int | None
    dtype: str
    """Its name in ml_dtypes."""

    @property
    def bits(self) -> int:
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def max(self) -> float:
        """The largest finite value.

        >>> FORMATS["fp8-e4m3"].max, FORMATS["fp8-e5m2"].max, FORMATS["fp4-e2m1"].max
        (448.0, 57344.0, 6.0)
        """
        return float(table(self.name)[self.top])

    @property
    def smallest_normal(self) -> float:
        return 2.0 ** (1 - self.bias)

    @property
    def quantum(self) -> float:
        """The smallest value above zero: the spacing of the subnormals.

        >>> FORMATS["fp8-e5m2"].quantum == 2.0**-16
        True
        """
        return 2.0 ** (1 - self.bias - self.mantissa_bits)


@dataclass(frozen=True, slots=True)
class IntFormat:
    """Whole numbers from −max to max; the one code more on the negative side stays unused, so that zero is exact and the range even."""

    name: str
    bits: int

    @property
    def max(self) -> float:
        return float(2 ** (self.bits - 1) - 1)


FORMATS: dict[str, FloatFormat | IntFormat] = {
    f.name: f
    for f in (
        FloatFormat("fp8-e4m3", 4, 3, 7, 0x7E, 0x7F, 0x7F, "float8_e4m3fn"),
        FloatFormat("fp8-e5m2", 5, 2, 15, 0x7B, 0x7C, 0x7E, "float8_e5m2"),
        FloatFormat("fp4-e2m1", 2, 1, 1, 0x7, None, None, "float4_e2m1fn"),
        IntFormat("int8", 8),
        IntFormat("int4", 4),
    )
}


def format_of(name: str) -> FloatFormat | IntFormat:
    """The format of this name; `Unknown` otherwise.

    >>> format_of("fp9")
    Traceback (most recent call last):
    hwlib.errors.Unknown: format = 'fp9' is not known; it can be fp8-e4m3, fp8-e5m2, fp4-e2m1, int8 or int4
    """
    if not isinstance(name, str) or name not in FORMATS:
        raise unknown("format", name, FORMATS)
    return FORMATS[name]


EXPONENT = np.uint32(0x7F800000)
"""The bits of FP32 that hold the exponent."""


@cache
def table(name: str) -> np.ndarray:
    """Every code's value, as FP32.

    >>> table("fp4-e2m1")[:8].tolist()
    [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]
    """
    f = _float(name)
    half = 2 ** (f.bits - 1)
    codes = np.arange(half)
    exponent, mantissa = codes >> f.mantissa_bits, codes & (2**f.mantissa_bits - 1)
    normal = np.ldexp(1 + mantissa / 2**f.mantissa_bits, exponent - f.bias)
    values = np.where(exponent == 0, mantissa * f.quantum, normal)
    if f.nan is not None:
        values[f.top + 1 :] = np.nan
        if f.over != f.nan:
            values[f.over] = np.inf
    values = values.astype(np.float32)
    both = np.concatenate([values, np.copysign(values, np.float32(-1))])
    both.setflags(write=False)
    return both


def decode(codes: np.ndarray, name: str) -> np.ndarray:
    """Codes as FP32 values."""
    codes = np.asarray(codes)
    if codes.dtype.kind not in "ui" or codes.size and (codes.min() < 0 or codes.max() >= 2 ** _float(name).bits):
        raise BadInput(f"codes of {name} must be whole numbers from 0 to {2 ** _float(name).bits - 1}", field="codes")
    return table(name)[codes]


def round_to(x: np.ndarray, name: str, *, saturate: bool = True) -> np.ndarray:
    """The nearest values that the format has, as FP32.

    ``saturate`` holds what is too large at the largest value, as training kernels do; without it the format's own rule
    applies (E4M3: not a number, E5M2: infinity), as in ml_dtypes.

    >>> round_to(np.array([0.3, 17.0, 500.0]), "fp8-e4m3").tolist()
    [0.3125, 16.0, 448.0]
    """
    f = _float(name)
    top, past_top, least, shift = _anchoring(name)
    x = np.ascontiguousarray(x, dtype=np.float32)
    # Past this every value is over the largest one; a sum with an anchor stays finite. What is not a number stays so.
    size = np.abs(x)
    np.minimum(size, top if saturate else past_top, out=size)
    # An anchor is the power of two next to which FP32 itself has the format's spacing, so that adding it rounds to the
    # nearest, ties to even. It goes with the value's exponent; under the smallest normal value the spacing shrinks no more.
    anchor = size.view(np.uint32) & EXPONENT
    np.maximum(anchor, least, out=anchor)
    anchor += shift
    by = anchor.view(np.float32)
    size += by
    size -= by
    if not saturate:
        size[size > top] = top if f.over is None else table(name)[f.over]
    out = np.copysign(size, x, out=size)
    if f.nan is None:  # FP4 has no such value: zero with the other sign, as in ml_dtypes
        missing = np.isnan(x)
        out[missing] = np.copysign(np.float32(0), -x[missing])
    return out


@cache
def _anchoring(name: str) -> tuple[np.float32, np.float32, np.uint32, np.uint32]:
    """The largest value, twice that, the smallest normal value's bits, and how far an anchor's exponent lies above a value's, as bits."""
    f = _float(name)
    return np.float32(f.max), np.float32(2 * f.max), np.float32(f.smallest_normal).view(np.uint32), np.uint32((23 - f.mantissa_bits) << 23)


def encode(x: np.ndarray, name: str, *, saturate: bool = False) -> np.ndarray:
    """The codes of the nearest values."""
    f = _float(name)
    value = round_to(x, name, saturate=saturate)
    size = np.abs(value)
    bits = size.view(np.uint32)
    normal = (bits >> np.uint32(23 - f.mantissa_bits)).astype(np.int64) - ((127 - f.bias) << f.mantissa_bits)
    finite = np.where(np.isfinite(size), size, np.float32(0))
    code = np.where(size < np.float32(f.smallest_normal), np.rint(finite / np.float32(f.quantum)).astype(np.int64), normal)
    if f.nan is not None:
        code = np.where(np.isnan(value), f.nan, np.where(np.isinf(value), f.over, code))
    return (code + (np.signbit(value).astype(np.int64) << (f.bits - 1))).astype(np.uint8)


def compiled(name: str) -> type | None:
    """The format of `ml_dtypes`, or ``None`` where that is not installed."""
    try:
        import ml_dtypes
    except ImportError:
        return None
    return getattr(ml_dtypes, _float(name).dtype, None)


def _float(name: str) -> FloatFormat:
    f = format_of(name)
    if not isinstance(f, FloatFormat):
        raise BadInput(f"format = {name!r} holds whole numbers; take one of {', '.join(n for n, g in FORMATS.items() if isinstance(g, FloatFormat))}", field="format")
    return f
