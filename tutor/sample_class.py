"""`python -m tutor sample-class FOLDER`: a made-up class to try the instructor's commands on.

Sixty synthetic learners by default: some sound, some with one wrong idea that shows in design, predictions and text,
some careless, some late, two who never came, two who copied, and a few files that cannot be graded, as every class has
them. Beside them a roster, a policy, and the files that Canvas and Moodle would export. Drawn from a seed, so that the
same command makes the same class. Nobody in it exists.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import re
import shlex
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hwlib.designs import Knob, knobs
from hwlib.errors import BadInput
from tutor import briefs, designfile, rules
from tutor.submission import MIME, SUFFIX, Submission

DUE = datetime(2027, 1, 31, 23, 59, tzinfo=UTC)
KINDS = (("sound", 0.3), ("mistaken", 0.4), ("careless", 0.3))
"""How the learners are mixed; each share of the hand-ins that can be read."""
LATE, HURDLE, MISSING = 0.1, 0.05, 0.03
"""The shares of learners who are late, whose file cannot be graded, and who hand in nothing."""
COPIES = 2
"""Learners who hand in another one's work: one as it is, one with other words here and there."""
OPENINGS = ("We looked at what decoding waits for first.", "First the memory, then the speed.", "I began with the starter design and changed one thing at a time.",
            "My numbers are below; I am least sure of the cost.", "This is the smallest fleet that I could justify.")
ASIDES = ("From {n} to {m} the {thing} fell by {k}, and {other} cost me {l} tries.", "Row {n} of my {thing} table: {m} against {k}, with {other} at {l}.",
          "Our group had {n} for {thing}, I had {m}; after {k} minutes {other} gave {l}.", "With {n} percent less {thing} I would take {m} and {k} of {other}, not {l}.",
          "Try {n}: {thing} {m}, {other} {k}, and {l} left over.")
"""Sentences that are each learner's own: with their figures no two are the same."""
THINGS = ("queue", "cache", "batch", "spare", "prompt", "memory", "price", "latency", "weights", "load")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `sample-class`."""
    parser.description = "Write a made-up class: hand-ins, a roster, a policy, and what Canvas and Moodle would export. The command to type next is printed."
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a new or empty folder")
    parser.add_argument("--students", type=int, default=60, metavar="N")
    parser.add_argument("--brief", action="append", metavar="BRIEF", help="may be given more than once (default: serve-70b)")
    parser.add_argument("--seed", type=int, default=1)


def run(args: argparse.Namespace) -> int:
    """Write the class."""
    wanted = tuple(args.brief or ("serve-70b",))
    for brief in wanted:
        briefs.brief(brief)
    if not 1 <= args.students <= 100_000:
        raise BadInput(f"--students = {args.students} must be from 1 to 100,000", field="students")
    folder = args.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder} is not an empty folder; name a new one", field="folder")
    try:
        made = write(folder, args.students, wanted, args.seed)
    except OSError as error:
        raise BadInput(f"{folder} cannot be written: {(error.strerror or 'no').lower()}", field="folder") from None
    print(f"{args.students:,} synthetic learners, {made:,} files. Type next:")
    for line in next_commands(folder):
        print(f"  {line}")
    return 0


def next_commands(folder: Path) -> list[str]:
    """What to type after it, as the page for instructors shows it."""
    at = {name: shlex.quote(str(folder / name)) for name in ("handed-in", "roster.csv", "policy.toml", "graded", "canvas.csv")}
    return [f"python -m tutor validate {at['handed-in']} --roster {at['roster.csv']} --policy {at['policy.toml']} --out {at['graded']}",
            f"python -m tutor export --format canvas --file {at['canvas.csv']} --out {at['graded']}"]


@dataclass(frozen=True, slots=True)
class Roles:
    """Who does what in the class, by the number of the learner."""

    late: frozenset[int] = frozenset()
    missing: frozenset[int] = frozenset()
    hurdles: Mapping[int, int] = field(default_factory=dict)
    """Learner → the kind of file that cannot be graded."""
    copies: Mapping[int, int] = field(default_factory=dict)
    """Learner → whose work it is."""


def roles(rng: random.Random, students: int) -> Roles:
    """Shares of the class, rounded; a class of fewer than ten has none of them."""
    if students < 10:
        return Roles()
    order = rng.sample(range(1, students + 1), students)
    counts = [round(students * share) for share in (MISSING, HURDLE)]
    missing, rest = order[: counts[0]], order[counts[0] :]
    hurdles, rest = rest[: counts[1]], rest[counts[1] :]
    copiers = rest[:COPIES]
    late = rng.sample(order[counts[0] :], round(students * LATE))
    return Roles(frozenset(late), frozenset(missing), {student: place % HURDLES for place, student in enumerate(hurdles)}, dict(zip(copiers, rest[COPIES : 2 * COPIES], strict=True)))


def write(folder: Path, students: int, wanted: tuple[str, ...], seed: int) -> int:
    """The class on disk; how many files were handed in."""
    inbox = folder / "handed-in"
    inbox.mkdir(parents=True)
    rng = random.Random(seed)
    cast = roles(rng, students)
    lines = ["student,name,email,received"]
    kept: dict[int, Submission] = {}
    count = 0
    for number in sorted(range(1, students + 1), key=lambda n: (n in cast.copies, n)):
        student, brief = f"s-{number:04}", wanted[(number - 1) % len(wanted)]
        if number in cast.copies:
            files = copied(rng, student, kept[cast.copies[number]], reworded=list(cast.copies).index(number) % 2 == 1)
        elif number in cast.hurdles:
            files = iter([hurdle(rng, student, brief, cast.hurdles[number])])
        else:
            files = handed_in(rng, student, brief, kept if number in cast.copies.values() else None, number)
        if number not in cast.missing:
            for name, data in files:
                (inbox / name).write_bytes(data)
                count += 1
    for number in range(1, students + 1):
        received = DUE + timedelta(hours=rng.uniform(1, 60)) if number in cast.late else DUE - timedelta(hours=rng.uniform(0.2, 120))
        when = "" if number in cast.missing else received.strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(f's-{number:04},"Sample, Learner {number}",s-{number:04}@uni.example,{when}')
    (folder / "roster.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "policy.toml").write_text(
        '# Lateness as data: see the page for instructors.\ntime_zone = "UTC"\n' f"due = {DUE.strftime('%Y-%m-%dT%H:%M:%S')}\n"
        f"{f'briefs = {json.dumps(list(wanted))}' if len(wanted) == 1 else ''}\n\n[late]\ngrace_minutes = 15\npoints_per_day = 10\nat_most = 50\n", "utf-8")
    (folder / "canvas.csv").write_bytes(canvas(students, wanted))
    (folder / "moodle.csv").write_bytes(moodle(students))
    return count


def canvas(students: int, wanted: tuple[str, ...]) -> bytes:
    """A gradebook as Canvas exports it, with an assignment for each brief and one of something else."""
    titles = [f"{brief}: {briefs.brief(brief).title} ({200 + place})" for place, brief in enumerate(wanted)]
    rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Essay (199)", *titles, "Current Score", "Final Score"],
            ["    Points Possible", "", "", "", "", "10.00", *["100.00"] * len(titles), "(read only)", "(read only)"]]
    rows += [[f"Sample, Learner {n}", str(7000 + n), f"s-{n:04}", f"s-{n:04}@uni.example", "Section 1", "8.50", *[""] * len(titles), "85.00", "85.00"] for n in range(1, students + 1)]
    return b"\xef\xbb\xbf" + _csv(rows, "\r\n")


def moodle(students: int) -> bytes:
    """A grading worksheet as Moodle exports it."""
    rows = [["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed", "Last modified (submission)", "Last modified (grade)", "Feedback comments"]]
    rows += [[f"Participant {4000 + n}", f"Learner {n} Sample", f"s-{n:04}@uni.example", "Submitted for grading", "", "100.00", "Yes", "-", "-", ""] for n in range(1, students + 1)]
    return _csv(rows, "\n")


def _csv(rows: list[list[str]], ending: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator=ending).writerows(rows)
    return text.getvalue().encode("utf-8")


def handed_in(rng: random.Random, student: str, brief: str, kept: dict[int, Submission] | None = None, number: int = 0) -> Iterator[tuple[str, bytes]]:
    """The files of one learner: a notebook, a sidecar, or both."""
    handed = learner(rng, student, brief, "sound" if kept is not None else "")  # whoever is copied has something to copy
    if kept is not None:
        kept[number] = handed
    way = rng.random()
    if way < 0.85:
        yield f"{student}.ipynb", notebook(rng, handed)
    if way > 0.7:
        yield f"{student}.{brief}{SUFFIX}", handed.to_bytes()


def copied(rng: random.Random, student: str, other: Submission, *, reworded: bool) -> Iterator[tuple[str, bytes]]:
    """Another one's work under this learner's id."""
    entry = other.entry
    if reworded:
        words = entry.rationale.split(" ")
        for place in range(9, len(words), 17):
            words[place] = "really"
        entry = replace(entry, rationale=" ".join(words))
    yield f"{student}.ipynb", notebook(rng, replace(other, student=student, entry=entry))


def learner(rng: random.Random, student: str, brief: str, kind: str = "") -> Submission:
    """One learner's hand-in, of a kind or of any."""
    of = briefs.brief(brief)
    asides = 3 if kind else rng.choice((1, 2, 3))
    kind = kind or rng.choices([name for name, _ in KINDS], [share for _, share in KINDS])[0]
    while True:
        values = asdict(of.reference if kind != "careless" else of.starter)
        predictions, text, title = dict(of.reference_predictions), " ".join(of.reference_rationale.split()), "Our proposal"
        if kind == "mistaken":
            rule = rng.choice(rules.rules_for(brief))
            values |= rule.flagged.changes if (rule.flagged.brief or rule.briefs[0]) == brief else {}
            sentences = _sentences(text)
            text = rule.flagged.rationale or " ".join(rng.sample(sentences, k=min(2, len(sentences))))
            title = "A first try"
        elif kind == "careless":
            predictions, text, title = ({}, "", "") if rng.random() < 0.5 else (predictions, _sentences(text)[0], "Starter, changed")
        known = knobs(of.design_class)
        free = [name for name in of.decides if name not in of.fixed and (known[name].tries or known[name].options)]
        for name in rng.sample(free, k=min(len(free), rng.choice((1, 1, 2, 3)))):
            values[name] = _moved(rng, known[name], values[name])
        if "data_parallel" in values:
            ranks = values["tensor_parallel"] * values["pipeline_parallel"]
            values["data_parallel"] = max(1, values["nodes"] * values["chips_per_node"] // ranks)
        for name, value in predictions.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                predictions[name] = float(f"{value * rng.lognormvariate(0, 0.4):.3g}")
        try:
            entry = designfile.entry(of, values, title=title, predictions=predictions, rationale=" ".join([rng.choice(OPENINGS), text, *_asides(rng, asides)]) if text else "")
        except BadInput:
            continue  # a layout that does not use its chips: nobody could have handed that in
        return Submission(student=student, entry=entry, made_with={"hwlib": "0.1.0", "catalogue": "sample"})


def _sentences(text: str) -> list[str]:
    """
    >>> _sentences("One\\nthing. Another: yes.")
    ['One thing.', 'Another: yes.']
    """
    return re.split(r"(?<=[.!?]) ", " ".join(text.split()))


def _asides(rng: random.Random, count: int) -> list[str]:
    return [aside.format(thing=rng.choice(THINGS), other=rng.choice(THINGS), **{name: rng.randrange(2, 1000) for name in "nmkl"}) for aside in rng.sample(ASIDES, k=count)]


def _moved(rng: random.Random, knob: Knob, value: Any) -> Any:
    """Another value of the field, near ones more often than far ones."""
    if knob.options:
        return rng.choice(knob.options)
    tries = sorted({*knob.tries, value})
    place = tries.index(value) + rng.choice((-2, -1, -1, 1, 1, 2))
    return tries[min(max(place, 0), len(tries) - 1)]


def notebook(rng: random.Random, handed: Submission) -> bytes:
    """A workbook as a learner saves it: text, code, output, and the hand-in among the outputs."""
    cells: list[dict[str, Any]] = []
    for number in range(rng.randint(6, 14)):
        cells.append({"cell_type": "markdown", "id": f"m{number}", "metadata": {}, "source": f"Step {number + 1}. " + handed.entry.rationale[:200]})
        shown = [{"output_type": "stream", "name": "stdout", "text": "".join(f"{rng.random():.6f}\n" for _ in range(rng.randint(2, 20)))}]
        cells.append({"cell_type": "code", "id": f"c{number}", "metadata": {}, "execution_count": number + 1, "source": "show(estimate)", "outputs": shown})
    cells.append({"cell_type": "code", "id": "hand-in", "metadata": {}, "execution_count": len(cells), "source": "submit(design, student=…)", "outputs": [
        {"output_type": "display_data", "metadata": {}, "data": {MIME: handed.payload(), "text/plain": "This output is your hand-in."}}]})
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}}, "cells": cells}
    return json.dumps(book, ensure_ascii=False, indent=1).encode("utf-8")


HURDLES = 9


def hurdle(rng: random.Random, student: str, brief: str, kind: int) -> tuple[str, bytes]:
    """A file that cannot be graded, of one of the kinds that happen, two of them meant ill."""
    handed = learner(rng, student, brief)
    payload, book = handed.payload(), json.loads(notebook(rng, handed))
    name = f"{student}.{brief}{SUFFIX}"
    if kind == 0:  # outputs cleared before saving
        for cell in book["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
        return f"{student}.ipynb", json.dumps(book).encode("utf-8")
    if kind == 1:  # a score of one's own, and a formula for the instructor's spreadsheet
        return name, json.dumps(payload | {"score": 100, "title": "=HYPERLINK(1)"}).encode("utf-8")
    if kind == 2:  # an archive that would write outside its folder
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr(zipfile.ZipInfo(f"../../{name}"), json.dumps(payload))
        return f"{student}.zip", held.getvalue()
    if kind == 3:  # the upload broke off
        return f"{student}.ipynb", json.dumps(book).encode("utf-8")[:-400]
    if kind == 4:  # a number that is none
        number = next(field for field, value in payload["design"].items() if type(value) in (int, float))
        text = json.dumps(payload | {"design": payload["design"] | {number: "here"}})
        return name, text.replace('"here"', "NaN").encode("utf-8")
    if kind == 5:
        return f"{student}.ipynb", b""
    if kind == 6:  # a picture under the wrong name
        return f"{student}.ipynb", b"\x89PNG\r\n\x1a\n" + bytes(rng.randrange(256) for _ in range(400))
    if kind == 7:  # saved by a browser under another ending
        return f"{student}.ipynb.txt", json.dumps(book).encode("utf-8")
    return name, json.dumps(payload | {"design": payload["design"] | {"accelerator": "h1000"}}).encode("utf-8")
