"""The models against every published case, each predicted by constants that have not seen it.

`calibrate` writes what each case was predicted while it was left out to `heldout.csv`; `validate` and the book's page
read that file, so that all three show the same numbers. Whether an interval holds a case is asked of an interval made
from the residuals of other folds (or other groups) only.
"""

from __future__ import annotations

import csv
import io
import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from hwlib.errors import BadInput
from hwlib.predict import all_families
from hwlib.predict.cases import measured, shown
from hwlib.predict.crossval import Held, by_datasheet, fold_of, held_out
from hwlib.predict.family import Family
from hwlib.predict.fit import Observation, observations
from hwlib.predict.intervals import pick, table

PATH = Path(__file__).with_name("heldout.csv")
COLUMNS = ("case_id", "family", "group", "metric", "regime", "measured", "fold", "fold_low", "fold_high", "group_out", "group_low", "group_high", "datasheet", "refused")


@dataclass(frozen=True, slots=True)
class Result:
    """A measured metric with its held-out predictions; None where there is none."""

    case_id: str
    family: str
    group: str
    metric: str
    regime: str
    measured: float
    fold: float | None
    fold_low: float | None
    fold_high: float | None
    group_out: float | None
    group_low: float | None
    group_high: float | None
    datasheet: float | None
    refused: str


def results_of(family: Family) -> tuple[list[Observation], list[Held], list[Held], list[Result]]:
    """Cross-validation of one family, both ways, with the intervals that it would have given."""
    seen = observations(family, measured(family.file))
    fold, group, sheet = held_out(family, seen, "fold"), held_out(family, seen, "group"), by_datasheet(family, seen)
    bounds = _bounds(family, fold, group)
    found = []
    for i, at in enumerate(seen):
        f, g = fold[i].predicted, group[i].predicted
        (fl, fh), (gl, gh) = bounds[i]
        found.append(Result(
            at.row.id, at.row.family, at.row.group, at.metric, _regime(family, at), at.value, f, f and f * fl, f and f * fh, g, g and g * gl, g and g * gh,
            sheet[i].predicted, fold[i].reason,
        ))  # fmt: skip
    return seen, fold, group, found


def _regime(family: Family, at: Observation) -> str:
    return family.regime(at.row) if family.regime else ""


def _bounds(family: Family, fold: Sequence[Held], group: Sequence[Held]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """For each case the bounds that the others give: those of other folds, and those of other groups."""
    by_metric: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, held in enumerate(fold):
        by_metric[held.at.row.family, held.at.metric].append(i)
    found: list[tuple[tuple[float, float], tuple[float, float]]] = [((1.0, 1.0), (1.0, 1.0))] * len(fold)
    for places in by_metric.values():

        def rows(held: Sequence[Held], kind: bool, leave, places=places) -> list[tuple[float, str, str]]:
            return [
                (held[i].residual, held[i].at.row.group, _regime(family, held[i].at))
                for i in places
                if held[i].predicted is not None and (held[i].seen or not kind) and not leave(held[i].at.row)
            ]  # fmt: skip

        made = {}
        for i in places:
            row, word = fold[i].at.row, _regime(family, fold[i].at)
            one, other = ("fold", fold_of(row.id)), ("group", row.group)
            if one not in made:
                made[one] = table(rows(fold, True, lambda r, n=one[1]: fold_of(r.id) == n), rows(group, False, lambda r, n=one[1]: fold_of(r.id) == n))
            if other not in made:
                made[other] = table(rows(fold, True, lambda r, n=row.group: r.group == n), rows(group, False, lambda r, n=row.group: r.group == n))
            found[i] = (pick(made[one], seen=fold[i].seen, group=row.group, regime=word), pick(made[other], seen=False, group=row.group, regime=word))
    return found


def text_of(results: Iterable[Result]) -> str:
    """The file's text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for r in results:
        writer.writerow([shown(v) if isinstance(v, float) or v is None else v for v in (getattr(r, c) for c in COLUMNS)])
    return out.getvalue()


@cache
def stored_results() -> tuple[Result, ...]:
    """What the last calibration wrote."""
    if not PATH.exists():
        raise BadInput("hwlib/predict/heldout.csv is missing: python -m hwlib calibrate writes it", field="heldout")
    words = {"case_id", "family", "group", "metric", "regime", "refused"}
    with PATH.open(encoding="utf8", newline="") as handle:
        return tuple(Result(**{k: v if k in words else float(v) if v else None for k, v in row.items()}) for row in csv.DictReader(handle))


def fresh_results() -> tuple[Result, ...]:
    """Everything computed again: minutes."""
    return tuple(r for family in all_families() for r in results_of(family)[3])


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a metric of a family, or of one of its groups."""

    family: str
    group: str
    metric: str
    cases: int
    refused: int
    median: float
    mean: float
    p90: float
    bias: float
    coverage: float
    rank: float | None
    group_median: float
    group_mean: float
    group_p90: float
    group_bias: float
    group_coverage: float
    datasheet_median: float | None
    datasheet_mean: float | None


def _errors(results: Sequence[Result], field: str) -> list[float]:
    return [v / r.measured - 1 for r in results if (v := getattr(r, field)) is not None]


def p90(errors: Sequence[float]) -> float:
    """The error that one case in ten exceeds.

    >>> p90([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    0.9
    """
    return sorted(errors)[max(0, math.ceil(0.9 * len(errors)) - 1)]


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Spearman's: whether the order is right, whatever the values. None for fewer than three cases or no order at all.

    >>> rank_correlation([(1, 10), (2, 20), (3, 25)]), rank_correlation([(1, 3), (2, 2), (3, 1)]), rank_correlation([(1, 1)])
    (1.0, -1.0, None)
    """
    if len(pairs) < 3:
        return None
    a, b = (_ranks([p[i] for p in pairs]) for i in (0, 1))
    if len(set(a)) < 2 or len(set(b)) < 2:
        return None
    return round(statistics.correlation(a, b), 6)


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(values)
    first, count = {}, defaultdict(int)
    for i, v in enumerate(order):
        first.setdefault(v, i)
        count[v] += 1
    return [first[v] + (count[v] - 1) / 2 for v in values]


def line(results: Sequence[Result], *, group: str = "") -> Line | None:
    """The figures of some results; None when nothing was predicted."""
    fold, out, sheet = (_errors(results, f) for f in ("fold", "group_out", "datasheet"))
    if not fold or not out:
        return None
    size, far, flat = ([abs(e) for e in x] for x in (fold, out, sheet))
    by_group = defaultdict(list)
    for r in results:
        if r.fold is not None:
            by_group[r.group].append((r.fold, r.measured))
    ranks = [(c, len(p)) for p in by_group.values() if (c := rank_correlation(p)) is not None]
    return Line(
        family=results[0].family, group=group, metric=results[0].metric, cases=len(results), refused=sum(r.fold is None for r in results),
        median=statistics.median(size), mean=statistics.mean(size), p90=p90(size), bias=statistics.median(fold),
        coverage=statistics.mean(r.fold_low <= r.measured <= r.fold_high for r in results if r.fold is not None),
        rank=sum(c * n for c, n in ranks) / sum(n for _, n in ranks) if ranks else None,
        group_median=statistics.median(far), group_mean=statistics.mean(far), group_p90=p90(far), group_bias=statistics.median(out),
        group_coverage=statistics.mean(r.group_low <= r.measured <= r.group_high for r in results if r.group_out is not None),
        datasheet_median=statistics.median(flat) if flat else None, datasheet_mean=statistics.mean(flat) if flat else None,
    )  # fmt: skip


def lines(results: Iterable[Result], *, groups: bool = True) -> list[Line]:
    """The table: each metric of each family, then its groups."""
    by_metric: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for r in results:
        by_metric[r.family, r.metric].append(r)
    found = []
    for some in by_metric.values():
        found.append(line(some))
        if groups:
            found += [line([r for r in some if r.group == g], group=g) for g in dict.fromkeys(r.group for r in some)]
    return [x for x in found if x is not None]


def as_json(found: Sequence[Line]) -> str:
    return json.dumps([asdict(x) for x in found], indent=1)


def as_csv(found: Sequence[Line]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(Line.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: f"{v:.5g}" if isinstance(v, float) else v for k, v in asdict(x).items()} for x in found)
    return out.getvalue()


def as_text(found: Sequence[Line]) -> str:
    """The table for a terminal."""
    head = (
        f"{'':52s}{'':>6s} | {'case left out':^41s} | {'group left out':^34s} | {'datasheet':^13s}\n"
        f"{'family · metric, group':52s}{'cases':>6s} | {'median':>6s} {'mean':>6s} {'p90':>6s} {'bias':>6s} {'in 80%':>6s} {'rank':>6s} |"
        f" {'median':>6s} {'mean':>6s} {'p90':>6s} {'bias':>6s} {'in 80%':>6s} | {'median':>6s} {'mean':>6s}"
    )
    rows = [head, "-" * len(head.split("\n")[1])]
    for x in found:
        name = f"  {x.group}" if x.group else f"{x.family} · {x.metric}"
        cells = [x.median, x.mean, x.p90, x.bias, x.coverage]
        far = [x.group_median, x.group_mean, x.group_p90, x.group_bias, x.group_coverage]
        rows.append(
            f"{name[:51]:52s}{x.cases:6d} | {' '.join(_share(c) for c in cells)} {f'{x.rank:6.2f}' if x.rank is not None else '     –'} |"
            f" {' '.join(_share(c) for c in far)} | {_share(x.datasheet_median)} {_share(x.datasheet_mean)}" + (f"  {x.refused} refused" if x.refused else "")
        )
    return "\n".join(rows) + "\n"


def _share(value: float | None) -> str:
    return "     –" if value is None else f"{100 * value:5.0f}%" if abs(value) >= 0.9995 else f"{100 * value:5.1f}%"
