"""The class of a newcomer: the same from the same seed, mixed as classes are, and graded by the commands that it prints."""

from __future__ import annotations

import csv
import json
import shlex
from collections import Counter
from pathlib import Path

import pytest

from tutor.__main__ import main
from tutor.sample_class import next_commands, write


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The default class, after the two commands that it prints."""
    folder = tmp_path_factory.mktemp("newcomer") / "a class"
    assert main(["sample-class", str(folder)]) == 0
    validate, export = (shlex.split(line)[3:] for line in next_commands(folder))
    assert main([*validate, "--no-repairs", "--jobs", "1"]) == 3
    assert main(export) == 0
    return folder


def test_the_same_seed_gives_the_same_class_and_another_seed_another(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write(tmp_path / name, 30, ("serve-70b", "tco-3y"), seed)
    assert tree(tmp_path / "a") == tree(tmp_path / "b") != tree(tmp_path / "c")


def test_it_prints_the_command_to_type_next(tmp_path, capsys):
    assert main(["sample-class", str(tmp_path / "x"), "--students", "3"]) == 0
    said = capsys.readouterr().out
    assert f"python -m tutor validate {tmp_path / 'x' / 'handed-in'}" in said and "python -m tutor export --format canvas" in said


def test_sixty_learners_are_good_and_bad_late_missing_and_hostile(made):
    rows = list(csv.DictReader((made / "graded" / "grades.csv").open(newline="")))
    states = Counter(row["state"] for row in rows)
    assert len({row["student"] for row in rows if row["student"]}) == 60
    assert states["graded late"] >= 3 and states["ungradable"] >= 3 and states["missing"] >= 2 and states["graded"] >= 40
    scores = [float(row["score"]) for row in rows if row["score"]]
    assert max(scores) > 85 and min(scores) < 45
    reasons = " ".join(row["reason"] for row in rows)
    assert "leads out of the archive" in reasons and "no cell has outputs" in reasons and "score" in reasons


def test_those_who_copied_are_found_and_nobody_else(made, capsys):
    assert main(["duplicates", "--out", str(made / "graded"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["evidence"]
    assert {e["kind"] for e in found} >= {"same hand-in", "same text"}
    assert len({student for e in found for student in e["students"]}) == 4


def test_the_canvas_file_is_filled_and_the_instructors_own_stays(made):
    before, after = (list(csv.reader((made / place).open(encoding="utf-8-sig", newline=""))) for place in ("canvas.csv", "graded/canvas.csv"))
    assert len(before) == 62 and all(line[6] == "" for line in before[2:])
    assert [line[:6] + line[7:] for line in before] == [line[:6] + line[7:] for line in after]
    assert sum(bool(line[6]) for line in after[2:]) >= 50


def test_a_folder_with_something_in_it_is_refused(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["sample-class", str(tmp_path)]) == 2
    assert "is not an empty folder" in capsys.readouterr().err and [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("brief", ["serve-7b", "train-100b", "tco-3y"])
def test_every_brief_has_its_class(tmp_path, brief):
    assert write(tmp_path / "x", 12, (brief,), 3) >= 10
