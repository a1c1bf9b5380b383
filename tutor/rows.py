"""The lines of a gradebook as the exports and the reports read them: rows, runs, and the claims they were decided from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

GRADED, LATE, UNGRADABLE, MISSING, SUPERSEDED = STATES = ("graded", "graded late", "ungradable", "missing", "superseded")
"""What a row can be. Only the first two have a score of their own; the others are blank, never 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the grades, complete: it can be exported without anything else."""

    student: str
    brief: str
    state: str
    file: str = ""
    reason: str = ""
    score: float | None = None
    """What counts, after overrides and lateness; None is a blank."""
    raw: float | None = None
    """The score before lateness, with the instructor's overrides."""
    points: Mapping[str, float] = field(default_factory=dict)
    """Criterion → points."""
    overridden: Mapping[str, tuple[float | None, str]] = field(default_factory=dict)
    """Criterion, or "" for the whole → what was computed (None: nothing), and why the instructor changed it."""
    late: str = ""
    received: str = ""
    """When it came in, as ISO 8601 in UTC; empty when nobody said."""
    digest: str = ""
    """The hand-in's hash: `Gradebook.handed` gives it back."""
    work: str = ""
    """The review's hash: `Gradebook.review` gives it back."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """The numbers of the student's ticket, where there was one."""

    def text(self) -> str:
        return json.dumps({name: getattr(self, name) for name in _NAMES}, ensure_ascii=False)

    @staticmethod
    def of(text: str) -> Row:
        return Row(**json.loads(text))

    @property
    def scored(self) -> bool:
        """Whether the score comes from a hand-in and not from a policy."""
        return self.score is not None and bool(self.work)


_NAMES = tuple(sorted(one.name for one in fields(Row)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One pass over a class: which rows it wrote and what graded them."""

    number: int
    kind: str
    """"validate" or "regrade"."""
    rubric: str
    hwlib: str
    catalogue: str
    versions: str
    settings: Mapping[str, Any]
    warnings: tuple[str, ...] = ()
    grader: int = 0
    batch: int = 0
    print: str = ""
    """The hash of all rows: two runs with the same one say the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One hand-in of one file, or the reason why there is none."""

    student: str
    brief: str
    file: str
    place: int = 0
    notebook: bool = False
    digest: str = ""
    """Empty when it did not pass the gate."""
    base: str = ""
    """The hash of all that its grade depends on but the ticket."""
    lane: str = ""
    """The hash of the design and its assumptions: what equals in it shares the computing."""
    ticket: str = ""
    reason: str = ""

    @property
    def sound(self) -> bool:
        return bool(self.digest)
