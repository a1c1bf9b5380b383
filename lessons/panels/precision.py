"""Precision: a small network learns in FP8, with scales and without, and two of its tensors are held against the format."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from hwlib.formula import Figure, defined, given
from hwlib.number_formats import format_of, round_to
from hwlib.numerics import DelayedScaling, scale_of
from hwlib.tiny_training import BACKWARD, FORWARD, OUTPUTS, Curve, train
from hwlib.units import show
from lessons import draw
from lessons.draw.window import window, window_table
from lessons.panels.parts import WIDE, View, either, explained, later, steps, wire

CHIPS = (1, 4, 16, 64, 256, 1024, 4096, 16384)
INPUTS = (1, 10, 100, 1000)
RECIPES = {"no scales": "fp8", "delayed scaling": "fp8-delayed"}
LEARNING, BATCH, HISTORY = 50, 128, 16
"""Steps of a run; samples of a chip; steps a scale looks back on."""
MOMENTS = tuple(range(1, LEARNING + 1))
NAMES = {FORWARD: "E4M3", BACKWARD: "E5M2"}
LOW, HIGH = -14.0, 6.0
PAUSE_S = 0.25
"""How long nobody may have asked for anything before runs are learned ahead."""


@dataclass(frozen=True, slots=True)
class Held:
    """One tensor under one format at one step: its values, the scale it met, and what became of it."""

    label: str
    format: str
    values: np.ndarray
    scale: float

    @property
    def lost(self) -> float:
        """Share of the values that become zero."""
        with np.errstate(over="ignore"):
            return float(np.mean((round_to(self.values / np.float32(self.scale), self.format) == 0) & (self.values != 0)))

    @property
    def cut(self) -> float:
        """Share of the values past the largest that the format has."""
        return float(np.mean(np.abs(self.values) > format_of(self.format).max * self.scale))

    @property
    def strip(self) -> dict[str, Any]:
        """What the picture wants."""
        f, shift = format_of(self.format), math.log10(self.scale)
        sizes = np.log10(np.abs(self.values[self.values != 0]))
        count, edge = np.histogram(sizes, bins=round((HIGH - LOW) * 4), range=(LOW, HIGH))
        bins = [(float(a), float(b), float(n) / self.values.size) for n, a, b in zip(count, edge[:-1], edge[1:], strict=True)]
        holds = (math.log10(f.quantum / 2) + shift, math.log10(f.max) + shift)
        return dict(label=self.label, kind="activations" if self.format == FORWARD else "optimizer", format=NAMES[self.format], bins=bins, holds=holds, lost=self.lost, cut=self.cut)


@dataclass(frozen=True, slots=True)
class State:
    """A run under one recipe beside the same run in FP32, and the step looked at."""

    recipe: str
    chips: int
    size: int
    step: int
    mine: Curve
    fp32: Curve
    inputs: Held
    gradient: Held | None
    """None where the step before gave no number."""
    scale: Figure

    @property
    def scaled(self) -> bool:
        return self.recipe == "fp8-delayed"

    @property
    def blew_up(self) -> bool:
        """Whether the loss stopped being a number."""
        return not all(map(math.isfinite, self.mine.loss))


@cache
def learned(recipe: str, chips: int, size: int) -> Curve:
    """One run; in FP32 a gradient's size changes nothing, so one run serves all counts of chips."""
    return train(recipe, steps=LEARNING, batch=BATCH, ranks=1 if recipe == "fp32" else chips, input_scale=float(size))


@cache
def _drawn() -> np.ndarray:
    """Values of unit size: a stand-in for the shape of a tensor."""
    return np.random.default_rng(7).standard_normal(4096).astype(np.float32)


def gradient_rms(loss: float, chips: int) -> float:
    """Root mean square of the gradient at the network's output: twice the error over the values of the whole batch.

    >>> gradient_rms(1.0, 1) == 2 / (128 * 8)
    True
    """
    return 2 * math.sqrt(loss) / (BATCH * OUTPUTS * chips)


def _held(label: str, format: str, sizes: list[float], scaled: bool) -> Held:
    """The last of these tensors, each the same draw at its own size, after the scale has seen those before."""
    scaling = DelayedScaling(format, history=HISTORY)
    for size in sizes[-HISTORY - 1 : -1]:
        scaling.seen.append(float(np.abs(_drawn()).max()) * size)
    return Held(label, format, _drawn() * np.float32(sizes[-1]), scaling.scale if scaled else 1.0)


@cache
def run(chips: int = 4096, size: int = 1, recipe: str = "fp8-delayed", step: int = 20) -> State:
    """The run and the two tensors at a step, counted from 1."""
    mine, fp32 = learned(recipe, chips, size), learned("fp32", 1, size)
    scaled = recipe == "fp8-delayed"
    inputs = _held("inputs", FORWARD, [float(size)] * step, scaled)
    losses = mine.loss[:step]
    gradient = None
    if all(map(math.isfinite, losses)):
        gradient = _held("gradient at the output", BACKWARD, [gradient_rms(x, chips) for x in losses], scaled)
    largest = float(np.abs(gradient.values).max()) if gradient is not None else gradient_rms(fp32.loss[step - 1], chips)
    scale = scale_of(amax=given(largest, "largest value of the gradient", "assumption"), format_max=defined(format_of(BACKWARD).max, "largest value of E5M2"))
    return State(recipe, chips, size, step, mine, fp32, inputs, gradient, scale)


def strips(s: State) -> list[dict[str, Any]]:
    """The tensors of the picture."""
    return [held.strip for held in (s.inputs, s.gradient) if held is not None]


def picture(s: State, wide: float = WIDE) -> str:
    """The two tensors over the window of their format, and the loss over the steps."""
    first = window(strips(s), low=LOW, high=HIGH, title=f"Two tensors at step {s.step}", wide=wide)
    missing = draw.caption("The gradient is not a number any more.") if s.gradient is None else ""
    at = s.mine.loss[s.step - 1]
    curve = draw.curve(
        list(enumerate(s.mine.loss, 1)), label="FP8", others=[("FP32", list(enumerate(s.fp32.loss, 1)))], yours=(float(s.step), at) if math.isfinite(at) else None, yours_label=f"step {s.step}: {draw.num(at)}",
        x_label="steps", y_label="loss", kind="compute", wide=wide, title="Loss of the small network, in FP8 and in FP32",
    )
    return first + missing + curve


def sentence(s: State) -> str:
    """The result in words."""
    beside = f"in FP32 it is {draw.num(s.fp32.last)}"
    if s.blew_up:
        first = next(k for k, x in enumerate(s.mine.loss, 1) if not math.isfinite(x))
        return f"<b>The loss is not a number from step {first} on</b>; {beside} after {LEARNING} steps. Values past {draw.num(format_of(FORWARD).max)} have no place in E4M3, and one of them is enough."
    head = f"<b>After {LEARNING} steps the loss is {draw.num(s.mine.last)}</b>; {beside}. "
    if s.scaled:
        return head + f"At step {s.step} the gradient is divided by {show(s.gradient.scale)} before it is rounded, and {draw.percent(s.gradient.lost)} of its values become zero."
    return head + f"Nothing is scaled, and at step {s.step} {draw.percent(s.gradient.lost)} of the gradient’s values become zero."


def table(s: State) -> str:
    """The tensors and the losses as numbers."""
    tensors = draw.table(*window_table(strips(s)))
    losses = [[k, draw.num(s.mine.loss[k - 1]), draw.num(s.fp32.loss[k - 1])] for k in range(1, LEARNING + 1) if k == 1 or k % 10 == 0]
    return tensors + draw.table(["Step", "Loss in FP8", "Loss in FP32"], losses, right={0, 1, 2})


def view(chips: int = 4096, size: int = 1, recipe: str = "fp8-delayed", step: int = 20) -> View:
    """The panel's pictures and words for one state of its controls."""
    s = run(chips, size, recipe, step)
    return View(
        picture=picture(s), readout=sentence(s), table=table(s), why=explained(s.scale), named=f"{chips:,} chips {'with' if s.scaled else 'without'} scales",
        source=f"Three layers, trained here. Of the tensors the sizes are the network’s own, the shape is that of {_drawn().size:,} normal draws. A scale looks back on {HISTORY} steps; at the first it has seen nothing.",
    )


def _beside(values: tuple[int, ...], value: int) -> tuple[int, ...]:
    """The values next to one.

    >>> _beside((1, 10, 100), 1), _beside((1, 10, 100), 10)
    ((10,), (1, 100))
    """
    at = values.index(value)
    return values[max(0, at - 1) : at] + values[at + 1 : at + 2]


def near_runs(recipe: str, chips: int, size: int) -> list[tuple[str, int, int]]:
    """What one key away is shown: the same recipe on other chips, and other inputs, which FP32 learns anew as well.

    >>> near_runs("fp8", 16384, 1)
    [('fp8', 4096, 1), ('fp32', 1, 10), ('fp8', 16384, 10)]
    """
    return [(recipe, other, size) for other in _beside(CHIPS, chips)] + [run for other in _beside(INPUTS, size) for run in (("fp32", 1, other), (recipe, chips, other))]


def panel() -> Any:
    """The controls and what they show. The runs that the next key may ask for are learned while nobody waits."""
    controls = {
        "chips": steps("Chips that share the batch", CHIPS, 4096, say=lambda v: f"{v:,}"),
        "size": steps("Inputs, times", INPUTS, 1, say=lambda v: f"{v:,}"),
        "recipe": either("FP8 with", RECIPES, "fp8-delayed"),
        "step": steps("Step looked at", MOMENTS, 20),
    }

    asked = [0]

    def ahead(_: Any = None) -> None:
        asked[0] = mine = asked[0] + 1
        chips, size, recipe = (controls[name].value for name in ("chips", "size", "recipe"))
        for near in near_runs(recipe, chips, size):
            later(PAUSE_S, lambda near=near: learned(*near) if asked[0] == mine else None)

    box = wire(controls, view)
    for control in controls.values():
        control.observe(ahead, names="value")
    ahead()
    return box
