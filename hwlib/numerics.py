"""Tensors in fewer bits: scales, what rounds to nothing, what is cut off, and the error that is left.

A format has few values; a scale moves a tensor's values to where they are. One scale for the tensor, for each channel
or for each group of neighbours; taken from the tensor itself, or, in training, from the steps before (delayed
scaling), because the maximum is known only once the tensor is there. Storage in few bits says nothing of speed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hwlib.errors import BadInput, unknown
from hwlib.formula import Figure, defined, formula, given, ln
from hwlib.number_formats import FloatFormat, IntFormat, format_of, round_to

SCHEMES = ("none", "tensor", "channel", "group")
SCALE_BITS = {"none": 0, "tensor": 32, "channel": 32, "group": 8}
"""Bits of a stored scale: FP32 for a tensor or channel; eight for a group, as in microscaling formats."""


@formula(gives="scale", cites="micikevicius2022fp8")
def scale_of(*, amax, format_max):
    """What a tensor is divided by, so that its largest value becomes the format's largest.

    >>> scale_of(amax=0.07, format_max=448.0) == 0.07 / 448
    True
    """
    return amax / format_max


@formula(gives="bits_per_value", cites="rouhani2023microscaling")
def bits_with_scales(*, value_bits, scale_bits, group_size):
    """Bits that a value takes with its share of the scale.

    >>> bits_with_scales(value_bits=4, scale_bits=8, group_size=32)
    4.25
    """
    return value_bits + scale_bits / group_size


@formula(gives="sqnr_db", cites="definition")
def sqnr_db(*, signal_power, noise_power):
    """Power of the signal over that of the rounding error, in decibels.

    >>> round(sqnr_db(signal_power=1.0, noise_power=1e-3))
    30
    """
    return 10 * ln(signal_power / noise_power) / ln(10)


@dataclass(frozen=True, slots=True)
class Quantised:
    """A tensor after the format: its values back in FP32, and what became of them."""

    values: np.ndarray
    scale: np.ndarray
    """One scale, or one for each channel or group, shaped to multiply the (grouped) values."""
    bits_per_value: Figure
    rms_error: Figure
    """Root of the mean squared error, over the root mean square of the tensor."""
    max_error: Figure
    """The largest error, over the tensor's largest value."""
    sqnr_db: Figure
    underflow_share: Figure
    """Values that were not zero and are."""
    overflow_share: Figure
    """Values cut off at the format's largest, or lost."""


def quantise(
    x: np.ndarray, format: str, scheme: str = "tensor", *, axis: int = 0, group: int = 32, power_of_two: bool = False, scale: float | None = None, saturate: bool = True
) -> Quantised:
    """Round a tensor to a format under a scheme of scales.

    ``axis`` counts channels, ``group`` neighbours along the last axis. ``scale`` fixes a tensor's scale (delayed
    scaling); ``power_of_two`` rounds scales up to powers of two, as microscaling formats hold them.

    >>> q = quantise(np.linspace(-1, 1, 512), "int8")
    >>> q.overflow_share, q.rms_error < 0.01, q.bits_per_value
    (0.0, True, 8.0625)
    """
    f = format_of(format)
    x = tensor(x)
    if scheme not in SCHEMES:
        raise unknown("scheme", scheme, SCHEMES)
    if scale is not None and (scheme != "tensor" or isinstance(scale, bool) or not np.isfinite(scale) or not 1e-38 < scale < 3e38):
        raise BadInput(f"scale = {scale!r} must be a finite number above 0, and goes with scheme = 'tensor'", field="scale")
    blocks, restore = _blocks(x, scheme, axis, group)
    if scale is not None:
        scales = np.full((1, 1), scale, dtype=np.float32)
    elif scheme == "none":
        scales = np.ones((1, 1), dtype=np.float32)
    else:
        scales = _scales(np.abs(blocks).max(axis=1, keepdims=True), f.max, power_of_two)
    inside = blocks / scales
    rounded = round_to(inside, format, saturate=saturate) if isinstance(f, FloatFormat) else np.clip(np.rint(inside), -f.max, f.max)
    cut, share = np.count_nonzero(np.abs(inside) > _limit(f)), blocks.shape[1]
    return _report(x, restore(rounded * scales), scales, cut, given(f.bits, f"bits of {format}", "assumption"), scheme, share)


def tensor(x: np.ndarray) -> np.ndarray:
    """The tensor as FP32, or `BadInput` for what cannot be rounded."""
    try:
        x = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError) as fault:
        raise BadInput("the tensor does not hold real numbers in one shape; give an array of them", field="x") from fault
    if not x.size or not x.ndim:
        raise BadInput("the tensor is empty or a single number; give an array", field="x")
    bad = x.size - np.count_nonzero(np.isfinite(x) & (np.abs(x) < 3e38))
    if bad:
        raise BadInput(f"the tensor holds {bad:,} of {x.size:,} values that are not finite in FP32; clean them first", field="x")
    return x.astype(np.float32)


def _blocks(x: np.ndarray, scheme: str, axis: int, group: int) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """The tensor as rows that share a scale, and the way back to its shape."""
    if scheme == "channel":
        if isinstance(axis, bool) or not isinstance(axis, int) or not -x.ndim <= axis < x.ndim:
            raise BadInput(f"axis = {axis!r} is not an axis of a tensor with {x.ndim} of them", field="axis")
        moved = np.moveaxis(x, axis, 0)
        return moved.reshape(moved.shape[0], -1), lambda rows: np.moveaxis(rows.reshape(moved.shape), 0, axis)
    if scheme == "group":
        if isinstance(group, bool) or not isinstance(group, int) or group < 1 or x.shape[-1] % group:
            raise BadInput(f"group = {group!r} must be a whole number that divides the {x.shape[-1]:,} values of the last axis", field="group")
        return x.reshape(-1, group), lambda rows: rows.reshape(x.shape)
    return x.reshape(1, -1), lambda rows: rows.reshape(x.shape)


def _scales(amax: np.ndarray, top: float, power_of_two: bool) -> np.ndarray:
    """A scale for each row; rows of zeros keep one."""
    scales = scale_of(amax=amax.astype(np.float64), format_max=top)
    if power_of_two:
        scales = np.exp2(np.ceil(np.log2(np.where(amax > 0, scales, 1.0))))
    return np.where(amax > 0, np.maximum(scales, 2.0**-126), 1.0).astype(np.float32)


def _limit(f: FloatFormat | IntFormat) -> float:
    """Past this a value is cut off: up to half a step above the largest it still rounds down to it."""
    if isinstance(f, FloatFormat):
        return f.max + 2.0 ** ((f.top >> f.mantissa_bits) - f.bias - f.mantissa_bits) / 2
    return f.max + 0.5


def _report(x: np.ndarray, back: np.ndarray, scales: np.ndarray, cut: int, value_bits: Figure, scheme: str, share: int) -> Quantised:
    exact, error = x.astype(np.float64), back.astype(np.float64) - x
    lost = ~np.isfinite(error)
    error = np.where(lost, exact, error)  # a value that became infinite or nothing at all is wholly wrong
    signal, noise = float(np.mean(exact**2)), float(np.mean(error**2))
    largest = float(np.abs(exact).max())

    def seen(value: float, what: str) -> Figure:
        return defined(float(value), f"{what}, counted on this tensor of {x.size:,} values")

    quality = sqnr_db(signal_power=seen(signal, "mean square"), noise_power=seen(noise, "mean square of the error")) if signal and noise else seen(np.inf, "no error")
    return Quantised(
        values=back.astype(np.float32), scale=scales,
        bits_per_value=bits_with_scales(value_bits=value_bits, scale_bits=defined(float(SCALE_BITS[scheme]), "bits of a stored scale"), group_size=defined(float(share), "values that share a scale")),
        rms_error=seen(np.sqrt(noise / signal) if signal else 0.0, "root mean square of the error over that of the tensor"),
        max_error=seen(np.abs(error).max() / largest if largest else 0.0, "largest error over the largest value"), sqnr_db=quality,
        underflow_share=seen(np.count_nonzero((back == 0) & (x != 0)) / x.size, "share that rounds to zero"),
        overflow_share=seen(cut / x.size, "share cut off"),
    )


class DelayedScaling:
    """A tensor's scale from the largest values of the steps before, so that no second pass over the tensor is needed.

    The first tensor meets a scale of 1, because nothing was seen before it. ``margin`` powers of two are left free
    above the history's largest, for a tensor that grows.

    >>> scaling = DelayedScaling("fp8-e5m2", history=4)
    >>> small = np.full(8, 1e-7)
    >>> float(scaling(small).max()), float(scaling(small).max()) > 0
    (0.0, True)
    """

    def __init__(self, format: str, *, history: int = 16, margin: int = 0) -> None:
        for name, value, low, high in (("history", history, 1, 100_000), ("margin", margin, 0, 64)):
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise BadInput(f"{name} = {value!r} must be a whole number of at least {low} and at most {high:,}", field=name)
        self.format, self.margin = format, margin
        self.top = format_of(format).max
        self.seen: deque[float] = deque(maxlen=history)

    @property
    def scale(self) -> float:
        """The scale that the next tensor will meet."""
        amax = max(self.seen, default=0.0)
        return max(float(scale_of(amax=amax, format_max=self.top)) * 2.0**self.margin, 2.0**-126) if amax else 1.0

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The tensor rounded under that scale, as FP32; what is too large is held at the largest."""
        scale = np.float32(self.scale)
        amax = float(np.abs(x).max(initial=0.0))
        if np.isfinite(amax):  # a step that blew up must not spoil the history
            self.seen.append(amax)
        f = format_of(self.format)
        inside = np.asarray(x, dtype=np.float32) / scale
        out = round_to(inside, self.format) if isinstance(f, FloatFormat) else np.clip(np.rint(inside), -f.max, f.max)
        out *= scale
        return out
