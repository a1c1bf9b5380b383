"""Every layout of a training cluster, estimated on arrays; the best re-checked one by one.

`search` streams all TP × PP × DP × interleave × micro-batch × ZeRO × recomputation layouts that divide (and, when
asked, several cluster sizes, batches, chips and precisions) through the formulas in blocks, keeps the Pareto front
of days, dollars and memory of a chip, and estimates each winner again with `hwlib.training.estimate_training`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from hwlib import catalogue
from hwlib.designs import TrainingDesign, TrainingLoad, check_values
from hwlib.errors import BadInput, NotSupported
from hwlib.layout import check_divides, reason
from hwlib.search.front import Front, non_dominated
from hwlib.search.space import AXES, Space, designed, rows
from hwlib.search.vector import OBJECTIVES, Block, Estimator
from hwlib.training import TrainingEstimate, estimate_training

__all__ = ["AXES", "OBJECTIVES", "Block", "Disagreement", "Estimator", "Found", "Layout", "Space", "add_arguments", "check_divides", "main", "non_dominated", "reason", "run", "search"]

BLOCK = 1 << 16
"""Layouts estimated at a time: small enough to stay in the cache, large enough to forget the interpreter."""
TOLERANCE = 1e-9


class Disagreement(RuntimeError):
    """The array path and the scalar path gave two answers for one layout: a fault of this library."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A winner: its design and the scalar estimate, in which each number answers `why`."""

    design: TrainingDesign
    estimate: TrainingEstimate

    @property
    def key(self) -> tuple:
        """The layout in short: chips, precision, nodes, batch, TP, PP, DP, interleave, micro-batch, ZeRO, recomputation."""
        d = self.design
        return (d.accelerator, d.matmul_precision, *(getattr(d, a) for a in AXES), d.zero_stage, d.recompute)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search saw and kept. ``front`` runs from the fastest to the slowest."""

    front: tuple[Layout, ...]
    estimated: int
    """Layouts that divide: each was estimated."""
    fitting: int
    refused: tuple[str, ...] = ()
    """Chips and precisions that were asked for and cannot train, in words."""

    @property
    def fastest(self) -> Layout:
        return self.front[0]

    @property
    def cheapest(self) -> Layout:
        return min(self.front, key=lambda w: w.estimate.usd)

    @property
    def leanest(self) -> Layout:
        return min(self.front, key=lambda w: w.estimate.total_bytes)


def search(design: TrainingDesign, load: TrainingLoad, space: Space | None = None, *, must_fit: bool = True, block: int = BLOCK) -> Found:
    """All layouts of ``space`` around ``design``, which fixes what the space leaves open.

    Raises `BadInput` when no layout divides, or when some divide and none fits its chip's memory.

    >>> found = search(TrainingDesign(accelerator="h100-sxm", nodes=128), TrainingLoad())
    >>> found.fastest.estimate.fits and found.estimated > 1000
    True
    """
    if block < 1:
        raise BadInput(f"block = {block} must be at least one layout", field="block")
    check_values(design)
    check_values(load, where="load")
    space = space or Space()
    settings, refused = _settings(design, load, space)
    front = Front(len(AXES) + 3)
    estimated = fitting = 0
    for number, setting in enumerate(settings):
        per_row = len(space.zero_stage) * len(space.recompute)
        estimator = Estimator(setting, load, space)
        room = float(estimator.fixed.mem_bytes)
        for table in rows(setting, load, space, max(1, block // per_row)):
            for i in range(0, table.shape[1], max(1, block // per_row)):
                part = table[:, i : i + max(1, block // per_row)]
                found = estimator(part)
                total = found.total_bytes.ravel()
                fits = total <= room
                fitting += int(np.count_nonzero(fits))
                costs = [found.days.ravel(), found.usd.ravel(), total]
                at = front.sift(costs, fits if must_fit else np.ones_like(fits))
                row, inner = np.divmod(at, per_row)
                zero, again = np.divmod(inner, len(space.recompute))
                kept = np.column_stack([part[:, row].T, zero, again, np.full(at.size, number)]).astype(np.int64)  # a count may come as 2.0
                front.add(np.column_stack([c[at] for c in costs]), estimated + at, kept)
                estimated += total.size
    front.merge()
    if not estimated:
        raise BadInput(_why_none(settings[0], load), field="tensor_parallel")
    if not front.ranks.size:
        raise BadInput(
            f"none of the {estimated:,} layouts that divide fits the {room / 1e9:.0f} GB of a chip; take more nodes, a chip with more memory or a smaller batch", field="nodes"
        )
    layouts = [_recheck(designed(settings[k[-1]], k[: len(AXES)], space.zero_stage[k[-3]], space.recompute[k[-2]]), load, c) for k, c in zip(front.kept, front.costs, strict=True)]
    return Found(tuple(layouts), estimated, fitting, refused)


def _settings(design: TrainingDesign, load: TrainingLoad, space: Space) -> tuple[list[TrainingDesign], tuple[str, ...]]:
    """One design for each chip and precision that can train; the error itself when none can."""
    good, refused = [], []
    for chip, precision in product(space.of(design, "accelerator"), space.of(design, "matmul_precision")):
        setting = replace(design, accelerator=chip, matmul_precision=precision)
        try:
            catalogue.chip(chip)
            Estimator(setting, load, space)
            good.append(setting)
        except NotSupported as no:
            refused.append(no)
    if not good:
        raise refused[0]
    return good, tuple(str(no) for no in refused)


def _why_none(design: TrainingDesign, load: TrainingLoad) -> str:
    said = reason(design, load)
    return "no layout divides: " + (said or f"with {design.n_chips:,} chips, {int(load.layers)} layers and {int(load.heads)} heads nothing in this space comes out even")


def _recheck(design: TrainingDesign, load: TrainingLoad, costs: np.ndarray) -> Layout:
    estimate = estimate_training(design, load)
    for name, seen in zip(OBJECTIVES, costs, strict=True):
        value = float(getattr(estimate, name))
        if abs(value - seen) > TOLERANCE * abs(value):
            raise Disagreement(f"{name} of {design}: {seen!r} on arrays, {value!r} one by one")
    return Layout(design, estimate)


def __getattr__(name: str):
    if name in ("add_arguments", "run", "main"):
        from hwlib.search import command

        return getattr(command, name)
    raise AttributeError(f"module 'hwlib.search' has no attribute {name!r}")
