"""What came of a run: times, percentiles, occupancy, and the sums that must come out even."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hwlib.errors import BadInput
from hwlib.simulator.arrivals import Requests
from hwlib.simulator.engine import Tally
from hwlib.simulator.policy import Fleet, Policy

T90 = 1.833
"""Student's t at 95 % with 9 degrees of freedom: ten batches give a 90 % interval."""
BATCHES = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """Times of each request in seconds from the start, NaN for those refused, and what the replicas did."""

    requests: Requests
    start: np.ndarray
    first: np.ndarray
    end: np.ndarray
    policy: Policy
    fleet: Fleet
    tallies: tuple[Tally, ...]
    prefill_s: float
    room_tokens: float

    @property
    def refused(self) -> int:
        """Requests that could never fit."""
        return int(np.count_nonzero(np.isnan(self.end)))

    @property
    def served(self) -> int:
        return len(self.end) - self.refused

    @property
    def makespan_s(self) -> float:
        """From the first arrival to the last token."""
        return float(np.nanmax(self.end) - self.requests.arrival[0])

    @property
    def tokens_per_s(self) -> float:
        """Output tokens of the whole fleet a second, over the makespan."""
        return float(self.requests.output[~np.isnan(self.end)].sum(dtype=np.int64)) / self.makespan_s

    @property
    def utilisation(self) -> float:
        """Mean share of time in which the replicas that decode were busy, up to the last token.

        Moving and waiting for a cache counts as idle; a swap counts as busy.
        """
        until = float(np.nanmax(self.end))
        return sum(t.now - t.idle_s for t in self.tallies) / (until * len(self.tallies))

    @property
    def preemptions(self) -> int:
        return sum(t.preemptions for t in self.tallies)

    @property
    def kv_peak_share(self) -> float:
        """The fullest that any replica's cache was, as a share of its room; above 1 only where too long a request was served alone."""
        peak = max(t.peak_blocks for t in self.tallies) * self.policy.block
        return peak / self.room_tokens if self.room_tokens else math.inf

    @property
    def mean_batch(self) -> float:
        """Sequences that a decode step served, on average."""
        steps = sum(t.decode_steps for t in self.tallies)
        return sum(t.decode_tokens for t in self.tallies) / steps if steps else 0.0

    @property
    def cached_share(self) -> float:
        """Prompt tokens that a shared prefix saved, of all that would have been read."""
        saved = sum(t.cached_tokens for t in self.tallies)
        read = sum(t.prefill_tokens for t in self.tallies)
        return saved / (saved + read) if saved else 0.0

    def occupancy(self, replica: int = 0) -> np.ndarray:
        """The cache over time: rows of seconds, share of blocks held and sequences in flight, at most about a thousand.

        Taken just before a sequence ends, which is when the cache is fullest.
        """
        tally = self.tallies[replica]
        rows = np.array(tally.samples, float).reshape(-1, 3)
        rows[:, 1] /= max(1, tally.capacity)
        return rows

    def ttft(self, warmup: float = 0.0) -> np.ndarray:
        """Seconds to the first token of those served, without the first share of the requests."""
        return self._of(self.first - self.requests.arrival, warmup)

    def e2e(self, warmup: float = 0.0) -> np.ndarray:
        """Seconds to the last token."""
        return self._of(self.end - self.requests.arrival, warmup)

    def tpot(self, warmup: float = 0.0) -> np.ndarray:
        """Seconds a token after the first, of those served who wanted more than one."""
        more = self.requests.output > 1
        return self._of((self.end - self.first) / np.where(more, self.requests.output - 1, 1), warmup, more)

    def wait(self, warmup: float = 0.0) -> np.ndarray:
        """Seconds until a request's prompt is begun."""
        return self._of(self.start - self.requests.arrival, warmup)

    def _of(self, values: np.ndarray, warmup: float, also: np.ndarray | None = None) -> np.ndarray:
        if not 0 <= warmup < 1:
            raise BadInput(f"warmup = {warmup!r} must be a share of the requests of at least 0 and below 1", field="warmup")
        keep = ~np.isnan(self.end)
        if also is not None:
            keep &= also
        keep[: int(warmup * len(keep))] = False
        return values[keep]

    def percentile(self, what: str, share: float, *, warmup: float = 0.1) -> float:
        """The nearest-rank percentile of "ttft", "tpot", "e2e" or "wait"; NaN when nobody counts."""
        return quantile(self._values(what, warmup), share)

    def interval(self, what: str, share: float, *, warmup: float = 0.1) -> tuple[float, float]:
        """A 90 % interval of a percentile by batch means (Law, 2015): ten batches in order of arrival, taken as independent.

        Honest when a batch is much longer than the queue's memory; NaN with fewer than 200 requests.
        """
        values = self._values(what, warmup)
        if len(values) < 20 * BATCHES:
            return math.nan, math.nan
        means = np.array([quantile(part, share) for part in np.array_split(values, BATCHES)])
        half = T90 * float(means.std(ddof=1)) / math.sqrt(BATCHES)
        return float(means.mean()) - half, float(means.mean()) + half

    def _values(self, what: str, warmup: float) -> np.ndarray:
        if what not in ("ttft", "tpot", "e2e", "wait"):
            raise BadInput(f"what = {what!r} is not known; it can be 'ttft', 'tpot', 'e2e' or 'wait'", field="what")
        return getattr(self, what)(warmup)

    def in_system(self) -> float:
        """Requests in the system on average, counted over time from arrivals and ends: Little's law holds it to λ W."""
        ok = ~np.isnan(self.end)
        arrivals, ends = self.requests.arrival[ok], np.sort(self.end[ok])
        times = np.sort(np.concatenate([arrivals, ends]))
        here = np.searchsorted(arrivals, times[:-1], side="right") - np.searchsorted(ends, times[:-1], side="right")
        return float((here * np.diff(times)).sum() / (times[-1] - times[0]))


def quantile(values: np.ndarray, share: float) -> float:
    """The value that ``share`` of the values do not exceed (nearest rank); NaN of nothing.

    >>> quantile(np.array([3.0, 1.0, 2.0]), 0.5), quantile(np.array([1.0, 2.0]), 0.99)
    (2.0, 2.0)
    """
    if not 0 < share <= 1:
        raise BadInput(f"share = {share!r} must be above 0 and at most 1", field="share")
    if not len(values):
        return math.nan
    rank = max(0, math.ceil(share * len(values)) - 1)
    return float(np.partition(values, rank)[rank])
