"""A network small enough to train here, in FP8 with and without scales.

Three layers learn a fixed random function. The products see their operands in FP8, as FP8 training does: weights and
activations in E4M3, gradients in E5M2; sums, weights and the optimizer stay in FP32. This chip stands for one of
many ranks: its loss is its share of the mean over a batch of a million samples, so its gradients are small, and
without scales they fall below E5M2's smallest value and are lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hwlib.errors import BadInput, unknown
from hwlib.number_formats import round_to
from hwlib.numerics import DelayedScaling

RECIPES = ("fp32", "fp8", "fp8-delayed")
FORWARD, BACKWARD = "fp8-e4m3", "fp8-e5m2"
INPUTS, OUTPUTS = 16, 8
KEPT = 2**17
"""Samples of a run up to which they are kept for the next one: 12 MB."""
Round = Callable[[str, np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Curve:
    """A run: the loss at each step, and the share of gradient values that became zero."""

    recipe: str
    loss: tuple[float, ...]
    lost: tuple[float, ...]

    @property
    def first(self) -> float:
        return self.loss[0]

    @property
    def last(self) -> float:
        """The mean of the last tenth: single steps are noisy."""
        return float(np.mean(self.loss[-max(1, len(self.loss) // 10) :]))


def train(recipe: str, *, steps: int = 150, batch: int = 256, ranks: int = 4096, width: int = 32, input_scale: float = 1.0, seed: int = 1) -> Curve:
    """Train under one recipe. Each of ``ranks`` chips sees ``batch`` samples; the sum over ranks, in FP32, is taken as
    ``ranks`` times this chip's gradient, which the optimizer's normalisation makes no matter.

    ``input_scale`` multiplies the inputs: past E4M3's 448 they cannot be held without a scale.

    >>> train("fp32", steps=5).last < train("fp32", steps=5).first
    True
    """
    if recipe not in RECIPES:
        raise unknown("recipe", recipe, RECIPES)
    for name, value, high in (("steps", steps, 10_000), ("batch", batch, 65_536), ("ranks", ranks, 1_000_000), ("width", width, 1024)):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= high:
            raise BadInput(f"{name} = {value!r} must be a whole number of at least 1 and at most {high:,}", field=name)
    if isinstance(input_scale, bool) or not isinstance(input_scale, int | float) or not 0 < input_scale < 1e6:
        raise BadInput(f"input_scale = {input_scale!r} must be above 0 and below a million", field="input_scale")
    net, samples = _start(seed, width, steps, batch) if steps * batch > KEPT else _kept(seed, width, steps, batch)
    flat = np.concatenate([w.ravel() for w in net])  # the optimizer sees one long vector, the network its views of it
    cuts = np.cumsum([0, *(w.size for w in net)])
    net = [flat[a:b].reshape(w.shape) for w, a, b in zip(net, cuts, cuts[1:], strict=False)]
    net[0] /= np.float32(input_scale)
    moments = np.zeros((2, flat.size), np.float32)
    rounding, lost = _rounding(recipe)
    losses = []
    with np.errstate(over="ignore", invalid="ignore"):  # diverging is one of the results
        for step, (x, target) in enumerate(samples, 1):
            lost.append([0, 0])
            loss, gradients = _pass(net, x * np.float32(input_scale), target, rounding, ranks)
            losses.append(loss)
            _adam(flat, np.concatenate([g.ravel() for g in gradients]), moments, step)
    return Curve(recipe, tuple(losses), tuple(zeros / max(1, count) for zeros, count in lost))


def compare(*, steps: int = 150, seed: int = 1, input_scale: float = 1.0) -> dict[str, Curve]:
    """The three recipes on the same data and start."""
    return {recipe: train(recipe, steps=steps, seed=seed, input_scale=input_scale) for recipe in RECIPES}


def _start(seed: int, width: int, steps: int, batch: int) -> tuple[list[np.ndarray], Iterator[tuple[np.ndarray, np.ndarray]]]:
    """The network before the first step, and the inputs and wanted outputs of each step, drawn as they are asked for."""
    rng = np.random.default_rng(seed)
    teacher = _weights(rng, (INPUTS, 32, OUTPUTS))
    net = _weights(rng, (INPUTS, width, width, OUTPUTS))

    def samples() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for _ in range(steps):
            x = rng.standard_normal((batch, INPUTS)).astype(np.float32)
            yield x, np.tanh(x @ teacher[0]) @ teacher[1]

    return net, samples()


@lru_cache(maxsize=1)
def _kept(seed: int, width: int, steps: int, batch: int) -> tuple[list[np.ndarray], list[tuple[np.ndarray, np.ndarray]]]:
    """The same at once, for the next run under another recipe: a slider of a page waits for it."""
    net, samples = _start(seed, width, steps, batch)
    return net, list(samples)


def _weights(rng: np.random.Generator, sizes: tuple[int, ...]) -> list[np.ndarray]:
    return [(rng.standard_normal((a, b)) / np.sqrt(a)).astype(np.float32) for a, b in zip(sizes, sizes[1:], strict=False)]


def _rounding(recipe: str) -> tuple[Round, list[list[int]]]:
    """How a named operand is rounded, and the tally of gradient values lost at each step."""
    lost: list[list[int]] = []
    scalings: dict[str, DelayedScaling] = {}

    def rounded(name: str, x: np.ndarray) -> np.ndarray:
        if recipe == "fp32":
            return x
        format = BACKWARD if name.startswith("gradient") else FORWARD
        if recipe == "fp8":
            out = round_to(x, format, saturate=False)
        else:
            if name not in scalings:
                scalings[name] = DelayedScaling(format)
            out = scalings[name](x)
        if name.startswith("gradient"):
            count = int(np.count_nonzero(x))
            lost[-1][0] += count - int(np.count_nonzero(out))  # nothing becomes something
            lost[-1][1] += count
        return out

    return rounded, lost


def _pass(net: list[np.ndarray], x: np.ndarray, target: np.ndarray, rounded: Round, ranks: int) -> tuple[float, list[np.ndarray]]:
    """The loss and its gradients; every operand of every product goes through ``rounded``."""
    layers = len(net)
    weights = [rounded(f"weight {i}", w) for i, w in enumerate(net)]
    inputs, hidden = [], x
    for i in range(layers):
        inputs.append(rounded(f"activation {i}", hidden))
        hidden = inputs[i] @ weights[i]
        if i < layers - 1:
            hidden = np.tanh(hidden)
    error = hidden - target
    loss = float(np.mean(error**2))
    gradient = np.float32(2 / (error.size * ranks)) * error
    gradients: list[np.ndarray] = []
    for i in reversed(range(layers)):
        gradient = rounded(f"gradient {i}", gradient)
        gradients.insert(0, np.float32(ranks) * (inputs[i].T @ gradient))
        if i:
            before = gradient @ weights[i].T
            gradient = before * (1 - inputs[i] ** 2)  # the slope of tanh, from its (rounded) output
    return loss, gradients


def _adam(w: np.ndarray, g: np.ndarray, moments: np.ndarray, step: int, rate: float = 3e-3) -> None:
    """Adam's step, in place."""
    first, second = moments
    first[:] = 0.9 * first + 0.1 * g
    second[:] = 0.99 * second + 0.01 * g * g
    w -= np.float32(rate) * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-12)
