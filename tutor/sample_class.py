"""`python -m tutor sample-class FOLDER`: a made-up class to try the instructor's commands on.

Sixty synthetic learners by default: some sound, some with one wrong idea that shows in design, predictions and text,
some careless; and a few files that cannot be graded, as every class has. Drawn from a seed, so that the same command
makes the same class. Nobody in it exists.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from dataclasses import asdict
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
HURDLE = 0.05
"""The share of files that cannot be graded."""
OPENINGS = ("We looked at what decoding waits for first.", "First the memory, then the speed.", "I began with the starter design and changed one thing at a time.",
            "My numbers are below; I am least sure of the cost.", "This is the smallest fleet that I could justify.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `sample-class`."""
    parser.description = "Write a made-up class: hand-ins, a roster and a policy. Then: python -m tutor validate FOLDER/handed-in --roster FOLDER/roster.csv --policy FOLDER/policy.toml"
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
    print(f"{args.students:,} synthetic learners, {made:,} files. Try:")
    print(f"  python -m tutor validate {folder / 'handed-in'} --roster {folder / 'roster.csv'} --policy {folder / 'policy.toml'} --out {folder / 'graded'}")
    return 0


def write(folder: Path, students: int, wanted: tuple[str, ...], seed: int) -> int:
    """The class on disk; how many files were handed in."""
    inbox = folder / "handed-in"
    inbox.mkdir(parents=True)
    rng = random.Random(seed)
    lines = ["student,name,received"]
    count = 0
    for number in range(1, students + 1):
        student = f"s-{number:04}"
        late = rng.random() < 0.1
        received = DUE + timedelta(hours=rng.uniform(1, 60)) if late else DUE - timedelta(hours=rng.uniform(0.2, 120))
        absent = students > 10 and rng.random() < 0.03
        lines.append(f"{student},Learner {number},{'' if absent else received.strftime('%Y-%m-%dT%H:%M:%SZ')}")
        if absent:
            continue
        for name, data in handed_in(rng, student, wanted[(number - 1) % len(wanted)]):
            (inbox / name).write_bytes(data)
            count += 1
    (folder / "roster.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "policy.toml").write_text(
        '# Lateness as data: see the page for instructors.\ntime_zone = "UTC"\n' f"due = {DUE.strftime('%Y-%m-%dT%H:%M:%S')}\n"
        f"{f'briefs = {json.dumps(list(wanted))}' if len(wanted) == 1 else ''}\n\n[late]\ngrace_minutes = 15\npoints_per_day = 10\nat_most = 50\n", "utf-8")
    return count


def handed_in(rng: random.Random, student: str, brief: str) -> Iterator[tuple[str, bytes]]:
    """The files of one learner: a notebook, a sidecar, or both; now and then one that cannot be graded."""
    if rng.random() < HURDLE:
        yield hurdle(rng, student, brief)
        return
    handed = learner(rng, student, brief)
    way = rng.random()
    if way < 0.85:
        yield f"{student}.ipynb", notebook(rng, handed)
    if way > 0.7:
        yield f"{student}.{brief}{SUFFIX}", handed.to_bytes()


def learner(rng: random.Random, student: str, brief: str) -> Submission:
    """One learner's hand-in."""
    of = briefs.brief(brief)
    kind = rng.choices([name for name, _ in KINDS], [share for _, share in KINDS])[0]
    while True:
        values = asdict(of.reference if kind != "careless" else of.starter)
        predictions, text, title = dict(of.reference_predictions), of.reference_rationale, "Our proposal"
        if kind == "mistaken":
            rule = rng.choice(rules.rules_for(brief))
            values |= rule.flagged.changes if (rule.flagged.brief or rule.briefs[0]) == brief else {}
            text = rule.flagged.rationale or " ".join(rng.sample(text.split(". "), k=min(2, text.count(". ") + 1)))
            title = "A first try"
        elif kind == "careless":
            predictions, text, title = ({}, "", "") if rng.random() < 0.5 else (predictions, text.split(". ")[0] + ".", "Starter, changed")
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
            entry = designfile.entry(of, values, title=title, predictions=predictions, rationale=f"{rng.choice(OPENINGS)} {text}" if text else "")
        except BadInput:
            continue  # a layout that does not use its chips: nobody could have handed that in
        return Submission(student=student, entry=entry, made_with={"hwlib": "0.1.0", "catalogue": "sample"})


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


def hurdle(rng: random.Random, student: str, brief: str) -> tuple[str, bytes]:
    """A file that cannot be graded, of one of the kinds that happen."""
    handed = learner(rng, student, brief)
    payload, book = handed.payload(), json.loads(notebook(rng, handed))
    kind = rng.randrange(7)
    if kind == 0:  # outputs cleared before saving
        for cell in book["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
        return f"{student}.ipynb", json.dumps(book).encode("utf-8")
    if kind == 1:  # the upload broke off
        return f"{student}.ipynb", json.dumps(book).encode("utf-8")[:-400]
    if kind == 2:  # a number that is none
        name = next(name for name, value in payload["design"].items() if type(value) in (int, float))
        text = json.dumps(payload | {"design": payload["design"] | {name: "here"}})
        return f"{student}.{brief}{SUFFIX}", text.replace('"here"', "NaN").encode("utf-8")
    if kind == 3:  # edited by hand
        return f"{student}.{brief}{SUFFIX}", json.dumps(payload | {"score": 100}).encode("utf-8")
    if kind == 4:
        return f"{student}.ipynb", b""
    if kind == 5:  # a picture under the wrong name
        return f"{student}.ipynb", b"\x89PNG\r\n\x1a\n" + bytes(rng.randrange(256) for _ in range(400))
    return f"{student}.{brief}{SUFFIX}", json.dumps(payload | {"design": payload["design"] | {"accelerator": "h1000"}}).encode("utf-8")
