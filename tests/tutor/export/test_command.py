"""`python -m tutor export` writes what a platform reads, from the gradebook alone, and the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.tutor.handins import design, payload, write
from tutor.__main__ import main


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Path:
    """Three graded (one late), one that cannot be graded, one that never came."""
    folder = tmp_path_factory.mktemp("class")
    for student, replicas in (("s-1", 19), ("s-2", 8), ("S-2", 12)):
        write(folder / "in" / f"{student}-{replicas}.submission.json", payload(student=student, design=design(replicas=replicas)))
    write(folder / "in" / "bad.submission.json", payload(student="s-3", design=design(replicas=-1)))
    write(folder / "roster.csv", "student,name,email,received\ns-1,\"Lovelace, Ada\",ada@uni.example,2027-01-30T10:00Z\ns-2,Grace Hopper,grace@uni.example,2027-02-01T10:00Z\n"
                                 "S-2,Alan Turing,alan@uni.example,2027-01-30T10:00Z\ns-3,Emmy Noether,emmy@uni.example,2027-01-30T10:00Z\ns-4,Test Student,,\n")
    write(folder / "policy.toml", 'time_zone = "UTC"\ndue = 2027-01-31T23:59:00\n[late]\npoints_per_day = 10\n')
    assert main(["validate", str(folder / "in"), "--out", str(folder / "out"), "--roster", str(folder / "roster.csv"), "--policy", str(folder / "policy.toml"), "--jobs", "1", "--no-repairs"]) == 3
    return folder / "out"


def export(graded: Path, *more: object, format: str) -> int:
    return main(["export", "--format", format, "--out", str(graded), *map(str, more)])


@pytest.mark.parametrize("format", ["csv", "ags", "nbgrader"])
def test_the_same_run_gives_the_same_bytes(graded, tmp_path, format):
    for name in ("a", "b"):
        assert export(graded, "--to", tmp_path / name, format=format) == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_no_format_gives_a_zero_to_what_has_no_score(graded, tmp_path, capsys):
    export(graded, "--to", tmp_path / "x.csv", format="csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text("utf-8"), newline="")))
    assert {row["student"]: bool(row["score"]) for row in rows} == {"s-1": True, "s-2": True, "S-2": True, "s-3": False, "s-4": False}
    export(graded, "--to", tmp_path / "n.csv", format="nbgrader")
    assert {row["student_id"]: bool(row["score"]) for row in csv.DictReader((tmp_path / "n.csv").open())} == {"s-1": True, "s-2": True, "S-2": True, "s-3": False, "s-4": False}
    export(graded, "--to", tmp_path / "a.json", format="ags")
    told = {one["userId"]: one for one in json.loads((tmp_path / "a.json").read_bytes())}
    assert "scoreGiven" not in told["s-3"] and told["s-3"]["gradingProgress"] == "PendingManual" and "s-4" not in told


def test_gradescope_gets_a_folder_for_each_student_and_an_old_one_goes(graded, tmp_path):
    target = tmp_path / "gs"
    assert export(graded, "--to", target, format="gradescope") == 0
    found = {path.parent.name: json.loads(path.read_bytes()) for path in target.rglob("results.json")}
    assert {name.casefold()[:3] for name in found} == {"s-1", "s-2", "s-3"} and len(found) == 4
    assert len({name.casefold() for name in found}) == 4, "a disk may not tell capitals apart"
    assert found["s-3"]["gradable"] is False and "score" not in found["s-3"]
    write(target / "serve-7b" / "stale" / "results.json", {})
    assert export(graded, "--to", target, format="gradescope") == 0
    assert not (target / "serve-7b" / "stale").exists()


def test_a_folder_of_somebody_else_is_left_alone(graded, tmp_path, capsys):
    write(tmp_path / "gs" / "mine.txt", "mine")
    assert export(graded, "--to", tmp_path / "gs", format="gradescope") == 2
    assert (tmp_path / "gs" / "mine.txt").read_text() == "mine" and "left alone" in capsys.readouterr().err


CANVAS = "Student,ID,SIS Login ID,Section,serve-7b (9)\n    Points Possible,,,,100\n\"Lovelace, Ada\",1,ada@uni.example,A,\n\"Hopper, Grace\",2,grace@uni.example,A,\n"


def test_canvas_needs_the_file_that_it_exported_and_never_writes_over_it(graded, tmp_path, capsys):
    assert export(graded, format="canvas") == 2 and "--file is missing" in capsys.readouterr().err
    file = write(tmp_path / "canvas.csv", CANVAS)
    assert export(graded, "--file", file, "--to", file, format="canvas") == 2
    assert file.read_text() == CANVAS


def test_canvas_is_filled_and_who_has_no_line_is_named_with_an_exit_code(graded, tmp_path, capsys):
    file = write(tmp_path / "canvas.csv", CANVAS)
    assert export(graded, "--file", file, "--to", tmp_path / "up.csv", format="canvas") == 3
    assert "no line in canvas.csv for " in (told := capsys.readouterr().err) and "S-2" in told
    lines = (tmp_path / "up.csv").read_text().splitlines()
    assert lines[:2] == CANVAS.splitlines()[:2] and all(float(line.rpartition(",")[2]) > 0 for line in lines[2:])


def test_the_gradebook_itself_may_be_named(graded, tmp_path):
    assert export(graded / "gradebook.sqlite", format="nbgrader") == 0
    assert (graded / "nbgrader.csv").is_file()


def test_scores_of_the_platforms_own_ids(graded, tmp_path, capsys):
    ids = write(tmp_path / "ids.csv", "student,user_id\ns-1,71\n")
    assert export(graded, "--to", tmp_path / "x.json", "--ids", ids, format="ags") == 2
    assert "no user_id for" in capsys.readouterr().err and not (tmp_path / "x.json").exists()


@pytest.mark.parametrize("more", [["--run", "99"], ["--brief", "serve-8b"]])
def test_a_run_or_a_brief_that_is_not_there_is_one_sentence(graded, tmp_path, capsys, more):
    assert export(graded, "--to", tmp_path / "x", *more, format="csv") == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1 and not (tmp_path / "x").exists()


def test_without_a_gradebook_there_is_nothing_to_export(tmp_path, capsys):
    assert export(tmp_path / "nowhere", format="csv") == 2 and not (tmp_path / "nowhere").exists()


def test_the_evidence_of_duplicates_is_told_and_changes_no_grade(graded, capsys):
    before = (graded / "grades.csv").read_bytes()
    assert main(["duplicates", "--out", str(graded)]) == 0
    assert "no grade has changed" in capsys.readouterr().out
    assert main(["duplicates", "--out", str(graded), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["hand_ins"] == 3
    assert (graded / "grades.csv").read_bytes() == before
