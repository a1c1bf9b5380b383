"""The Pareto front of a stream: what nothing seen so far beats in every respect."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

STRONG = 16
"""Members of the front that sift a block first; a few turn away nearly everything."""
WAITING = 1 << 15
"""Points that wait before they are merged into the front."""


def non_dominated(costs: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Positions of the points (rows of three costs) that no other point beats or equals, in lexicographic order.

    Of points with equal costs the one of the lowest rank stays, so the result does not depend on the order of arrival.
    Sorted so, whoever beats a point stands before it; a staircase in the other two costs finds him by bisection.

    >>> non_dominated(np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [2.0, 2.0, 0.0], [1.0, 2.0, 0.0]]), np.array([0, 3, 2, 1])).tolist()
    [3, 0]
    """
    order = np.lexsort((ranks, *costs.T[::-1]))
    kept, seconds, thirds = [], [], []  # seconds rise and thirds fall along the staircase
    for at, second, third in zip(order.tolist(), costs[order, 1].tolist(), costs[order, 2].tolist(), strict=True):
        step = bisect_right(seconds, second)
        if step and thirds[step - 1] <= third:
            continue
        kept.append(at)
        last = step
        while last < len(thirds) and thirds[last] >= third:
            last += 1
        if step and seconds[step - 1] == second:
            step -= 1
        seconds[step:last], thirds[step:last] = [second], [third]
    return np.array(kept, dtype=np.int64)


class Front:
    """The front so far: costs, ranks and whatever is kept with each member."""

    def __init__(self, payload: int) -> None:
        self.costs = np.empty((0, 3))
        self.ranks = np.empty(0, dtype=np.int64)
        self.kept = np.empty((0, payload), dtype=np.int64)
        self._strong = np.empty((0, 3))
        self._waiting: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._count = 0

    def sift(self, costs: list[np.ndarray], among: np.ndarray) -> np.ndarray:
        """Positions, among those marked, that the strongest members do not beat. Ties go to the front, which is older."""
        at = np.flatnonzero(among)
        columns = [c[at] for c in costs]
        for strong in self._strong:
            if not at.size:
                break
            better = columns[0] < strong[0]
            for column, value in zip(columns[1:], strong[1:], strict=True):
                better |= column < value
            if better.mean() < 0.9:  # shrinking costs a copy; not worth it for a few
                at, columns = at[better], [c[better] for c in columns]
        return at

    def add(self, costs: np.ndarray, ranks: np.ndarray, kept: np.ndarray) -> None:
        """Take points in; they are merged when enough have come together."""
        if not ranks.size:
            return
        self._waiting.append((costs, ranks, kept))
        self._count += ranks.size
        if not self.ranks.size or self._count > WAITING:
            self.merge()

    def merge(self) -> None:
        """Bring the front up to date with all points taken in."""
        if not self._waiting:
            return
        costs, ranks, kept = (np.concatenate(parts) for parts in zip((self.costs, self.ranks, self.kept), *self._waiting, strict=True))
        self._waiting, self._count = [], 0
        stay = non_dominated(costs, ranks)
        self.costs, self.ranks, self.kept = costs[stay], ranks[stay], kept[stay]
        # The strong: the balanced ones, the ends, and some spread along the front.
        balanced = np.argsort((self.costs / self.costs.min(axis=0)).prod(axis=1), kind="stable")[: STRONG // 2]
        spread = np.linspace(0, stay.size - 1, STRONG // 2).astype(np.int64)
        self._strong = self.costs[np.unique(np.concatenate([balanced, spread, np.argmin(self.costs, axis=0)]))]
