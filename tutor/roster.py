"""Who is in the class and when their work came in: a CSV file of the instructor's own.

Times of receipt come from here or from the learning platform's export, never from a hand-in or from a file's date.
"""

from __future__ import annotations

import csv
import difflib
import io
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from hwlib.errors import BadInput, listed
from tutor import strict
from tutor.briefs import brief_ids

MAX_BYTES = 16 * 2**20
NAMES = {"student": ("student_id", "student id", "sis user id", "student", "id", "username", "user", "sid"), "name": ("name", "full name", "student name"),
         "email": ("email", "email address", "e-mail"), "received": ("received", "submitted", "submitted_at", "submission time", "timestamp"),
         "brief": ("brief", "assignment"), "until": ("until", "extension", "extended until")}
"""How the columns may be called, in any case; the first name that is there counts."""


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

    def nearest(self, student: str) -> str:
        """Who on the roster was perhaps meant, in words that end a sentence; empty when nobody comes near."""
        look = skeleton(student)
        twin = next((other for other in self.people if skeleton(other) == look), "")
        if twin:
            return f"; it looks like {twin!r}, who is"
        found = difflib.get_close_matches(student, list(self.people)[:5000], n=1, cutoff=0.75)
        return f"; the nearest there is {found[0]!r}" if found else ""

    def merged(self, other: Roster) -> Roster:
        return Roster(people=self.people | other.people, received=self.received | other.received, until=self.until | other.until)


_LOOKS = str.maketrans({
    "0": "o", "1": "l", "i": "l", "|": "l", "ı": "l", "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x", "ѕ": "s", "і": "l",
    "ј": "j", "ԁ": "d", "һ": "h", "к": "k", "м": "m", "т": "t", "в": "b", "н": "h", "α": "a", "ο": "o", "ν": "v", "ρ": "p", "τ": "t", "υ": "u", "ι": "l", "κ": "k",
})  # fmt: skip
"""Characters that are read as another: of ASCII, Cyrillic and Greek, after Unicode's table of confusables (UTS 39)."""


def skeleton(name: str) -> str:
    """What a name looks like: two names with the same skeleton are hard to tell apart by eye.

    >>> skeleton("S-1O") == skeleton("s-l0") == skeleton("\u0455-10"), skeleton("s-2") == skeleton("s-3")
    (True, False)
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return plain.casefold().translate(_LOOKS).replace("rn", "m").replace("vv", "w")


class Alike:
    """Looks for ids that are not the same and look it."""

    def __init__(self, names: Iterable[str]) -> None:
        self.seen: dict[str, str] = {}
        self.twins: dict[str, set[str]] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        if not name:
            return
        look = skeleton(name)
        first = self.seen.setdefault(look, name)
        if first != name:
            self.twins.setdefault(look, {first}).add(name)

    def warnings(self) -> list[str]:
        """A sentence for each group of twins.

        >>> alike = Alike(["s-10", "S-10", "s-2"])
        >>> alike.warnings()
        ['The ids S-10 and s-10 differ in nothing but capitals. Look whether they are one student.']
        """
        told = []
        for group in sorted(map(sorted, self.twins.values())):
            how = "differ in nothing but capitals" if len({name.casefold() for name in group}) == 1 else "look alike and are not the same"
            told.append(f"The ids {listed([strict.visible(name) for name in group])} {how}. Look whether they are one student.")
        return told


def text_of(path: Path) -> str:
    """The text of a CSV file of the instructor's."""
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
    except OSError as error:
        raise BadInput(f"{path}: {(error.strerror or 'cannot be read').lower()}", field="file") from None
    if not data.strip():
        raise BadInput(f"{path.name} is empty or larger than {MAX_BYTES:,} bytes", field="file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path.name} is not UTF-8 text; save it as UTF-8", field="file") from None


def table(text: str, where: str) -> list[dict[str, str]]:
    """The rows of a CSV text with a head; one sentence for what is not one."""
    try:
        first = text.partition("\n")[0]
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True))
    except csv.Error as error:
        raise BadInput(f"{where} is not a CSV file: {error}", field="file") from None


def read(path: Path, zone: tzinfo | None = None) -> Roster:
    """The roster in a CSV file: see `loads`."""
    return loads(text_of(path), zone, path.name)


def loads(text: str, zone: tzinfo | None = None, where: str = "the roster") -> Roster:
    """The roster in a CSV text with a column ``student``, and ``name``, ``email``, ``brief``, ``received`` and ``until`` where known."""
    rows = table(text, where)
    there = {head.strip().casefold(): head for head in reversed(list(rows[0])) if head} if rows else {}
    heads = {key: there[next(name for name in names if name in there)] for key, names in NAMES.items() if any(name in there for name in names)}
    if "student" not in heads:
        raise BadInput(f"{where} has no row, or no column that names the student; call it student", field="file")
    people: dict[str, Person] = {}
    received: dict[tuple[str, str], datetime] = {}
    until: dict[tuple[str, str], datetime] = {}
    for number, row in enumerate(rows, start=2):
        cells = {key: (row.get(head) or "").strip() for key, head in heads.items()}
        student = cells["student"]
        if not student:
            continue
        of = cells.get("brief", "")
        if of and of not in brief_ids():
            raise BadInput(f"{where}, line {number}: brief = {strict.clip(of, 60)!r} is not known; it can be {listed(brief_ids(), 'or')}, or empty for all", field="brief")
        if student in people and "brief" not in heads:
            raise BadInput(f"{where}, line {number}: {strict.clip(student, 80)} stands twice; keep one line a student", field="file")
        people[student] = Person(student=student, name=cells.get("name", ""), email=cells.get("email", ""))
        for column, found in (("received", received), ("until", until)):
            if cells.get(column):
                when = moment(cells[column], zone, f"{where}, line {number}, {column}")
                found[student, of] = max(when, found.get((student, of), when))  # of several attempts the last is the one handed in
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
