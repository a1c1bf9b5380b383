"""`python -m tutor validate FOLDER|ZIP…`: read what a class handed in, grade it, write the report.

Hand-ins are read as data and never run. Nothing is written outside the output folder, and what is written replaces
the old report in one step. A run that is killed at any moment and started again does only what is left, and ends with
the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hwlib.errors import BadInput
from tutor import grading, output, strict
from tutor.gradebook import Gradebook
from tutor.intake import Item, gather
from tutor.ledger import Course, Ledger, Row
from tutor.pool import Lost, Task, place
from tutor.versions import versions

GRADED, FAULT, USAGE, SOME_UNGRADABLE, FAILED_ON, NOTHING, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
MANY = 1_000
"""From so many files on, repairs are searched only when asked for: they cost more than everything else."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `validate`."""
    parser.description = "Grade hand-ins as data, never running them, into a folder with grades.csv, a gradebook and a static report."
    parser.epilog = ("Exit codes: 0 all graded, 1 internal error, 2 usage, 3 finished with some ungradable, 4 something named by --fail-on, "
                     "5 nothing readable, 130 interrupted and resumable.")
    parser.add_argument("paths", nargs="+", type=Path, metavar="FOLDER|ZIP|FILE", help="folders are walked; links are not followed")
    parser.add_argument("--out", type=Path, default=Path("graded"), metavar="DIR", help="where everything goes (default: graded)")
    course_arguments(parser)
    parser.add_argument("--repairs", choices=("auto", "all", "none"), default="auto", help=f"search the smallest repair of each design (auto: unless there are more than {MANY:,} files)")
    parser.add_argument("--no-repairs", dest="repairs", action="store_const", const="none", help="the same as --repairs none")
    work_arguments(parser)
    telling_arguments(parser)


def course_arguments(parser: argparse.ArgumentParser) -> None:
    """What the instructor says about the class."""
    parser.add_argument("--roster", type=Path, metavar="FILE", help="CSV with a column student, and received, until, name, email where known")
    parser.add_argument("--received", type=Path, metavar="FILE", help="CSV with student, brief and received, as the learning platform exports it")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="TOML: due dates, lateness, expected briefs")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the key of the tickets: every hand-in must then carry its own")
    parser.add_argument("--fail-on", action="append", default=[], choices=("ungradable", "missing", "late", "warnings"), help="end with 4 when there is any; may be given more than once")


def work_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the work is done."""
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes that grade (default: one a core)")
    parser.add_argument("--dask", default="", metavar="ADDRESS", help="hand the work to an existing Dask cluster")


def telling_arguments(parser: argparse.ArgumentParser) -> None:
    """How the result is told."""
    parser.add_argument("--plain", action="store_true", help="print the whole report as text")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Do it; the number is the exit code."""
    return guarded("validate", lambda: _run(args))


def guarded(name: str, do: Any) -> int:
    """Whatever goes wrong is one sentence and an exit code."""
    try:
        return do()
    except BadInput as error:
        print(f"tutor {name}: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print(f"tutor {name}: interrupted; the last whole report stands, and a second run goes on where this one stopped", file=sys.stderr)
        return INTERRUPTED
    except MemoryError:
        print(f"tutor {name}: there is not enough memory; a second run goes on where this one stopped", file=sys.stderr)
        return FAULT


def course_of(args: argparse.Namespace, *, repairs: bool) -> Course:
    """The course as the arguments describe it."""
    from tutor import policy, roster, tickets

    rules = policy.read(args.policy)
    people = roster.read(args.roster, rules.zone) if args.roster else roster.Roster()
    if args.received:
        times = roster.read(args.received, rules.zone)
        people = people.merged(roster.Roster(received=times.received, until=times.until))
    return Course(policy=rules, roster=people, key=tickets.read_key(args.key) if args.key else b"", repairs=repairs)


def _run(args: argparse.Namespace) -> int:
    missing = [str(path) for path in args.paths if not path.exists() and not path.is_symlink()]
    if missing:
        raise BadInput(f"{strict.visible(missing[0])} is not there; name folders, .zip archives or single files")
    if not 1 <= args.jobs <= 512:
        raise BadInput(f"--jobs = {args.jobs} must be from 1 to 512", field="jobs")
    out = args.out.resolve()
    course = course_of(args, repairs=True)
    output.prepare(out)
    bar = Bar(quiet=args.json or not sys.stderr.isatty())
    with place(args.jobs, args.dask) as pool, Gradebook(out / "gradebook.sqlite") as book:
        files = take_in(book, gather(args.paths, leave_out=out), pool, bar)
        repairs = args.repairs == "all" or args.repairs == "auto" and files <= MANY
        ledger = Ledger(book, Course(policy=course.policy, roster=course.roster, key=course.key, now=course.now, repairs=repairs))
        return finish(book, ledger, pool, out, args, bar, settings=json.dumps({"repairs": repairs, "tickets": bool(course.key)}, sort_keys=True))


def take_in(book: Gradebook, items: Iterator[Item], pool: Any, bar: Bar) -> int:
    """Read every file, but those that were read before, and enter what they claim. How many there were."""
    book.begin()
    count = 0
    asked: dict[tuple[str, bool], list[str]] = {}

    def unread() -> Iterator[Task]:
        nonlocal count
        for item in items:
            count += 1
            bar.show("read", count)
            if item.reason:
                book.claim(item.file, item.notebook, [_refused(item.reason)])
                continue
            hash = hashlib.sha256(item.data + (b"n" if item.notebook else b"s")).hexdigest()
            known = book.claims_of(hash)
            if known is not None:
                book.claim(item.file, item.notebook, known)
            elif (hash, item.notebook) in asked:
                asked[hash, item.notebook].append(item.file)
            else:
                asked[hash, item.notebook] = [item.file]
                yield (hash, item.notebook), grading.read, (item.data, item.notebook)

    for key, found in pool.map(unread()):
        lost = isinstance(found, Lost)
        claims = [_refused(found.reason)] if lost else found
        if not lost:
            book.keep_claims(key[0], claims)
        for file in asked.pop(key):
            book.claim(file, key[1], claims)
    return count


def _refused(reason: str) -> dict[str, Any]:
    return {"place": 0, "student": "", "brief": "", "reason": reason, "digest": "", "base": "", "ticket": ""}


def finish(book: Gradebook, ledger: Ledger, pool: Any, out: Path, args: argparse.Namespace, bar: Bar, *, settings: str) -> int:
    """Grade what is new, enter the run, write and tell."""
    for done, (work, result) in enumerate(pool.map(ledger.tasks()), start=1):
        ledger.graded(work, result)
        bar.show("graded", done)
    number, new = book.enter(ledger.rows(), versions=versions(), settings=settings)
    cohort = output.write(book, number, out, warnings=ledger.warnings, versions=versions(), pool=pool, progress=lambda done: bar.show("pages", done))
    bar.end()
    tell(book, number, cohort, out, args, new=new)
    if not ledger.readable:
        return NOTHING
    hit = [what for what in args.fail_on if (bool(cohort.warnings) if what == "warnings" else cohort.count[what])]
    if hit:
        print(f"tutor: --fail-on {hit[0]}", file=sys.stderr)
        return FAILED_ON
    return SOME_UNGRADABLE if cohort.count["ungradable"] else GRADED


class Bar:
    """One line that says how far the work is; quiet where nobody looks."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet, self.shown, self.open = quiet, 0.0, False

    def show(self, what: str, done: int) -> None:
        now = time.monotonic()
        if self.quiet or now - self.shown < 0.1:
            return
        self.shown, self.open = now, True
        print(f"\r\x1b[K{done:,} {what}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self.open:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def tell(book: Gradebook, run: int, cohort: Any, out: Path, args: argparse.Namespace, *, new: bool) -> None:
    """The result on standard output."""
    if args.json:
        head = {"run": run, "new": new, "sentence": cohort.sentence, "students": cohort.students, "warnings": list(cohort.warnings), "out": str(out), "states": cohort.count}
        print(json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "rows": [', end="")
        for place_of, text in enumerate(book.rows_of(run)):
            row = Row.of(text)
            shown = {"student": row.student, "brief": row.brief, "state": row.state, "score": row.score, "file": row.file, "reason": row.reason}
            print(("," if place_of else "") + "\n  " + json.dumps(shown, ensure_ascii=False), end="")
        print("\n ]\n}")
        return
    print(cohort.sentence)
    print(", ".join(f"{count:,} {label.lower()}" for key, label, count, _, _ in cohort.states if count or key in ("graded", "ungradable")))
    for warning in cohort.warnings:
        print(f"  {warning}")
    if args.plain:
        for text in book.rows_of(run):
            row = Row.of(text)
            score = "no score" if row.score is None else f"{row.score:.1f}"
            print(f"  {row.student or 'student not known'}, {row.brief or 'brief not known'}: {row.state}, {score}" + (f" ({row.file}: {row.reason})" if row.reason else ""))
        for brief in cohort.briefs:
            print(f"{brief.id}: {brief.sentence}")
            for label, met, missed, unknown in brief.targets:
                print(f"  target {label}: {met} meet, {missed} miss, {unknown} not known")
            for rule in brief.rules:
                print(f"  {rule.mark}, {rule.count} of {brief.graded}: {rule.title} ({rule.rule})")
            print(f"  {brief.next_sentence}")
            print(f"  {brief.repair_sentence}")
    else:
        for row in cohort.ungradable[:20]:
            print(f"  {row.file}: {row.reason}")
        if cohort.count["ungradable"] > 20:
            print(f"  and {cohort.count['ungradable'] - 20:,} more, in grades.csv")
    print(f"Run {run}{'' if new else ', as before'}. Written: {strict.visible(out / 'grades.csv')} and {strict.visible(out / 'report' / 'index.html')}")
