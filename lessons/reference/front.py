"""The figures of the README, from the stored results; `python tools/readme.py` writes them there, and a test compares."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from hwlib.predict.goals import coverage
from hwlib.predict.validation import Line, lines, stored_results
from lessons import draw
from lessons.reference import instructors, performance, tracing, validation

HERE = Path(__file__).parent
STOPWATCH = HERE / "stopwatch.json"
SHOWN = (
    ("training", "tokens_per_s_per_chip"), ("decode_bs1", "tokens_per_s"), ("prefill", "prefill_tokens_per_s"), ("static_throughput", "out_tokens_per_s"),
    ("saturated_throughput", "out_tokens_per_s"), ("serving_concurrency_sweep", "tpot_mean_ms"), ("serving_concurrency_sweep", "ttft_mean_ms"), ("collectives", "time_us"), ("gemm", "tflops"),
)  # fmt: skip
"""Families and metrics of the front page; the page Validation has all."""


def _cells(*row: object) -> str:
    return f"| {' | '.join(map(str, row))} |"


@cache
def _lines() -> tuple[Line, ...]:
    return tuple(lines(stored_results(), groups=False))


def accuracy() -> list[str]:
    """Held-out errors of some families, as Markdown."""
    found = {(x.family, x.metric): x for x in _lines()}
    words = validation.words()
    fold, group, _ = coverage(stored_results())
    rows = [
        _cells(f"{validation.title_of(family)}: {validation.UNITS[metric]}", found[family, metric].cases, *(draw.percent(getattr(found[family, metric], part)) for part in ("median", "group_median")),
               draw.percent(found[family, metric].datasheet_median) if found[family, metric].datasheet_median is not None else "–")
        for family, metric in SHOWN if (family, metric) in found
    ]  # fmt: skip
    return [
        _cells("Prediction of", "cases", "median error, case left out", "whole group left out", "datasheet's roofline"), _cells("---", "---:", "---:", "---:", "---:"), *rows, "",
        f"Of {words['cases']} published cases, each predicted by constants that were fitted without it, the stated 80% intervals hold {draw.percent(fold)}; with the case's whole group left out, {draw.percent(group)}.",
        f"Of {words['goals']} goals {words['met']} are met, {words['known']} for known groups only, {words['missed']} not.",
    ]  # fmt: skip


def speed() -> list[str]:
    """Ratios of the stored benchmark runs, as Markdown."""
    rows = []
    best = performance.results()["best"]
    for peer, name in performance.PEERS.items():
        if {"estimate hwlib", f"estimate {peer}"} <= set(best):
            rows.append(_cells(f"one serving estimate, beside {name} {performance.results()[peer]}", f"{draw.num(best['estimate hwlib'] / best[f'estimate {peer}'], 2)} times as fast"))
    graders = json.loads(instructors.PATH.read_text("utf8"))
    for peer, name in (("nbgrader", "nbgrader"), ("otter", "otter-grader")):
        if r := graders["ratios"].get(f"{peer} / ours"):
            rows.append(_cells(f"one hand-in checked, beside {name} {graders[peer]}, which executes it", f"{draw.num(r['median'], 2)} times as fast ({draw.num(r['low'], 2)} to {draw.num(r['high'], 2)})"))
    r = tracing.results()
    if "missing" not in r:
        rows.append(_cells(f"one learner's answers traced, beside pyBKT {r['pybkt']}", f"{draw.num(r['ratios']['one learner']['median'], 2)} times as fast, the same figures"))
    for job, name in (("search hwlib", "layouts of a training cluster estimated, one core"), ("simulate hwlib 4", "requests simulated, percentiles included, one core")):
        if job in best:
            rows.append(_cells(name, f"{draw.quantity(best[job])} a second"))
    p = performance.results()
    return [_cells("Speed", "measured"), _cells("---", "---"), *rows, "", f"The two sides of a ratio were measured in the same run of `make bench`, on {p['cores']} cores, Python {p['python']}, last on {p['date']}; the peers do not compute the same things, and the page *Performance* says what each does."]


def stopwatch() -> list[str]:
    """How long a newcomer waits, or that nobody has measured it."""
    if not STOPWATCH.is_file():
        return ["How long a newcomer waits has not been measured: `python tools/stopwatch.py` does it."]
    r = json.loads(STOPWATCH.read_text("utf8"))
    minutes = {step: f"{draw.num(seconds / 60, 2)} min" for step, seconds in r["seconds"].items()}
    return [
        f"With a stopwatch, from `git clone` into an empty folder with an empty home: {minutes['clone to a live page']} to a live page, {minutes['clone to a checked class']} to a checked sample class "
        f"({r['date']}, {r['cores']} cores, Python {r['python']}, load {draw.num(r['load'])} from other work; `python tools/stopwatch.py`)."
    ]


BLOCKS = {"stopwatch": stopwatch, "accuracy": accuracy, "speed": speed}


def filled(readme: str) -> str:
    """The README with every block between its marks made anew.

    >>> filled("a <!-- nothing -->")
    'a <!-- nothing -->'
    """
    for name, made in BLOCKS.items():
        begin, end = f"<!-- {name}: tools/readme.py -->", f"<!-- /{name} -->"
        if begin in readme:
            before, _, rest = readme.partition(begin)
            readme = f"{before}{begin}\n{chr(10).join(made())}\n{end}{rest.partition(end)[2]}"
    return readme
