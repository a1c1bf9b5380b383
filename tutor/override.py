"""`python -m tutor override STUDENT BRIEF --points N --because TEXT`: the instructor's word over a line of the score.

An override stands in the gradebook apart from all results: it survives every regrade, is named on the student's page
with its reason, and counts from the next run on.
"""

from __future__ import annotations

import argparse

from hwlib.errors import BadInput, listed, unknown
from tutor import strict
from tutor.briefs import brief
from tutor.designfile import entry
from tutor.gradebook import Gradebook
from tutor.output import criteria, number
from tutor.review import review
from tutor.roster import Roster

LONGEST = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `override`."""
    from tutor.validate import book_argument

    parser.description = "Set, remove or list overrides. Then run regrade, which keeps them and names them on the student's page."
    parser.add_argument("student", nargs="?", metavar="STUDENT")
    parser.add_argument("brief", nargs="?", metavar="BRIEF")
    parser.add_argument("--criterion", default="", metavar="NAME", help="one line of the score (default: the whole score, after lateness)")
    parser.add_argument("--points", type=float, metavar="N")
    parser.add_argument("--because", default="", metavar="TEXT", help="the reason; the student reads it")
    parser.add_argument("--remove", action="store_true", help="take the override away")
    book_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Set, remove or list."""
    with Gradebook.existing(args.out) as book:
        if not args.student:
            _list(book)
            return 0
        if not args.brief:
            raise BadInput("brief is missing; say whose hand-in for which brief", field="brief")
        brief(args.brief)
        of = most(args.brief, args.criterion)
        known(book, args.student)
        if args.remove:
            if not book.override(args.student, args.brief, args.criterion, None, ""):
                raise BadInput(f"there is no override of {criteria().get(args.criterion, 'the score')} for {args.student}, {args.brief}", field="criterion")
            print("Removed. Now run: python -m tutor regrade")
            return 0
        if args.points is None or not 0 <= args.points <= of:
            raise BadInput(f"--points = {args.points} must be a number from 0 to {of:g}", field="points")
        because = " ".join(args.because.split())
        if not because or len(because) > LONGEST or strict.visible(because) != because:
            raise BadInput(f"--because must be a reason in plain text of at most {LONGEST} characters; the student reads it", field="because")
        book.override(args.student, args.brief, args.criterion, args.points, because)
        print("Set. Now run: python -m tutor regrade")
    return 0


def most(of: str, criterion: str) -> float:
    """The most points that a line of the score can have; of the whole without a criterion."""
    if not criterion:
        return 100.0
    lines = {line.id: line.of for line in review(of, entry(of, brief(of).starter)).criteria}
    if criterion not in lines:
        raise unknown("criterion", criterion, lines)
    return lines[criterion]


def known(book: Gradebook, student: str) -> None:
    """Refuse a student whom neither the last run nor its roster knows."""
    if student in book.people() or next(book.rows(student=student), None) is not None:
        return
    near = Roster(people={row.student: None for row in book.rows() if row.student}).nearest(student)
    raise BadInput(f"student = {strict.clip(student, 80)!r} is not in the last run{near}", field="student")


def _list(book: Gradebook) -> None:
    found = book.overrides()
    for (student, of), lines in found.items():
        for criterion, (points, because) in lines.items():
            print(f"{student}, {of}, {criteria().get(criterion, 'the whole score')}: {number(points)} because {because}")
    if not found:
        print(f"No override is set. The lines of the score are {listed(criteria())}.")
