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
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hwlib.errors import BadInput
from tutor import grading, output, strict
from tutor.gradebook import FILE, Gradebook
from tutor.intake import Item, gather
from tutor.ledger import Course, Ledger
from tutor.pool import Lost, Task, place
from tutor.rows import LATE, MISSING, UNGRADABLE, Run
from tutor.telling import Bar, tell

GRADED, FAULT, USAGE, SOME_UNGRADABLE, FAILED_ON, NOTHING, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
MANY = 1_000
"""From so many files on, repairs are searched only when asked for: they cost more than everything else."""
FAIL_ON = {"ungradable": UNGRADABLE, "missing": MISSING, "late": LATE}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `validate`."""
    parser.description = "Grade hand-ins as data, never running them, into a folder with grades.csv, a gradebook and a static report."
    parser.epilog = ("Exit codes: 0 all graded, 1 internal error, 2 usage, 3 finished with some ungradable, 4 something named by --fail-on, "
                     "5 nothing readable, 130 interrupted and resumable.")
    parser.add_argument("paths", nargs="+", type=Path, metavar="FOLDER|ZIP|FILE", help="folders are walked; links are not followed")
    book_argument(parser)
    course_arguments(parser)
    parser.add_argument("--repairs", choices=("auto", "all", "none"), default="auto", help=f"search the smallest repair of each design (auto: unless there are more than {MANY:,} files)")
    parser.add_argument("--no-repairs", dest="repairs", action="store_const", const="none", help="the same as --repairs none")
    work_arguments(parser)
    telling_arguments(parser)


def book_argument(parser: argparse.ArgumentParser) -> None:
    """Where the gradebook is."""
    parser.add_argument("--out", type=Path, default=Path("graded"), metavar="DIR", help="the folder of gradebook and report (default: graded)")


def course_arguments(parser: argparse.ArgumentParser) -> None:
    """What the instructor says about the class."""
    parser.add_argument("--roster", type=Path, metavar="FILE", help="CSV with a column student, and received, until, name, email where known")
    parser.add_argument("--received", type=Path, metavar="FILE", help="CSV with student, brief and received, as the learning platform exports it")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="TOML: due dates, lateness, expected briefs")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the key of the tickets: every hand-in must then carry its own")
    parser.add_argument("--fail-on", action="append", default=[], choices=(*FAIL_ON, "warnings"), help="end with 4 when there is any; may be given more than once")


def work_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the work is done."""
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes that grade (default: one a core; 0: none, without isolation)")
    parser.add_argument("--dask", default="", metavar="ADDRESS", help="hand the work to an existing Dask cluster")


def telling_arguments(parser: argparse.ArgumentParser) -> None:
    """How the result is told."""
    parser.add_argument("--plain", action="store_true", help="print the whole report as text")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Do it; the number is the exit code."""
    return guarded("validate", lambda: _run(args))


def guarded(name: str, do: Callable[[], int]) -> int:
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
    except Exception as error:
        traceback.print_exc()
        print(f"tutor {name}: a fault of ours ({type(error).__name__}); the last whole report stands, and what was finished is kept", file=sys.stderr)
        return FAULT


def texts_of(args: argparse.Namespace) -> dict[str, str]:
    """The texts of the files that the instructor named."""
    from tutor import policy, roster

    named = {"policy": policy.text_of, "roster": roster.text_of, "received": roster.text_of}
    return {name: read(getattr(args, name)) for name, read in named.items() if getattr(args, name)}


def course_from(texts: dict[str, str], *, key: Path | None, repairs: bool) -> Course:
    """The course as those texts describe it."""
    from tutor import policy, roster, tickets

    rules = policy.loads(texts.get("policy", ""))
    people = roster.loads(texts["roster"], rules.zone) if "roster" in texts else roster.Roster()
    if "received" in texts:
        times = roster.loads(texts["received"], rules.zone, "the file of --received")
        people = people.merged(roster.Roster(received=times.received, until=times.until))
    return Course(policy=rules, roster=people, key=tickets.read_key(key) if key else b"", repairs=repairs, texts=texts)


def _run(args: argparse.Namespace) -> int:
    missing = [str(path) for path in args.paths if not path.exists() and not path.is_symlink()]
    if missing:
        raise BadInput(f"{strict.visible(missing[0])} is not there; name folders, .zip archives or single files")
    check_jobs(args)
    out = args.out.resolve()
    texts = texts_of(args)
    course_from(texts, key=args.key, repairs=True)  # whatever is wrong with it is said before any work
    with Bar.of(args) as bar, output.claimed(out), place(args.jobs, args.dask, grading.warm) as pool, Gradebook(out / FILE) as book:
        batch, files = take_in(book, gather(args.paths, leave_out=out), pool, bar)
        repairs = args.repairs == "all" or args.repairs == "auto" and files <= MANY
        ledger = Ledger(book, course_from(texts, key=args.key, repairs=repairs), batch)
        return finish(book, ledger, pool, out, args, bar, kind="validate")


def check_jobs(args: argparse.Namespace) -> None:
    if not 0 <= args.jobs <= 512:
        raise BadInput(f"--jobs = {args.jobs} must be from 1 to 512, or 0 to work in this process without isolation", field="jobs")


def take_in(book: Gradebook, items: Iterator[Item], pool: Any, bar: Bar) -> tuple[int, int]:
    """Read every file, but those that were read before, and enter what they claim: the batch, and how many files."""
    batch, count = book.new_batch(), 0
    seen = datetime.now(UTC).isoformat(timespec="seconds")
    asked: dict[tuple[str, bool], list[tuple[int, str]]] = {}
    bar.begin("files read")

    def unread() -> Iterator[Task]:
        nonlocal count
        for item in items:
            count += 1
            bar.step(count)
            if item.reason:
                book.claim(batch, count, item.file, item.notebook, [refused(item.reason)])
                continue
            key = (hashlib.sha256(item.data + (b"n" if item.notebook else b"s")).hexdigest(), item.notebook)
            known = book.claims_of(key[0])
            if known is not None:
                book.claim(batch, count, item.file, item.notebook, known)
            elif key in asked:
                asked[key].append((count, item.file))
            else:
                asked[key] = [(count, item.file)]
                yield Task(key, grading.read, (item.data, item.notebook))

    for key, found in pool.map(unread()):
        lost = isinstance(found, Lost)
        claims = [refused(found.reason)] if lost else found
        if not lost:
            book.keep_claims(key[0], claims, seen)
        for number, file in asked.pop(key):
            book.claim(batch, number, file, key[1], claims)
    return batch, count


def refused(reason: str) -> dict[str, Any]:
    """The claim of a file that could not be read."""
    return {"place": 0, "student": "", "brief": "", "reason": reason, "digest": "", "base": "", "lane": "", "ticket": ""}


def finish(book: Gradebook, ledger: Ledger, pool: Any, out: Path, args: argparse.Namespace, bar: Bar, *, kind: str) -> int:
    """Grade what is new, enter the run, write and tell: the exit code."""
    run, new = decide(book, ledger, pool, bar, kind=kind)
    bar.begin("pages")
    cohort = output.write(book, run, out, pool=pool, progress=bar.step)
    bar.end()
    tell(book, run, cohort, out, args, new=new)
    return code_of(cohort, ledger, args)


def decide(book: Gradebook, ledger: Ledger, pool: Any, bar: Bar, *, kind: str) -> tuple[Run, bool]:
    """Grade what is new and enter the run: it, and whether it says anything new."""
    bar.begin("designs graded", ledger.plan())
    for done, (work, result) in enumerate(pool.map(ledger.tasks()), start=1):
        ledger.graded(work, result)
        bar.step(done)
    course = ledger.course
    return book.enter(ledger.rows(), kind=kind, settings={"repairs": course.repairs, "tickets": bool(course.key)}, course=json.dumps(dict(course.texts), sort_keys=True),
                      batch=ledger.batch, people=course.roster.people, warnings=ledger.warnings)


def code_of(cohort: Any, ledger: Ledger, args: argparse.Namespace) -> int:
    """How it ended, for scripts."""
    if not ledger.readable:
        return NOTHING
    hit = [what for what in args.fail_on if (bool(cohort.warnings) if what == "warnings" else cohort.count[FAIL_ON[what]])]
    if hit:
        print(f"tutor: --fail-on {hit[0]}", file=sys.stderr)
        return FAILED_ON
    return SOME_UNGRADABLE if cohort.count[UNGRADABLE] else GRADED
