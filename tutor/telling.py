"""How a run is told on a terminal: a line of progress while it works, then the result as text or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from tutor import strict
from tutor.gradebook import Gradebook
from tutor.rows import GRADED, UNGRADABLE, Run

EVERY_S, WIDTH = 0.1, 24
SHOWN = 20
"""Ungradable files that are named on the terminal; all of them stand in grades.csv."""


class Bar:
    """One line that says how far the work is and how long it may still take; quiet where nobody looks."""

    def __init__(self, *, quiet: bool, to: Any = None) -> None:
        self.quiet, self.to = quiet, to or sys.stderr
        self.what, self.total = "", 0
        self.began = self.shown = time.monotonic()
        self.open = False

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @classmethod
    def of(cls, args: argparse.Namespace) -> Bar:
        """Drawn on a terminal, and never beside text that a program will read."""
        return cls(quiet=args.json or args.plain or not sys.stderr.isatty())

    def begin(self, what: str, total: int = 0) -> None:
        """A new stretch of work; ``total`` is 0 where nobody knows it."""
        self.what, self.total, self.began = what, total, time.monotonic()

    def step(self, done: int) -> None:
        now = time.monotonic()
        if self.quiet or now - self.shown < EVERY_S:
            return
        self.shown, self.open = now, True
        text = f"{done:,} {self.what}"
        if self.total and done:
            left = (now - self.began) * (self.total - done) / done
            filled = round(WIDTH * min(done, self.total) / self.total)
            text = (f"[{'#' * filled}{' ' * (WIDTH - filled)}] {done:,} of {self.total:,} {self.what}, {100 * done // self.total}%"
                    + (f", about {left:,.0f} s left" if left >= 1 else ""))
        print(f"\r\x1b[K{text}", end="", file=self.to, flush=True)

    def end(self) -> None:
        """Wipe the line."""
        if self.open:
            print("\r\x1b[K", end="", file=self.to, flush=True)
            self.open = False


def tell(book: Gradebook, run: Run, cohort: Any, out: Path, args: argparse.Namespace, *, new: bool) -> None:
    """The result on standard output."""
    if args.json:
        _json(book, run, cohort, out, new=new)
        return
    print(cohort.sentence)
    print(", ".join(f"{count:,} {label.lower()}" for key, label, count, _, _ in cohort.states if count or key in (GRADED, UNGRADABLE)))
    for warning in cohort.warnings:
        print(f"  {warning}")
    if args.plain:
        _plain(book, run, cohort)
    else:
        for row in cohort.ungradable[:SHOWN]:
            print(f"  {row.file or row.student}: {row.reason}")
        if cohort.count[UNGRADABLE] > SHOWN:
            print(f"  and {cohort.count[UNGRADABLE] - SHOWN:,} more, in grades.csv")
    print(f"Run {run.number}{'' if new else ', as before'}. Written: {strict.visible(out / 'grades.csv')} and {strict.visible(out / 'report' / 'index.html')}")


def _json(book: Gradebook, run: Run, cohort: Any, out: Path, *, new: bool) -> None:
    """One object, written as it is read: a class of 20,000 takes no more room than one of 20."""
    head = {"run": run.number, "new": new, "rubric": run.rubric, "hwlib": run.hwlib, "catalogue": run.catalogue, "sentence": cohort.sentence,
            "students": cohort.students, "warnings": list(cohort.warnings), "out": str(out), "states": cohort.count}
    print(json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "rows": [', end="")
    for place, row in enumerate(book.rows(run)):
        shown = {"student": row.student, "brief": row.brief, "state": row.state, "score": row.score, "points": dict(row.points), "late": row.late,
                 "overridden": dict(row.overridden), "file": row.file, "reason": row.reason}
        print(("," if place else "") + "\n  " + json.dumps(shown, ensure_ascii=False), end="")
    print("\n ]\n}")


def _plain(book: Gradebook, run: Run, cohort: Any) -> None:
    for row in book.rows(run):
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
