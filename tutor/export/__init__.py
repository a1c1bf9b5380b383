"""`python -m tutor export --format canvas|moodle|gradescope|ags|csv|nbgrader`: the grades of a run as a platform wants them.

What could not be graded, and what never came, is blank and never 0, unless the policy of the run says otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from hwlib.errors import BadInput
from tutor import briefs, output, roster, strict
from tutor.export import cells, records, sheets
from tutor.gradebook import Gradebook
from tutor.rows import Row, Run

FORMATS = {"csv": "grades.csv", "canvas": "canvas.csv", "moodle": "moodle.csv", "gradescope": "gradescope", "ags": "ags.json", "nbgrader": "nbgrader.csv"}
"""Format → what the file is called where no name is given."""
MARKER = ".written-by-tutor"
NOT_PLACED = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `export`."""
    parser.description = "Write the grades of a run for a learning platform. Blank is blank: no score becomes 0."
    parser.epilog = ("Exit codes: 0 written, 2 usage or a match that is not the only one (nothing is written), 3 written, but some students with a score have no line in your file.")
    parser.add_argument("--format", required=True, choices=sorted(FORMATS))
    parser.add_argument("--out", type=Path, default=Path("graded"), metavar="DIR", help="the folder that validate wrote (default: graded)")
    parser.add_argument("--run", dest="of_run", type=int, metavar="N", help="a run by its number (default: the last one)")
    parser.add_argument("--brief", metavar="BRIEF", help="one brief; needed where the run has several and the format one column")
    parser.add_argument("--to", type=Path, metavar="FILE", help="where to write (default: in DIR, by the format's name)")
    parser.add_argument("--file", type=Path, metavar="FILE", help="canvas, moodle: the file that you exported there; it is read and not changed")
    parser.add_argument("--column", default="", metavar="NAME", help="canvas, moodle: the column to fill, where it is not clear")
    parser.add_argument("--ids", type=Path, metavar="FILE", help="ags: CSV with student and user_id, the platform's own ids")
    parser.add_argument("--timestamp", metavar="TIME", help="ags: when the scores were made (default: the time of receipt and the number of the run)")


def run(args: argparse.Namespace) -> int:
    """Write the file."""
    if args.brief:
        briefs.brief(args.brief)  # says which there are
    with Gradebook.existing(args.out) as book:
        of = book.run(args.of_run)
        target = args.to or (args.out if args.out.is_dir() else args.out.parent) / FORMATS[args.format]
        if args.format in ("canvas", "moodle"):
            return _sheet(book, of, args, target)
        if args.format == "gradescope":
            return _gradescope(book, of, args, target)
        made = {"csv": _csv, "ags": _ags, "nbgrader": _nbgrader}[args.format](book, of, args)
        _write(target, made)
        print(f"Written: {strict.visible(target)}")
        return 0


def _rows(book: Gradebook, of: Run, args: argparse.Namespace) -> Iterator[Row]:
    """The rows that an export may hold: named, and not superseded."""
    return (row for row in book.rows(of) if row.student and row.state != "superseded" and (not args.brief or row.brief == args.brief))


def _sheet(book: Gradebook, of: Run, args: argparse.Namespace, target: Path) -> int:
    if args.file is None:
        how = {"canvas": "Grades, Export, Export Entire Gradebook", "moodle": "the assignment, View all submissions, Download grading worksheet"}[args.format]
        raise BadInput(f"--file is missing: {args.format} fills a column of the file that you export there ({how})", field="file")
    if target.exists() and args.file.exists() and target.samefile(args.file):
        raise BadInput(f"--to {target} is the file that you exported; write to another one, so that it stays as it is", field="to")
    rows = list(_rows(book, of, args))
    found = sorted({row.brief for row in rows if row.brief})
    if len(found) != 1 and not args.brief:
        raise BadInput(f"the run holds {len(found)} briefs ({', '.join(found) or 'none'}), and one column holds one: say which with --brief", field="brief")
    fill = sheets.canvas if args.format == "canvas" else sheets.moodle
    made = fill(cells.read(args.file), rows, book.people(), brief=args.brief or found[0], column=args.column)
    _write(target, [made.data])
    print(f"Written: {strict.visible(target)}. Column {strict.clip(made.column, 80)!r}: {made.scores:,} scores, {made.blanks:,} blanks; every other cell is as you exported it.")
    for line in made.told:
        print(f"  {line}")
    if made.unplaced:
        named = ", ".join(made.unplaced[:10]) + (f" and {len(made.unplaced) - 10:,} more" if len(made.unplaced) > 10 else "")
        print(f"tutor export: no line in {args.file.name} for {named}; their scores were not written", file=sys.stderr)
        return NOT_PLACED
    return 0


def _csv(book: Gradebook, of: Run, args: argparse.Namespace) -> Iterator[bytes]:
    """All rows, also those that name no student: the file for people."""
    if args.brief:
        return output.grades_csv(row for row in book.rows(of) if row.brief == args.brief)
    return output.grades_csv(book.rows(of))


def _ags(book: Gradebook, of: Run, args: argparse.Namespace) -> Iterator[bytes]:
    users = _ids(args.ids) if args.ids else {}
    now = datetime.now(UTC)
    fixed = roster.moment(args.timestamp, None, "--timestamp") if args.timestamp else None
    rows = [row for row in _rows(book, of, args) if row.state != "missing" or row.score is not None]  # what never came has no score to send
    if users and (without := [row.student for row in rows if row.student not in users]):
        raise BadInput(f"{args.ids.name} has no user_id for {', '.join(without[:5])}{f' and {len(without) - 5:,} more' if len(without) > 5 else ''}", field="ids")
    if not fixed and (count := sum(not row.received for row in rows)):
        print(f"tutor export: {count:,} without a time of receipt; the time of this export stands there. Give --received to validate, or --timestamp here.", file=sys.stderr)
    return records.as_json(records.ags(rows, at=lambda row: fixed or records.later(row, of.number, now), users=users))


def _ids(path: Path) -> Mapping[str, str]:
    rows = roster.table(roster.text_of(path), path.name)
    if not rows or not {"student", "user_id"} <= set(rows[0]):
        raise BadInput(f"{path.name} must have the columns student and user_id", field="ids")
    return {row["student"].strip(): row["user_id"].strip() for row in rows if (row["student"] or "").strip() and (row["user_id"] or "").strip()}


def _nbgrader(book: Gradebook, of: Run, args: argparse.Namespace) -> Iterator[bytes]:
    from tutor import policy

    rules = policy.loads(book.course_of(of).get("policy", ""))
    rows = sorted(_rows(book, of, args), key=lambda row: row.brief)
    return (line.encode("utf-8") for line in records.nbgrader(rows, book.people(), lambda row: rules.due_for(row.brief)))


def _gradescope(book: Gradebook, of: Run, args: argparse.Namespace, target: Path) -> int:
    """A folder for each student and brief; or one file, where there is one hand-in and the target is a .json file."""
    rows = [row for row in _rows(book, of, args) if row.state != "missing"]
    if target.suffix == ".json":
        if len(rows) != 1:
            raise BadInput(f"--to {target.name} holds one result, and the run has {len(rows)}; name a folder, or one brief with --brief", field="to")
        _write(target, [_result(book, of, rows[0])])
        print(f"Written: {strict.visible(target)}")
        return 0
    if target.exists() and not (target / MARKER).is_file():
        raise BadInput(f"{target} was not written by this command and is left alone; choose another --to", field="to")
    try:
        fresh = Path(tempfile.mkdtemp(prefix=".gradescope-", dir=target.parent))
    except OSError as error:
        raise BadInput(f"--to {target} cannot be written: {(error.strerror or 'no').lower()}", field="to") from None
    try:
        (fresh / MARKER).write_text("Written by tutor export; this folder is replaced at the next export.\n", "utf-8")
        taken: set[str] = set()
        for row in rows:
            folder = fresh / row.brief / _own(row.student, row.brief, taken)
            folder.mkdir(parents=True)
            (folder / "results.json").write_bytes(_result(book, of, row))
        fresh.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(fresh, target)
    except OSError as error:
        raise BadInput(f"--to {target} cannot be written: {(error.strerror or 'no').lower()}", field="to") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    print(f"Written: {strict.visible(target)}, {len(rows):,} results, one folder for each brief and student")
    return 0


def _result(book: Gradebook, of: Run, row: Row) -> bytes:
    made = records.gradescope(row, book.review(row.work, of) if row.work else None)
    return json.dumps(made, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8") + b"\n"


def _own(student: str, brief: str, taken: set[str]) -> str:
    """A folder name that no other student has, on a disk that does not tell capitals apart either."""
    import hashlib

    name = student
    if f"{brief}/{student.casefold()}" in taken or student.endswith("."):
        name = f"{student.rstrip('.')}-{hashlib.sha256(student.encode()).hexdigest()[:6]}"
    taken.add(f"{brief}/{name.casefold()}")
    return name


def _write(target: Path, parts: Iterator[bytes] | list[bytes]) -> None:
    try:
        with output.replacing(target) as file:
            for part in parts:
                file.write(part)
    except OSError as error:
        raise BadInput(f"--to {target} cannot be written: {(error.strerror or 'no').lower()}", field="to") from None
