"""What the project wants of its predictions, and what they reach on cases that their constants have not seen."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from hwlib.predict import all_families
from hwlib.predict.cases import measured
from hwlib.predict.row import Row
from hwlib.predict.validation import Result

HOPPER = ("H100", "H200", "GH200", "H800")


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on an error, and the error with the case left out and with its group left out."""

    what: str
    bound: float
    cases: int
    fold: float
    group: float

    @property
    def verdict(self) -> str:
        if self.fold > self.bound:
            return "not met"
        return "met" if self.group <= self.bound else "met for known groups only"


@cache
def _rows() -> dict[str, Row]:
    return {row.id: row for family in all_families() for row in measured(family.file)}


def mean(errors: Sequence[float]) -> float:
    return statistics.mean(errors)


def _sizes(results: Iterable[Result], field: str) -> list[float]:
    return [abs(v / r.measured - 1) for r in results if (v := getattr(r, field)) is not None]


def _ratios(results: Iterable[Result], field: str) -> list[float]:
    """Errors after each group's common factor is taken out: how well the order and the distances inside it come out."""
    by_group: dict[tuple[str, str], list[float]] = defaultdict(list)
    for r in results:
        if (v := getattr(r, field)) is not None:
            by_group[r.group, r.metric].append(math.log(v / r.measured))
    return [abs(math.exp(x - statistics.median(logs)) - 1) for logs in by_group.values() if len(logs) > 2 for x in logs]


def _one_metric(results: Iterable[Result]) -> list[Result]:
    """One result a case: the rate a chip where it was measured, else the step time, else the FLOP/s."""
    order = ("tokens_per_s_per_chip", "s_per_step", "tflops_per_chip")
    best: dict[str, Result] = {}
    for r in sorted(results, key=lambda r: order.index(r.metric)):
        best.setdefault(r.case_id, r)
    return list(best.values())


def goals(results: Sequence[Result]) -> list[Goal]:
    """The table of goals, computed from held-out predictions."""
    found: list[Goal] = []

    def add(what: str, bound: float, some: Sequence[Result], of: Callable[[Sequence[float]], float] = mean, errors=_sizes) -> None:
        fold, group = errors(some, "fold"), errors(some, "group_out")
        if fold and group:
            found.append(Goal(what, bound, len({r.case_id for r in some}), of(fold), of(group)))

    def of(family: str, metric: str = "") -> list[Result]:
        return [r for r in results if r.family == family and metric in ("", r.metric)]

    def chip(r: Result) -> str:
        return _rows()[r.case_id].text("chip")

    add("matrix products, mean", 0.06, of("gemm"))
    add("batch-1 decode, mean", 0.10, of("decode_bs1"))
    training = _one_metric(of("training"))
    add("training throughput, median", 0.08, training, statistics.median)
    add("training throughput, mean", 0.13, training)
    add("training, ratios inside a group, mean", 0.06, training, errors=_ratios)
    add("training memory, states, mean", 0.02, of("memory", "params_opt_gib"))
    add("training memory, activations, mean", 0.03, of("memory", "activations_gib"))
    add("static batch, mean", 0.12, of("static_throughput") + of("neuron_decode"))
    add("prefill, mean", 0.12, of("prefill"))
    saturated = [r for r in of("saturated_throughput") if _rows()[r.case_id].text("weight_bits") not in ("4.5", "4")]
    add("saturated throughput on Hopper, mean", 0.10, [r for r in saturated if chip(r).startswith(HOPPER)])
    add("saturated throughput outside FP4, mean", 0.15, saturated)
    add("time between tokens against concurrency, mean", 0.11, of("serving_concurrency_sweep", "tpot_mean_ms"))
    collectives = of("collectives")
    add("collectives from 16 MiB up, mean", 0.12, [r for r in collectives if r.regime == "large"])
    add("collectives at all sizes, mean", 0.18, collectives)
    return found


def coverage(results: Sequence[Result]) -> tuple[float, float, float]:
    """Shares of cases that the intervals held, with the case and with its group left out, and the share not refused."""
    fold = [r for r in results if r.fold is not None]
    group = [r for r in results if r.group_out is not None]
    return (
        mean([r.fold_low <= r.measured <= r.fold_high for r in fold]), mean([r.group_low <= r.measured <= r.group_high for r in group]),
        len(fold) / len(results),
    )  # fmt: skip
