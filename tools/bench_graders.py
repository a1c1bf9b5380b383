"""Graders side by side, measured in the same run: `make bench`, or `.bench/bin/python tools/bench_graders.py`.

nbgrader (autograde) and otter (run) execute a notebook of two cells; our validate reads notebooks of 20 to 30 cells as
data. Each is timed by the wall, from the command to the written grades, and divided by its submissions: nbgrader and
we take a class at once, otter takes one notebook a command. The rounds alternate, so that a busy machine is busy for
all; the ratio is that of the medians, its spread that of the rounds. Beside the wall stands the processor time of all
processes, which a busy machine stretches less. A tool that is missing or fails gets no figure.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_record import REFERENCE, ROOT, here, keep, ratio, short, version

RESULTS = REFERENCE / "graders.json"
BRIEFS = ("serve-7b", "serve-70b", "train-100b", "tco-3y")
GOALS = {"nbgrader": 150, "otter": 500}
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def notebook(*cells: dict) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": list(cells), "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}})


def code(source: str, id: str, **grader: object) -> dict:
    metadata = {"nbgrader": {"schema_version": 3, "grade_id": id, "locked": False, "task": False, "cell_type": "code"} | grader} if grader else {}
    return {"cell_type": "code", "id": id, "metadata": metadata, "source": source, "outputs": [], "execution_count": None}


Spent = tuple[float, float]
"""Seconds on the wall, and seconds of processors."""


def processors() -> float:
    """Seconds of processors that finished children and their children took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(command: list[str], folder: Path, ends: tuple[int, ...] = (0,)) -> Spent:
    """What a command took; raises with the last line of what it said."""
    path = {"PATH": f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"}  # nbgrader calls alembic by its name
    begun, before = time.perf_counter(), processors()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=ENVIRONMENT | path, timeout=600)
    spent = time.perf_counter() - begun, processors() - before
    if done.returncode not in ends:
        raise RuntimeError((done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1][:200])
    return spent


class Nbgrader:
    """A course with one assignment of a solution and a test."""

    submissions = 6

    def __init__(self, bin: Path, folder: Path) -> None:
        self.bin, self.folder = bin, folder
        source = folder / "source" / "ps1"
        source.mkdir(parents=True)
        solution = code("def twice(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION", "twice", grade=False, solution=True)
        test = code("assert twice(21) == 42", "test", grade=True, solution=False, locked=True, points=1)
        (source / "p1.ipynb").write_text(notebook(solution, test))
        (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'bench'\n")
        timed([str(bin / "nbgrader"), "generate_assignment", "ps1", "--create", "--force"], folder)
        released = json.loads((folder / "release" / "ps1" / "p1.ipynb").read_text())
        for cell in released["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("solution"):
                cell["source"] = "def twice(x):\n    return x + x"
        for n in range(self.submissions):
            home = folder / "submitted" / f"s-{n}" / "ps1"
            home.mkdir(parents=True)
            (home / "p1.ipynb").write_text(json.dumps(released))

    def round(self) -> Spent:
        shutil.rmtree(self.folder / "autograded", ignore_errors=True)
        spent = timed([str(self.bin / "nbgrader"), "autograde", "ps1", "--create", "--force"], self.folder)
        done = len(list((self.folder / "autograded").glob("*/ps1/p1.ipynb")))
        if done != self.submissions:
            raise RuntimeError(f"{done} of {self.submissions} were graded")
        return spent


class Otter:
    """One test, one notebook a command."""

    submissions = 1

    def __init__(self, bin: Path, folder: Path) -> None:
        self.bin, self.folder = bin, folder
        (folder / "tests").mkdir(parents=True)
        (folder / "tests" / "q1.py").write_text(
            'test = {"name": "q1", "points": 1, "suites": [{"cases": [{"code": ">>> twice(21)\\n42", "hidden": False, "locked": False}], "scored": True, "setup": "", "teardown": "", "type": "doctest"}]}\n')
        (folder / "x.ipynb").write_text(notebook(code("def twice(x):\n    return x + x", "twice"), code("twice(21)", "shown")))
        timed([str(bin / "otter"), "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"], folder)

    def round(self) -> Spent:
        (self.folder / "results.json").unlink(missing_ok=True)
        spent = timed([str(self.bin / "otter"), "run", "-a", "autograder.zip", "x.ipynb"], self.folder)
        if not (self.folder / "results.json").exists():
            raise RuntimeError("no results.json was written")
        return spent


class Ours:
    """The sample class over all briefs, every text its own and some files broken, as `python -m tutor sample-class` makes it."""

    def __init__(self, folder: Path, students: int, jobs: int) -> None:
        self.folder, self.jobs = folder, jobs
        if not (folder.parent / "class").exists():
            timed([sys.executable, "-m", "tutor", "sample-class", str(folder.parent / "class"), "--students", str(students), *(word for brief in BRIEFS for word in ("--brief", brief))], ROOT)
        self.inbox = folder.parent / "class" / "handed-in"
        self.submissions = len(list(self.inbox.iterdir()))

    def round(self) -> Spent:
        shutil.rmtree(self.folder, ignore_errors=True)
        return timed([sys.executable, "-m", "tutor", "validate", str(self.inbox), "--out", str(self.folder), "--jobs", str(self.jobs), "--no-repairs"], ROOT, (0, 3))


def measure(bin: Path, rounds: int, students: int) -> dict:
    found: dict[str, list[float]] = {}
    worked: dict[str, list[float]] = {}
    missing: dict[str, str] = {}
    loads = []
    with tempfile.TemporaryDirectory(prefix="graders-") as top:
        makers = {"nbgrader": lambda: Nbgrader(bin, Path(top) / "nbgrader"), "otter": lambda: Otter(bin, Path(top) / "otter"),
                  "ours": lambda: Ours(Path(top) / "ours", students, os.cpu_count() or 1), "ours, one process": lambda: Ours(Path(top) / "ours-1", students, 1)}
        tools: dict[str, object] = {}
        for name, make in makers.items():
            try:
                tools[name] = make()
            except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
                missing[name] = str(error)[:200]
        for _ in range(rounds):
            loads.append(os.getloadavg()[0])
            for name, tool in tools.items():
                if name in missing:
                    continue
                try:
                    wall, processor = tool.round()
                    found.setdefault(name, []).append(wall / tool.submissions)
                    worked.setdefault(name, []).append(processor / tool.submissions)
                except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
                    missing[name] = str(error)[:200]
        counts = {name: tool.submissions for name, tool in tools.items()}
    seconds = {name: {"median": statistics.median(values), "low": min(values), "high": max(values), "processors": statistics.median(worked[name])} for name, values in found.items() if name not in missing}
    return here(loads) | {"rounds": rounds, "submissions": counts, "nbgrader": version(bin / "python", "nbgrader"), "otter": version(bin / "python", "otter-grader"),
                          "seconds": {n: {k: short(v) for k, v in s.items()} for n, s in seconds.items()}, "ratios": ratios(found, missing), "missing": missing}


def ratios(found: dict[str, list[float]], missing: dict[str, str]) -> dict[str, dict[str, float]]:
    """How many times as fast we are, by the medians, and in the worst and best round."""
    made = {}
    for ours in ("ours", "ours, one process"):
        for peer in GOALS:
            if not {ours, peer} & set(missing) and ours in found and peer in found:
                made[f"{peer} / {ours}"] = ratio(found[peer], found[ours])
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=ROOT / ".bench" / "bin", help="where nbgrader and otter are installed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--students", type=int, default=1200)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    results = measure(options.bin.absolute(), options.rounds, options.students)
    for name, s in results["seconds"].items():
        print(f"{name:18s} {s['median'] * 1e3:9,.1f} ms a submission ({s['low'] * 1e3:,.1f} to {s['high'] * 1e3:,.1f}) by the wall, {s['processors'] * 1e3:,.1f} ms of processors, {results['submissions'][name]:,} a round")
    for name, why in results["missing"].items():
        print(f"{name:18s} not measured: {why}")
    for name, r in results["ratios"].items():
        peer, _, who = name.partition(" / ")
        goal = f", goal {GOALS[peer]}" if who == "ours" else ""
        print(f"{who}: {r['median']:,.0f} times as fast as {peer}, in the same run ({r['low']:,.0f} to {r['high']:,.0f} in single rounds{goal})")
    keep(options.out, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
