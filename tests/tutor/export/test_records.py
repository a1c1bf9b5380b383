"""Gradescope, score objects, nbgrader's and the plain CSV: each as that system documents it, and no zero that nobody earned."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from tutor import output
from tutor.export import records
from tutor.output import criteria
from tutor.roster import Person
from tutor.rows import Row

REVIEW = {"headline": "Three of five targets met.", "criteria": [{"id": id, "of": of, "why": f"why {id}"} for id, of in zip(criteria(), (25, 25, 15, 15, 10, 10), strict=True)]}
GRADED = Row(student="s-1", brief="serve-70b", state="graded late", score=62.5, raw=72.5, points=dict.fromkeys(criteria(), 5.0), late="1 day late, 10 off", received="2027-02-01T08:00:00+00:00", digest="d" * 64, work="w")
UNGRADABLE = Row(student="s-2", brief="serve-70b", state="ungradable", reason="design.replicas is NaN, not a finite number", received="2027-01-31T08:00:00+00:00")
FAILED = Row(student="s-3", brief="serve-70b", state="ungradable", reason="took longer than 20 s to grade and was left")
MISSING = Row(student="s-4", brief="serve-70b", state="missing", reason="nothing was handed in")
ROWS = [GRADED, UNGRADABLE, FAILED, MISSING]
NOW = datetime(2027, 2, 3, tzinfo=UTC)


def test_a_result_for_gradescope_has_the_documented_fields():
    made = records.gradescope(GRADED, REVIEW)
    assert made["score"] == 62.5 and made["gradable"] is True
    assert set(made) <= {"score", "gradable", "execution_time", "output", "output_format", "visibility", "stdout_visibility", "extra_data", "tests"}
    assert len(made["tests"]) == 6 and all({"name", "score", "max_score", "output"} <= set(test) for test in made["tests"])
    assert sum(test["max_score"] for test in made["tests"]) == 100
    assert "1 day late" in made["output"] and made["stdout_visibility"] == "hidden"
    assert all(made[name] in ("hidden", "after_due_date", "after_published", "visible") for name in ("visibility", "stdout_visibility"))


@pytest.mark.parametrize("row", [UNGRADABLE, FAILED])
def test_what_cannot_be_graded_has_no_score_on_gradescope_anywhere(row):
    made = records.gradescope(row, None)
    assert made["gradable"] is False and "score" not in made and made["tests"] == [] and row.reason[1:] in made["output"]


def ags(rows: list[Row] = ROWS, **users: str) -> list[dict]:
    return json.loads(b"".join(records.as_json(records.ags(rows, at=lambda row: records.later(row, 3, NOW), users=users))))


ACTIVITY = {"Initialized", "Started", "InProgress", "Submitted", "Completed"}
GRADING = {"FullyGraded", "Pending", "PendingManual", "Failed", "NotReady"}


def test_score_objects_have_the_required_fields_and_words():
    for score in ags():
        assert {"userId", "timestamp", "activityProgress", "gradingProgress"} <= set(score)
        assert score["activityProgress"] in ACTIVITY and score["gradingProgress"] in GRADING
        assert ("scoreGiven" in score) == ("scoreMaximum" in score)
        assert datetime.fromisoformat(score["timestamp"]).tzinfo is not None and "." in score["timestamp"]


def test_only_a_score_is_fully_graded():
    graded, ungradable, failed, missing = ags()
    assert (graded["scoreGiven"], graded["scoreMaximum"], graded["gradingProgress"]) == (62.5, 100, "FullyGraded")
    assert [one["gradingProgress"] for one in (ungradable, failed, missing)] == ["PendingManual", "Failed", "NotReady"]
    assert not any("scoreGiven" in one for one in (ungradable, failed, missing))
    assert missing["activityProgress"] == "Initialized"


def test_points_that_a_policy_gives_are_a_score():
    assert ags([Row(student="s-4", brief="serve-70b", state="missing", score=0.0)])[0]["scoreGiven"] == 0


def test_a_later_run_has_a_later_time_and_the_same_run_the_same():
    assert records.later(GRADED, 2, NOW) == records.later(GRADED, 2, NOW) < records.later(GRADED, 3, NOW)


def test_the_platforms_own_ids_stand_where_they_are_known():
    assert ags([GRADED], **{"s-1": "lti-9"})[0]["userId"] == "lti-9"


def test_a_list_without_scores_is_a_list():
    assert ags([]) == []


def nbgrader(rows: list[Row] = ROWS, people: dict[str, Person] | None = None) -> list[dict[str, str]]:
    text = "".join(records.nbgrader(rows, people or {}, lambda row: datetime(2027, 1, 31, 23, 59, tzinfo=UTC)))
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_columns_are_those_of_nbgraders_own_export():
    """As CsvExportPlugin of nbgrader 0.9.6 writes them."""
    assert list(nbgrader()[0]) == ["assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
                                   "late_submission_penalty", "score", "max_score"]
    first = nbgrader(people={"s-1": Person(student="s-1", name="Lovelace, Ada", email="ada@uni.example")})[0]
    assert (first["last_name"], first["first_name"], first["duedate"], first["timestamp"]) == ("Lovelace", "Ada", "2027-01-31 23:59:00", "2027-02-01 08:00:00")
    assert float(first["raw_score"]) - float(first["late_submission_penalty"]) == float(first["score"]) and float(first["max_score"]) == 100


def test_a_blank_stays_a_blank_where_nbgrader_itself_would_write_a_zero():
    for row in nbgrader()[1:]:
        assert (row["raw_score"], row["late_submission_penalty"], row["score"]) == ("", "", "")


def test_a_comma_in_a_name_shifts_no_column():
    people = {"s-1": Person(student="s-1", name='Lovelace, Ada "A, B"', email="=cmd()")}
    first = nbgrader(people=people)[0]
    assert first["first_name"] == 'Ada "A, B"' and first["score"] == "62.5" and first["email"] == "'=cmd()"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_for_people_is_never_a_formula(start):
    text = b"".join(output.grades_csv([Row(student="s-1", brief="serve-70b", state="ungradable", file=f"{start}1+1.ipynb", reason=f"{start}x")])).decode()
    cells = list(csv.reader(io.StringIO(text, newline="")))[1]
    assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for cell in cells) and cells[3] == ""
