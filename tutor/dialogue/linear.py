"""A linear model shipped as data: named features, one column of weights a label.

Weights are stored as whole numbers of eight bits with one scale a label. A text's features are weighed by how rare they
were, each group brought to a fixed length, and multiplied with the weights; no more happens when a text is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

import numpy as np

FILE = "reading.npz"


@dataclass(frozen=True, slots=True)
class Linear:
    """A fitted model: ``index`` name → row of ``weights`` (rows × labels), ``rare`` a weight a row, ``groups`` the length of each group."""

    labels: tuple[str, ...]
    index: Mapping[str, int]
    rare: np.ndarray
    weights: np.ndarray
    scale: np.ndarray
    bias: np.ndarray
    groups: Mapping[str, float]

    def active(self, found: Mapping[str, Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        """Rows and values of the features of a text that the model knows."""
        rows: list[int] = []
        sizes: list[np.ndarray] = []
        for group, length in self.groups.items():
            known = [self.index[n] for n in found.get(group, ()) if n in self.index]
            if known:
                value = self.rare[known]
                sizes.append(value * (length / np.sqrt((value * value).sum())))
                rows += known
        return np.array(rows, dtype=np.intp), np.concatenate(sizes) if sizes else np.zeros(0, np.float32)

    def scores(self, found: Mapping[str, Sequence[str]]) -> np.ndarray:
        """Log odds a label."""
        rows, values = self.active(found)
        return (values @ self.weights[rows].astype(np.float32)) * self.scale + self.bias

    def reasons(self, found: Mapping[str, Sequence[str]], label: str, most: int = 4) -> list[tuple[str, float]]:
        """The features that weighed most for a label, with what each added to the log odds; letters left out, they say nothing."""
        column = self.labels.index(label)
        rows, values = self.active(found)
        names = {row: name for group in self.groups if group != "g" for name in found.get(group, ()) if (row := self.index.get(name)) is not None}
        added = values * self.weights[rows, column] * self.scale[column]
        order = sorted(((float(a), names[int(r)]) for a, r in zip(added, rows, strict=True) if int(r) in names), reverse=True)
        return [(name, round(value, 3)) for value, name in order[:most] if value > 0]


@cache
def _stored() -> Any:
    return np.load(BytesIO((files("tutor") / "words" / FILE).read_bytes()), allow_pickle=False)


@cache
def _known(name: str) -> tuple[dict[str, int], np.ndarray]:
    """The features that a model knows, with their rows, and how rare each is. The two models of a brief share theirs."""
    data = _stored()
    names = bytes(data[f"{name}/names"]).decode().split("\n")
    return {n: i for i, n in enumerate(names)}, data[f"{name}/rare"].astype(np.float32)


@cache
def linear(name: str) -> Linear:
    """A model of the data file by its name: `topic serve-7b`, `stated serve-7b`, `polarity`, `act`."""
    data = _stored()

    def text(part: str) -> list[str]:
        return bytes(data[f"{name}/{part}"]).decode().split("\n")

    index, rare = _known(name if f"{name}/names" in data.files else f"topic {name.partition(' ')[2]}")
    groups = {g: float(v) for g, v in (pair.split("=") for pair in text("groups"))}
    return Linear(
        tuple(text("labels")), index, rare, data[f"{name}/weights"],
        data[f"{name}/scale"].astype(np.float32), data[f"{name}/bias"].astype(np.float32), groups,
    )


def denial_counts(brief: str) -> tuple[np.ndarray, np.ndarray]:
    """Kinds of denial in the texts of the fit: a row a concept (counts where it is said, how many, counts where not, how many), and general shares."""
    return _stored()[f"denials {brief}"].astype(np.float64), _stored()["denials"].astype(np.float64)


@cache
def thresholds() -> dict[str, float]:
    """The least probability at which a concept counts as said, by kind."""
    return {name.removeprefix("least "): float(_stored()[name]) for name in _stored().files if name.startswith("least ")}
