"""From claims to rows: which hand-in counts, what it earns, and why the rest has no score.

At most one row of a student and brief has a score. What cannot be graded, and what never came, is blank: not a zero.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from itertools import groupby
from typing import Any

from hwlib.errors import BadInput
from hwlib.units import show
from tutor import grading, strict, tickets
from tutor.gradebook import Gradebook, ordered
from tutor.policy import Policy
from tutor.pool import Lost, Task
from tutor.roster import Alike, Roster
from tutor.rows import GRADED, LATE, MISSING, SUPERSEDED, UNGRADABLE, Claim, Row
from tutor.scoring import CAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the instructor said about the class."""

    policy: Policy = field(default_factory=Policy)
    roster: Roster = field(default_factory=Roster)
    key: bytes = b""
    repairs: bool = True
    texts: Mapping[str, str] = field(default_factory=dict)
    """The files that this came from, so that a regrade needs them no more. Never the key."""


class Ledger:
    """One run: the claims of a batch, decided under a course."""

    def __init__(self, book: Gradebook, course: Course, batch: int) -> None:
        self.book, self.course, self.batch = book, course, batch
        self.failed: dict[str, str] = {}
        """Work that ended without a score → why."""
        self.warnings: list[str] = []
        """What a person should look at; whole when the rows are through."""
        self.readable = False
        """Whether any file held a sound hand-in."""

    def plan(self) -> int:
        """Note the gradings that are still to do: how many."""
        def missing() -> Iterator[tuple[str, str, str, str]]:
            for group in self._groups():
                work, given, reason = self._work(group[0])
                if work and not reason and self.book.facts(work) is None:
                    yield group[0].lane, work, group[0].digest, json.dumps(dict(given), sort_keys=True)

        return self.book.plan(missing())

    def tasks(self) -> Iterator[Task]:
        """The gradings that were noted, equal designs next to each other."""
        for lane, work, _, given, payload in self.book.planned():
            yield Task(work, grading.assess, (payload, json.loads(given), self.course.repairs), lane)

    def graded(self, work: str, result: Any) -> None:
        """Take in what a worker found."""
        if isinstance(result, Lost):
            self.failed[work] = result.reason
        elif result["reason"]:
            self.failed[work] = result["reason"]
        else:
            self.book.keep(work, result["body"], result["facts"])

    def rows(self) -> Iterator[Row]:
        """Every row: by student, then brief, the one that counts first; also those of whom nothing came."""
        overrides = self.book.overrides()
        alike, folders = Alike(self.course.roster.people), []
        for group in self._with_missing():
            if isinstance(group, tuple):
                yield self._missing(*group, overrides.get(group, {}))
                continue
            first = group[0]
            alike.add(first.student)
            different = _different(group)
            homes = {claim.file.rpartition("/")[0] for claim in different if claim.sound}
            if len(homes) > 1 and first.student and first.brief:
                folders.append(f"{first.brief} by {first.student} was handed in from {len(homes)} folders with different content. Look whose it is.")
            self.readable = self.readable or first.sound
            yield self._row(first, overrides.get((first.student, first.brief), {}))
            yield from map(lambda claim, first=first: _superseded(claim, first), different[1:])
        self.warnings[:] = [*alike.warnings(), *folders]

    def _groups(self) -> Iterator[list[Claim]]:
        """The claims of a student and brief, the one that counts first; what does not name both stands alone.

        A sound one counts before a refused one, a sidecar before a notebook, then the last by name and place.
        """
        for named, group in groupby(self.book.claims(self.batch), key=lambda c: (c.student, c.brief) if c.student and c.brief else None):
            if named is None:
                yield from ([claim] for claim in group)
            else:
                yield sorted(reversed(list(group)), key=lambda c: (not c.sound, c.notebook))

    def _with_missing(self) -> Iterator[list[Claim] | tuple[str, str]]:
        """The groups, and between them student and brief of whatever is expected and never came.

        What is expected the policy says; else it is the one brief that the class answers, or of several any one.
        """
        expected = self.course.policy.expected or self.book.briefs(self.batch)
        any_one = len(expected) > 1 and not self.course.policy.expected
        briefs = ("",) if any_one or not expected else sorted(expected)
        people = sorted(self.course.roster.people, key=ordered)
        wanted = (((ordered(student), brief or "\uffff", 1), (student, brief)) for student in people for brief in briefs)
        came = (((ordered(group[0].student), group[0].brief, 0), group) for group in self._groups())
        before: tuple[str, str] = ("", "")
        for key, what in merge(came, wanted, key=lambda pair: pair[0]):
            there = before[0] == key[0] if key[1] == "\uffff" else before == key[:2]
            if isinstance(what, list) or not there:
                yield what
            before = key[0], key[1]

    def _work(self, claim: Claim) -> tuple[str, Mapping[str, Any], str]:
        """The key of a claim's grading and its ticket's numbers; or why it is not graded."""
        if not claim.sound:
            return "", {}, claim.reason
        roster = self.course.roster
        if roster.people and claim.student not in roster.people:
            return "", {}, f"student = {claim.student!r} is not on the roster{roster.nearest(claim.student)}"
        given: Mapping[str, Any] = {}
        if self.course.key:
            try:
                given = tickets.check(self.course.key, claim.ticket, claim.student, claim.brief, received=roster.when(claim.student, claim.brief),
                                      seen=datetime.fromisoformat(self.book.seen(claim.digest)), others=roster.people).given
            except BadInput as error:
                return "", {}, str(error)
        return grading.work_of(claim.base, given, repairs=self.course.repairs), given, ""

    def _missing(self, student: str, brief: str, overrides: Mapping[str, tuple[float, str]]) -> Row:
        return self._blank({"student": student, "brief": brief}, MISSING, "nothing was handed in", overrides)

    def _blank(self, base: Mapping[str, Any], state: str, reason: str, overrides: Mapping[str, tuple[float, str]]) -> Row:
        """A row without a score, unless the policy or the instructor says one."""
        computed = self.course.policy.blank.get(state)
        whole = overrides.get("")
        return Row(**base, state=state, reason=strict.clip(reason), score=whole[0] if whole else computed, overridden={"": (computed, whole[1])} if whole else {})

    def _row(self, claim: Claim, overrides: Mapping[str, tuple[float, str]]) -> Row:
        work, given, reason = self._work(claim)
        found = self.book.facts(work) if work else None
        when = self.course.roster.when(claim.student, claim.brief)
        base = {"student": claim.student, "brief": claim.brief, "file": claim.file, "digest": claim.digest, "received": when.isoformat() if when else ""}
        if found is None:
            return self._blank(base, UNGRADABLE, reason or self.failed.get(work, "") or "its result was lost from the gradebook; run the command again", overrides)
        points = dict(found["criteria"])
        changed: dict[str, tuple[float | None, str]] = {name: (points[name], because) for name, (_, because) in overrides.items() if name in points}
        points |= {name: overrides[name][0] for name in changed}
        total = sum(points.values()) if changed else found["score"]
        raw = round(min(CAP, total) if found["capped"] else min(100.0, total), 1)
        cost, late = self.course.policy.lateness(when, self.course.policy.due_for(claim.brief, self.course.roster.extended(claim.student, claim.brief)))
        score = round(max(0.0, raw - cost), 1)
        if "" in overrides:
            changed[""] = (score, overrides[""][1])
            score = overrides[""][0]
        return Row(**base, state=LATE if late else GRADED, score=score, raw=raw, points=points, overridden=changed,
                   late=f"{late}, {show(cost)} off" if late else "", work=work, given=given)


def _superseded(claim: Claim, first: Claim) -> Row:
    why = f"{first.file} counts" if first.sound else f"{first.file} comes later, and cannot be used either"
    why += f"; this one could not be used: {claim.reason}" if claim.reason else ""
    return Row(student=claim.student, brief=claim.brief, state=SUPERSEDED, file=claim.file, digest=claim.digest, reason=strict.clip(why))


def _different(group: list[Claim]) -> list[Claim]:
    """The one that counts and those that are not the same hand-in once more, as a sidecar and its notebook should be."""
    return [claim for place, claim in enumerate(group) if not place or not claim.sound or claim.digest != group[0].digest]
