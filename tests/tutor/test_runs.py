"""Runs and what is done with them: regrade, overrides, diff, explain, doctor."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

import pytest

from tests.tutor.handins import design, payload, write
from tests.tutor.instructor import command, grades, validate
from tutor import gradebook, review, versions
from tutor.gradebook import Gradebook


@pytest.fixture
def out(tmp_path, capsys):
    """A class of three on one brief, validated; s-3 cannot be graded and s-4 never came."""
    write(tmp_path / "in" / "1.submission.json", payload(student="s-1", rationale="Decode is bound by memory."))
    write(tmp_path / "in" / "2a.submission.json", payload(student="s-2", design=design(replicas=12)))
    write(tmp_path / "in" / "2b.submission.json", payload(student="s-2", design=design(replicas=14)))
    write(tmp_path / "in" / "3.submission.json", payload(student="s-3", design=design(replicas=0)))
    write(tmp_path / "roster.csv", "student,name,received\ns-1,Ann,2027-02-01T10:00Z\ns-2,Bo,2027-01-01T00:00Z\ns-3,Cy,\ns-4,Di,\n")
    write(tmp_path / "policy.toml", 'time_zone = "UTC"\ndue = 2027-01-31T23:59:00\nbriefs = ["serve-7b"]\n[late]\ngrace_minutes = 15\npoints_per_day = 10\nat_most = 50\n')
    assert validate(tmp_path / "in", out=tmp_path / "out", roster=tmp_path / "roster.csv", policy=tmp_path / "policy.toml") == 3
    capsys.readouterr()
    return tmp_path / "out"


def states(out) -> list[tuple[str, str, str]]:
    return [(row["student"], row["state"], row["score"]) for row in grades(out)]


def score(out, student: str) -> float:
    return next(float(row["score"]) for row in grades(out) if row["student"] == student)


def said_json(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def test_each_row_has_one_of_the_five_states_and_blank_is_not_zero(out):
    assert [(student, state) for student, state, _ in states(out)] == [
        ("s-1", "graded late"), ("s-2", "graded"), ("s-2", "superseded"), ("s-3", "ungradable"), ("s-4", "missing")]
    assert all((points == "") == (state not in ("graded", "graded late")) for _, state, points in states(out))


def test_lateness_is_taken_from_the_score_and_said(out):
    row = grades(out)[0]
    assert float(row["score"]) == pytest.approx(float(row["before lateness"]) - 10) and "10 h late: 1 day begun" in row["late"]


def test_a_regrade_of_nothing_new_is_no_new_run(out, capsys):
    assert command("regrade", out=out, jobs=0) == 3
    assert "Nobody moved" in capsys.readouterr().out
    with Gradebook.existing(out) as book:
        assert len(book.runs()) == 1


def test_a_regrade_under_another_rubric_says_who_moved_and_by_what(out, capsys, monkeypatch):
    before = {student: points for student, _, points in states(out)}
    real = review.noticed

    def stricter(ctx):
        findings, checked = real(ctx)
        return tuple(f for f in findings if f.rule != "saturated-at-peak"), checked

    now = versions.grader()
    monkeypatch.setattr(gradebook, "grader", lambda: replace(now, rubric="another"))
    monkeypatch.setattr(review, "noticed", stricter)
    monkeypatch.setattr(review.scoring, "efficiency", lambda ctx, needs: review.scoring.Criterion("efficiency", "Efficiency", 1.0, 15, "harsh"))
    assert command("regrade", out=out, jobs=0, json=True) == 3
    told = said_json(capsys)
    assert told["before"] == 1 and told["after"] == 2 and told["changed"] == ["rubric"]
    movers = {move["student"]: move for move in told["moves"]}
    assert set(movers) == {"s-1", "s-2"}
    assert all(any(why.startswith("Efficiency") and why.endswith("→ 1.0") for why in move["why"]) for move in movers.values())
    assert movers["s-1"]["by"] == pytest.approx(score(out, "s-1") - float(before["s-1"]), abs=0.05)
    assert command("diff", 1, 2, out=out) == 0
    said = capsys.readouterr().out
    assert "Changed in between: rubric." in said and "2 moved: 0 up, 2 down" in said
    assert command("diff", 2, 1, out=out) == 0 and "2 up" in capsys.readouterr().out
    assert command("diff", 1, 1, out=out) == 0 and "Nobody moved" in capsys.readouterr().out


def test_a_regrade_needs_neither_folder_nor_roster_nor_policy_again(out, tmp_path, capsys):
    import shutil

    before = states(out)
    shutil.rmtree(tmp_path / "in")
    (tmp_path / "roster.csv").unlink()
    (tmp_path / "policy.toml").unlink()
    assert command("regrade", out=out, jobs=0) == 3
    assert states(out) == before


def test_a_regrade_takes_another_policy(out, tmp_path, capsys):
    before = score(out, "s-1")
    write(tmp_path / "kind.toml", 'time_zone = "UTC"\ndue = 2027-01-31T23:59:00\nbriefs = ["serve-7b"]\n[late]\npoints_per_day = 1\n[blank]\nmissing = 0\n')
    assert command("regrade", out=out, jobs=0, policy=tmp_path / "kind.toml") == 3
    assert score(out, "s-1") == pytest.approx(before + 9)
    assert "lateness: 10 h late: 1 day begun at 10 points, 10 off → 10 h late: 1 day begun at 1 point" in capsys.readouterr().out
    assert [points for _, state, points in states(out) if state in ("missing", "ungradable")] == ["", "0.0"], "a policy said so for the missing, and for nobody else"


def test_an_override_of_a_line_counts_from_the_next_run_survives_it_and_is_named(out, capsys):
    before = score(out, "s-2")
    line = next(float(row["Reasoning and honesty"]) for row in grades(out) if row["student"] == "s-2")
    assert command("override", "s-2", "serve-7b", out=out, criterion="reasoning", points=9, because="explained it aloud") == 0
    assert score(out, "s-2") == before, "nothing is written before the next run"
    for _ in range(2):
        assert command("regrade", out=out, jobs=0) == 3
        assert score(out, "s-2") == pytest.approx(before - line + 9, abs=0.11)
    assert validate(out.parent / "in", out=out, roster=out.parent / "roster.csv", policy=out.parent / "policy.toml") == 3
    assert score(out, "s-2") == pytest.approx(before - line + 9, abs=0.11), "validate keeps it too"
    row = next(row for row in grades(out) if row["student"] == "s-2")
    assert row["override"] == "Reasoning and honesty: explained it aloud"
    assert "explained it aloud" in (out / "report" / "s-2.html").read_text("utf-8")
    assert command("override", "s-2", "serve-7b", out=out, criterion="reasoning", remove=True) == 0
    assert command("regrade", out=out, jobs=0) == 3
    assert score(out, "s-2") == before
    assert "override of Reasoning and honesty: taken away" in capsys.readouterr().out


def test_an_override_may_give_a_score_where_there_was_none(out, capsys):
    assert command("override", "s-4", "serve-7b", out=out, points=55, because="handed in on paper") == 0
    assert command("override", "s-3", "serve-7b", out=out, points=40, because="read by hand") == 0
    assert command("override", "s-1", "serve-7b", out=out, points=70, because="agreed") == 0
    assert command("regrade", out=out, jobs=0) == 3
    assert [(student, points) for student, state, points in states(out) if state != "superseded"][2:] == [("s-3", "40.0"), ("s-4", "55.0")]
    assert score(out, "s-1") == 70, "the whole score is set after lateness"
    capsys.readouterr()
    assert command("override", out=out) == 0
    assert "s-4, serve-7b, the whole score: 55.0 because handed in on paper" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "options", "says"), [
    (("s-2", "serve-8b"), {"points": 1, "because": "x"}, "brief = 'serve-8b' is not known"),
    (("s-22", "serve-7b"), {"points": 1, "because": "x"}, "student = 's-22' is not in the last run; the nearest there is 's-2'"),
    (("s-2", "serve-7b"), {"points": 1}, "--because must be a reason"),
    (("s-2", "serve-7b"), {"points": 101, "because": "x"}, "--points = 101.0 must be a number from 0 to 100"),
    (("s-2", "serve-7b"), {"points": "nan", "because": "x"}, "--points = nan must be"),
    (("s-2", "serve-7b"), {"points": 26, "because": "x", "criterion": "targets"}, "from 0 to 25"),
    (("s-2", "serve-7b"), {"points": 2, "because": "x", "criterion": "style"}, "criterion = 'style' is not known"),
    (("s-2", "serve-7b"), {"points": 2, "because": "a\u202eb"}, "--because must be a reason"),
    (("s-2", "serve-7b"), {"remove": True}, "there is no override"),
    (("s-2",), {}, "brief is missing"),
])
def test_an_override_that_makes_no_sense_is_one_sentence(out, capsys, words, options, says):
    assert command("override", *words, out=out, **options) == 2
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1


def test_explain_says_line_by_line_how_a_grade_came_about_and_which_file_counted(out, capsys):
    assert command("explain", "s-2", out=out, json=True) == 0
    told = said_json(capsys)
    first, second = told["rows"]
    assert first["counts"] and first["file"] == "2b.submission.json" and not second["counts"] and "2b.submission.json counts" in second["reason"]
    assert sum(line["points"] for line in first["lines"]) == pytest.approx(first["score"], abs=0.06)
    assert {"possible", "targets", "efficiency", "predictions", "robustness", "reasoning"} == {line["criterion"] for line in first["lines"]}
    assert first["targets"] and first["findings"]
    assert command("explain", "s-1", out=out) == 0
    said = capsys.readouterr().out
    assert "graded late" in said and "before lateness; 10 h late" in said
    assert command("explain", "s-3", out=out) == 0 and "out of range" in capsys.readouterr().out
    assert command("explain", "s-4", out=out) == 0 and "nothing was handed in" in capsys.readouterr().out
    assert command("explain", "nobody", out=out) == 2 and "is not in the last run" in capsys.readouterr().err


def test_commands_without_a_gradebook_say_what_to_run_first(tmp_path, capsys):
    for name, words in (("regrade", ()), ("diff", ()), ("explain", ("s-1",)), ("override", ("s-1", "serve-7b"))):
        assert command(name, *words, out=tmp_path / "nowhere") == 2, name
        said = capsys.readouterr().err
        assert "run validate first" in said and said.count("\n") == 1
        assert not (tmp_path / "nowhere").exists()


def test_doctor_finds_nothing_wrong_with_a_sound_gradebook(out, capsys):
    assert command("doctor", out=out) == 0
    said = capsys.readouterr().out
    assert "All in order." in said and "ok      gradebook: whole" in said


def test_doctor_says_what_is_wrong_and_the_remedy(out, capsys, monkeypatch):
    now = versions.grader()
    monkeypatch.setattr(gradebook, "grader", lambda: replace(now, catalogue="another"))
    from tutor import doctor

    monkeypatch.setattr(doctor, "grader", lambda: replace(now, catalogue="another"))
    assert command("doctor", out=out) == 0
    assert "run 1 was graded by another catalogue. Remedy: python -m tutor regrade" in capsys.readouterr().out
    with sqlite3.connect(out / "gradebook.sqlite") as base:
        base.execute("pragma writable_schema = on")
        base.execute("insert into rows values (99, 0, 's', '{}')")
    assert command("doctor", out=out, json=True) == 1
    assert any(one["what"] == "gradebook" and one["state"] == "broken" and one["remedy"] for one in said_json(capsys)["checks"])
    (out / "gradebook.sqlite").write_bytes(b"not a database at all, and long enough for one" * 50)
    (out / "report" / ".written-by-tutor").unlink()
    assert command("doctor", out=out) == 1
    said = capsys.readouterr().out
    assert "cannot be used as a gradebook" in said and "was not written by this command" in said
