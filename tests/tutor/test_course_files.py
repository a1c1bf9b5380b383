"""Policy, roster and times of receipt: data of the instructor, each field checked; and the ids that need a look."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwlib.errors import BadInput
from tests.tutor.handins import design, payload, write
from tests.tutor.instructor import grades, validate
from tutor import policy, roster

DUE = datetime(2027, 1, 31, 23, 59, tzinfo=UTC)
RULES = policy.loads('time_zone = "Europe/Berlin"\ndue = 2027-01-31T23:59:00\n[late]\ngrace_minutes = 15\npoints_per_day = 10\nat_most = 50\n')


@given(st.floats(0, 60 * 24 * 30))
def test_lateness_never_costs_more_than_the_most_and_nothing_within_grace(minutes):
    cost, said = RULES.lateness(DUE + timedelta(minutes=minutes), DUE)
    assert 0 <= cost <= 50
    assert (cost == 0) == (minutes <= 15) == (said == "")


@given(st.floats(16, 1e5), st.floats(0, 1e5))
def test_later_never_costs_less(minutes, more):
    assert RULES.lateness(DUE + timedelta(minutes=minutes), DUE)[0] <= RULES.lateness(DUE + timedelta(minutes=minutes + more), DUE)[0]


def test_the_time_zone_is_the_policys_own_and_summer_time_counts():
    assert RULES.due == datetime(2027, 1, 31, 22, 59, tzinfo=UTC)
    summer = policy.loads('time_zone = "Europe/Berlin"\ndue = 2027-07-31T23:59:00\n')
    assert summer.due == datetime(2027, 7, 31, 21, 59, tzinfo=UTC)
    assert policy.loads("due = 2027-01-31T23:59:00-05:00").due == datetime(2027, 2, 1, 4, 59, tzinfo=UTC)


def test_a_hand_in_whose_time_nobody_said_is_not_late():
    assert RULES.lateness(None, DUE) == (0.0, "")


@pytest.mark.parametrize(("text", "says"), [
    ("due = ", "not valid TOML"), ("dew = 3", "policy field = 'dew' is not known"), ("due = 2027-01-31T23:59:00", "has no time zone"), ("due = 5", "must be a date with a time"),
    ('time_zone = "Atlantis/City"', "time_zone = 'Atlantis/City' is not known"), ("time_zone = 1", "time_zone = 1 is not known"),
    ("[late]\npoints_per_day = -1", "points_per_day = -1 must be"), ("[late]\npoints_per_day = nan", "must be"), ("[late]\ngrace = 1", "grace' is not known"),
    ("[late]\nat_most = true", "must be"), ("[blank]\nmissing = -5", "must be"), ('briefs = ["serve-8b"]', "brief = 'serve-8b' is not known"),
    ('briefs = "serve-7b"', "briefs a list"), ("late = 3", "late must be a table"), ("[due_of]\nserve-70b = 3", "must be a date with a time"),
])
def test_a_policy_that_makes_no_sense_is_one_sentence(text, says):
    with pytest.raises(BadInput, match=says) as caught:
        policy.loads(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("text", "says"), [
    ("name,email\nAnn,a@b\n", "no column that names the student"), ("student\n", "no row"), ("student\ns-1\ns-1\n", "line 3: s-1 stands twice"),
    ("student,received\ns-1,yesterday\n", "line 2, received = 'yesterday' is not a time"), ("student,received\ns-1,2027-01-31 10:00\n", "has no time zone"),
    ("student,brief\ns-1,serve-8b\n", "line 2: brief = 'serve-8b' is not known"), ('student\n"s-1', "not a CSV file"),
])
def test_a_roster_that_makes_no_sense_is_one_sentence(text, says):
    with pytest.raises(BadInput, match=says) as caught:
        roster.loads(text)
    assert "\n" not in str(caught.value)


def test_a_roster_may_come_from_a_spreadsheet_or_a_learning_platform():
    for text in ("student;name\ns-1;Ann\n", "\tStudent\tName\n\ts-1\tAnn\n", "Student,ID,SIS User ID\nAnn,77,s-1\n", 'Name,STUDENT_ID\n"Ann, A.",s-1\n'):
        assert list(roster.loads(text).people) == ["s-1"], text


def test_of_several_attempts_the_last_time_of_receipt_counts():
    times = roster.loads("student,brief,submitted_at\ns-1,serve-7b,2027-01-02T00:00Z\ns-1,serve-7b,2027-01-05T00:00Z\ns-1,serve-7b,2027-01-03T00:00Z\n")
    assert times.when("s-1", "serve-7b") == datetime(2027, 1, 5, tzinfo=UTC) and times.when("s-1", "tco-3y") is None


@pytest.mark.parametrize(("a", "b", "alike"), [
    ("s-1O", "s-10", True), ("s-l", "s-1", True), ("\u0455-10", "s-10", True), ("\uff53-10", "s-10", True), ("S-10", "s-10", True), ("rn", "m", True),
    ("s-1\u200b", "s-1", True), ("s-2", "s-3", False), ("ann", "anna", False),
])
def test_ids_that_imitate_each_other_look_alike(a, b, alike):
    assert (roster.skeleton(a) == roster.skeleton(b)) is alike
    assert bool(roster.Alike([a, b]).warnings()) is alike


# In a run


def test_time_of_receipt_comes_from_the_roster_or_the_platform_and_never_from_the_file(tmp_path, capsys):
    path = write(tmp_path / "in" / "1.submission.json", payload(student="s-1"))
    os.utime(path, (4e9, 4e9))  # the file says 2096
    write(tmp_path / "policy.toml", 'due = 2027-01-31T23:59:00Z\n[late]\npoints_per_day = 10\n')
    assert validate(tmp_path / "in", out=tmp_path / "out", policy=tmp_path / "policy.toml") == 0
    assert grades(tmp_path / "out")[0]["state"] == "graded"
    write(tmp_path / "lms.csv", "student,assignment,submitted_at\ns-1,serve-7b,2027-02-02T12:00:00Z\n")
    assert validate(tmp_path / "in", out=tmp_path / "out", policy=tmp_path / "policy.toml", received=tmp_path / "lms.csv") == 0
    assert grades(tmp_path / "out")[0]["state"] == "graded late"
    write(tmp_path / "roster.csv", "student,until\ns-1,2027-02-03T00:00:00Z\n")
    assert validate(tmp_path / "in", out=tmp_path / "out", policy=tmp_path / "policy.toml", received=tmp_path / "lms.csv", roster=tmp_path / "roster.csv") == 0
    assert grades(tmp_path / "out")[0]["state"] == "graded", "an extension"


def test_who_is_missing_is_named_and_who_is_unknown_too(tmp_path, capsys):
    write(tmp_path / "in" / "1.submission.json", payload(student="s-0031"))
    write(tmp_path / "in" / "2.submission.json", payload(student="s-OO31"))
    write(tmp_path / "in" / "3.submission.json", payload(student="stranger"))
    write(tmp_path / "roster.csv", "student\ns-0031\ns-0032\n")
    assert validate(tmp_path / "in", out=tmp_path / "out", roster=tmp_path / "roster.csv") == 3
    rows = {row["student"]: row for row in grades(tmp_path / "out")}
    assert rows["s-0031"]["state"] == "graded" and rows["s-0032"]["state"] == "missing"
    assert "is not on the roster; it looks like 's-0031', who is" in rows["s-OO31"]["reason"]
    assert rows["stranger"]["state"] == "ungradable" and rows["stranger"]["score"] == ""
    assert "The ids s-0031 and s-OO31 look alike and are not the same." in capsys.readouterr().out


def test_a_class_with_several_briefs_expects_one_of_each_student_unless_the_policy_names_them(tmp_path, capsys):
    write(tmp_path / "in" / "1.submission.json", payload(student="s-1"))
    write(tmp_path / "in" / "2.submission.json", payload(student="s-2", brief="serve-70b"))
    write(tmp_path / "roster.csv", "student\ns-1\ns-2\ns-3\n")
    validate(tmp_path / "in", out=tmp_path / "out", roster=tmp_path / "roster.csv")
    assert [(row["student"], row["brief"]) for row in grades(tmp_path / "out") if row["state"] == "missing"] == [("s-3", "")]
    write(tmp_path / "policy.toml", 'briefs = ["serve-7b", "serve-70b"]\n')
    validate(tmp_path / "in", out=tmp_path / "out", roster=tmp_path / "roster.csv", policy=tmp_path / "policy.toml")
    missing = [(row["student"], row["brief"]) for row in grades(tmp_path / "out") if row["state"] == "missing"]
    assert missing == [("s-1", "serve-70b"), ("s-2", "serve-7b"), ("s-3", "serve-70b"), ("s-3", "serve-7b")]


def test_fail_on_ends_with_four_where_there_is_any(tmp_path, capsys):
    write(tmp_path / "in" / "1.submission.json", payload(student="s-1"))
    write(tmp_path / "roster.csv", "student\ns-1\ns-2\n")
    assert validate(tmp_path / "in", out=tmp_path / "out", roster=tmp_path / "roster.csv") == 0, "missing is no failure by itself"
    assert validate(tmp_path / "in", out=tmp_path / "out", roster=tmp_path / "roster.csv", fail_on="missing") == 4
    assert validate(tmp_path / "in", out=tmp_path / "out", roster=tmp_path / "roster.csv", fail_on="ungradable") == 0
    assert validate(tmp_path / "in", out=tmp_path / "out", fail_on="warnings") == 0
    write(tmp_path / "in" / "2.submission.json", payload(student="S-1", design=design(replicas=20)))
    assert validate(tmp_path / "in", out=tmp_path / "out", fail_on="warnings") == 4
    write(tmp_path / "in" / "3.ipynb", b"")
    assert validate(tmp_path / "in", out=tmp_path / "out", fail_on="ungradable") == 4
