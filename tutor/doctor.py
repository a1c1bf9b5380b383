"""`python -m tutor doctor`: look whether everything that validate needs is in order, and say what to do where it is not."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hwlib.errors import BadInput
from tutor.gradebook import FILE, Gradebook
from tutor.versions import grader, versions

OLDEST = (3, 11)
ROOM_BYTES = 200 * 10**6
"""Free disk below this is said: a class of 5,000 takes about half of it."""
PACKAGES = (("numpy", True, "pip install numpy"), ("jinja2", True, "pip install jinja2"), ("distributed", False, 'only for --dask: pip install "hardware-that-learns[cluster]"'),
            ("tzdata", False, "only where the system has no time zones: pip install tzdata"))


@dataclass(frozen=True, slots=True)
class Found:
    """One check: ``state`` is ok, note or broken."""

    what: str
    state: str
    said: str
    remedy: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `doctor`."""
    from tutor.validate import book_argument

    parser.description = "Check Python, packages, rubric, disk and the gradebook, and say the remedy where something is wrong. Ends with 1 when something is broken."
    book_argument(parser)
    parser.add_argument("--plain", action="store_true", help="the same text; it has no colours to leave out")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    """Check, and tell."""
    found = list(checks(args.out))
    broken = sum(one.state == "broken" for one in found)
    if args.json:
        print(json.dumps({"broken": broken, "checks": [asdict(one) for one in found]}, ensure_ascii=False, indent=1))
    else:
        for one in found:
            print(f"{one.state:7s} {one.what}: {one.said}" + (f". Remedy: {one.remedy}" if one.remedy else ""))
        print("Something is broken." if broken else "All in order.")
    return 1 if broken else 0


def checks(out: Path) -> Iterator[Found]:
    """Every check in turn; one that fails by itself is broken, and the others go on."""
    for what, check in (("Python", _python), ("packages", _packages), ("rubric", _rubric), ("workers", _workers), ("time zones", _zones),
                        ("folder", lambda: _folder(out)), ("disk", lambda: _disk(out)), ("gradebook", lambda: _gradebook(out))):
        yield from _guarded(what, check)


def _guarded(what: str, check: Callable[[], Iterator[Found]]) -> Iterator[Found]:
    try:
        yield from check()
    except (BadInput, OSError, sqlite3.Error) as error:
        yield Found(what, "broken", str(error))


def _python() -> Iterator[Found]:
    here = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= OLDEST
    yield Found("Python", "ok" if good else "broken", here, "" if good else f"use Python {OLDEST[0]}.{OLDEST[1]} or newer")
    yield Found("SQLite", "ok", sqlite3.sqlite_version)


def _packages() -> Iterator[Found]:
    for name, needed, remedy in PACKAGES:
        try:
            yield Found(name, "ok", version(name))
        except PackageNotFoundError:
            yield Found(name, "broken" if needed else "note", "not installed", remedy)


def _rubric() -> Iterator[Found]:
    from tutor import best, briefs, rules

    count = len(rules.all_rules())
    lacking = [id for id in briefs.brief_ids() if best.best_entry(id) is None]
    yield Found("rubric", "broken" if lacking else "ok", f"{count} rules, {len(briefs.brief_ids())} briefs; rubric {grader().rubric}, {versions()}",
                f"python -m tutor best {' '.join(lacking)}" if lacking else "")


def _workers() -> Iterator[Found]:
    from tutor.pool import MEMORY_BYTES, Task, Workers

    with Workers(1) as pool:
        answers = [value for _, value in pool.map([Task(0, os.getpid, ())])]
    good = answers and isinstance(answers[0], int) and answers[0] != os.getpid()
    yield Found("workers", "ok" if good else "broken", f"{os.cpu_count() or 1} cores; each worker may take {MEMORY_BYTES / 2**30:.0f} GiB" if good else "a worker cannot be started",
                "" if good else "raise the limits on processes and memory of this session")


def _zones() -> Iterator[Found]:
    from tutor.policy import time_zone

    try:
        time_zone("Europe/Berlin")
        yield Found("time zones", "ok", "named zones are known")
    except BadInput:
        yield Found("time zones", "note", "named zones are not known", "pip install tzdata, or write offsets such as +01:00 in the policy")


def _folder(out: Path) -> Iterator[Found]:
    if not out.exists():
        yield Found("folder", "note", f"{out} is not there yet", "validate makes it")
        return
    try:
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        yield Found("folder", "broken", f"{out} cannot be written to: {(error.strerror or 'no').lower()}", "choose another --out, or change its rights")
        return
    left = len(list(out.glob(".report-*"))) + len(list(out.glob(".new-*")))
    yield Found("folder", "note" if left else "ok", f"{left} things left by a run that was killed" if left else str(out), "the next run clears them away" if left else "")
    report = out / "report"
    if report.exists() and not (report / ".written-by-tutor").is_file():
        yield Found("report", "broken", f"{report} was not written by this command", "choose another --out")


def _disk(out: Path) -> Iterator[Found]:
    here = next(place for place in (out.absolute(), *out.absolute().parents) if place.exists())
    free = shutil.disk_usage(here).free
    yield Found("disk", "ok" if free > ROOM_BYTES else "note", f"{free / 1e9:,.1f} GB free", "" if free > ROOM_BYTES else f"make room: {ROOM_BYTES / 1e6:.0f} MB serve a class of thousands")


def _gradebook(out: Path) -> Iterator[Found]:
    if not (out / FILE).exists():
        yield Found("gradebook", "note", "none yet", "validate makes it")
        return
    with Gradebook.existing(out) as book:
        trouble = book.trouble()
        if trouble:
            yield Found("gradebook", "broken", f"{out / FILE} is damaged ({trouble})", "move it away and run validate again: it grades the class anew; overrides must be set again")
            return
        yield Found("gradebook", "ok", f"whole; {len(book.runs())} runs, {len(book.overrides())} hand-ins with overrides")
        last = book.last()
        now = grader()
        if last and (last.rubric, last.hwlib, last.catalogue) != (now.rubric, now.hwlib, now.catalogue):
            parts = [name for name in ("rubric", "hwlib", "catalogue") if getattr(last, name) != getattr(now, name)]
            yield Found("last run", "note", f"run {last.number} was graded by another {' and '.join(parts)}", "python -m tutor regrade shows who moves")
        elif last:
            yield Found("last run", "ok", f"run {last.number}, graded by what is installed")
