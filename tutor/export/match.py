"""Whose line is it: students of the gradebook and lines of the instructor's own file, matched or refused by name.

An id or an address decides, then what stands before the @ of an address; a name decides only where the roster knows it
and nobody else has it. Nothing is guessed:
two lines for one student, or two students for one line, stop the export.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from hwlib.errors import BadInput
from tutor import strict
from tutor.roster import Person

LISTED = 5


def lines(students: Iterable[str], people: Mapping[str, Person], ids: Sequence[Sequence[str]], names: Sequence[str], *, file: str) -> dict[str, int]:
    """Student → the place of the line that is theirs.

    ``ids`` holds the ids and addresses of each line, ``names`` its name. Raises `BadInput` when a match is not the
    only one.

    >>> lines(["s-1", "s-2"], {}, [["S-1"], ["7", "s-2"]], ["", ""], file="x.csv")
    {'s-1': 0, 's-2': 1}
    """
    exact, folded, logins, called = _index(ids, str.strip), _index(ids, _folded), _index(ids, _login), _index([[name] for name in names], _name)
    found: dict[str, int] = {}
    trouble: list[str] = []
    for student in students:
        person = people.get(student, Person(student=student))
        keys = [student, *([person.email] if person.email else [])]
        places = _union(exact, keys, str.strip) or _union(folded, keys, _folded)
        if not places:
            places = logins.get(_folded(student), set())
        if not places and person.name:
            places = called.get(_name(person.name), set())
        if len(places) > 1:
            trouble.append(f"{_who(student, person)} fits lines {', '.join(str(place + 1) for place in sorted(places)[:LISTED])}")
        elif places:
            found[student] = next(iter(places))
    taken: dict[int, list[str]] = {}
    for student, place in found.items():
        taken.setdefault(place, []).append(student)
    trouble += [f"{' and '.join(_who(s, people.get(s, Person(student=s))) for s in group[:LISTED])} both fit line {place + 1}"
                for place, group in sorted(taken.items()) if len(group) > 1]
    if trouble:
        more = f"; and {len(trouble) - LISTED:,} more" if len(trouble) > LISTED else ""
        raise BadInput(f"{file}: {'; '.join(trouble[:LISTED])}{more}. Nothing was written: make the ids unambiguous, in the file or in the roster", field="file")
    return found


def _index(lines_of: Sequence[Sequence[str]], key: object) -> dict[str, set[int]]:
    made: dict[str, set[int]] = {}
    for place, values in enumerate(lines_of):
        for value in values:
            if folded := key(value):
                made.setdefault(folded, set()).add(place)
    return made


def _union(index: Mapping[str, set[int]], values: Iterable[str], key: object) -> set[int]:
    return set().union(*(index.get(key(value), set()) for value in values))


def _folded(text: str) -> str:
    return text.strip().casefold()


def _login(text: str) -> str:
    """What stands before the @ of an address: many platforms keep the address where the student's id is the login.

    >>> _login("S-1@uni.example"), _login("s-1")
    ('s-1', '')
    """
    login, at, _ = text.partition("@")
    return _folded(login) if at else ""


def _name(text: str) -> str:
    """A name whatever its order: platforms write "Lovelace, Ada" and "Ada Lovelace".

    >>> _name("Lovelace,  Ada") == _name("ada lovelace")
    True
    """
    return " ".join(sorted(unicodedata.normalize("NFKC", text).casefold().replace(",", " ").split()))


def _who(student: str, person: Person) -> str:
    return strict.clip(f"{student} ({person.name})" if person.name else student, 80)
