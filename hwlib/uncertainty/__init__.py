"""How far an answer may be off, and which input is to blame: Monte Carlo with Sobol' indices on any estimate.

Two ways in. `of_figures` runs figures again from their own derivations, on arrays: any leaf may vary, catalogue values
and constants included, and a hundred thousand samples take a blink; what Python decided on the way stays decided.
`of_estimate` calls the estimate again for each sample: fields of the design and load vary, and so do all decisions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hwlib.designs import check, knobs
from hwlib.errors import BadInput, unknown
from hwlib.formula import Figure
from hwlib.sources import Run
from hwlib.uncertainty.distributions import Distribution, LogNormal, Triangular, Uniform, around
from hwlib.uncertainty.replay import Replay
from hwlib.uncertainty.sobol import Evaluated, Index, evaluate, indices, points

__all__ = ["Bar", "Distribution", "Evaluated", "Index", "LogNormal", "Replay", "Spread", "Triangular", "Uniform", "around", "of_estimate", "of_figures", "points", "study"]

Model = Callable[[dict[str, np.ndarray]], Mapping[str, np.ndarray]]
CITES = "saltelli2010variance"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the tornado: the output with one input at its 10th and 90th percentile and the others at their medians."""

    input: str
    low: float
    high: float

    @property
    def width(self) -> float:
        return abs(self.high - self.low)


@dataclass(frozen=True, slots=True)
class Spread:
    """What is known of one output."""

    name: str
    p05: Figure
    p50: Figure
    p95: Figure
    mean: Figure
    sd: Figure
    first: dict[str, Index]
    """Share of the variance that an input explains alone."""
    total: dict[str, Index]
    """The same with all its interactions; near 0 means that the input does not matter."""
    tornado: tuple[Bar, ...]
    """The widest bar first."""
    refused_share: float
    """Samples that the model refused or that gave no finite number; they are left out."""
    values: np.ndarray

    def quantile(self, share: float) -> float:
        """Any other percentile, as a share between 0 and 1."""
        if not 0 <= share <= 1:
            raise BadInput(f"share = {share!r} must lie between 0 and 1", field="share")
        return float(np.quantile(self.values, share))


def study(model: Model, inputs: Mapping[str, Distribution], *, samples: int = 1024, seed: int = 1, bootstrap: int = 200, level: float = 0.9) -> dict[str, Spread]:
    """The outputs of a model on arrays under uncertain inputs.

    The model is run at ``samples`` × (inputs + 2) points for the indices and a few more for the tornado. ``level`` is
    that of the bootstrap intervals.

    >>> spread = study(lambda v: {"sum": 2 * v["x"] + v["y"]}, {"x": Uniform(0, 1), "y": Uniform(0, 1)}, samples=256)["sum"]
    >>> round(spread.first["x"].value, 1), [bar.input for bar in spread.tornado]
    (0.8, ['x', 'y'])
    """
    _check(inputs, seed, bootstrap, level)
    names = list(inputs)
    outputs: list[str] = []

    def on_cube(cube: np.ndarray) -> np.ndarray:
        got = model({name: inputs[name].at(cube[:, i]) for i, name in enumerate(names)})
        outputs[:] = list(got)
        return np.column_stack([np.broadcast_to(np.asarray(got[o], dtype=float), (len(cube),)) for o in outputs])

    run = evaluate(on_cube, len(names), samples=samples, seed=seed)
    usable = run.usable
    if np.count_nonzero(usable) < max(2, samples // 2):
        raise BadInput(f"only {np.count_nonzero(usable):,} of {samples:,} samples gave finite numbers throughout; narrow the inputs", field="inputs")
    cube = np.full((1 + 2 * len(names), len(names)), 0.5)
    for i in range(len(names)):
        cube[1 + 2 * i, i], cube[2 + 2 * i, i] = 0.1, 0.9
    sides = on_cube(cube)
    return {o: _spread(o, k, run, sides, names, seed, bootstrap, level) for k, o in enumerate(outputs)}


def _spread(name: str, k: int, run: Evaluated, sides: np.ndarray, names: list[str], seed: int, bootstrap: int, level: float) -> Spread:
    all_values = np.concatenate([run.a[:, k], run.b[:, k]])
    values = all_values[np.isfinite(all_values)]
    first, total = indices(run, k, seed=seed, bootstrap=bootstrap, level=level)

    def seen(value: float, what: str) -> Figure:
        return Figure(value, Run(f"{what} of {name.replace('_', ' ')} over {values.size:,} samples", CITES, seed, {}))

    p05, p50, p95 = np.percentile(values, (5, 50, 95))
    bars = [Bar(n, float(sides[1 + 2 * i, k]), float(sides[2 + 2 * i, k])) for i, n in enumerate(names)]
    return Spread(
        name, seen(p05, "5th percentile"), seen(p50, "median"), seen(p95, "95th percentile"), seen(values.mean(), "mean"), seen(values.std(), "standard deviation"),
        dict(zip(names, first, strict=True)), dict(zip(names, total, strict=True)),
        tuple(sorted(bars, key=lambda b: (-b.width if math.isfinite(b.width) else -math.inf, names.index(b.input)))), float(1 - run.usable.mean()), values,
    )


def of_figures(figures: Mapping[str, Figure] | Figure, inputs: Mapping[str, Distribution], **more: Any) -> dict[str, Spread]:
    """Figures under uncertain leaves; `Replay` says which leaves there are."""
    return study(Replay({"figure": figures} if isinstance(figures, Figure) else figures), inputs, **more)


def of_estimate(estimate: Callable[[Any, Any], Any], design: Any, load: Any, inputs: Mapping[str, Distribution], outputs: Sequence[str], *, samples: int = 128, **more: Any) -> dict[str, Spread]:
    """An estimate under uncertain fields of its design or load, called once a sample.

    Inputs are ``design.FIELD`` or ``load.FIELD``, or the field alone where only one has it. Fields that count are rounded.
    """
    places = {name: _place(name, design, load) for name in inputs}
    if not outputs:
        raise BadInput("outputs is empty; name at least one figure of the estimate", field="outputs")
    known = estimate(design, load).figures()
    for output in outputs:
        if output not in known:
            raise unknown("output", output, known, what="a figure of this estimate")

    def model(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        count = next(iter(values.values())).size
        got = np.full((len(outputs), count), np.nan)
        for i in range(count):
            try:
                changed = {"design": {}, "load": {}}
                for name, (owner, field, knob) in places.items():
                    value = float(values[name][i])
                    changed[owner][field] = check(f"{owner}.{field}", round(value) if knob.kind == "count" else value, knob)
                one = estimate(replace(design, **changed["design"]), replace(load, **changed["load"]))
                got[:, i] = [float(getattr(one, o)) for o in outputs]
            except BadInput:
                continue  # counted: `refused_share`
        return dict(zip(outputs, got, strict=True))

    return study(model, inputs, samples=samples, **more)


def _place(name: str, design: Any, load: Any) -> tuple[str, str, Any]:
    """Which object and field an input names; only numbers may vary."""
    fields = {"design": knobs(type(design)), "load": knobs(type(load))}
    owner, _, field = name.rpartition(".")
    owners = [o for o in fields if field in fields[o] and owner in ("", o)]
    if not owners:
        raise unknown("input", name, [f"{o}.{f}" for o in fields for f, k in fields[o].items() if k.kind in ("count", "number")], what="a field of this design or load")
    if len(owners) > 1:
        raise BadInput(f"input = {name!r} is a field of the design and of the load; say design.{name} or load.{name}", field=name)
    knob = fields[owners[0]][field]
    if knob.kind not in ("count", "number"):
        raise BadInput(f"input = {name!r} is no number, so it has no distribution; compare the alternatives instead", field=name)
    return owners[0], field, knob


def _check(inputs: Mapping[str, Distribution], seed: int, bootstrap: int, level: float) -> None:
    if not isinstance(inputs, Mapping) or not inputs:
        raise BadInput("inputs is empty; name at least one input with its distribution", field="inputs")
    for name, distribution in inputs.items():
        if not isinstance(distribution, Distribution):
            raise BadInput(f"input {name!r} = {distribution!r} must be Uniform, Triangular or LogNormal", field=str(name))
    for name, value, low, high in (("seed", seed, 0, 2**63 - 1), ("bootstrap", bootstrap, 0, 100_000)):
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise BadInput(f"{name} = {value!r} must be a whole number of at least {low} and at most {high:,}", field=name)
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0 < level < 1:
        raise BadInput(f"level = {level!r} must lie between 0 and 1", field="level")
