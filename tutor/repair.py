"""The smallest change that works: all one-field changes, then all pairs, over the values that the form steps through.

Screened without simulation, simulated only where the screen passes, and honest about what was not tried.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hwlib.designs import Knob, knobs
from hwlib.errors import BadInput, listed, unknown
from hwlib.units import show
from tutor import callable_module
from tutor.best import cost_measure, cost_of, porting_weeks
from tutor.briefs import Brief, brief
from tutor.context import Context, NotKnown
from tutor.designfile import Entry
from tutor.dialogue.moves import consistent
from tutor.findings import plain
from tutor.targets import FAR, fast_margin, held, screened

NEVER = ("model", "chips_per_node", "training_chip", "tokens_per_day", "prompt_to_output", "quality_gate", "migration_weeks", "spare_nodes", "range_share",
         "growth_per_year", "training_runs", "experiments_share", "discount_rate", "price_decline_per_year", "pue", "usd_per_kwh")
"""Facts, plans and honesty: a repair changes what is built, not what is assumed or admitted."""
DERIVED = ("data_parallel",)
"""Fields that follow from others in training: the layout stays equal to the chips."""
STEPS = 12
"""Values of one ordered field that are tried, nearest first."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One change that meets the targets."""

    changes: dict[str, Any]
    edits: int
    rows: tuple[dict[str, Any], ...]
    cost: float
    cost_unit: str

    def words(self) -> str:
        """The change in one sentence."""
        parts = [f"{label} {shown}" for label, shown in ((r["label"], r["after_shown"]) for r in self.rows if r["field"])]
        return f"{listed(parts)[:1].upper()}{listed(parts)[1:]}."

    def as_dict(self) -> dict[str, Any]:
        return {"changes": plain(self.changes), "edits": self.edits, "rows": [plain(r) for r in self.rows], "cost": plain(self.cost), "cost_unit": self.cost_unit, "words": self.words()}


@dataclass(frozen=True, slots=True)
class Repairs:
    """What the search found, tried and could not prove."""

    fewest: Repair | None
    cheapest: Repair | None
    keep_chip: Repair | None
    tried: dict[int, int]
    """Number of edits → designs tried."""
    proved_minimal: bool
    conflict: tuple[str, ...] = ()
    """Targets that no tried change meets together; empty when a repair was found."""
    already: bool = False
    complete: bool = True
    """Whether everything up to the number of edits asked for was tried."""
    goals: tuple[str, ...] = ()

    def words(self) -> str:
        """One or two sentences: what was found, out of how many."""
        if self.already:
            return "The design meets its targets; there is nothing to repair."
        singles, pairs = self.tried.get(1, 0), self.tried.get(2, 0)
        if self.fewest is None:
            said = f"None of {show(singles)} single changes works" + (f", nor of {show(pairs)} pairs" if pairs else "") + " that I tried."
            if self.conflict:
                said += (
                    f" No change tried meets this target at all: {self.conflict[0]}." if len(self.conflict) == 1
                    else f" No change tried meets these together: {listed(self.conflict)}. Relaxing one of them may be the question to put."
                )
            return said if self.complete else said + " I stopped at the time limit."
        if self.fewest.edits == 1:
            return f"One change meets the targets; {show(singles)} were tried." if self.complete else f"One change meets the targets; {show(singles)} tried so far."
        proof = f"No single change works ({show(singles)} tried). " if self.proved_minimal else ""
        rest = "" if self.complete else f" ({show(pairs)} pairs tried before the time limit)"
        return f"{proof}These {self.fewest.edits} together do{rest}; without any one of them it breaks."

    def as_dict(self) -> dict[str, Any]:
        def one(r: Repair | None) -> dict[str, Any] | None:
            return r.as_dict() if r else None

        return {
            "fewest": one(self.fewest), "cheapest": one(self.cheapest), "keep_chip": one(self.keep_chip),
            "tried": {str(k): v for k, v in self.tried.items()}, "proved_minimal": self.proved_minimal, "complete": self.complete,
            "conflict": list(self.conflict), "already": self.already, "goals": list(self.goals), "words": self.words(),
        }


def repair(of: Brief | str, entry: Entry, lock: tuple[str, ...] | list[str] = (), max_edits: int = 2, *, seconds: float | None = 0.15) -> Repairs:
    """Search the neighbourhood of a design; ``seconds=None`` searches all of it.

    Deterministic: the same design and locks give the same repairs, as long as the time suffices.
    """
    known = brief(of) if isinstance(of, str) else of
    lock = tuple(lock)
    for name in lock:
        if name not in knobs(known.design_class):
            raise unknown("lock", name, knobs(known.design_class))
    return _Search(known, entry, lock, max_edits, seconds).run()


class _Search:
    """One search: its clock, what it tried, what works."""

    def __init__(self, of: Brief, entry: Entry, lock: tuple[str, ...], max_edits: int, seconds: float | None) -> None:
        self.brief, self.entry, self.lock, self.max_edits = of, entry, lock, max_edits
        self.until = time.monotonic() + seconds if seconds is not None else float("inf")
        self.tried: dict[int, int] = {}
        self.contexts: dict[tuple[Any, ...], Context | None] = {}
        self.complete = True
        self.best_margin: dict[str, float] = {}
        self.pairs_met: set[frozenset[str]] = set()
        self.goals = tuple(t for t in of.targets if t.id not in ("unit-chain", "levers", "memo"))
        if of.kind == "serving" and not self._cost_known():
            self.goals = tuple(t for t in self.goals if t.id != "cost")
        self.skip = tuple(t.id for t in of.targets if t not in self.goals)

    def _cost_known(self) -> bool:
        return Context(self.entry, simulate=False).known("best_cost_limit")

    def run(self) -> Repairs:
        start = Context(self.entry)
        if self._feasible(start):
            return Repairs(None, None, None, {}, True, already=True, goals=tuple(t.label for t in self.goals))
        works: list[tuple[float, int, dict[str, Any]]] = []
        singles = list(self._singles())
        one = self._try(1, [dict((c,)) for c in singles])
        works += [(cost, 1, change) for cost, change in one]
        proved = self.complete
        if self.max_edits >= 2 and self.complete:
            fixed = {frozenset(change.items()) for _, change in one}
            pairs = [dict(p) for p in itertools.combinations(singles, 2) if p[0][0] != p[1][0] and not any(frozenset((c,)) in fixed for c in p)]
            works += [(cost, 2, change) for cost, change in self._try(2, pairs, limit=None if not works else 60)]
        return self._told(works, proved)

    def _singles(self) -> Iterator[tuple[str, Any]]:
        """One-field changes, nearest values first."""
        design = self.entry.design
        for name, knob in knobs(type(design)).items():
            if name in self.lock or name in NEVER or name in DERIVED or name in self.brief.fixed or not knob.repair or name not in self.brief.decides:
                continue
            for value in neighbours(self.brief, name, knob, getattr(design, name)):
                yield name, value

    def _try(self, edits: int, changes: list[dict[str, Any]], limit: int | None = None) -> list[tuple[float, dict[str, Any]]]:
        """Those of the changes that meet every target, with their cost: screened all, then simulated by cost."""
        passed = []
        for number, change in enumerate(changes):
            if time.monotonic() > self.until:
                self.complete = False
                changes = changes[:number]
                break
            ctx = self._context(change)
            if ctx is None:
                continue
            margins = {t.id: fast_margin(ctx, t) for t in self.goals}
            for id, margin in margins.items():
                self.best_margin[id] = max(self.best_margin.get(id, -FAR), margin)
            self.pairs_met |= {frozenset(p) for p in itertools.combinations([i for i, m in margins.items() if m >= -1e-9], 2)}
            if all(m >= -1e-9 for m in margins.values()):
                passed.append((cost_of(ctx), number, change))
        self.tried[edits] = len(changes)
        passed.sort(key=lambda item: item[:2])
        works = []
        for cost, _, change in passed:
            if time.monotonic() > self.until:
                self.complete = False
                break
            if limit is not None and len(works) >= limit:
                break
            if self._feasible(Context(self._context(change).entry)):
                works.append((cost, change))
                if edits == 2 and self._enough(works):
                    break
        return works

    def _enough(self, works: list[tuple[float, dict[str, Any]]]) -> bool:
        """Sorted by cost, the first that works is the cheapest, and the first that keeps the chip ends the search."""
        return any("accelerator" not in change for _, change in works)

    def _context(self, change: dict[str, Any]) -> Context | None:
        """The entry with a change and what follows from it; None where no such design exists."""
        try:
            values = consistent(self.entry.design, dict(change)) if self.brief.kind == "training" else dict(change)
            chip = values.get("accelerator")
            if chip and hasattr(self.entry.design, "migration_weeks") and self.brief.kind == "serving":
                values["migration_weeks"] = max(self.entry.design.migration_weeks, porting_weeks(chip))
            ctx = Context(self.entry.changed(**values), simulate=False)
            return None if ctx.refusal or physics_broken(ctx) else ctx
        except (BadInput, NotKnown):
            return None

    def _feasible(self, ctx: Context) -> bool:
        return not ctx.refusal and not physics_broken(ctx) and screened(ctx, self.skip) and all(held(ctx, t).met is True for t in self.goals)

    def _told(self, works: list[tuple[float, int, dict[str, Any]]], proved: bool) -> Repairs:
        fewest_edits = min((edits for _, edits, _ in works), default=0)
        names = tuple(t.label for t in self.goals)
        if not works:
            return Repairs(None, None, None, self.tried, proved and self.complete, self._conflict() if self.complete else (), complete=self.complete, goals=names)
        near = [w for w in works if w[1] <= fewest_edits + 1]
        fewest = min((w for w in works if w[1] == fewest_edits), key=lambda w: w[0])
        kept = [w for w in works if "accelerator" not in w[2]]
        return Repairs(
            self._repair(fewest), self._repair(min(near, key=lambda w: w[0])), self._repair(min(kept, key=lambda w: (w[1], w[0]))) if kept else None,
            self.tried, fewest_edits == 1 or proved, complete=self.complete, goals=names,
        )

    def _repair(self, found: tuple[float, int, dict[str, Any]]) -> Repair:
        cost, edits, change = found
        before, after = Context(self.entry), Context(self._context(change).entry)
        known = knobs(type(self.entry.design))
        full = {k: getattr(after.design, k) for k in known if getattr(after.design, k) != getattr(self.entry.design, k)}
        rows = [
            {"label": known[k].label.lower() if known[k].label[1:2].islower() else known[k].label, "field": k, "before": getattr(self.entry.design, k), "after": v,
             "before_shown": shown(getattr(self.entry.design, k)), "after_shown": shown(v)}
            for k, v in full.items()
        ]
        for target in self.goals:
            old, new = held(before, target), held(after, target)
            rows.append({"label": target.label, "field": "", "before": plain(old.yours), "after": plain(new.yours), "before_shown": old.yours_shown, "after_shown": new.yours_shown, "met": new.met})
        return Repair(full, edits, tuple(rows), cost, cost_measure(self.brief)[1])

    def _conflict(self) -> tuple[str, ...]:
        """Targets that no tried change meets: one that is never met, or else a pair that never is together."""
        never = [t.label.lower() for t in self.goals if self.best_margin.get(t.id, -FAR) < -1e-9]
        if never:
            return tuple(never[:1])
        for first, second in itertools.combinations(self.goals, 2):
            if frozenset((first.id, second.id)) not in self.pairs_met:
                return (first.label.lower(), second.label.lower())
        return tuple(t.label.lower() for t in self.goals)


def neighbours(of: Brief, name: str, knob: Knob, value: Any) -> tuple[Any, ...]:
    """The other values that a field may be tried at, nearest first.

    >>> from tutor.briefs import brief
    >>> from hwlib.designs import ServingDesign
    >>> neighbours(brief("serve-70b"), "kv_bits", knobs(ServingDesign)["kv_bits"], 16)
    (8, 4)
    """
    if knob.kind == "chip":
        options = tuple(c for c in of.chips if c != value)
        return (*options, "none") if "none:" in knob.help and value != "none" else options
    if knob.kind == "link":
        return tuple(v for v in ("none", "roce-400", "ib-hdr", "ib-ndr") if v != value) if of.kind == "training" else tuple(v for v in ("none",) if v != value)
    if knob.kind == "flag":
        return (not value,)
    if knob.kind == "choice":
        return tuple(o for o in knob.options if o != value)
    tries = [t for t in knob.tries if t != value]
    if name == "replicas" and isinstance(value, int):
        tries = sorted(set(tries) | {round(value * f) for f in (1.1, 1.25, 1.5, 2, 3, 4)} - {value})
    return tuple(sorted(tries, key=lambda t: (abs(t - value), t))[: max(STEPS, 16 if name == "replicas" else 0)])


def physics_broken(ctx: Context) -> bool:
    """Whether a rule of physics or of the model's limits forbids the design: no repair may pass through one."""
    from tutor.rules import rules_for

    for rule in rules_for(ctx.entry.brief):
        if rule.tier > 2 or rule.severity != "blocks":
            continue
        try:
            if rule.relevant(ctx) and rule.margin(ctx) < 0:
                return True
        except NotKnown:
            continue
    return False


def shown(value: Any) -> str:
    """A field's value as people read it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:,}" if isinstance(value, int) else show(value) if isinstance(value, float) else str(value)


callable_module(__name__)
