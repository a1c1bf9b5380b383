"""The module test: nine questions across the four sections, whose numbers come from the learner's ticket.

`paper` draws them, `mark` marks answers, `hand_in` writes them to a file, and `python -m lessons.module_test FOLDER`
marks a folder of such files into one table. Whoever holds the ticket can draw the paper again, so that nothing but
ticket and answers is stored.

The course is open, and so is the code that marks: whoever reads it can have it compute the answers. For marks that count,
sit the test under supervision; for everybody else it is practice.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import html
import json
import random
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hwlib.errors import BadInput, unknown
from hwlib.units import show
from lessons.exercises import SIGNATURE, Question, answered, read_number
from lessons.questions.across import DRAWS
from tutor import strict
from tutor.submission import STUDENT

FORM = "hardware-course-module-test"
VERSION = 1
SUFFIX = ".module-test.json"
LARGEST = 1_000_000
"""Bytes of an answer file: a real one has a few thousand."""


UNITS = {"usd": "dollars", "s": "seconds"}


def seed_of(ticket: str) -> int:
    """Where the numbers come from: the text of the ticket, whatever its form.

    A ticket that an instructor issued ends in a code that nobody else can make, so its paper is its holder's alone.

    >>> seed_of("s-1") == seed_of("s-1 ") != seed_of("s-2")
    True
    """
    if not isinstance(ticket, str) or not ticket.strip() or len(ticket) > 1000:
        raise BadInput("ticket must be the text that the instructor issued, copied whole; for practice, any word", field="ticket")
    return int.from_bytes(hashlib.sha256(ticket.strip().encode("utf-8", "replace")).digest()[:8], "big")


@dataclass(frozen=True, slots=True)
class Paper:
    """The questions of one ticket, in order; readable as text and in a notebook."""

    ticket: str
    questions: tuple[Question, ...]

    def __str__(self) -> str:
        return "\n".join(f"{q.id}  {q.ask}{_wanted(q)}" for q in self.questions)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(f"<li><code>{html.escape(q.id)}</code> {html.escape(q.ask + _wanted(q))}</li>" for q in self.questions)
        return f'<ol style="list-style:none;padding:0;max-width:68ch">{rows}</ol>'


def _wanted(q: Question) -> str:
    return f" ({', '.join(q.options)})" if q.options else f" ({UNITS.get(q.unit, q.unit)})" if q.unit else ""


def paper(ticket: str) -> Paper:
    """The paper of a ticket: the same questions for all, numbers of its own.

    >>> str(paper("a")) == str(paper("a")), str(paper("a")) == str(paper("b"))
    (True, False)
    """
    rng = random.Random(seed_of(ticket))
    return Paper(ticket.strip(), tuple(replace(draw(rng), id=f"q{i}") for i, draw in enumerate(DRAWS, 1)))


@dataclass(frozen=True, slots=True)
class Marked:
    """What one answer was worth: 1, 0, or None while it is blank or unreadable."""

    id: str
    right: bool | None
    words: str
    concept: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A marked paper."""

    student: str
    ticket: str
    marked: tuple[Marked, ...] = field(default=())

    @property
    def right(self) -> int:
        return sum(m.right is True for m in self.marked)

    def __str__(self) -> str:
        signs = {True: "✓", False: "○", None: "◌"}
        return "\n".join([f"{self.right} of {len(self.marked)} as computed.", *(f"{signs[m.right]} {m.id}: {m.words}" for m in self.marked)])

    __repr__ = __str__


def mark(ticket: str, answers: Mapping[str, Any], *, student: str = "") -> Result:
    """Mark the answers of a ticket's paper: a name in ``answers`` that is no question is refused."""
    asked = paper(ticket)
    ids = [q.id for q in asked.questions]
    for name in answers:
        if name not in ids:
            raise unknown("answers", name, ids, what="a question of the paper")
    return Result(student, asked.ticket, tuple(_mark(q, answers.get(q.id, ...)) for q in asked.questions))


def _mark(q: Question, answer: Any) -> Marked:
    if not answered(answer):
        return Marked(q.id, None, "not answered")
    value = q.answer()
    if q.options:
        said = str(answer).strip().lower()
        if said not in q.options:
            return Marked(q.id, None, f"{said[:40]!r} is none of the words offered: {', '.join(q.options)}")
        return Marked(q.id, said == value, f"{said}; the ledger says {value}" if said != value else str(value))
    number, trouble = read_number(answer, q.unit)
    if trouble:
        return Marked(q.id, None, trouble)
    if abs(number - float(value)) <= q.close * abs(float(value)):
        return Marked(q.id, True, show(value, q.unit))
    for slip in q.slips:
        if abs(number - float(slip.answer())) <= SIGNATURE * abs(float(slip.answer())):
            return Marked(q.id, False, f"{show(number, q.unit)}, computed {show(value, q.unit)}: {slip.words}", slip.concept)
    return Marked(q.id, False, f"{show(number, q.unit)}, computed {show(value, q.unit)}")


def noted(ticket: str, answers: Mapping[str, Any]) -> str:
    """What is said before the paper is handed in: which answers can be read, and nothing about whether they are right."""
    lines = []
    for q in paper(ticket).questions:
        answer = answers.get(q.id, ...)
        if not answered(answer):
            lines.append(f"◌ {q.id}: not answered yet")
        elif q.options:
            said = str(answer).strip().lower()
            lines.append(f"noted {q.id}: {said}" if said in q.options else f"◌ {q.id}: {said[:40]!r} is none of the words offered: {', '.join(q.options)}")
        else:
            number, trouble = read_number(answer, q.unit)
            lines.append(f"◌ {q.id}: {trouble}" if trouble else f"noted {q.id}: {show(number, q.unit)}")
    return "\n".join(lines)


def hand_in(ticket: str, answers: Mapping[str, Any], *, student: str, folder: str | Path = ".") -> Path:
    """Write the answers beside the notebook. `BadInput` in one sentence when something is not right; nothing is written then."""
    mark(ticket, answers)
    values = {name: value for name, value in answers.items() if answered(value)}
    content = {"form": FORM, "version": VERSION, "student": _student(student), "ticket": ticket.strip(),
               "answers": {name: value if isinstance(value, str) else float(value) for name, value in values.items()}}
    path = Path(folder) / f"{student}{SUFFIX}"
    try:
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"path = {str(path)!r} cannot be written: {error.strerror}", field="folder") from None
    return path


def read(path: Path) -> Result:
    """Mark one handed-in file; whatever is wrong with it is one sentence."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"{path.name} is larger than an answer file can be", field="file")
        content = strict.parse(path.read_bytes())
    except OSError:
        raise BadInput(f"{path.name} is not a readable answer file", field="file") from None
    if not isinstance(content, dict) or content.get("form") != FORM or content.get("version") != VERSION or not isinstance(content.get("answers"), dict):
        raise BadInput(f"{path.name} is not an answer file of this module test", field="file")
    return mark(content.get("ticket", ""), content["answers"], student=_student(content.get("student")))


def _student(text: Any) -> str:
    if not isinstance(text, str) or not re.fullmatch(STUDENT, text):
        raise BadInput("student must be the id that your instructor gave you: letters, digits, dots, dashes, at most 64", field="student")
    return text


def issued(path: Path) -> dict[str, set[str]]:
    """Student → the tickets that were issued to them, from a table with columns for both."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise BadInput(f"issued = {str(path)!r} cannot be read as a table", field="issued") from None
    if not table or not {"student", "ticket"} <= set(table[0]):
        raise BadInput(f"issued = {str(path)!r} must be a table with the columns student and ticket", field="issued")
    found: dict[str, set[str]] = {}
    for row in table:
        found.setdefault((row["student"] or "").strip(), set()).add((row["ticket"] or "").strip())
    return found


def rows(paths: Iterable[Path], tickets: Mapping[str, Collection[str]] | None = None) -> list[dict[str, Any]]:
    """One row a file, by name: student, ticket, score, a column a question, and why a file could not be marked.

    With ``tickets`` (student → those issued) a paper drawn from another ticket is not marked.
    """
    found = []
    for path in sorted(paths):
        try:
            result = read(path)
            if tickets is not None and result.ticket not in tickets.get(result.student, ()):
                raise BadInput(f"its ticket was not issued to {result.student}", field="ticket")
        except BadInput as error:
            found.append({"file": path.name, "state": "ungradable", "why": str(error)})
            continue
        found.append({
            "file": path.name, "state": "graded", "student": result.student, "ticket": result.ticket, "right": result.right, "of": len(result.marked),
            **{m.id: {True: "1", False: "0", None: ""}[m.right] for m in result.marked}, "beliefs": " ".join(sorted({m.concept for m in result.marked if m.concept})),
        })
    return found


def main(argv: list[str] | None = None) -> int:
    """Mark a folder of answer files into a table on standard output."""
    parser = argparse.ArgumentParser(prog="python -m lessons.module_test", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with *.module-test.json files")
    parser.add_argument("--issued", type=Path, metavar="TICKETS.csv", help="table of student and ticket: papers of other tickets are not marked")
    args = parser.parse_args(argv)
    try:
        if not args.folder.is_dir():
            raise BadInput(f"folder = {str(args.folder)!r} is not there", field="folder")
        tickets = issued(args.issued) if args.issued else None
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    columns = ["file", "state", "student", "ticket", "right", "of", *(f"q{i}" for i in range(1, len(DRAWS) + 1)), "beliefs", "why"]
    writer = csv.DictWriter(sys.stdout, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows(args.folder.glob(f"*{SUFFIX}"), tickets):
        writer.writerow({name: _harmless(value) for name, value in row.items()})
    return 0


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would run is shown as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


if __name__ == "__main__":
    sys.exit(main())
