"""`python -m tutor diff RUN_A RUN_B`: who moved between two runs, by how much, and by which rule."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from typing import Any

from tutor.gradebook import Gradebook, ordered
from tutor.output import criteria, number
from tutor.rows import SUPERSEDED, Row, Run

LISTED = 50
"""Movers that the terminal shows unless asked for all."""
SEEN = 0.005
"""Points by which a criterion must move to be named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One student's row of a brief in two runs; an absent one is None."""

    student: str
    brief: str
    before: Row | None
    after: Row | None
    why: tuple[str, ...]

    @property
    def by(self) -> float | None:
        """Points up or down; None when one of the two is blank."""
        a, b = (row.score if row else None for row in (self.before, self.after))
        return None if a is None or b is None else round(b - a, 1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `diff`."""
    from tutor.validate import book_argument

    parser.description = "Compare two runs of a gradebook: who moved, by how much, and by which rule. `--runs` lists the runs."
    parser.add_argument("run_a", type=int, nargs="?", metavar="RUN_A", help="default: the run before the last")
    parser.add_argument("run_b", type=int, nargs="?", metavar="RUN_B", help="default: the last run")
    parser.add_argument("--runs", action="store_true", help="list the runs instead")
    book_argument(parser)
    parser.add_argument("--plain", action="store_true", help="all movers, not the first only")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    """Compare; 0 whether or not anybody moved."""
    with Gradebook.existing(args.out) as book:
        if args.runs:
            for one in book.runs():
                print(f"{one.number}  {one.kind}  {one.versions}, rubric {one.rubric}, {one.hwlib}")
            return 0
        last = book.run(args.run_b)
        first = book.run(args.run_a if args.run_a is not None else max(1, last.number - 1))
        if args.json:
            as_json(book, first, last, moves(book, first, last))
        else:
            as_text(first, last, moves(book, first, last), listed=not args.plain)
    return 0


def moves(book: Gradebook, first: Run, last: Run) -> Iterator[Move]:
    """Every row that says something else in the second run, by student and brief."""
    def keyed(run: Run, which: int) -> Iterator[tuple[tuple[Any, ...], int, Row]]:
        for row in book.rows(run):
            if row.state != SUPERSEDED:
                yield (ordered(row.student), row.brief, ordered(row.file) if not row.student or not row.brief else ""), which, row

    for _, group in groupby(merge(keyed(first, 0), keyed(last, 1), key=lambda item: item[:2]), key=lambda item: item[0]):
        rows = {which: row for _, which, row in group}
        before, after = rows.get(0), rows.get(1)
        if before is not None and after is not None and _said(before) == _said(after):
            continue
        one = after or before
        yield Move(student=one.student, brief=one.brief, before=before, after=after, why=tuple(_why(book, first, last, before, after)))


def _said(row: Row) -> tuple[Any, ...]:
    """What of a row a person would call its result."""
    return row.state, row.score, {name: round(points, 2) for name, points in row.points.items()}, row.late, row.reason, dict(row.overridden), row.digest


def _why(book: Gradebook, first: Run, last: Run, before: Row | None, after: Row | None) -> Iterator[str]:
    if before is None or after is None:
        yield "not there before" if before is None else "not there any more"
        return
    if before.state != after.state:
        yield f"{before.state} → {after.state}" + (f" ({after.reason or before.reason})" if after.reason or before.reason else "")
    elif before.reason != after.reason:
        yield after.reason
    if before.digest != after.digest and before.digest and after.digest:
        yield f"another hand-in counts: {after.file}"
    if dict(before.given) != dict(after.given):
        yield "other numbers of the ticket"
    yield from _criteria(before, after)
    old, new = (_rules(book.facts(row.work, run)) if row.work else {} for row, run in ((before, first), (after, last)))
    yield from (f"rule {rule} speaks now ({new[rule]})" for rule in sorted(new.keys() - old.keys()))
    yield from (f"rule {rule} is silent now" for rule in sorted(old.keys() - new.keys()))
    yield from (f"rule {rule}: {old[rule]} → {new[rule]}" for rule in sorted(new.keys() & old.keys()) if old[rule] != new[rule])
    if before.late != after.late:
        yield f"lateness: {before.late or 'in time'} → {after.late or 'in time'}"
    for name in sorted(set(before.overridden) | set(after.overridden)):
        old_one, new_one = before.overridden.get(name), after.overridden.get(name)
        if old_one != new_one and (old_one or ("",) * 2)[1] != (new_one or ("",) * 2)[1]:
            yield f"override of {criteria().get(name, 'the score')}: " + (new_one[1] if new_one else "taken away")


def _criteria(before: Row, after: Row) -> Iterator[str]:
    for id, name in criteria().items():
        old, new = before.points.get(id), after.points.get(id)
        if old is not None and new is not None and abs(new - old) >= SEEN:
            yield f"{name} {old:.1f} → {new:.1f}"


def _rules(facts: Mapping[str, Any] | None) -> dict[str, str]:
    return dict(facts["rules"]) if facts else {}


def _changed(first: Run, last: Run) -> list[str]:
    return [name for name in ("rubric", "hwlib", "catalogue", "settings") if getattr(first, name) != getattr(last, name)]


def as_text(first: Run, last: Run, found: Iterator[Move], *, listed: bool) -> None:
    """The movers on standard output."""
    changed = _changed(first, last)
    print(f"Run {first.number} → run {last.number}. Changed in between: {', '.join(changed) if changed else 'neither rubric nor hwlib nor catalogue'}.")
    count = up = down = 0
    for move in found:
        count += 1
        up, down = up + ((move.by or 0) > 0), down + ((move.by or 0) < 0)
        if listed and count > LISTED:
            continue
        a, b = (number(row.score) or "blank" if row else "absent" for row in (move.before, move.after))
        who = ", ".join(text for text in (move.student or (move.after or move.before).file, move.brief) if text)
        print(f"  {who}: {a} → {b}" + (f" ({move.by:+.1f})" if move.by else "") + (f": {'; '.join(move.why)}" if move.why else ""))
    if listed and count > LISTED:
        print(f"  and {count - LISTED:,} more; --plain shows all")
    print(f"{count:,} moved: {up:,} up, {down:,} down, {count - up - down:,} otherwise." if count else "Nobody moved.")


def as_json(book: Gradebook, first: Run, last: Run, found: Iterator[Move]) -> None:
    """The movers as one JSON object, written as they are found."""
    head = {"before": first.number, "after": last.number, "changed": _changed(first, last)}
    print(json.dumps(head)[:-1] + ', "moves": [', end="")
    for place, move in enumerate(found):
        told = {"student": move.student, "brief": move.brief, "by": move.by, "why": list(move.why), **{
            name: None if row is None else {"state": row.state, "score": row.score, "file": row.file} for name, row in (("before", move.before), ("after", move.after))}}
        print(("," if place else "") + "\n " + json.dumps(told, ensure_ascii=False), end="")
    print("\n]}")
