"""Gradescope, LTI score objects, nbgrader's CSV and a plain CSV: files made from the rows alone.

Gradescope (gradescope-autograders.readthedocs.io/en/latest/specs): a results.json has score, output, visibility and
tests with score, max_score, name and output; a score is needed "if not on each test case". So a hand-in that cannot be
graded has neither, which Gradescope shows as an autograder without a result and never as 0; `gradable` says so in a word
(PrairieLearn reads the same one).

AGS (1EdTech Assignment and Grade Services 2.0, the score object): userId, timestamp, activityProgress and
gradingProgress are required, scoreMaximum with every scoreGiven. PendingManual asks for a person; Failed says that
grading could not complete. A platform ignores a score object that is not later than the last one.

nbgrader (CsvExportPlugin in nbgrader/plugins/export.py): the same columns in the same order. nbgrader writes 0.0 for
what it does not have, and quotes nothing; here a blank stays a blank and a comma in a name does no harm.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tutor.output import criteria, safe
from tutor.roster import Person
from tutor.rows import Row

NBGRADER = ("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score", "late_submission_penalty", "score", "max_score")
OURS = ("our fault", "took longer than", "the process that worked on it")
"""Reasons that lie with the grader and not with the hand-in."""


def gradescope(row: Row, review: Mapping[str, Any] | None) -> dict[str, Any]:
    """One results.json."""
    seen = {"output_format": "text", "visibility": "visible", "stdout_visibility": "hidden",
            "extra_data": {"student": row.student, "brief": row.brief, "state": row.state, "hand_in": row.digest[:12]}}
    if row.score is None:
        return {"gradable": False, "output": f"There is no score, which is not a zero: {row.reason}", "tests": [], **seen}
    said = [review["headline"]] if review else []
    said += [f"Late: {row.late}."] if row.late else []
    said += [f"{name or 'score'} was set by the instructor: {why}." for name, (_, why) in sorted(row.overridden.items())]
    why = {c["id"]: c["why"] for c in review["criteria"]} if review else {}
    most = {c["id"]: c["of"] for c in review["criteria"]} if review else {}
    tests = [{"name": name, "score": row.points[id], "max_score": most[id], "output": why[id], "output_format": "text", "visibility": "visible"}
             for id, name in criteria().items() if id in row.points and id in most]
    return {"gradable": True, "score": row.score, "output": "\n".join(said), "tests": tests, **seen}


def ags(rows: Iterable[Row], *, at: Callable[[Row], datetime], users: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The score objects in the order of the rows. ``users`` gives the platform's own ids; without it the student's id stands."""
    for row in rows:
        when = at(row).astimezone(UTC)
        made: dict[str, Any] = {"userId": users.get(row.student, row.student), "timestamp": stamp(when)}
        if row.received:
            made["submission"] = {"submittedAt": stamp(datetime.fromisoformat(row.received))}
        if row.score is not None:
            yield made | {"scoreGiven": row.score, "scoreMaximum": 100, "activityProgress": "Completed", "gradingProgress": "FullyGraded"} | ({"comment": f"Late: {row.late}"} if row.late else {})
        elif row.state == "missing":
            yield made | {"activityProgress": "Initialized", "gradingProgress": "NotReady"}  # for whoever wants to send it: the command leaves it out
        else:
            how = "Failed" if any(word in row.reason for word in OURS) else "PendingManual"
            yield made | {"activityProgress": "Submitted", "gradingProgress": how, "comment": f"There is no score, which is not a zero: {row.reason}"}


def stamp(when: datetime) -> str:
    """A time as the services want it: ISO 8601, a time zone, milliseconds.

    >>> stamp(datetime(2027, 1, 31, 23, 59, tzinfo=UTC))
    '2027-01-31T23:59:00.000Z'
    """
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}Z"


def later(row: Row, run: int, otherwise: datetime) -> datetime:
    """When a score was made, so that the same run gives the same file and a later run a later time: receipt and the run's number in milliseconds."""
    return datetime.fromisoformat(row.received) + timedelta(milliseconds=run) if row.received else otherwise


def nbgrader(rows: Iterable[Row], people: Mapping[str, Person], due: Callable[[Row], datetime | None]) -> Iterator[str]:
    """nbgrader's grades.csv, line by line."""
    yield _line(NBGRADER)
    for row in rows:
        person = people.get(row.student, Person(student=row.student))
        last, first = names(person.name)
        penalty = "" if row.score is None else max(0.0, round((row.raw if row.raw is not None else row.score) - row.score, 2))
        yield _line((row.brief, _local(due(row)), _local(datetime.fromisoformat(row.received) if row.received else None), row.student, safe(last), safe(first), safe(person.email),
                     "" if row.score is None else row.raw if row.raw is not None else row.score, penalty, "" if row.score is None else row.score, 100.0))


def names(name: str) -> tuple[str, str]:
    """Last and first name.

    >>> names("Lovelace, Ada"), names("Ada King Lovelace"), names("")
    (('Lovelace', 'Ada'), ('Lovelace', 'Ada King'), ('', ''))
    """
    if "," in name:
        last, _, first = name.partition(",")
        return last.strip(), first.strip()
    first, _, last = name.strip().rpartition(" ")
    return last, first


def _local(when: datetime | None) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if when else ""


def _line(cells: Iterable[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def as_json(items: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """A JSON list, one object a line, so that a long one can be streamed."""
    first = True
    for item in items:
        yield (b"[\n" if first else b",\n") + json.dumps(item, ensure_ascii=False, sort_keys=True, allow_nan=False).encode("utf-8")
        first = False
    yield b"[]\n" if first else b"\n]\n"
