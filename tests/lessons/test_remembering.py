"""Progress in the workbooks: kept only if asked, in one file without a name, first answers and due reviews alone."""

from __future__ import annotations

import json

import pytest

from hwlib.errors import BadInput
from lessons import exercises, remembering
from lessons.exercises import check, hint, question, questions
from tutor.mastery import Progress, skills

DAY = remembering.DAY


@pytest.fixture(autouse=True)
def nobody_listens():
    hint.step.clear()
    exercises.answered_by = None
    yield
    exercises.answered_by = None


@pytest.fixture
def kept(tmp_path):
    """A keeper with a clock that a test may move."""
    clock = [1_000.0 * DAY]
    exercises.answered_by = keeper = remembering.Keeper(tmp_path / "progress.json", lambda: clock[0])
    keeper.days = lambda n: clock.__setitem__(0, clock[0] + n * DAY)
    return keeper


def test_every_question_exercises_skills_that_the_tutor_knows():
    assert set(remembering.SKILLS) == set(questions())
    assert {name for names in remembering.SKILLS.values() for name in names} <= set(skills())


def test_nothing_is_kept_unless_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check("w1.kv-heads", 8)
    assert not list(tmp_path.iterdir()) and "Nothing is kept" in remembering.revise()


def test_only_the_first_answer_counts(kept):
    check("w1.kv-heads", 32)
    check("w1.kv-heads", 8)
    one = kept.progress.skill("grouped-heads")
    assert (one.attempts, one.right) == (1, 0)


def test_blanks_and_what_cannot_be_read_do_not_count(kept):
    for answer in (..., "", "plenty", "4 ms"):
        check("w1.claim-number", answer)
    assert kept.progress == Progress() and not kept.path.exists()


def test_deep_hints_count_as_not_known_yet(kept):
    for _ in range(4):
        hint("w1.sessions")
    check("w1.sessions", float(question("w1.sessions").answer()))
    assert kept.progress.skill("capacity-first").right == 0


def test_a_review_counts_when_it_is_due_and_comes_less_often_after_success(kept):
    right = lambda: check("w2.bubble", float(question("w2.bubble").answer()))  # noqa: E731
    right()
    assert "next review comes in 1 day" in remembering.revise()
    right()
    assert kept.progress.skill("pipeline-bubble").attempts == 1
    kept.days(2)
    assert "pipeline bubble: w2.bubble" in remembering.revise()
    right()
    assert kept.progress.skill("pipeline-bubble").attempts == 2
    assert "next review comes in 3 days" in remembering.revise()


def test_the_file_has_no_name_in_it_and_is_read_again(kept, monkeypatch):
    check("w4.together", 70e6)
    content = json.loads(kept.path.read_text("utf-8"))
    assert set(content) == {"version", "skills", "seen"} and content["seen"] == ["w4.together"]
    assert "1 skill so far" in remembering.remember(kept.path)


def test_a_damaged_file_is_kept_aside_and_said(tmp_path):
    path = tmp_path / "progress.json"
    path.write_text("{", encoding="utf-8")
    assert "kept as progress.json.damaged" in remembering.remember(path)
    assert "Nothing was answered yet" in remembering.revise()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    exercises.answered_by = remembering.Keeper(tmp_path / "gone" / "progress.json")
    with pytest.raises(BadInput, match="progress.json"):
        check("w1.kv-heads", 8)
