"""Canvas and Moodle: one column of the instructor's own file is filled, and every other byte stays.

Canvas (its exporter and importer, lib/gradebook_exporter.rb and lib/gradebook_importer.rb of canvas-lms): the head
begins with Student, ID and, where the account has them, SIS User ID, SIS Login ID, Integration ID, Root Account,
Section; an assignment is called "Title (id)"; a row "Points Possible" holds the maximum, or "(read only)" for columns
that cannot be imported; a row of "Manual Posting" may stand before it; EX is excused and N/A not assigned; commas or
semicolons. A blank cell over a score takes that score away, so it is said aloud.

Moodle (assignfeedback_offline, importgradeslib.php): the grading worksheet has Identifier ("Participant 17"), Grade and
Last modified (grade), under the site's own words in the site's language; a grade that was changed in Moodle after the
date in the worksheet is not overwritten there. Maximum grade and Grade can be changed stand beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hwlib.errors import BadInput
from tutor import briefs, strict
from tutor.export import cells, match
from tutor.export.cells import Cell, Sheet
from tutor.roster import Person
from tutor.rows import Row

CANVAS_WHO = ("ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account", "Section")
CANVAS_TOTALS = re.compile(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
MOODLE_WHO = ("Identifier", "ID number", "Username", "Email address", "Student ID", "Student number")
KEPT = {"ex": "excused", "n/a": "not assigned"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The file to hand back to the platform, and what the instructor should know about it."""

    data: bytes
    column: str
    scores: int
    blanks: int
    told: tuple[str, ...]
    unplaced: tuple[str, ...]
    """Students with a score and without a line."""


def canvas(sheet: Sheet, rows: Iterable[Row], people: Mapping[str, Person], *, brief: str, column: str = "") -> Filled:
    """The scores of one brief in one column of a gradebook that Canvas exported."""
    head = sheet.rows[0]
    names = [cell.value.strip() for cell in head]
    split = names[:2] == ["LastName", "FirstName"]
    if not (split or names[:1] == ["Student"]) or "ID" not in names[:4]:
        raise BadInput(f"{sheet.name} is not a gradebook that Canvas exported: its head begins {strict.clip(', '.join(names[:3]), 80)!r}, not Student, ID", field="file")
    first = next(place for place, name in enumerate(names) if place and name not in (*CANVAS_WHO, "FirstName"))  if len(names) > 2 + split else len(names)
    maxima = next((row for row in sheet.rows[1:] if "Points Possible" in row[0].value), ())
    at = _canvas_column(sheet, head, names, first, maxima, brief, column)
    limit = _maximum(maxima[at].value if len(maxima) > at else "", f"{sheet.name}: Points Possible of {names[at]!r}")
    start = next((place + 1 for place, row in enumerate(sheet.rows) if row is maxima), 1)
    body = [row for row in sheet.rows[start:] if len(row) > at and any(cell.value.strip() for cell in row[: 2 + split])]
    who = [place for place, name in enumerate(names) if name in CANVAS_WHO[:4]]
    called = [f"{row[1].value} {row[0].value}" if split else row[0].value for row in body]
    return _fill(sheet, body, at, rows, people, brief, limit, who, called, lambda row: KEPT.get(row[at].value.strip().casefold(), ""))


def moodle(sheet: Sheet, rows: Iterable[Row], people: Mapping[str, Person], *, brief: str, column: str = "") -> Filled:
    """The scores of one brief in the Grade column of a grading worksheet that Moodle exported."""
    head = sheet.rows[0]
    names = [cell.value.strip() for cell in head]
    if not column and "Grade" not in names:
        raise BadInput(f"{sheet.name} is not a grading worksheet in English: it has no column Grade; name the column of the grades with --column", field="column")
    at = cells.column(sheet, head, column or "Grade")
    folded = [name.casefold() for name in names]
    most = folded.index("maximum grade") if "maximum grade" in folded else None
    may = folded.index("grade can be changed") if "grade can be changed" in folded else None
    body = [row for row in sheet.rows[1:] if len(row) == len(head)]
    limits = {row[most].value.strip() for row in body} if most is not None else set()
    if len(limits) > 1:
        raise BadInput(f"{sheet.name} has different maximum grades: {strict.clip(', '.join(sorted(limits)), 80)}", field="file")
    who = [place for place, name in enumerate(folded) if name in {w.casefold() for w in MOODLE_WHO}] or [0]
    name = next((place for place, name in enumerate(folded) if name == "full name"), None)
    called = [row[name].value if name is not None else "" for row in body]
    limit = _maximum(next(iter(limits), ""), f"{sheet.name}: Maximum grade")
    return _fill(sheet, body, at, rows, people, brief, limit, who, called,
                 lambda row: "locked" if may is not None and row[may].value.strip().casefold() == "no" else "")


def _canvas_column(sheet: Sheet, head: Sequence[Cell], names: Sequence[str], first: int, maxima: Sequence[Cell], brief: str, column: str) -> int:
    """The assignment's column: as named, by its id, or the only one that names the brief."""
    def locked(place: int) -> bool:
        return bool(CANVAS_TOTALS.search(names[place])) or len(maxima) > place and "read only" in maxima[place].value

    open_ = [place for place in range(first, len(names)) if not locked(place)]
    if column:
        by_id = [place for place in open_ if re.search(rf"\({re.escape(column)}\)\s*$", names[place])]
        at = by_id[0] if len(by_id) == 1 else cells.column(sheet, tuple(head), column)
        if at not in open_:
            raise BadInput(f"{sheet.name}: the column {strict.clip(names[at], 80)!r} is read only in Canvas; name an assignment", field="column")
        return at
    title = briefs.brief(brief).title
    fit = [place for place in open_ if any(word.casefold() in names[place].casefold() for word in (brief, title))]
    if len(fit) == 1:
        return fit[0]
    shown = "; ".join(strict.clip(names[place], 60) for place in (fit or open_)[:8])
    raise BadInput(f"{sheet.name}: {f'{len(fit)} columns name' if fit else 'no column names'} {brief}; say which one with --column: {shown}", field="column")


def _maximum(text: str, where: str) -> float:
    """What full marks are there; our scores are out of 100."""
    text = text.strip().replace(",", ".")
    if not text:
        return 100.0
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise BadInput(f"{where} = {strict.clip(text, 40)!r} must be a number above 0", field="file")
    return value


def _fill(sheet: Sheet, body: Sequence[Sequence[Cell]], at: int, rows: Iterable[Row], people: Mapping[str, Person], brief: str, limit: float,
          who: Sequence[int], called: Sequence[str], kept: Callable[[Sequence[Cell]], str]) -> Filled:
    own = {row.student: row for row in rows if row.brief == brief and row.student and row.state != "superseded"}
    places = match.lines(own, people, [[row[place].value for place in who] for row in body], called, file=sheet.name)
    new: dict[Cell, str] = {}
    told: list[str] = []
    scores = blanks = 0
    for student, place in places.items():
        cell, score, stays = body[place][at], own[student].score, kept(body[place])
        if stays:
            if score is not None:
                told.append(f"{student} is {stays} there; the cell was left as it is")
            continue
        if score is None:
            blanks += 1
            if not cells.blank(cell):
                told.append(f"{student} had {strict.clip(cell.value, 20)!r} there and is {own[student].state}: now blank")
                new[cell] = ""
            continue
        scores += 1
        new[cell] = shown(score, limit)
    if limit != 100:
        told.append(f"full marks are {limit:g} there, so scores out of 100 were scaled")
    missing = tuple(student for student, row in own.items() if row.score is not None and student not in places)
    return Filled(data=sheet.filled(new), column=sheet.rows[0][at].value.strip(), scores=scores, blanks=blanks, told=tuple(told), unplaced=missing)


def shown(score: float, limit: float = 100.0) -> str:
    """A score out of 100 as so many of the platform's points, with the two decimals that platforms keep.

    >>> shown(72.5), shown(72.5, 20), shown(90.0)
    ('72.5', '14.5', '90')
    """
    return f"{score * limit / 100:.2f}".rstrip("0").rstrip(".")
