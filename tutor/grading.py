"""From candidates to rows: which hand-in counts, what it earns, and why the rest has no score.

A score is computed here, from the design, and never read from a file. What cannot be graded stays blank: a row
without a score and with a reason is not a zero.
"""

from __future__ import annotations

import signal
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from hwlib.errors import BadInput
from tutor import strict
from tutor.gradebook import Gradebook
from tutor.intake import Item, natural
from tutor.payloads import payloads
from tutor.submission import Submission, from_value, named

DEADLINE_S = 20.0
State = Literal["graded", "ungradable", "superseded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One claim to be a hand-in: read, or refused with a reason."""

    file: str
    place: int = 0
    notebook: bool = False
    student: str = ""
    brief: str = ""
    submission: Submission | None = None
    reason: str = ""

    def rank(self) -> tuple[Any, ...]:
        """The highest counts: a sound one before a refused one, the sidecar before a notebook, then the last by name and place."""
        return (self.submission is not None, not self.notebook, natural(self.file), self.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the grades: at most one of a student and brief is graded."""

    student: str
    brief: str
    state: State
    file: str
    reason: str = ""
    score: float | None = None
    body: dict[str, Any] = field(default_factory=dict)
    submission: Submission | None = None


def candidates(items: Iterable[Item]) -> Iterator[Candidate]:
    """Every claim in every file; one file's trouble is that file's alone."""
    for item in items:
        if item.reason:
            yield Candidate(file=item.file, notebook=item.notebook, reason=item.reason)
            continue
        try:
            values = payloads(item.data, notebook=item.notebook)
        except BadInput as error:
            yield Candidate(file=item.file, notebook=item.notebook, reason=strict.clip(str(error)))
            continue
        except Exception as error:  # a fault of ours must not cost the others their grades
            yield Candidate(file=item.file, notebook=item.notebook, reason=_fault(error))
            continue
        for place, value in enumerate(values):
            yield _candidate(item, place, value)


def _candidate(item: Item, place: int, value: Any) -> Candidate:
    where = {"file": item.file, "place": place, "notebook": item.notebook}
    try:
        read = from_value(value)
    except BadInput as error:
        student, brief = named(value)
        return Candidate(**where, student=student, brief=brief, reason=strict.clip(str(error)))
    except Exception as error:
        return Candidate(**where, reason=_fault(error))
    return Candidate(**where, student=read.student, brief=read.brief, submission=read)


def rows(found: Iterable[Candidate], book: Gradebook, *, repairs: bool = True, progress: Any = None) -> list[Row]:
    """The lines of the grades, sorted by student, brief and file; without ``repairs`` no repair is searched."""
    groups: dict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    for one in found:
        key = (one.student, one.brief) if one.student and one.brief else ("", "", one.file, str(one.place))
        groups[key].append(one)
    made: list[Row] = []
    for done, key in enumerate(sorted(groups), start=1):
        made += _group(sorted(groups[key], key=Candidate.rank), book, repairs)
        if progress:
            progress(done, len(groups))
    return sorted(made, key=lambda row: (natural(row.student), row.brief, row.state, natural(row.file), row.reason))


def _group(ranked: list[Candidate], book: Gradebook, repairs: bool) -> list[Row]:
    *others, last = ranked
    made = [_row(last, book, repairs)]
    digest = last.submission.digest if last.submission else ""
    for other in others:
        if other.submission and other.submission.digest == digest:
            continue  # the sidecar and the notebook hold the same hand-in, as they should
        reason = f"{last.file} counts" if last.submission else f"{last.file} comes later, and cannot be used either"
        reason += f"; this one could not be used: {other.reason}" if other.reason else ""
        made.append(Row(student=other.student, brief=other.brief, state="superseded", file=other.file, reason=strict.clip(reason), submission=other.submission))
    return made


def _row(one: Candidate, book: Gradebook, repairs: bool) -> Row:
    base = {"student": one.student, "brief": one.brief, "file": one.file, "submission": one.submission}
    if one.submission is None:
        return Row(**base, state="ungradable", reason=one.reason)
    key = one.submission.digest + ("" if repairs else ", no repairs")
    body = book.find(key)
    if body is None:
        try:
            with deadline(DEADLINE_S):
                body = grade(one.submission, repairs=repairs)
        except BadInput as error:
            return Row(**base, state="ungradable", reason=strict.clip(str(error)))
        except TooLong:
            return Row(**base, state="ungradable", reason=f"took longer than {DEADLINE_S:.0f} s to grade and was left")
        except Exception as error:
            return Row(**base, state="ungradable", reason=_fault(error))
        body = book.keep(key, body)
    return Row(**base, state="graded", score=body["score"], body=body)


def grade(submission: Submission, *, repairs: bool = True) -> dict[str, Any]:
    """The tutor's review of a hand-in as plain values, with the single change that would repair it where one does.

    All single changes are tried, however long it takes: a time limit would make a report depend on the machine.
    """
    import tutor

    body = tutor.review(submission.brief, submission.entry).as_dict()
    if repairs and any(target["met"] is False for target in body["targets"]):
        try:
            body["repair"] = tutor.repair(submission.brief, submission.entry, max_edits=1, seconds=None).as_dict()
        except BadInput:
            body["repair"] = None  # a design that cannot be computed has no neighbourhood to search
    return body


class TooLong(BaseException):
    """Past the deadline. Not an `Exception`, so that no careful handler on the way swallows it."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Give up on the block after some seconds. Needs the main thread of a Unix process; elsewhere the limits of the
    designs' fields alone bound the work."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _fault(error: Exception) -> str:
    return strict.clip(f"the tutor failed on it, which is our fault and not the learner's ({type(error).__name__}: {error})")
