"""What if: knock-outs, ±30 % on each assumption, the front of cost and speed, and the one change that flips a verdict.

All of it is computed from the design at hand, without simulation; the verdicts are those of the fast targets, which
leave out the queue, so that "still holds" means "as far as can be said without a queue".
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hwlib.designs import knobs
from hwlib.units import show
from tutor.best import SKIP, cost_measure
from tutor.context import Context, NotKnown
from tutor.designfile import read_design
from tutor.findings import plain
from tutor.knockouts import knockouts
from tutor.targets import fast_margin, screened

SHIFT = 0.3
"""Assumptions are tried this far up and down."""
SPEED = {"serving": ("estimate.ttft_floor_p99_s", "s"), "training": ("estimate.days", "days"), "tco": ("estimate.inference_share_y3", "%")}
"""What stands against the cost on the front; less is better."""
CONTRASTS = 4


@dataclass(frozen=True, slots=True)
class Swing:
    """One assumption moved down and up: the cost at both ends and whether the fast targets still hold."""

    name: str
    low: float
    high: float
    holds_low: bool
    holds_high: bool

    @property
    def width(self) -> float:
        ends = (self.low, self.high)
        return abs(self.high - self.low) if all(map(math.isfinite, ends)) else math.inf

    def as_dict(self) -> dict[str, Any]:
        return {"assumption": self.name, "low": plain(self.low), "high": plain(self.high), "holds_low": self.holds_low, "holds_high": self.holds_high}


def moved(ctx: Context, **load: float) -> Context | None:
    """The same design under another load; None where the load refuses the value."""
    try:
        return Context(replace(ctx.entry, load=replace(ctx.load, **load)), simulate=False)
    except (TypeError, ValueError):
        return None


def tornado(ctx: Context, share: float = SHIFT) -> tuple[Swing, ...]:
    """Each assumption of the brief moved by a share down and up, the widest swing of the cost first."""
    name, _ = cost_measure(ctx.brief)
    rows = []
    for assumption in ctx.brief.vary:
        ends = [moved(ctx, **{assumption: getattr(ctx.load, assumption) * (1 + sign * share)}) for sign in (-1, 1)]
        if None in ends:
            continue
        low, high = (float(end.get(name)) for end in ends)
        rows.append(Swing(assumption, low, high, *(screened(end, SKIP) for end in ends)))
    return tuple(sorted(rows, key=lambda r: (-r.width if math.isfinite(r.width) else -math.inf, r.name)))


def stresses(ctx: Context) -> tuple[dict[str, Any], ...]:
    """Twice the peak and one replica lost, for a fleet: whether the fast targets still hold."""
    if ctx.brief.kind != "serving":
        return ()
    busiest = "peak_factor" if ctx.load.daily_users else "concurrent_users"
    left = ctx.design.replicas - max(0, 1 - ctx.design.spare_replicas)
    cases = [("twice the peak", moved(ctx, **{busiest: getattr(ctx.load, busiest) * 2}))]
    cases.append(("one replica lost", Context(ctx.entry.changed(replicas=left), simulate=False) if left >= 1 else None))
    return tuple(
        {"case": words, "holds": one is not None and screened(one, SKIP), "utilisation": plain(one.get("estimate.utilisation")) if one else None} for words, one in cases
    )


def neighbours_of(ctx: Context) -> list[tuple[str, Any, Context]]:
    """All designs that differ in one field: field, value, context."""
    from tutor.repair import _Search

    search = _Search(ctx.brief, ctx.entry, (), 1, None)
    made = ((name, value, search._context({name: value})) for name, value in search._singles())
    return [(name, value, one) for name, value, one in made if one is not None]


def point(ctx: Context) -> tuple[float, float] | None:
    """The design on the front: its cost and what stands against it."""
    try:
        values = float(ctx.measure(cost_measure(ctx.brief)[0])), float(ctx.measure(SPEED[ctx.brief.kind][0]))
    except NotKnown:
        return None
    return values if all(map(math.isfinite, values)) else None


def front(ctx: Context) -> dict[str, Any]:
    """The designs one field away that no other of them beats in both cost and speed, with the learner's own point.

    ``beaten_by``: how many of them are better in both; none means that yours is on the front itself.
    """
    yours = point(ctx)
    points = [(p, name, value) for name, value, one in neighbours_of(ctx) if (p := point(one)) is not None]
    if yours is not None:
        points.append((yours, "", None))
    points.sort(key=lambda item: (item[0], item[1], str(item[2])))
    kept: list[dict[str, Any]] = []
    best = math.inf
    for (cost, other), name, value in points:
        if other < best:
            best = other
            kept.append({"cost": cost, "other": other, "field": name, "value": plain(value)})
    (_, cost_unit), (other_name, other_unit) = cost_measure(ctx.brief), SPEED[ctx.brief.kind]
    beaten = sum(p[0] < yours[0] and p[1] < yours[1] for p, _, _ in points) if yours else None
    return {"yours": list(yours) if yours else None, "points": kept, "beaten_by": beaten, "cost_unit": cost_unit, "other": other_name, "other_unit": other_unit}


def contrasts(ctx: Context) -> tuple[dict[str, Any], ...]:
    """Pairs of designs that differ in one field and in the verdict of one target: yours, and the nearest one that flips it."""
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    goals = [t for t in ctx.brief.targets if t.id not in SKIP]
    before = {t.id: fast_margin(ctx, t) for t in goals}
    known = knobs(type(ctx.design))
    for name, value, one in neighbours_of(ctx):
        for target in goals:
            after = fast_margin(one, target)
            if target.id in seen or (before[target.id] >= 0) == (after >= 0):
                continue
            seen.add(target.id)
            measure = target.fast or target.measure
            found.append({
                "target": target.id, "field": name, "label": known[name].label, "yours": plain(getattr(ctx.design, name)), "other": plain(value),
                "met_by_yours": before[target.id] >= 0, "value": plain(ctx.get(measure)), "other_value": plain(one.get(measure)), "unit": target.unit,
            })
    return tuple(found[:CONTRASTS])


def whatif(ctx: Context) -> dict[str, Any]:
    """Everything above as plain data."""
    return {
        "knockouts": [k.as_dict() for k in knockouts(ctx)], "tornado": [s.as_dict() for s in tornado(ctx)], "stresses": list(stresses(ctx)),
        "front": front(ctx), "contrasts": list(contrasts(ctx)),
    }


def whatif_text(ctx: Context) -> str:
    """The same for a terminal."""
    from tutor.render import table, wrapped

    unit = cost_measure(ctx.brief)[1]
    told = whatif(ctx)
    lines = ["What binds"]
    lines += [line for k in told["knockouts"] for line in wrapped(k["words"], lead=2, hang=2)] or ["  nothing to knock out: " + (ctx.refusal or "the design has no estimate")]
    lines += ["", f"Assumptions, {show(SHIFT, '%')} less and more"]
    word = {True: "holds", False: "breaks"}
    lines += table(("", "Cost, less", "Cost, more", "Less", "More"), [
        (s.name.replace("_", " "), show(s.low, unit), show(s.high, unit), word[s.holds_low], word[s.holds_high]) for s in tornado(ctx)
    ], right=(1, 2))
    lines += [f"  {one['case']}: {word[one['holds']]}" for one in told["stresses"]]
    lines += ["", "One change that flips a verdict"]
    lines += [
        f"  {c['label']} {c['yours']} → {c['other']}: {ctx.brief.target(c['target']).label} {'is missed' if c['met_by_yours'] else 'is met'}" for c in told["contrasts"]
    ] or ["  none of those tried"]
    if told["front"]["beaten_by"] is not None:
        n = told["front"]["beaten_by"]
        lines += ["", f"{n} of the designs one change away are better in both cost and speed." if n else "No design one change away is better in both cost and speed."]
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `python -m tutor whatif`."""
    parser.add_argument("design", type=Path, metavar="DESIGN.toml")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def run(args: argparse.Namespace) -> int:
    """`python -m tutor whatif DESIGN.toml`."""
    entry = read_design(args.design)
    ctx = Context(entry, simulate=False)
    print(json.dumps(plain(whatif(ctx)), ensure_ascii=False, indent=1, allow_nan=False) if args.json else whatif_text(ctx))
    return 0


__all__ = ["contrasts", "front", "stresses", "tornado", "whatif", "whatif_text"]
