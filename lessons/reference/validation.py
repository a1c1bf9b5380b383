"""The validation page: every published case beside what the models said of it while it was left out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from hwlib.predict import all_families
from hwlib.predict.goals import coverage, goals
from hwlib.predict.validation import Line, Result, line, lines, stored_results
from lessons import draw
from lessons.draw.svg import esc
from lessons.draw.table import Html
from lessons.reference.tables import Shown, table

KINDS = {"training": "compute", "memory": "memory", "decode_bs1": "memory", "collectives": "network", "gemm": "compute"}
UNITS = {
    "tokens_per_s_per_chip": "tokens a second and chip", "s_per_step": "seconds a step", "tflops_per_chip": "TFLOP/s a chip", "params_opt_gib": "GiB of states",
    "activations_gib": "GiB of activations", "tokens_per_s": "tokens a second", "prefill_tokens_per_s": "prompt tokens a second", "ttft_ms": "ms to the first token",
    "out_tokens_per_s": "output tokens a second", "tpot_ms": "ms a token", "tpot_mean_ms": "ms between tokens, mean", "ttft_mean_ms": "ms to the first token, mean",
    "time_us": "µs", "tflops": "TFLOP/s",
}  # fmt: skip
NAMES = {
    "static_throughput": "Static batch, throughput", "neuron_decode": "Static batch, AWS chips", "serving_slo": "Serving to an objective",
    "serving_qps_sweep": "Serving against requests a second", "serving_concurrency_sweep": "Serving against concurrency",
}  # fmt: skip
MOST_POINTS = 220
"""Points of a picture; of more cases every second, third … is drawn."""

WHY = {
    "training": "Rows whose layout or kernels are not stated: the model must take the usual ones. Small models on many chips are bound by launches and by the input pipeline, which no row describes. Compilers of tensor processors reach shares of the peak that differ by generation beyond what bandwidth and tiles explain.",
    "decode_bs1": "Consumer and mobile chips share power between processor and memory and change their clocks under load, which no row states; error correction takes a share of the bandwidth on some cards and is off on others.",
    "prefill": "Clocks while a card warms up: the first prompts of one card run a third slower than its longer ones. Which attention kernel an early engine had is not in the row.",
    "static_throughput": "Early engine versions at small batches spend much of a step outside the kernels.",
    "neuron_decode": "The compiler picks a schedule for each shape; neighbouring shapes can differ by a fifth.",
    "saturated_throughput": "How full the batch was at the end of a run, and which kernels an FP4 or a mixture-of-experts model got, is not in the row.",
    "serving_concurrency_sweep": "Time to the first token is a wait in a queue: who arrives with whom decides it, and no row says. Its interval is wide for that reason. Time between tokens does not suffer from it.",
    "serving_qps_sweep": "Above some 70% of the capacity the queue, not the chip, sets the time to the first token: only order and knee can be foretold.",
    "serving_slo": "Submitters tune batch and schedule until the objective is just met; the row does not say how.",
    "collectives": "Kernels of a framework timed by a profiler (group vidur-allreduce) wait for the rank that was called last, between 7 and 60 µs for the same small message; and a library changes protocol at a size that differs by chip and version, where time jumps.",
    "gemm": "How far power limits lower the clock differs by vendor and by the data multiplied: AMD's share rests on the maxima it publishes, Gaudi's on other systolic arrays. Kernels of a few microseconds are rounded to a whole one in the source.",
}  # fmt: skip


def _percent(value: float | None) -> str | None:
    return None if value is None else draw.percent(value)


@cache
def _results() -> tuple[Result, ...]:
    return stored_results()


def title_of(family: str) -> str:
    """A family of measurements in words."""
    return NAMES.get(family) or next(f for f in all_families() if family in f.names).title


def _row(x: Line, name: object) -> list[object]:
    return [
        name, x.cases, _percent(x.median), _percent(x.mean), _percent(x.p90), _percent(x.bias), _percent(x.coverage), "–" if x.rank is None else f"{x.rank:.2f}",
        _percent(x.group_median), _percent(x.group_mean), _percent(x.group_p90), _percent(x.group_coverage), _percent(x.datasheet_median), _percent(x.datasheet_mean),
    ]  # fmt: skip


HEAD = (
    "Family and metric", "Cases", "Median", "Mean", "p90", "Bias", "In 80%", "Rank", "Group out: median", "Mean ", "p90 ", "In 80% ", "Datasheet: median", "Mean  ",
)  # fmt: skip


def accuracy() -> Shown:
    """The table by family and metric."""
    found = lines(_results(), groups=False)
    rows = [_row(x, Html(f'{esc(title_of(x.family))}<br><span class="hw-small">{esc(UNITS[x.metric])}</span>')) for x in found]
    return Shown(table(
        HEAD, rows, caption="Held-out errors by family: with the case left out, with its whole group left out, and the datasheet's roofline without calibration",
        ids=[f"family-{x.family}-{x.metric}" for x in found], right=set(range(1, len(HEAD))), wide=980,
    ))  # fmt: skip


def by_group(family: str) -> Shown:
    """The groups of one family."""
    found = [x for x in lines([r for r in _results() if r.family == family]) if x.group]
    rows = [_row(x, Html(f'{esc(x.group)}<br><span class="hw-small">{esc(UNITS[x.metric])}</span>')) for x in found]
    grid = table(
        ("Group and metric", *HEAD[1:]), rows, caption=f"{title_of(family)}: errors by group", ids=[f"group-{x.family}-{x.metric}-{k}" for k, x in enumerate(found)],
        right=set(range(1, len(HEAD))), wide=980,
    )  # fmt: skip
    return Shown(f"<details><summary>{esc(title_of(family))}, group by group</summary>{grid}</details>")


def groups() -> Shown:
    """All groups of all families, folded."""
    return Shown("".join(by_group(f) for f in dict.fromkeys(r.family for r in _results())))


def _thinned(some: Sequence[Result]) -> Sequence[Result]:
    step = -(-len(some) // MOST_POINTS)
    return sorted(some, key=lambda r: r.case_id)[::step]


def _scatter(family: str, metric: str) -> str:
    some = [r for r in _results() if r.family == family and r.metric == metric and r.fold is not None]
    ratios = sorted((r.fold_low / r.fold, r.fold_high / r.fold) for r in some)
    low, high = (sorted(x[i] for x in ratios)[len(ratios) // 2] for i in (0, 1))
    ends = min(r.fold for r in some), max(r.fold for r in some)
    shown = _thinned(some)
    series = [{
        "label": UNITS[metric], "kind": KINDS.get(family, "memory"), "line": [(x, x) for x in ends], "band": [(x, x * low, x * high) for x in ends],
        "measured": [(r.fold, r.measured) for r in shown],
    }]  # fmt: skip
    whole = line(some)
    assert whole is not None
    part = "" if len(shown) == len(some) else f" Of {len(some)} cases {len(shown)} are drawn."
    return draw.figure(
        draw.measured_band(
            series, x_label=f"{UNITS[metric]}, predicted", y_label=f"{UNITS[metric]}, measured", x_log=True, y_log=True,
            title=f"{title_of(family)}: {UNITS[metric]}, measured and predicted",
            says=f"{len(some)} cases along the line where both are equal; the median error is {draw.percent(whole.median)}.",
        ),
        caption=f"{title_of(family)}. Each diamond is a published case, predicted while it was left out; the line is where both are equal, the band the middle one of the cases' 80% intervals.{part}",
    )  # fmt: skip


def scatters() -> Shown:
    """Measured against predicted, one picture a metric."""
    pairs = dict.fromkeys((r.family, r.metric) for r in _results() if r.fold is not None)
    enough = [p for p in pairs if sum((r.family, r.metric) == p for r in _results()) >= 5 and p not in (("prefill", "ttft_ms"), ("training", "s_per_step"))]
    return Shown("".join(_scatter(*p) for p in enough))


def goal_table() -> Shown:
    """The goals beside what is reached."""
    found = goals(_results())
    rows = [[g.what, g.cases, f"≤ {draw.percent(g.bound)}", draw.percent(g.fold), draw.percent(g.group), g.verdict] for g in found]
    return Shown(table(
        ("Error of", "Cases", "Goal", "Case left out", "Group left out", "Verdict"), rows, caption="Goals and what is reached", right={1, 2, 3, 4}, wide=640,
        ids=[f"goal-{k}" for k in range(len(found))],
    ))  # fmt: skip


def words() -> dict[str, str]:
    """Figures of the page's prose."""
    fold, group, said = coverage(_results())
    found = goals(_results())
    return {
        "cases": draw.num(len({r.case_id for r in _results()})), "metrics": draw.num(len(_results())), "groups": draw.num(len({(r.family, r.group) for r in _results()})),
        "held": draw.percent(fold), "held_group": draw.percent(group), "said": draw.percent(said),
        "met": draw.num(sum(g.verdict == "met" for g in found)), "known": draw.num(sum(g.verdict == "met for known groups only" for g in found)),
        "missed": draw.num(sum(g.verdict == "not met" for g in found)), "goals": draw.num(len(found)),
    }  # fmt: skip


def worst() -> Shown:
    """The cases that each family misses by most, and what the family's model leaves out."""
    rows, ids = [], []
    for family in dict.fromkeys(r.family for r in _results()):
        some = [r for r in _results() if r.family == family and r.fold is not None]
        seen: set[str] = set()
        for r in sorted(some, key=lambda r: -abs(r.fold / r.measured - 1)):
            if r.group in seen or len(seen) == 2:
                continue
            seen.add(r.group)
            if abs(r.fold / r.measured - 1) < 0.05:
                continue
            why = WHY.get(family, "") if len(seen) == 1 else "as above"
            ids.append(f"worst-{len(ids) + 1}")
            rows.append([Html(f'{esc(r.case_id)}<br><span class="hw-small">{esc(title_of(family))}</span>'), UNITS[r.metric], draw.num(r.measured), draw.num(r.fold),
                         f"{draw.num(r.fold_low)} to {draw.num(r.fold_high)}", draw.percent(r.fold / r.measured - 1), why])  # fmt: skip
    return Shown(table(
        ("Case", "Metric", "Measured", "Predicted", "80% interval", "Error", "What the model leaves out"), rows, caption="The worst case of each family, from two groups where two are far off",
        ids=ids, right={2, 3, 5}, wide=860,
    ))  # fmt: skip
