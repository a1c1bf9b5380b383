"""From claims to rows: which hand-in counts, what it earns, and why the rest has no score.

At most one row of a student and brief has a score. What cannot be graded, and what never came, is blank: not a zero.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from hwlib.errors import BadInput, listed
from hwlib.units import show
from tutor import grading, strict, tickets
from tutor.gradebook import Gradebook
from tutor.policy import Policy
from tutor.pool import Lost, Task
from tutor.roster import Roster
from tutor.scoring import CAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the grades, complete: it can be exported without anything else."""

    student: str
    brief: str
    state: str
    file: str = ""
    reason: str = ""
    score: float | None = None
    raw: float | None = None
    """The score before lateness, with the instructor's overrides."""
    points: Mapping[str, float] = field(default_factory=dict)
    """Criterion → points."""
    overridden: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    """Criterion, or "" for the whole → what was computed, and why the instructor changed it."""
    late: str = ""
    received: str = ""
    digest: str = ""
    work: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @staticmethod
    def of(text: str) -> Row:
        return Row(**json.loads(text))

    @property
    def scored(self) -> bool:
        return self.score is not None and bool(self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the instructor said about the class."""

    policy: Policy = field(default_factory=Policy)
    roster: Roster = field(default_factory=Roster)
    key: bytes = b""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    repairs: bool = True


class Ledger:
    """One run: the claims of a gradebook, decided under a course."""

    def __init__(self, book: Gradebook, course: Course) -> None:
        self.book, self.course = book, course
        self.failed: dict[str, str] = {}
        """Work that ended without a score → why."""
        self.warnings: list[str] = []
        self.readable = False
        """Whether any file held a sound hand-in."""

    def tasks(self) -> Iterator[Task]:
        """The gradings that are still to do, each once."""
        asked: set[str] = set()
        for group in self._groups():
            work, given, reason = self._work(group[0])
            if work and not reason and work not in asked and self.book.facts(work) is None:
                asked.add(work)
                yield work, grading.assess, (self.book.payload(group[0][5]), given, self.course.repairs)

    def graded(self, work: str, result: Any) -> None:
        """Take in what a worker found."""
        if isinstance(result, Lost):
            self.failed[work] = result.reason
        elif result["reason"]:
            self.failed[work] = result["reason"]
        else:
            self.book.keep(work, result["body"], result["facts"])

    def rows(self) -> Iterator[Row]:
        """Every row, by student and brief; then whoever is missing."""
        overrides = self.book.overrides()
        seen: set[tuple[str, str]] = set()
        briefs_seen: set[str] = set()
        folded: dict[str, set[str]] = {}
        self.warnings, folders = [], []
        for group in self._groups():
            student, brief, sound, *_ = group[0]
            if student:
                folded.setdefault(student.casefold(), set()).add(student)
            if student and brief:
                seen.add((student, brief))
                briefs_seen.add(brief)
                homes = {claim[3].rpartition("/")[0] for claim in _different(group) if claim[2]}
                if len(homes) > 1:
                    folders.append(f"{brief} by {student} was handed in from {len(homes)} folders with different content. Look whose it is.")
            self.readable = self.readable or bool(sound)
            yield self._row(group[0], overrides.get((student, brief), {}))
            yield from self._superseded(group)
        for group in folded.values():
            if len(group) > 1:
                self.warnings.append(f"The ids {listed(sorted(group))} differ in nothing but capitals. Look whether they are one student.")
        self.warnings += folders
        for brief in self.course.policy.expected or sorted(briefs_seen):
            for student in self.course.roster.people:
                if (student, brief) not in seen:
                    yield Row(student=student, brief=brief, state="missing", reason="nothing was handed in", score=self.course.policy.blank.get("missing"))

    def _groups(self) -> Iterator[list[tuple[Any, ...]]]:
        """The claims of a student and brief, the one that counts first; what names neither stands alone."""
        key: Callable[[tuple[Any, ...]], Any] = lambda c: (c[0], c[1]) if c[0] and c[1] else (c[3], c[4])  # noqa: E731
        for _, group in groupby(self.book.claimed(), key=key):
            yield list(group)

    def _work(self, claim: tuple[Any, ...]) -> tuple[str, Mapping[str, Any], str]:
        """The key of a claim's grading and its ticket's numbers; or why it is not graded."""
        student, brief, sound, _, _, _, base, ticket, reason = claim
        if not sound:
            return "", {}, reason
        people = self.course.roster.people
        if people and student not in people:
            return "", {}, f"student = {student!r} is not on the roster{_near(student, people)}"
        given: Mapping[str, Any] = {}
        if self.course.key:
            try:
                given = tickets.check(self.course.key, ticket, student, brief, received=self.course.roster.when(student, brief), now=self.course.now, others=people).given
            except BadInput as error:
                return "", {}, str(error)
        return grading.work_of(base, given, repairs=self.course.repairs), given, ""

    def _row(self, claim: tuple[Any, ...], overrides: Mapping[str, tuple[float, str]]) -> Row:
        student, brief, _, file, _, digest, *_ = claim
        work, given, reason = self._work(claim)
        found = self.book.facts(work) if work else None
        reason = reason or self.failed.get(work, "")
        when = self.course.roster.when(student, brief)
        base = {"student": student, "brief": brief, "file": file, "digest": digest, "received": when.isoformat() if when else ""}
        if found is None:
            reason = strict.clip(reason or "its result was lost from the gradebook; run the command again")
            whole = overrides.get("")
            score = whole[0] if whole else self.course.policy.blank.get("ungradable")
            return Row(**base, state="ungradable", reason=reason, score=score, overridden={"": (0.0, whole[1])} if whole else {})
        points = dict(found["criteria"])
        changed = {name: (points[name], because) for name, (_, because) in overrides.items() if name in points}
        points |= {name: overrides[name][0] for name in changed}
        total = sum(points.values()) if changed else found["score"]
        raw = round(min(CAP, total) if found["capped"] else min(100.0, total), 1)
        cost, late = self.course.policy.lateness(when, self.course.policy.due_for(brief, self.course.roster.extended(student, brief)))
        score = round(max(0.0, raw - cost), 1)
        if "" in overrides:
            changed[""] = (score, overrides[""][1])
            score = overrides[""][0]
        return Row(**base, state="late" if late else "graded", score=score, raw=raw, points=points, overridden=changed,
                   late=f"{late}, {show(cost)} off" if late else "", work=work, given=given)

    def _superseded(self, group: list[tuple[Any, ...]]) -> Iterator[Row]:
        first = group[0]
        for claim in _different(group)[1:]:
            student, brief, _, file, _, digest, _, _, reason = claim
            why = f"{first[3]} counts" if first[2] else f"{first[3]} comes later, and cannot be used either"
            why += f"; this one could not be used: {reason}" if reason else ""
            yield Row(student=student, brief=brief, state="superseded", file=file, digest=digest, reason=strict.clip(why))


def _different(group: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The one that counts and those that are not the same hand-in once more, as a sidecar and its notebook should be."""
    return [claim for place, claim in enumerate(group) if not place or not claim[5] or claim[5] != group[0][5]]


def _near(student: str, people: Iterable[str]) -> str:
    folded = {other.casefold(): other for other in people}
    found = folded.get(student.casefold()) or next(iter(difflib.get_close_matches(student, list(people)[:5000], n=1, cutoff=0.75)), "")
    return f"; the nearest there is {found!r}" if found else ""
