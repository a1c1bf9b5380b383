"""The rubric: 25 possible, 25 targets, 15 efficiency, 15 predictions, 10 robustness, 10 reasoning and honesty.

Partial credit everywhere; a design that physics forbids is capped at 40. Text can add points, never take them.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from hwlib.errors import listed
from hwlib.units import show
from tutor.best import SKIP, cost_measure
from tutor.context import Context, NotKnown
from tutor.findings import Criterion, Finding, Row, TargetResult, Tier
from tutor.targets import screened

CAP = 40.0
"""What a design that cannot exist earns at most."""
SHIFT = 0.3
"""Assumptions are tried this far up and down."""


def possible(findings: tuple[Finding, ...], checked: int, refusal: str = "") -> Criterion:
    """Physics and the model's limits: full credit when nothing is violated, none at twice over, none for a design that nothing can be computed for."""
    broken = [f for f in findings if f.tier <= Tier.MODEL_LIMIT and f.severity != "praises"]
    credit = min((_credit(f.margin) for f in broken), default=1.0)
    if refusal and not broken:
        credit, why = 0.0, f"not known: {refusal.rstrip('.')}"
    elif not broken:
        why = f"{checked} limits checked, none broken"
    else:
        why = f"{broken[0].title.rstrip('.')} ({broken[0].rule})"
    return Criterion("possible", "Possible, within the model's limits", 25 * credit, 25, why)


def requirements(targets: tuple[TargetResult, ...]) -> Criterion:
    """The brief's targets: each counts alike, and a near miss counts for most of itself."""
    credits = [0.0 if t.met is None else 1.0 if t.met else _credit(t.margin) for t in targets]
    missed = [t.label.lower() for t in targets if t.met is False]
    unknown = [t.label.lower() for t in targets if t.met is None]
    parts = [f"{sum(t.met is True for t in targets)} of {len(targets)} met"]
    if missed:
        parts.append(f"missed: {listed(missed)}")
    if unknown:
        parts.append(f"not known: {listed(unknown)}")
    return Criterion("targets", "Meets the brief's targets", 25 * sum(credits) / len(credits), 25, "; ".join(parts))


def efficiency(ctx: Context, targets: Criterion) -> Criterion:
    """The best-known cost over yours, full from 0.8 on; it counts as far as the design does the job."""
    from tutor.best import best_context

    name, unit = cost_measure(ctx.brief)
    try:
        best, yours = best_context(ctx).measure(name), ctx.measure(name)
    except NotKnown as error:
        return Criterion("efficiency", "Efficiency", 0.0, 15, f"not known: {error}")
    if not math.isfinite(yours) or yours <= 0 or best <= 0:
        return Criterion("efficiency", "Efficiency", 0.0, 15, "not known: the design serves nothing")
    share = min(1.0, best / yours / 0.8) * targets.points / targets.of
    return Criterion(
        "efficiency", "Efficiency", 15 * share, 15,
        f"{show(yours, unit)} against {show(best, unit)} of the best design found, counted as far as the targets are met",
    )


def scored_predictions(ctx: Context) -> tuple[dict[str, Any], ...]:
    """Each prediction that the brief asks for, beside the computed value, with its credit."""
    rows = []
    for asked in ctx.brief.predictions:
        said = ctx.predictions.get(asked.name)
        if said is None and asked.optional:
            continue
        row: dict[str, Any] = {"name": asked.name, "label": asked.label, "unit": asked.unit, "yours": said, "value": None, "credit": 0.0, "why": ""}
        try:
            value = ctx.measure(asked.measure)
        except NotKnown as error:
            row["why"] = str(error)
            rows.append(row)
            continue
        row["value"] = value
        row["value_shown"] = Row("", "", value, asked.unit).shown
        if said is None:
            row["why"] = "not predicted"
        elif asked.options:
            row |= {"credit": float(said == value), "why": f"it is {value}" if said != value else "as predicted"}
        else:
            row |= {"credit": _log_credit(said, float(value)), "why": _gap(said, float(value))}
        rows.append(row | calibration(ctx, asked.name, float(value)) if not asked.options else row)
    return tuple(rows)


LEVEL = 0.8
"""How often an interval should hold the value: learners are asked for intervals that are right four times in five."""


def calibration(ctx: Context, name: str, value: float) -> dict[str, Any]:
    """The interval that the learner gave, whether it holds the value, and its Winkler score in doublings; less is better."""
    low, high = (ctx.predictions.get(f"{name}_{end}") for end in ("low", "high"))
    if low is None or high is None:
        return {}
    holds = low <= value <= high
    score = winkler(low, high, value)
    said = "your interval holds it" if holds else f"it lies {'above' if value > high else 'below'} your interval"
    return {"low": low, "high": high, "holds": holds, "winkler": score, "calibration": said + (f", {show(high / low)} times wide" if low > 0 else "")}


def winkler(low: float, high: float, value: float, level: float = LEVEL) -> float:
    """The interval's width in doublings, and a fine for each doubling by which it misses: Winkler's interval score.

    A wide interval is always right and says little; a narrow one that misses costs most.

    >>> winkler(1, 2, 1.5), round(winkler(1, 2, 4), 2), winkler(0, 2, 1)
    (1.0, 11.0, inf)
    """
    if min(low, high, value) <= 0 or not math.isfinite(value):
        return 0.0 if low == value == high else math.inf
    a, b, x = (math.log2(v) for v in (low, high, value))
    return b - a + 2 / (1 - level) * max(0.0, a - x, x - b)


def predictions(rows: tuple[dict[str, Any], ...]) -> Criterion:
    """Right bottleneck 5 points; the numbers 10: full within 1.25 times, none beyond 4, linear in doublings."""
    bottleneck = [r for r in rows if r["name"] == "bottleneck"]
    numbers = [r for r in rows if r["name"] != "bottleneck"]
    points = 5 * sum(r["credit"] for r in bottleneck) + (10 * sum(r["credit"] for r in numbers) / len(numbers) if numbers else 0.0)
    made = sum(r["yours"] is not None for r in rows)
    right = sum(r["credit"] == 1.0 for r in rows)
    why = f"{made} of {len(rows)} predicted, {right} within 1.25 times" if made else "nothing predicted yet"
    ranged = [r for r in rows if "holds" in r]
    if ranged:
        why += f"; {sum(r['holds'] for r in ranged)} of {len(ranged)} intervals hold the value, where {show(LEVEL, '%')} should"
    return Criterion("predictions", "Predictions", points, 15, why)


def robustness(ctx: Context) -> Criterion:
    """Share of what may go otherwise under which the design still holds, by the fast targets."""
    if "robustness" not in ctx.shared:
        ctx.shared["robustness"] = _robustness(ctx)
    return ctx.shared["robustness"]


def _robustness(ctx: Context) -> Criterion:
    from tutor.measures import corners

    cases: list[tuple[str, Context]] = []
    for name in ctx.brief.vary:
        for sign, word in ((-1, "less"), (1, "more")):
            value = getattr(ctx.load, name) * (1 + sign * SHIFT)
            try:
                moved = replace(ctx.entry, load=replace(ctx.load, **{name: value}))
            except (TypeError, ValueError):
                continue
            cases.append((f"{show(SHIFT, '%')} {word} {name.replace('_', ' ')}", Context(moved, simulate=False)))
    if ctx.brief.kind == "tco":
        return _robust_plan(ctx, cases + [("a corner of volume and utilisation", c) for c in corners(ctx, SHIFT)])
    if ctx.brief.kind == "serving":
        busiest = "peak_factor" if ctx.load.daily_users else "concurrent_users"
        double = replace(ctx.entry, load=replace(ctx.load, **{busiest: getattr(ctx.load, busiest) * 2}))
        cases.append(("twice the peak", Context(double, simulate=False)))
        left = max(1, ctx.design.replicas - max(0, 1 - ctx.design.spare_replicas))
        less = replace(ctx.entry, design=replace(ctx.design, replicas=left))
        cases.append(("one replica lost", Context(less, simulate=False)))
    if not screened(Context(ctx.entry, simulate=False), SKIP):
        return Criterion("robustness", "Robustness", 0.0, 10, "the design misses a target before any assumption is changed")
    breaks = [words for words, moved in cases if not screened(moved, SKIP)]
    points = 10 * (1 - len(breaks) / len(cases)) if cases else 0.0
    why = f"{len(cases) - len(breaks)} of {len(cases)} changed assumptions still hold"
    return Criterion("robustness", "Robustness", points, 10, why + (f"; first to break: {breaks[0]}" if breaks else ""))


def _robust_plan(ctx: Context, cases: list[tuple[str, Context]]) -> Criterion:
    """A plan holds when the levers that it pulls still save something."""
    from tutor.measures import pulled

    if not pulled(ctx):
        return Criterion("robustness", "Robustness", 0.0, 10, "no lever is pulled, so there is no recommendation to try")
    breaks = [words for words, moved in cases if ctx.refusal or not moved.get("joint_saving", -1.0) > 0]
    why = f"the levers save in {len(cases) - len(breaks)} of {len(cases)} cases tried"
    return Criterion("robustness", "Robustness", 10 * (1 - len(breaks) / len(cases)), 10, why)


def reasoning(ctx: Context, read: dict[str, Any]) -> Criterion:
    """What the text covers (6), assumptions with reasons (2), no contradiction between text and design (2)."""
    entry = ctx.entry
    covered = len(read.get("expectations", ()))
    against = read.get("contradictions", ())
    bare = [name for name in entry.assumptions if not entry.reasons.get(name, "").strip()]
    text = bool(entry.rationale.strip())
    points = 6 * min(1.0, covered / 4) + (2.0 if text and not bare else 0.0) + (2.0 if text and not against else 0.0)
    parts = [f"{covered} of the brief's ideas read in the text" if text else "no text yet"]
    if bare:
        parts.append(f"no reason given for {listed(bare)}")
    if against:
        parts.append(str(against[0]))
    return Criterion("reasoning", "Reasoning and honesty", points, 10, "; ".join(parts))


def lines(criteria: tuple[Criterion, ...]) -> tuple[str, ...]:
    """Each line of the score in one sentence: how it is counted, and what it came to here."""
    return tuple(f"{c.name}: {c.points:.1f} of {c.of:.0f}. {HOW[c.id]} Here: {c.why}." for c in criteria)


HOW = {
    "possible": "Full when no limit of physics or of the model is broken, none when one is broken twice over or nothing can be computed for the design, linear in doublings between.",
    "targets": "Each target of the brief counts alike; one missed by less than twice keeps a part.",
    "efficiency": "The best-known cost over yours, full from 80% on, counted as far as the targets are met.",
    "predictions": "The bottleneck is worth 5; numbers share 10: full within 1.25 times, none beyond 4 times. Intervals are told, not scored.",
    "robustness": "The share of changed assumptions, each 30% less and more, and of failures under which the design still holds.",
    "reasoning": "Ideas read in the text 6, assumptions with reasons 2, no contradiction with the design 2. Text only adds.",
}
"""How each criterion is counted."""


def total(criteria: tuple[Criterion, ...], findings: tuple[Finding, ...]) -> tuple[float, str]:
    """The sum, capped when physics says no, and why it was capped."""
    score = sum(c.points for c in criteria)
    impossible = next((f for f in findings if f.tier == Tier.PHYSICS and f.severity == "blocks"), None)
    if impossible and score > CAP:
        return CAP, f"capped at {show(CAP)}: {impossible.title}"
    return max(0.0, min(100.0, score)), ""


def _credit(margin: float) -> float:
    return 0.0 if math.isnan(margin) else max(0.0, min(1.0, 1.0 + margin))


def _log_credit(said: float, value: float) -> float:
    """
    >>> _log_credit(1.2, 1.0), _log_credit(4.0, 1.0), round(_log_credit(2.0, 1.0), 2)
    (1.0, 0.0, 0.6)
    """
    if not math.isfinite(value):
        return float(not math.isfinite(said))
    if said <= 0 or value <= 0:
        return float(abs(said - value) < 1e-3)
    factor = max(said / value, value / said)
    if factor <= 1.25:
        return 1.0
    return max(0.0, min(1.0, math.log(4 / factor) / math.log(4 / 1.25)))


def _gap(said: float, value: float) -> str:
    if not math.isfinite(value) or said <= 0 or value <= 0:
        return "no ratio to give"
    factor = max(said / value, value / said)
    return "within 1.25 times" if factor <= 1.25 else f"{show(factor)} times too {'high' if said > value else 'low'}"


