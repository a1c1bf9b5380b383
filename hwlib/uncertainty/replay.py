"""An estimate run again with other inputs, from its own derivation.

A figure holds every formula and input that it was computed from. So any leaf, a catalogue value or a constant of
calibration as well as a choice, can be replaced by an array and the formulas run again on arrays, without the code
that made the estimate. What the estimate decided in Python on the way (which link, how many chips at least) stays.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hwlib.errors import BadInput, listed, unknown
from hwlib.formula import Derivation, Figure, Leaf


class Replay:
    """Figures and the way to compute them again. Called with ``{leaf: values}`` it gives ``{figure: values}``."""

    def __init__(self, figures: Mapping[str, Figure]) -> None:
        if not figures:
            raise BadInput("figures is empty; name at least one figure of an estimate", field="figures")
        for name, figure in figures.items():
            if not isinstance(getattr(figure, "origin", None), Derivation):
                raise BadInput(f"{name} is not a computed figure, so there is nothing to run again; take one that a formula gave", field=name)
        self.figures = dict(figures)
        self.steps: list[Derivation] = []
        seen: set[int] = set()
        for figure in self.figures.values():
            for step in figure.origin.steps():
                if id(step) not in seen:
                    seen.add(id(step))
                    self.steps.append(step)
        self._leaves = [
            Leaf(name, value, step) for step in self.steps for name, value in step.inputs.items() if not isinstance(getattr(value, "origin", None), Derivation)
        ]

    @property
    def names(self) -> tuple[str, ...]:
        """Every leaf that can be replaced, by its parameter; where one parameter stands for several values, with its formula before it."""
        values: dict[str, set[float]] = {}
        for leaf in self._leaves:
            values.setdefault(leaf.name, set()).add(float(leaf.value))
        return tuple(dict.fromkeys(leaf.name if len(values[leaf.name]) == 1 else f"{leaf.step.formula.name}.{leaf.name}" for leaf in self._leaves))

    def value(self, name: str) -> float:
        """What a leaf is now."""
        return float(self._found(name)[0].value)

    def _found(self, name: str) -> list[Leaf]:
        formula, _, parameter = name.rpartition(".")
        found = [leaf for leaf in self._leaves if leaf.name == parameter and (not formula or leaf.step.formula.name == formula)]
        if not found:
            raise unknown("input", name, self.names, what="a leaf of these figures")
        if len({float(leaf.value) for leaf in found}) > 1:
            several = sorted({f"{leaf.step.formula.name}.{leaf.name}" for leaf in found})
            hint = f"say which: {listed(several, 'or')}" if len(several) > 1 else "one formula uses it with several values, so it cannot be replaced"
            raise BadInput(f"input = {name!r} stands for several values; {hint}", field=name)
        return found

    def __call__(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The figures with those leaves replaced, everything else as it was."""
        arrays = {name: np.asarray(v, dtype=float) for name, v in values.items()}
        swapped: dict[int, np.ndarray] = {}
        for name, array in arrays.items():
            for leaf in self._found(name):
                swapped[id(leaf.value)] = array
        done: dict[int, np.ndarray] = {}
        for step in self.steps:
            inputs = {name: self._now(value, swapped, done) for name, value in step.inputs.items()}
            if any(isinstance(v, np.ndarray) for v in inputs.values()):
                with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                    done[id(step)] = step.formula.run(**inputs)
        shape = np.broadcast_shapes(*(a.shape for a in arrays.values()))
        return {name: np.broadcast_to(done.get(id(figure.origin), float(figure)), shape) for name, figure in self.figures.items()}

    def _now(self, value, swapped: dict[int, np.ndarray], done: dict[int, np.ndarray]):
        if id(value) in swapped:
            return swapped[id(value)]
        return done.get(id(getattr(value, "origin", None)), value)
