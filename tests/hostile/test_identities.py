"""Ids that collide or imitate: both keep their grades and their pages, and the instructor is told."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import pytest

from tests.tutor.handins import design, payload, write
from tutor import validate

AWKWARD = ["index", "students", "INDEX", "con", "aux.txt", "nul", "lpt1", "s.html", "a" * 64, "a..b", "x.", "0", "s-1", "S-1", "s-l", "s-I", "me@uni.example", "1e5", "0x10", "00017", "-".join("abc")]


def run(inbox: Path, out: Path) -> int:
    parser = argparse.ArgumentParser()
    validate.add_arguments(parser)
    return validate.run(parser.parse_args([str(inbox), "--out", str(out), "--jobs", "1", "--no-repairs"]))


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("ids")
    for number, student in enumerate(AWKWARD):
        write(folder / "in" / f"{number}.submission.json", payload(student=student, design=design(replicas=10 + number)))
    assert run(folder / "in", folder / "out") == 0
    return folder / "out"


def test_every_id_keeps_its_row_and_a_page_of_its_own(graded):
    rows = list(csv.DictReader((graded / "grades.csv").open(newline="")))
    assert sorted(row["student"].lstrip("'") for row in rows) == sorted(AWKWARD) and all(row["score"] for row in rows)
    pages = [path.name for path in (graded / "report").glob("*.html")]
    assert len({name.casefold() for name in pages}) == len(AWKWARD) + 2, "no page hides another, on any disk"
    assert all(path.parent == graded / "report" for path in graded.rglob("*.html"))


def test_the_page_of_the_class_is_still_the_page_of_the_class(graded):
    assert "<h1>serve-7b," in (graded / "report" / "index.html").read_text("utf-8")


def test_ids_that_differ_in_capitals_only_are_said_aloud(graded):
    assert "S-1 and s-1" in (graded / "report" / "index.html").read_text("utf-8") or "INDEX and index" in (graded / "report" / "index.html").read_text("utf-8")


def test_another_students_id_in_a_file_replaces_nobody_silently(tmp_path):
    """Two folders hand in under one id with different designs: one counts, the other is shown as superseded, and it is said."""
    write(tmp_path / "in" / "anna" / "x.submission.json", payload(student="s-1", design=design(replicas=12)))
    write(tmp_path / "in" / "bert" / "x.submission.json", payload(student="s-1", design=design(replicas=13)))
    assert run(tmp_path / "in", tmp_path / "out") == 0
    rows = list(csv.DictReader((tmp_path / "out" / "grades.csv").open(newline="")))
    assert sorted(row["state"] for row in rows) == ["graded", "superseded"]
    assert "handed in from 2 folders" in (tmp_path / "out" / "report" / "index.html").read_text("utf-8")
