"""`python -m tutor explain STUDENT`: one student's grade line by line, which file counted and why, and what the rules found."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from tutor import override
from tutor.gradebook import Gradebook
from tutor.output import number
from tutor.rows import SUPERSEDED, Row, Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `explain`."""
    from tutor.validate import book_argument

    parser.description = "Say how a student's grade came about: state, score line by line, overrides, lateness, findings, and which file counted."
    parser.add_argument("student", metavar="STUDENT")
    parser.add_argument("--brief", metavar="BRIEF", help="only this brief")
    parser.add_argument("--run", type=int, dest="number", metavar="N", help="a run (default: the last)")
    book_argument(parser)
    parser.add_argument("--plain", action="store_true", help="the same text; it has no colours to leave out")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    """Explain."""
    with Gradebook.existing(args.out) as book:
        which = book.run(args.number)
        override.known(book, args.student)
        told = [explained(book, which, row) for row in book.rows(which, args.student) if args.brief in (None, row.brief)]
        if args.json:
            print(json.dumps({"student": args.student, "run": which.number, "graded_by": which.versions, "rubric": which.rubric, "rows": told}, ensure_ascii=False, indent=1))
        else:
            print(f"{args.student}, run {which.number} ({which.versions}, rubric {which.rubric})")
            for one in told:
                print("\n".join(_lines(one)))
            if not told:
                print("  No row of this student stands in that run.")
    return 0


def explained(book: Gradebook, run: Run, row: Row) -> dict[str, Any]:
    """A row with its review's lines, as plain values."""
    review = (book.review(row.work, run) if row.work else None) or {}
    lines = [{"criterion": c["id"], "name": c["name"], "points": row.points.get(c["id"], c["points"]), "of": c["of"], "why": c["why"],
              "computed": c["points"], "override": row.overridden[c["id"]][1] if c["id"] in row.overridden else ""} for c in review.get("criteria", ())]
    return {
        "brief": row.brief, "state": row.state, "score": row.score, "before_lateness": row.raw, "late": row.late, "received": row.received, "file": row.file,
        "reason": row.reason, "counts": row.state != SUPERSEDED, "capped": review.get("capped", ""), "headline": review.get("headline", ""), "lines": lines,
        "override": row.overridden[""][1] if "" in row.overridden else "", "ticket": dict(row.given), "hand_in": row.digest[:12],
        "targets": [{"label": t["label"], "met": t["met"], "yours": t["yours_shown"], "limit": t["limit_shown"]} for t in review.get("targets", ())],
        "findings": [{"rule": f["rule"], "severity": f["severity"], "title": f["title"]} for f in review.get("findings", ())],
    }


def _lines(one: dict[str, Any]) -> Iterator[str]:
    yield f"{one['brief'] or 'no brief'}: {one['state']}, {number(one['score']) or 'no score'}"
    if one["file"]:
        yield f"  file: {one['file']}" + (f", hand-in {one['hand_in']}" if one["hand_in"] else "") + ("; it counts" if one["counts"] and one["hand_in"] else "")
    if one["reason"]:
        yield f"  why: {one['reason']}"
    if one["ticket"]:
        yield "  judged under the ticket's own numbers: " + ", ".join(f"{name} {value}" for name, value in one["ticket"].items())
    for line in one["lines"]:
        said = f"; override, computed {line['computed']:.1f}: {line['override']}" if line["override"] else ""
        yield f"  {line['points']:5.1f} of {line['of']:g}  {line['name']}: {line['why']}{said}"
    if one["capped"]:
        yield f"  {one['capped']}"
    if one["late"]:
        yield f"  {number(one['before_lateness'])} before lateness; {one['late']}"
    if one["override"]:
        yield f"  the whole score was set by the instructor: {one['override']}"
    for target in one["targets"]:
        yield f"  target {target['label']}: {target['yours']} against {target['limit']}, " + {True: "met", False: "missed", None: "not known"}[target["met"]]
    for finding in one["findings"]:
        yield f"  {finding['severity']}: {finding['title']} ({finding['rule']})"

