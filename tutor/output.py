"""What a run writes: the report and grades.csv, each replaced in one step, so that an interruption leaves the last whole one."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

from hwlib.errors import BadInput
from tutor import strict
from tutor.gradebook import Gradebook
from tutor.pool import Lost, Task
from tutor.rows import MISSING, Row, Run

MARKER = "Written by tutor validate; this folder is replaced at the next run.\n"
PRINTS = ".pages.json"
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def prepare(out: Path) -> None:
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


def tidy(out: Path) -> None:
    """Clear away what a run that was killed left."""
    report = out / "report"
    if not report.exists():  # killed between its two renames
        for old in sorted(out.glob(".report-*-old")):
            os.replace(old, report)
            break
    for left in out.glob(".report-*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in out.glob(".new-*"):
        left.unlink(missing_ok=True)


@contextmanager
def claimed(out: Path) -> Iterator[None]:
    """The output folder, made and held for this run alone: two at once would replace each other's report."""
    prepare(out)
    lock = out / ".lock"
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    except OSError as error:
        raise BadInput(f"--out {out} cannot be written to: {(error.strerror or 'no').lower()}", field="out") from None
    try:
        try:
            import fcntl  # a lock of this process: its workers do not hold it, and the system frees it when it dies

            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass
        except OSError:
            raise BadInput(f"--out {out} is in use by another run; wait for it, or choose another folder", field="out") from None
        tidy(out)
        yield
    finally:
        os.close(handle)


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """A file that takes its place only when it is whole."""
    handle, fresh = tempfile.mkstemp(prefix=".new-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.chmod(fresh, 0o644)
        os.replace(fresh, target)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise


def write(book: Gradebook, run: Run, out: Path, *, pool: Any, progress: Any = None) -> Any:
    """Write report and grades of a run; the summary of the class."""
    from tutor.report import pages, summary

    fresh = Path(tempfile.mkdtemp(prefix=".report-", dir=out))
    try:
        report = out / "report"
        old, new = _prints(report), {}
        tally = summary.Tally()
        tasks = _student_pages(book, run, report, fresh, old, new, tally)
        for done, (name, page) in enumerate(pool.map(tasks), start=1):
            (fresh / name).write_bytes(page if not isinstance(page, Lost) else pages.lost(page.reason))
            if isinstance(page, Lost):
                new.pop(name, None)
            if progress:
                progress(done)
        cohort = tally.cohort(run.warnings)
        for name, page in pages.class_pages(cohort, sorted(tally.students.items()), versions=run.versions).items():
            (fresh / name).write_bytes(page)
        (fresh / PRINTS).write_text(json.dumps(new, sort_keys=True, indent=0), "utf-8")
        (fresh / ".written-by-tutor").write_text(MARKER, encoding="utf-8")
        fresh.chmod(0o755)
        with replacing(out / "grades.csv") as file:
            for line in grades_csv(book.rows(run)):
                file.write(line)
        before = out / f"{fresh.name}-old"
        if report.exists():
            os.replace(report, before)
        os.replace(fresh, report)
        shutil.rmtree(before, ignore_errors=True)
        return cohort
    except OSError as error:
        raise BadInput(f"{out} cannot be written to: {(error.strerror or 'no').lower()}; the last whole report stands", field="out") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _student_pages(book: Gradebook, run: Run, report: Path, fresh: Path, old: dict[str, str], new: dict[str, str], tally: Any) -> Iterator[Task]:
    """The pages that must be rendered; those that have not changed are linked from the last report. Counts the class on the way."""
    from tutor.report import pages

    stamp = "\0".join((pages.stamp(), run.versions, run.rubric, run.hwlib, run.catalogue))
    for student, group in groupby(book.rows(run), key=lambda row: row.student):
        own = list(group)
        for row in own:
            tally.add(row, book.facts(row.work, run) if row.work else None)
        if not student or all(row.state == MISSING for row in own):
            continue
        name = tally.page(student)
        texts = [row.text() for row in own]
        new[name] = hashlib.sha256("\0".join([stamp, *texts]).encode()).hexdigest()
        if old.get(name) == new[name]:
            with suppress(OSError):
                if (report / name).stat().st_size:
                    _link(report / name, fresh / name)
                    continue
        parts = [(text, book.payload(row.digest) if row.digest else "", book.packed(row.work, run) if row.work else b"") for row, text in zip(own, texts, strict=True)]
        yield Task(name, pages.student_page, (student, parts, run.versions))


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _prints(report: Path) -> dict[str, str]:
    try:
        found = json.loads((report / PRINTS).read_text("utf-8"))
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}


def grades_csv(rows: Iterable[Row]) -> Iterator[bytes]:
    """The grades as RFC 4180 wants them, safe to open in a spreadsheet. No score is an empty cell, never 0."""
    names = criteria()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([safe(cell) for cell in ("student", "brief", "state", "score", "before lateness", *names.values(), "late", "override", "file", "reason")])
    for row in rows:
        points = [f"{row.points[id]:.2f}" if id in row.points else "" for id in names]
        because = "; ".join(f"{names.get(name, 'score')}: {why}" for name, (_, why) in row.overridden.items())
        writer.writerow([safe(cell) for cell in (row.student, row.brief, row.state, number(row.score), number(row.raw), *points, row.late, because, row.file, row.reason)])
        yield text.getvalue().encode("utf-8")
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode("utf-8")


def criteria() -> dict[str, str]:
    """Criterion → its name, in the rubric's order."""
    from tutor.scoring import HOW

    names = {"possible": "Possible, within the model's limits", "targets": "Meets the brief's targets", "efficiency": "Efficiency", "predictions": "Predictions",
             "robustness": "Robustness", "reasoning": "Reasoning and honesty"}
    return {id: names.get(id, id.capitalize()) for id in HOW}


def number(value: float | None) -> str:
    """
    >>> number(None), number(72.25)
    ('', '72.2')
    """
    return "" if value is None else f"{value:.1f}"


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    >>> safe("=1+1"), safe("s-0031"), safe(" @x")
    ("'=1+1", 's-0031', "' @x")
    """
    text = strict.visible(cell)
    return f"'{text}" if text.lstrip(" \u00a0\u3000").startswith((*_RISKY, "＝", "＋", "－", "＠")) or text.startswith(("\t", "\r", "\n")) else text
