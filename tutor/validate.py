"""`python -m tutor validate FOLDER|ZIP…`: read what a class handed in, grade it, write the report.

Hand-ins are read as data and never run. Nothing is written outside the output folder, and what is written
replaces the old report in one step, so that an interrupted run leaves the last whole one standing.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hwlib.errors import BadInput
from tutor import strict
from tutor.gradebook import Gradebook, catalogue_hash
from tutor.grading import Row, candidates, rows
from tutor.intake import gather

GRADED, FAULT, USAGE, SOME_UNGRADABLE, NOTHING, INTERRUPTED = 0, 1, 2, 3, 5, 130
MARKER = "Written by tutor validate; this folder is replaced at the next run.\n"
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `validate`."""
    parser.description = "Grade hand-ins as data, never running them, into a folder with grades.csv and a static report."
    parser.epilog = "Exit codes: 0 all graded, 1 internal error, 2 usage, 3 some ungradable, 5 nothing readable, 130 interrupted."
    parser.add_argument("paths", nargs="+", type=Path, metavar="FOLDER|ZIP|FILE", help="folders are walked; links are not followed")
    parser.add_argument("--out", type=Path, default=Path("graded"), metavar="DIR", help="where the report goes (default: graded)")
    parser.add_argument("--no-repairs", action="store_true", help="do not search the smallest repair of each design: several times as fast")
    parser.add_argument("--plain", action="store_true", help="print the whole report as text")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Do it; the number is the exit code."""
    try:
        return _run(args)
    except BadInput as error:
        print(f"tutor validate: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("tutor validate: interrupted; the last whole report stands, and a second run goes on where this one stopped", file=sys.stderr)
        return INTERRUPTED


def _run(args: argparse.Namespace) -> int:
    from tutor.report.summary import cohort

    missing = [str(path) for path in args.paths if not path.exists() and not path.is_symlink()]
    if missing:
        raise BadInput(f"{strict.visible(missing[0])} is not there; name folders, .zip archives or single files")
    out = args.out.resolve()
    _prepare(out)
    with Gradebook(out / "gradebook.sqlite") as book:
        found = list(candidates(gather(args.paths, leave_out=out)))
        made = rows(found, book, repairs=not args.no_repairs, progress=_progress if sys.stderr.isatty() and not args.json else None)
    summary = cohort(made)
    write(made, summary, out)
    if args.json:
        print(json.dumps(_as_dict(made, summary, out), ensure_ascii=False, indent=1))
    else:
        _tell(made, summary, out, plain=args.plain)
    if not any(one.submission for one in found):
        return NOTHING
    return SOME_UNGRADABLE if summary.ungradable else GRADED


def _prepare(out: Path) -> None:
    """Make the output folder, and refuse to replace a report that this command did not write."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"--out {out} cannot be made: {(error.strerror or 'no').lower()}", field="out") from None
    report = out / "report"
    if report.exists() and not (report / ".written-by-tutor").is_file():
        raise BadInput(f"{report} was not written by this command and is left alone; choose another --out", field="out")
    if not os.access(out, os.W_OK):
        raise BadInput(f"--out {out} cannot be written to", field="out")
    for left in out.glob(".report-*"):  # of a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    for left in out.glob(".grades-*"):
        left.unlink(missing_ok=True)


def write(made: Sequence[Row], summary: Any, out: Path) -> None:
    """Write report and grades beside the old ones, then put them in their place."""
    from tutor.report import pages

    fresh = Path(tempfile.mkdtemp(prefix=".report-", dir=out))
    grades = ""
    try:
        for name, data in pages(made, summary, versions=versions()).items():
            (fresh / name).write_bytes(data)
        (fresh / ".written-by-tutor").write_text(MARKER, encoding="utf-8")
        fresh.chmod(0o755)
        handle, grades = tempfile.mkstemp(prefix=".grades-", dir=out)
        with os.fdopen(handle, "wb") as file:
            file.write(grades_csv(made))
        os.chmod(grades, 0o644)
        report, old = out / "report", out / f"{fresh.name}-old"
        if report.exists():
            os.replace(report, old)
        os.replace(fresh, report)
        os.replace(grades, out / "grades.csv")
        shutil.rmtree(old, ignore_errors=True)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        if grades:
            Path(grades).unlink(missing_ok=True)
        raise


def grades_csv(made: Sequence[Row]) -> bytes:
    """The grades as RFC 4180 wants them, safe to open in a spreadsheet. No score is an empty cell, never 0."""
    names = list(dict.fromkeys(criterion["name"] for row in made for criterion in row.body.get("criteria", ())))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([safe(cell) for cell in ("student", "brief", "state", "score", *names, "file", "reason")])
    for row in made:
        earned = {criterion["name"]: f"{criterion['points']:.2f}" for criterion in row.body.get("criteria", ())}
        score = "" if row.score is None else f"{row.score:.1f}"
        writer.writerow([safe(cell) for cell in (row.student, row.brief, row.state, score, *(earned.get(name, "") for name in names), row.file, row.reason)])
    return text.getvalue().encode("utf-8")


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    >>> safe("=1+1"), safe("s-0031"), safe(" @x")
    ("'=1+1", 's-0031', "' @x")
    """
    text = strict.visible(cell)
    return f"'{text}" if text.lstrip(" \u00a0\u3000").startswith((*_RISKY, "＝", "＋", "－", "＠")) or text.startswith(("\t", "\r", "\n")) else text


def versions() -> str:
    """What graded, in words."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("hardware-that-learns")
    except PackageNotFoundError:
        number = "not installed"
    return f"hwlib {number}, catalogue {catalogue_hash()}"


def _as_dict(made: Sequence[Row], summary: Any, out: Path) -> dict[str, Any]:
    return {
        "sentence": summary.sentence, "students": summary.students, "warnings": list(summary.warnings), "out": str(out),
        "states": {key: count for key, _, count, _, _ in summary.states},
        "rows": [{"student": row.student, "brief": row.brief, "state": row.state, "score": row.score, "file": row.file, "reason": row.reason} for row in made],
    }


def _tell(made: Sequence[Row], summary: Any, out: Path, *, plain: bool) -> None:
    print(summary.sentence)
    print(", ".join(f"{count:,} {label.lower()}" for _, label, count, _, _ in summary.states))
    for warning in summary.warnings:
        print(f"  {warning}")
    if plain:
        for row in made:
            score = "no score" if row.score is None else f"{row.score:.1f}"
            print(f"  {row.student or 'student not known'}, {row.brief or 'brief not known'}: {row.state}, {score}" + (f" ({row.file}: {row.reason})" if row.reason else ""))
        for brief in summary.briefs:
            print(f"{brief.id}: {brief.sentence}")
            for label, met, missed, unknown in brief.targets:
                print(f"  target {label}: {met} meet, {missed} miss, {unknown} not known")
            for rule in brief.rules:
                print(f"  {rule.mark}, {rule.count} of {brief.graded}: {rule.title} ({rule.rule})")
            print(f"  {brief.repair_sentence}")
    else:
        for row in summary.ungradable:
            print(f"  {row.file}: {row.reason}")
    print(f"Written: {strict.visible(out / 'grades.csv')} and {strict.visible(out / 'report' / 'index.html')}")


def _progress(done: int, of: int) -> None:
    print(f"\r{done:,} of {of:,} graded", end="\n" if done == of else "", file=sys.stderr, flush=True)
