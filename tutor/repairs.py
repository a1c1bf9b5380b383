"""What a search for a repair found, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hwlib.errors import listed
from hwlib.units import show
from tutor.findings import plain


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
    """Requirements that no tried change meets together, none of them to spare: labels of targets, and of fields that
    were locked. Empty when a repair was found."""
    already: bool = False
    complete: bool = True
    """Whether everything up to the number of edits asked for was tried."""
    goals: tuple[str, ...] = ()

    def words(self) -> str:
        """One or two sentences: what was found, out of how many."""
        if self.already:
            return "The design meets its targets; there is nothing to repair."
        if self.fewest is None:
            return self._nothing()
        if self.fewest.edits == 1:
            singles = show(self.tried.get(1, 0))
            return f"One change meets the targets; {singles} were tried." if self.complete else f"One change meets the targets; {singles} tried so far."
        below = [f"single change works ({show(self.tried.get(1, 0))} tried)", f"pair does ({show(self.tried.get(2, 0))} tried)"][: self.fewest.edits - 1]
        proof = f"No {' and no '.join(below)}. " if self.proved_minimal else ""
        rest = "" if self.complete else " (I stopped before all of them were tried)"
        return f"{proof}These {self.fewest.edits} together do{rest}; without any one of them it breaks."

    def _nothing(self) -> str:
        names = {1: "single changes", 2: "pairs", 3: "triples"}
        counts = [f"{show(n)} {names[k]}" for k, n in self.tried.items() if n]
        said = f"None of {listed(counts, 'or')} that I tried works." if counts else "Nothing was left to change." if self.complete else "Nothing was tried."
        if self.conflict:
            said += (
                f" No change tried meets this target at all: {self.conflict[0]}." if len(self.conflict) == 1
                else f" No change tried meets these together: {listed(self.conflict)}. Relaxing one of them may be the question to put."
            )
        return said if self.complete else said + " I stopped at the limit of what I try."

    def as_dict(self) -> dict[str, Any]:
        def one(r: Repair | None) -> dict[str, Any] | None:
            return r.as_dict() if r else None

        return {
            "fewest": one(self.fewest), "cheapest": one(self.cheapest), "keep_chip": one(self.keep_chip),
            "tried": {str(k): v for k, v in self.tried.items()}, "proved_minimal": self.proved_minimal, "complete": self.complete,
            "conflict": list(self.conflict), "already": self.already, "goals": list(self.goals), "words": self.words(),
        }
