"""Timing on a machine that does other things too, with clocks that may tick coarsely."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

LEAST_S = 0.004
"""A timed loop lasts at least this long: browsers round their clocks to as much as a tenth of a millisecond."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Repeats of one piece of work, in seconds for one run of it."""

    seen: tuple[float, ...]

    @property
    def best_s(self) -> float:
        return max(min(self.seen), 1e-9)

    @property
    def median_s(self) -> float:
        return max(statistics.median(self.seen), 1e-9)

    @property
    def repeats(self) -> int:
        return len(self.seen)

    @property
    def spread(self) -> float:
        """How far the median lies above the best."""
        return self.median_s / self.best_s - 1

    def words(self) -> str:
        """
        >>> Timing((0.010, 0.012, 0.013)).words()
        'best of 3, median 20% above'
        """
        return f"best of {self.repeats}, median {self.spread:.0%} above"

    def __add__(self, later: Timing) -> Timing:
        """The same work timed again at another moment."""
        return Timing(self.seen + later.seen)


def timed(work: Callable[[], object], *, budget_s: float = 0.15, repeats: int = 7) -> Timing:
    """Run the work over and over for about ``budget_s``, after once to warm up; short work is looped between two looks at the clock.

    At least twice for the clock, unless one run alone takes longer than the budget.
    """
    clock = time.perf_counter
    start = clock()
    work()
    loops = 1
    while (spent := clock() - start) < LEAST_S and loops < 1 << 20:  # the first run is slow, so the number of loops is found by trying
        loops *= 2 if spent <= 0 else min(16, max(2, int(LEAST_S / spent) + 1))
        start = clock()
        for _ in range(loops):
            work()
    seen: list[float] = []
    begin = clock()
    while len(seen) < repeats and (not seen or clock() - begin < budget_s or len(seen) == 1 and seen[0] < budget_s):
        start = clock()
        for _ in range(loops):
            work()
        spent = clock() - start
        if spent < LEAST_S / 4 and loops < 1 << 20:  # the loops were counted while something else held the core: count again
            loops *= 4
            seen.clear()
            continue
        seen.append(spent / loops)
    return Timing(tuple(seen))
