"""Fit the constants of `calibration.toml` to the published measurements: ``python -m hwlib.calibrate``.

Two constants a chip for serving (the shares of memory bandwidth and of the peak that it reaches), one a chip
for training. Each is searched on a grid between physical bounds and chosen to make the median absolute
relative error least; with so few constants and so many rows nothing can be fitted to a single row.
"""

from __future__ import annotations

import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable

from hwlib.calibration import PATH
from hwlib.cases import (
    Case,
    decode_cases,
    error,
    predict_decode,
    predict_saturated,
    predict_training,
    saturated_cases,
    sharded,
    training_cases,
)

BOUNDS = (0.30, 0.95)


def grid(step: float, low: float = BOUNDS[0], high: float = BOUNDS[1]) -> list[float]:
    """Values between the bounds.

    >>> grid(0.5)
    [0.3, 0.8]
    """
    count = int((high - low) / step + 1e-9)
    return [round(low + i * step, 4) for i in range(count + 1)]


def by_chip(cases: Iterable[Case]) -> dict[str, list[Case]]:
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.chip].append(case)
    return dict(sorted(groups.items()))


def median_error(cases: list[Case], predict: Callable[[Case], float]) -> float:
    return statistics.median(error(predict(c), c.observed) for c in cases)


def near(value: float, width: float) -> list[float]:
    """A value and its neighbours, inside the bounds."""
    return [x for x in (value - width, value, value + width) if BOUNDS[0] <= x <= BOUNDS[1]]


def fit_serving(cases: list[Case], predict: Callable[..., float]) -> tuple[float, float, float]:
    """Memory and compute efficiency with the least median error: a coarse grid, then a fine one about its best."""

    def score(memory: float, compute: float) -> float:
        return median_error(cases, lambda c: predict(c, memory_efficiency=memory, compute_efficiency=compute))

    best = min((score(m, c), m, c) for m in grid(0.1) for c in grid(0.1))
    for width in (0.05, 0.02):
        _, m0, c0 = best
        best = min((score(m, c), m, c) for m in near(m0, width) for c in near(c0, width))
    return best[1], best[2], best[0]


def fit_training(cases: list[Case], **constants: float) -> tuple[float, float]:
    """The share of the peak with the least median error."""
    best = min((median_error(cases, lambda c, e=e: predict_training(c, compute_efficiency=e, **constants)), e) for e in grid(0.01))
    return best[1], best[0]


def fit_sharded_overlap(cases: list[Case]) -> tuple[float, float]:
    """The share of the backward pass that hides a sharded run's traffic, each chip's share of the peak fitted along: least mean error.

    One constant for all chips; the mean, because the median of so few rows has no slope here.
    """
    chips = by_chip(c for c in cases if sharded(c))

    def errors(share: float) -> list[float]:
        found = []
        for rows in chips.values():
            efficiency, _ = fit_training(rows, sharded_overlap_share=share)
            found += [error(predict_training(c, compute_efficiency=efficiency, sharded_overlap_share=share), c.observed) for c in rows]
        return found

    mean, share = min((statistics.mean(errors(s)), s) for s in (round(0.1 * k, 1) for k in range(10)))
    return share, mean


def store_general(text: str, name: str, value: float, cases: int, error: str, note: str) -> str:
    """The TOML with a constant of all chips set; its label stays."""
    label = re.search(rf"\[{name}\]\nlabel = (.*)\n", text)
    assert label is not None, name
    block = f'[{name}]\nlabel = {label[1]}\nvalue = {value:.3g}\nkind = "fitted"\ncases = {cases}\n{error}\nwhere = "hwlib/measured"\nnote = "{note}"\n'
    return re.sub(rf"\[{name}\]\n(?:[a-z_]+ = .*\n)*", block, text)


def store(text: str, name: str, chip: str, value: float, cases: list[Case], median: float) -> str:
    """The TOML with one chip's constant set."""
    sources = sorted({c.source for c in cases})
    block = (
        f"[{name}.chips.{chip}]\nvalue = {value:.3g}\nkind = \"fitted\"\ncases = {len(cases)}\nmedian_error = {median:.3f}\n"
        f"where = \"hwlib/measured\"\nnote = \"fitted on {'; '.join(sources[:3])}\"\n"
    )
    text = re.sub(rf"\n*\[{name}\.chips\.{re.escape(chip)}\]\n(?:[a-z_]+ = .*\n)*", "\n", text)
    head = re.search(rf"\[{name}\]\n(?:[a-z_]+ = .*\n)*", text)
    assert head is not None, name
    return text[: head.end()] + "\n" + block + text[head.end() :]


def main() -> int:
    """Fit everything, write the file, print a line a chip."""
    text = PATH.read_text("utf8")
    for chip, cases in by_chip(saturated_cases()).items():
        memory, compute, median = fit_serving(cases, predict_saturated)
        text = store(store(text, "decode_memory_efficiency", chip, memory, cases, median), "serving_compute_efficiency", chip, compute, cases, median)
        print(f"saturated  {chip:14s} {len(cases):3d} cases  memory {memory:.2f}  compute {compute:.2f}  median error {median:.1%}")
    for chip, cases in by_chip(decode_cases()).items():
        if chip in ("inferentia2", "trainium1"):
            memory, compute, median = fit_serving(cases, predict_decode)
            text = store(text, "decode_memory_efficiency", chip, memory, cases, median)
            print(f"decode     {chip:14s} {len(cases):3d} cases  memory {memory:.2f}  median error {median:.1%}")
    share, mean = fit_sharded_overlap(list(training_cases()))
    held = sum(map(sharded, training_cases()))
    text = store_general(text, "sharded_overlap_share", share, held, f"mean_error = {mean:.3f}", "fitted on fully sharded runs of MosaicML llm-foundry, bounds 0 to 0.9")
    print(f"training   sharded traffic {held:3d} cases  hidden {share:.1f}  mean error {mean:.1%}")
    for chip, cases in by_chip(training_cases()).items():
        if len(cases) >= 4:
            value, median = fit_training(cases, sharded_overlap_share=share)
            text = store(text, "training_compute_efficiency", chip, value, cases, median)
            print(f"training   {chip:14s} {len(cases):3d} cases  compute {value:.2f}  median error {median:.1%}")
    PATH.write_text(re.sub(r"\n{3,}", "\n\n", text), "utf8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
