"""The smallest change that works: all one-field changes, then all pairs, then all triples, over the values that the form steps through.

Screened without simulation, simulated only where the screen passes, and honest about what was not tried. The search
is bounded by a count of designs, not by a clock, so that every machine finds the same.

A change need not be estimated when it cannot be an answer: a target that it misses already with those of its edits that
can enter that target stays missed, and once some change works, a dearer one with more edits is of no interest.
"""

from __future__ import annotations

import gc
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from hwlib.designs import knobs
from hwlib.errors import BadInput, unknown
from tutor import callable_module
from tutor.best import cost_measure, cost_of, porting_weeks
from tutor.briefs import Brief, Target, brief
from tutor.context import Context, NotKnown, sure_to_miss
from tutor.designfile import Entry
from tutor.dialogue.moves import consistent
from tutor.findings import plain
from tutor.neighbourhood import DERIVED, NEVER, enters, neighbours, physics_broken, shown, spoken
from tutor.repairs import Repair, Repairs
from tutor.targets import fast_margin, held, limit_of, screened

EVALUATIONS = 60_000
"""Designs that one search may look at; all triples around a design of any brief are fewer."""
SIMULATIONS = 160
"""Designs that one search may simulate for each number of edits: the cheapest that pass the screen."""
CHEAPER = 60
"""Of the changes with one edit more than needed, so many are simulated in the hope of a lower cost."""
CONFIRMED = 8
"""Designs simulated before the search believes that requirements can be met together."""


SIMULATED = {"simulated.ttft_p99_s": 0, "lost.ttft_p99_s": 1}
"""Measures whose miss a short run tells, with the replicas that are lost."""
LATE = 250
"""So many changes that were ruled out are estimated before it is asked again whether a conflict is one."""


def repair(
    of: Brief | str, entry: Entry, lock: tuple[str, ...] | list[str] = (), max_edits: int = 2, *, evaluations: int = EVALUATIONS, seconds: float | None = None,
) -> Repairs:
    """Search the neighbourhood of a design, at most ``evaluations`` designs of it.

    Deterministic: the same design and locks give the same repairs on every machine. ``seconds`` adds a clock for a
    reader who will not wait; only then may the answer depend on the machine.
    """
    known = brief(of) if isinstance(of, str) else of
    lock = tuple(lock)
    for name in lock:
        if name not in knobs(known.design_class):
            raise unknown("lock", name, knobs(known.design_class))
    if max_edits not in (1, 2, 3):
        raise BadInput(f"max_edits = {max_edits!r} must be 1, 2 or 3", field="max_edits")
    gc.freeze()  # what lived before (words, models, the catalogue) is not gone through again and again while thousands of designs come and go
    try:
        return _Search(known, entry, lock, max_edits, seconds, evaluations).run()
    finally:
        gc.unfreeze()


Change = dict[str, Any]


class _Search:
    """One search: its budget, what it tried, what works."""

    def __init__(self, of: Brief, entry: Entry, lock: tuple[str, ...], max_edits: int, seconds: float | None, evaluations: int = EVALUATIONS) -> None:
        self.brief, self.entry, self.lock, self.max_edits = of, entry, lock, max_edits
        self.until = time.monotonic() + seconds if seconds is not None else float("inf")
        self.left = evaluations
        self.explain = True
        self.tried: dict[int, int] = {}
        self.complete = True
        self.masks: dict[int, list[Change]] = {}
        """Which targets a tried change meets by the screen, as bits → the first changes that do."""
        self.verdicts: dict[frozenset[tuple[str, Any]], bool] = {}
        self.margins: dict[frozenset[tuple[str, Any]], tuple[float, tuple[float, ...]]] = {}
        """Cost and margins by the screen of each estimated change; of pairs and more only while more edits are to come."""
        self.ruled_out: list[tuple[int, Change]] = []
        """Number of a target that is missed for certain, and the change that was not estimated for it: looked at again only to explain a conflict."""
        self.cost_name = cost_measure(of)[0]
        self.goals = tuple(t for t in of.targets if t.id not in ("unit-chain", "levers", "memo"))
        if of.kind == "serving" and not self._cost_known():
            self.goals = tuple(t for t in self.goals if t.id != "cost")
        self.skip = tuple(t.id for t in of.targets if t not in self.goals)
        start = Context(entry, simulate=False)
        self.limits = {t.id: limit_of(start, t) for t in self.goals if t.limit_measure in ("", "best_cost_limit")}  # these no design moves
        self.strictest = tuple(sorted(self.goals, key=lambda t: "lost" not in t.measure))
        self.seen_by = tuple((i, lambda name, measure=t.fast or t.measure: enters(measure, name)) for i, t in enumerate(self.goals))

    def _cost_known(self) -> bool:
        return Context(self.entry, simulate=False).known("best_cost_limit")

    def run(self) -> Repairs:
        if self._feasible(Context(self.entry)):
            return Repairs(None, None, None, {}, True, already=True, goals=tuple(t.label for t in self.goals))
        works: list[tuple[float, int, Change]] = []
        proved = True
        singles = list(self._singles())
        for edits in range(1, self.max_edits + 1):
            fewest = min((n for _, n, _ in works), default=0)
            if not self.complete or fewest and edits > fewest + 1:
                break
            found = self._try(edits, self._changes(singles, edits, works), works)
            works += [(cost, edits, change) for cost, change in found]
            if not fewest:
                proved = proved and self.complete or bool(found) and edits == 1
        return self._told(works, proved)

    def _changes(self, singles: list[tuple[str, Any]], edits: int, works: list[tuple[float, int, Change]]) -> Iterator[Change]:
        """All changes of so many fields, without those that hold a smaller change that works."""
        small = [frozenset(change.items()) for _, _, change in works]
        for picked in itertools.combinations(singles, edits):
            change = dict(picked)
            if len(change) == edits and not any(part <= set(picked) for part in small):
                yield change

    def _out(self) -> bool:
        return self.left <= 0 or time.monotonic() > self.until

    def _singles(self) -> Iterator[tuple[str, Any]]:
        """One-field changes, nearest values first."""
        design = self.entry.design
        for name, knob in knobs(type(design)).items():
            if name in self.lock or name in NEVER or name in DERIVED or name in self.brief.fixed or not knob.repair or name not in self.brief.decides:
                continue
            for value in neighbours(self.brief, name, knob, getattr(design, name)):
                yield name, value

    def _try(self, edits: int, changes: Iterator[Change], works: list[tuple[float, int, Change]]) -> list[tuple[float, Change]]:
        """Those of the changes that meet every target, with their cost: screened all, then simulated by cost.

        Where fewer edits work already, only a cheaper design is of interest, or the first that keeps the chip, and the search may give up early.
        """
        hoping = bool(works)
        dearest = min((cost for cost, _, _ in works), default=float("inf"))
        any_chip = any("accelerator" not in change for _, _, change in works)
        passed, number = [], 0
        for change in changes:
            if self._out():
                self.complete = False
                break
            number += 1
            self.left -= 1
            cost, missed = self._known(change) if edits > 1 else (None, None)
            if hoping and (missed is not None or cost is not None and cost >= dearest and (any_chip or "accelerator" in change)):
                continue
            if missed is not None:
                self.ruled_out.append((missed, change))
                continue
            found = self._screened(change, keep=edits < self.max_edits)
            if found is not None and found[1] == (1 << len(self.goals)) - 1:
                passed.append((found[0], number, change))
        self.tried[edits] = number
        passed.sort(key=lambda item: item[:2])
        found: list[tuple[float, Change]] = []
        simulated = 0
        for cost, _, change in passed:
            if time.monotonic() > self.until or simulated >= SIMULATIONS:
                self.complete = self.complete and hoping
                break
            if hoping and simulated >= CHEAPER or any("accelerator" not in c for _, c in found):
                break
            if (found or hoping and cost >= dearest) and "accelerator" in change:  # sorted by cost: from here on only a change that keeps the chip says more
                continue
            if hoping and any_chip and cost >= dearest:
                break
            simulated += 1
            if self._works(change) and (edits == 1 or self._minimal(change)):
                found.append((cost, change))
        return found

    def _known(self, change: Change) -> tuple[float | None, int | None]:
        """What smaller changes tell of one: its cost, and a target that is missed for certain.

        A measure is as it was without the edits that cannot enter it.
        """
        missed = None
        for i, seen in self.seen_by:
            part = frozenset(item for item in change.items() if seen(item[0]))
            if len(part) < len(change) and (known := self.margins.get(part)) is not None and known[1][i] < -1e-9:
                missed = i
                break
        part = frozenset(item for item in change.items() if enters(self.cost_name, item[0]))
        known = self.margins.get(part) if len(part) < len(change) else None
        return known[0] if known is not None else None, missed

    def _screened(self, change: Change, *, keep: bool) -> tuple[float, int] | None:
        """Cost of a change and the targets that it meets by the screen, as bits; None where no such design exists."""
        ctx = self._context(change)
        if ctx is None:
            return None
        margins = tuple(fast_margin(ctx, t, self.limits.get(t.id)) for t in self.goals)
        mask = sum(1 << i for i, margin in enumerate(margins) if margin >= -1e-9)
        kept = self.masks.setdefault(mask, [])
        if len(kept) < CONFIRMED:
            kept.append(change)
        try:
            cost = cost_of(ctx)
        except NotKnown:
            cost = float("inf")
        if keep:
            self.margins[frozenset(change.items())] = (cost, margins)
        return cost, mask

    def _works(self, change: Change) -> bool:
        """Whether a change meets every target, simulation included; remembered."""
        key = frozenset(change.items())
        if key not in self.verdicts:
            ctx = self._context(change) if change else Context(self.entry, simulate=False)
            self.verdicts[key] = ctx is not None and self._feasible(Context(ctx.entry))
        return self.verdicts[key]

    def _minimal(self, change: Change) -> bool:
        """Whether every proper part of a change fails: an edit that is not needed is not offered."""
        parts = (dict(p) for size in range(1, len(change)) for p in itertools.combinations(change.items(), size))
        return not any(self._works(part) for part in parts)

    def _context(self, change: dict[str, Any]) -> Context | None:
        """The entry with a change and what follows from it; None where no such design exists."""
        try:
            values = consistent(self.entry.design, dict(change)) if self.brief.kind == "training" else dict(change)
            chip = values.get("accelerator")
            if chip and hasattr(self.entry.design, "migration_weeks") and self.brief.kind == "serving":
                values["migration_weeks"] = max(self.entry.design.migration_weeks, porting_weeks(chip))
            ctx = Context(replace(self.entry, design=replace(self.entry.design, **values)), simulate=False)  # values of the form are legal, and the estimate checks them again
            return None if ctx.refusal or physics_broken(ctx) else ctx
        except (BadInput, NotKnown):
            return None

    def _feasible(self, ctx: Context) -> bool:
        if ctx.refusal or physics_broken(ctx) or not screened(ctx, self.skip):
            return False
        return not self._hopeless(ctx, self.strictest) and all(held(ctx, t).met is True for t in self.strictest)

    def _hopeless(self, ctx: Context, goals: Sequence[Target]) -> bool:
        """Whether a run that stops early tells that the strictest of the simulated goals is missed."""
        strictest = next((t for t in self.strictest if t in goals and t.measure in SIMULATED and t.id in self.limits), None)
        return strictest is not None and sure_to_miss(ctx, limit_s=float(self.limits[strictest.id]), lost=SIMULATED[strictest.measure])

    def _told(self, works: list[tuple[float, int, Change]], proved: bool) -> Repairs:
        fewest_edits = min((edits for _, edits, _ in works), default=0)
        names = tuple(t.label for t in self.goals)
        if not works:
            return Repairs(None, None, None, self.tried, proved and self.complete, self._conflict() if self.complete else (), complete=self.complete, goals=names)
        near = [w for w in works if w[1] <= fewest_edits + 1]
        fewest = min((w for w in works if w[1] == fewest_edits), key=lambda w: w[0])
        kept = [w for w in works if "accelerator" not in w[2]]
        return Repairs(
            self._repair(fewest), self._repair(min(near, key=lambda w: w[0])), self._repair(min(kept, key=lambda w: (w[1], w[0]))) if kept else None,
            self.tried, proved, complete=self.complete, goals=names,
        )

    def _repair(self, found: tuple[float, int, dict[str, Any]]) -> Repair:
        cost, edits, change = found
        before, after = Context(self.entry), Context(self._context(change).entry)
        known = knobs(type(self.entry.design))
        full = {k: getattr(after.design, k) for k in known if getattr(after.design, k) != getattr(self.entry.design, k)}
        rows = [
            {"label": spoken(known[k].label), "field": k, "before": getattr(self.entry.design, k), "after": v,
             "before_shown": shown(getattr(self.entry.design, k)), "after_shown": shown(v)}
            for k, v in full.items()
        ]
        for target in self.goals:
            old, new = held(before, target), held(after, target)
            rows.append({"label": target.label, "field": "", "before": plain(old.yours), "after": plain(new.yours), "before_shown": old.yours_shown, "after_shown": new.yours_shown, "met": new.met})
        return Repair(full, edits, tuple(rows), cost, cost_measure(self.brief)[1])

    def _conflict(self) -> tuple[str, ...]:
        """Requirements that cannot be met together by what was tried, none to spare: locks first, then targets.

        A deletion filter: each requirement is left out in turn and stays out if the rest still cannot be met.
        """
        if not self.explain:
            return ()
        locks = self._locks_in_the_way() if self.lock else ()
        needed = list(self.goals)
        for goal in self.goals:
            rest = [t for t in needed if t is not goal]
            if rest and not self._meets(rest) and not self._meets_late(rest):
                needed = rest
        return (*(f"{spoken(knobs(self.brief.design_class)[name].label)} as it is" for name in locks), *(spoken(t.label) for t in needed))

    def _meets(self, goals: list[Target]) -> bool:
        """Whether some tried change meets these targets; the screen may pass too much, so a few are simulated."""
        want = sum(1 << i for i, t in enumerate(self.goals) if t in goals)
        passing = [change for mask, changes in sorted(self.masks.items()) if mask & want == want for change in changes]
        if all(not t.fast for t in goals):
            return bool(passing)
        for change in passing[: 3 * CONFIRMED]:
            ctx = Context(self._context(change).entry)
            if not self._hopeless(ctx, goals) and all(held(ctx, t).met is True for t in goals):
                return True
        return len(passing) > 3 * CONFIRMED

    def _meets_late(self, goals: list[Target]) -> bool:
        """The same among the changes that were ruled out for another target, estimated now, as many as it takes."""
        left, self.ruled_out = self.ruled_out, []
        found = False
        for number, (missed, change) in enumerate(left):
            if found or self.goals[missed] in goals:
                self.ruled_out.append((missed, change))
                continue
            self._screened(change, keep=False)
            found = number % LATE == 0 and self._meets(goals)
        return found or self._meets(goals)

    def _locks_in_the_way(self) -> tuple[str, ...]:
        """Of the locked fields those without which a repair would be found; none when it would not be found without any."""

        def opens(lock: tuple[str, ...]) -> bool:
            search = _Search(self.brief, self.entry, lock, min(self.max_edits, 2), None, EVALUATIONS // 10)
            search.explain = False
            return search.run().fewest is not None

        movable = tuple(name for name in self.lock if name in self.brief.decides and name not in NEVER)
        if not movable or not opens(()):
            return ()
        needed = list(movable)
        for name in movable:
            rest = tuple(n for n in needed if n != name)
            if not opens(rest):
                needed.remove(name)
        return tuple(needed)

callable_module(__name__)
