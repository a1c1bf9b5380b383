"""`python -m tutor regrade`: grade again what the gradebook holds, as a new run, and show who moved and by which rule.

The hand-ins are those of the last run, from the gradebook; the folder is not needed. Policy, roster and times of receipt
are those of the last run too, unless others are named. The instructor's overrides stay. Files that could not be read
keep their reason: to read them again, run validate.
"""

from __future__ import annotations

import argparse

from hwlib.errors import BadInput
from tutor import diff, grading, output
from tutor.gradebook import FILE, Gradebook
from tutor.ledger import Ledger
from tutor.pool import place
from tutor.telling import Bar
from tutor.validate import (
    book_argument,
    check_jobs,
    code_of,
    course_arguments,
    course_from,
    decide,
    guarded,
    telling_arguments,
    texts_of,
    work_arguments,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `regrade`."""
    parser.description = "Grade the last run's hand-ins again, under today's rubric, catalogue, policy and overrides. Nothing is read from the folder."
    book_argument(parser)
    course_arguments(parser)
    parser.add_argument("--repairs", choices=("as-before", "all", "none"), default="as-before", help="search the smallest repair of each design (default: as the last run did)")
    work_arguments(parser)
    telling_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Grade again; the exit code is that of `validate`."""
    return guarded("regrade", lambda: _run(args))


def _run(args: argparse.Namespace) -> int:
    check_jobs(args)
    out = args.out.resolve()
    if not (out / FILE).is_file():
        raise BadInput(f"{out / FILE} is not there; run validate first, or name its folder with --out", field="out")
    with Bar.of(args) as bar, output.claimed(out), place(args.jobs, args.dask, grading.warm) as pool, Gradebook.existing(out) as book:
        before = book.run()
        if before.settings.get("tickets") and not args.key:
            raise BadInput("the last run checked tickets; name their key with --key", field="key")
        repairs = {"all": True, "none": False}.get(args.repairs, bool(before.settings.get("repairs")))
        texts = book.course_of(before) | texts_of(args)
        ledger = Ledger(book, course_from(texts, key=args.key, repairs=repairs), before.batch)
        after, new = decide(book, ledger, pool, bar, kind="regrade")
        bar.begin("pages")
        cohort = output.write(book, after, out, pool=pool, progress=bar.step)
        bar.end()
        moves = diff.moves(book, before, after) if new else iter(())
        if args.json:
            diff.as_json(book, before, after, moves)
        else:
            diff.as_text(before, after, moves, listed=not args.plain)
            print(cohort.sentence)
            print(f"Run {after.number}{'' if new else ', as before'}. Written: {out / 'grades.csv'} and {out / 'report' / 'index.html'}")
        return code_of(cohort, ledger, args)


