"""Who is in the class and when their work came in: a CSV file of the instructor's own.

Times of receipt come from here or from the learning platform's export, never from a hand-in or from a file's date.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from hwlib.errors import BadInput, listed
from tutor import strict

MAX_BYTES = 16 * 2**20
NAMES = {"student": ("student", "student_id", "id", "sis user id", "username", "user", "sid"), "name": ("name", "full name", "student name"),
         "email": ("email", "email address", "e-mail"), "received": ("received", "submitted", "submitted_at", "submission time", "timestamp"),
         "brief": ("brief", "assignment"), "until": ("until", "extension", "extended until")}
"""How the columns may be called, in any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One line of the roster."""

    student: str
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The class. Empty when none was given: then nobody is missing and nobody is unknown."""

    people: dict[str, Person] = field(default_factory=dict)
    received: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """Student and brief ("" for every brief) → when it came in."""
    until: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """Student and brief → the day to which the instructor extended it."""

    def when(self, student: str, brief: str) -> datetime | None:
        """When a hand-in came in; None when nobody said."""
        return self.received.get((student, brief), self.received.get((student, "")))

    def extended(self, student: str, brief: str) -> datetime | None:
        return self.until.get((student, brief), self.until.get((student, "")))

    def merged(self, other: Roster) -> Roster:
        return Roster(people=self.people | other.people, received=self.received | other.received, until=self.until | other.until)


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a head; one sentence for what is not one."""
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
    except OSError as error:
        raise BadInput(f"{path}: {(error.strerror or 'cannot be read').lower()}", field="file") from None
    if not data.strip():
        raise BadInput(f"{path.name} is empty or larger than {MAX_BYTES:,} bytes", field="file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path.name} is not UTF-8 text; save it as UTF-8", field="file") from None
    try:
        first = text.partition("\n")[0]
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True))
    except csv.Error as error:
        raise BadInput(f"{path.name} is not a CSV file: {error}", field="file") from None


def read(path: Path, zone: tzinfo | None = None) -> Roster:
    """The roster in a CSV file with a column ``student``, and ``name``, ``email``, ``brief``, ``received`` and ``until`` where known."""
    rows = table(path)
    heads = {} if not rows else {key: head for key, names in NAMES.items() for head in rows[0] if head and head.strip().casefold() in names}
    if "student" not in heads:
        raise BadInput(f"{path.name} has no column that names the student; call it {listed(NAMES['student'][:3], 'or')}", field="file")
    people: dict[str, Person] = {}
    received: dict[tuple[str, str], datetime] = {}
    until: dict[tuple[str, str], datetime] = {}
    for number, row in enumerate(rows, start=2):
        cells = {key: (row.get(head) or "").strip() for key, head in heads.items()}
        student = cells["student"]
        if not student:
            continue
        known = people.get(student)
        if known and "brief" not in heads:
            raise BadInput(f"{path.name}, line {number}: {strict.clip(student, 80)} stands twice", field="file")
        people[student] = Person(student=student, name=cells.get("name", ""), email=cells.get("email", ""))
        for column, found in (("received", received), ("until", until)):
            if cells.get(column):
                found[student, cells.get("brief", "")] = moment(cells[column], zone, f"{path.name}, line {number}, {column}")
    return Roster(people=people, received=received, until=until)


def moment(text: str, zone: tzinfo | None, where: str) -> datetime:
    """A time that says where it was: with an offset of its own, or in the policy's time zone.

    >>> moment("2027-01-31T23:59:00+01:00", None, "received").isoformat()
    '2027-01-31T22:59:00+00:00'
    >>> moment("2027-01-31 23:59", None, "received")
    Traceback (most recent call last):
    hwlib.errors.BadInput: received = '2027-01-31 23:59' has no time zone; add an offset such as +01:00, or time_zone to the policy
    """
    try:
        made = datetime.fromisoformat(text.strip().replace(" UTC", "+00:00"))
    except ValueError:
        raise BadInput(f"{where} = {strict.clip(text, 60)!r} is not a time; write it as 2027-01-31T23:59:00+01:00", field="received") from None
    if made.tzinfo is None:
        if zone is None:
            raise BadInput(f"{where} = {text!r} has no time zone; add an offset such as +01:00, or time_zone to the policy", field="received")
        made = made.replace(tzinfo=zone)
    return made.astimezone(UTC)
