"""What a worker does: read one file, grade one hand-in, and reduce a review to the facts that a class is counted by.

Everything here is a function of its arguments, so that it may run in this process, in a pool or on a cluster, and
give the same. A score is computed from the design and never read from a file; a row without a score is not a zero.
"""

from __future__ import annotations

import hashlib
import json
import signal
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from hwlib.errors import BadInput
from tutor import strict, tickets
from tutor.facts import facts
from tutor.intake import Item
from tutor.payloads import payloads
from tutor.submission import Submission, from_value, named

DEADLINE_S = 20.0


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


def candidates(items: Iterable[Item]) -> Iterator[Candidate]:
    """Every claim in every file; one file's trouble is that file's alone."""
    for item in items:
        if item.reason:
            yield Candidate(file=item.file, notebook=item.notebook, reason=item.reason)
            continue
        try:
            with deadline(DEADLINE_S):
                values = payloads(item.data, notebook=item.notebook)
        except BadInput as error:
            yield Candidate(file=item.file, notebook=item.notebook, reason=strict.clip(str(error)))
            continue
        except TooLong:
            yield Candidate(file=item.file, notebook=item.notebook, reason=f"took longer than {DEADLINE_S:.0f} s to read and was left")
            continue
        except Exception as error:  # a fault of ours must not cost the others their grades
            yield Candidate(file=item.file, notebook=item.notebook, reason=fault(error))
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
        return Candidate(**where, reason=fault(error))
    return Candidate(**where, student=read.student, brief=read.brief, submission=read)


def read(data: bytes, notebook: bool) -> list[dict[str, Any]]:
    """The claims of one file as plain values: who, which brief, and the payload or the reason why there is none."""
    item = Item(file="x.ipynb" if notebook else "x.json", data=data)
    made = []
    for one in candidates([item]):
        payload = one.submission.to_bytes() if one.submission else b""
        made.append({"place": one.place, "student": one.student, "brief": one.brief, "reason": one.reason,
                     "payload": payload.decode("utf-8"), "digest": hashlib.sha256(payload).hexdigest() if payload else "",
                     **(bases(payload) if payload else {"base": "", "lane": ""}),
                     "ticket": one.submission.ticket if one.submission else ""})
    return made


def bases(payload: bytes) -> dict[str, str]:
    """Two hashes: ``base`` of what is graded, whoever handed it in and with whichever versions, so that two equal
    hand-ins are graded once; ``lane`` of the design under its assumptions, which is what takes the time."""
    value = json.loads(payload)
    for name in ("student", "ticket", "made_with"):
        value.pop(name, None)
    design = {name: value.get(name) for name in ("brief", "design", "assumptions", "reasons")}
    return {name: hashlib.sha256(json.dumps(what, sort_keys=True).encode("ascii")).hexdigest() for name, what in (("base", value), ("lane", design))}


def work_of(base: str, given: Mapping[str, Any], *, repairs: bool) -> str:
    """The hash of all that a grade depends on but the grader."""
    return hashlib.sha256(json.dumps([base, dict(given), repairs], sort_keys=True).encode("ascii")).hexdigest()


def assess(payload: str, given: Mapping[str, Any] | None = None, repairs: bool = True) -> dict[str, Any]:
    """Grade a payload that has passed the gate, under the numbers of its ticket where it has one.

    ``body`` is the review as packed JSON and ``facts`` what a class is counted by; ``reason`` stands instead of both.
    """
    try:
        with deadline(DEADLINE_S):
            handed = from_value(strict.parse(payload.encode("utf-8")))
            if given:
                handed = replace(handed, entry=tickets.under(handed.entry, given))
            body = grade(handed, repairs=repairs)
            told = json.dumps(body, ensure_ascii=False, sort_keys=True, allow_nan=False)
            return {"body": zlib.compress(told.encode("utf-8"), 1), "facts": json.dumps(facts(body), ensure_ascii=False, sort_keys=True), "reason": ""}
    except BadInput as error:
        return {"reason": strict.clip(str(error))}
    except TooLong:
        return {"reason": f"took longer than {DEADLINE_S:.0f} s to grade and was left"}
    except Exception as error:
        return {"reason": fault(error)}


def warm() -> None:
    """Load what grading and its pages need, so that a process that is forked from this one has it."""
    from importlib import import_module

    from tutor import best, briefs, review

    for name in ("dialogue.memo", "repair", "report.pages", "rules"):
        import_module(f"tutor.{name}")
    for id in briefs.brief_ids():
        entry = best.best_entry(id)
        if entry is not None:
            review.review(id, replace(entry, rationale=briefs.brief(id).reference_rationale))


def grade(submission: Submission, *, repairs: bool = True) -> dict[str, Any]:
    """The tutor's review of a hand-in as plain values, with the single change that would repair it where one does.

    All single changes are tried, however long it takes: a time limit would make a report depend on the machine.
    """
    from tutor.context import context
    from tutor.repair import repair
    from tutor.review import earned, review

    found = review(submission.brief, submission.entry)
    body = found.as_dict()
    if repairs and any(target.met is False for target in found.targets):
        shared = context(submission.entry).shared  # no text and no prediction changes what repairs a design
        try:
            if "repair" not in shared:
                shared["repair"] = repair(submission.brief, submission.entry, max_edits=1, seconds=None)
            fixed = shared["repair"]
            body["repair"] = fixed.as_dict()
            body["earns"] = earned(submission.entry, fixed, found.score, found.criteria)
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


def fault(error: BaseException) -> str:
    """A reason that takes the blame."""
    return strict.clip(f"the tutor failed on it, which is our fault and not the learner's ({type(error).__name__}: {error})")
