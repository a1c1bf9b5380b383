"""Mastery: moves the right way, forgets, survives a damaged file and holds nobody's name."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib.errors import BadInput
from tutor.__main__ import main
from tutor.briefs import brief_ids
from tutor.dialogue import Discussion
from tutor.dialogue.frames import concept, concepts, read
from tutor.dialogue.shown import SKILLS, about, evidence
from tutor.mastery import (
    DAY,
    START,
    Progress,
    Skill,
    briefs_of,
    from_dict,
    load,
    merged,
    save,
    skills,
    traced,
)
from tutor.review import review
from tutor.rules import all_rules
from tutor.samples import reference, starter

histories = st.lists(st.tuples(st.booleans(), st.floats(0, 60), st.integers(0, 4)), max_size=12)


def lived(history) -> tuple[Skill, float]:
    one, at = Skill(), 0.0
    for right, days, hints in history:
        at += days * DAY
        one = one.answered(right, at, hints=hints)
    return one, at


@given(histories, st.floats(0, 400))
@settings(max_examples=150, deadline=None)
def test_a_right_answer_never_lowers_what_is_known(history, days):
    one, at = lived(history)
    at += days * DAY
    assert one.answered(True, at).p >= one.now(at)
    assert one.answered(True, at).p >= one.answered(False, at).p
    assert one.answered(True, at, hints=3).p == one.answered(False, at).p


@given(histories, st.floats(0, 400), st.floats(0, 400))
@settings(max_examples=150, deadline=None)
def test_forgetting_never_raises(history, first, second):
    one, at = lived(history)
    soon, late = sorted((first, second))
    assert one.now(at + late * DAY) <= one.now(at + soon * DAY) + 1e-12 <= one.p + 2e-12
    assert one.now(at + late * DAY) >= min(one.p, START) - 1e-12


@given(st.floats(0, 1), st.booleans())
def test_it_stays_a_chance(p, right):
    assert 0 <= traced(p, right) <= 1


@given(histories)
@settings(max_examples=60, deadline=None)
def test_spaced_success_is_forgotten_slower(history):
    one, at = lived(history)
    later = one.answered(True, at + 2 * DAY)
    assert later.half_life_days >= one.half_life_days
    assert one.attempts == 0 or later.half_life_days == min(2 * one.half_life_days, 7.0 * 2**12)


def test_only_first_attempts_count():
    once = Progress().attempt("a", ["kv-size"], False, 0.0)
    assert once.attempt("a", ["kv-size"], True, 1.0) == once
    assert once.attempt("b", ["kv-size"], True, 1.0).skill("kv-size").attempts == 2


def test_mastery_needs_attempts_in_two_briefs():
    assert len(briefs_of("kv-size")) >= 2
    one = Progress()
    for i in range(5):
        one = one.attempt(f"x{i}", ["kv-size"], True, 0.0, brief="serve-7b")
    assert one.skill("kv-size").p > 0.95 and not one.mastered("kv-size", 0.0)
    one = one.attempt("y", ["kv-size"], True, 0.0, brief="serve-70b")
    assert one.mastered("kv-size", 0.0)
    assert not one.mastered("kv-size", 365 * DAY)


def test_review_comes_due_later_after_each_success():
    one = Skill().answered(True, 0.0)
    assert not one.due(0.5 * DAY) and one.due(DAY)
    two = one.answered(True, DAY)
    assert not two.due(3 * DAY) and two.due(4 * DAY)


def test_skills_come_from_the_rules():
    assert len(skills()) >= 24
    assert all(any(name in r.skills for r in all_rules()) for name in skills())
    assert all(r.skills for r in all_rules())


def test_a_good_design_shows_more_than_a_starter():
    good, bad = (Progress().reviewed(review(None, made), 0.0) for made in (reference("serve-70b"), starter("serve-70b")))
    both = set(good.skills) & set(bad.skills)
    assert both and sum(good.skill(n).p for n in both) > sum(bad.skill(n).p for n in both)


def test_the_file_comes_back_and_holds_no_identity(tmp_path):
    path = tmp_path / "progress.json"
    made = Progress().reviewed(review(None, reference("tco-3y")), 1e9)
    save(path, made)
    assert load(path) == (made, "")
    assert set(json.loads(path.read_text())) == {"version", "skills", "seen"}
    assert [p.name for p in tmp_path.iterdir()] == ["progress.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', '{"version": 9, "skills": {}, "seen": []}', '{"version": 1, "skills": {"a": {"p": 2}}, "seen": []}',
                                  '{"version": 1, "skills": {"a": {"p": 2, "attempts": 1, "right": 1, "spaced": 0, "at": 0, "briefs": []}}, "seen": []}', "\x00"])
def test_a_damaged_file_is_kept_aside_and_said(text, tmp_path):
    path = tmp_path / "progress.json"
    path.write_text(text)
    for name in ("progress.json.damaged", "progress.json.damaged-1"):
        found, said = load(path)
        assert found == Progress() and name in said and not path.exists()
        assert (tmp_path / name).read_text() == text
        path.write_text(text)


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "progress.json"
    save(path, Progress())
    before = path.read_text()
    monkeypatch.setattr("os.replace", lambda *a: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError):
        save(path, Progress().attempt("a", ["kv-size"], True, 0.0))
    assert path.read_text() == before and len(list(tmp_path.iterdir())) == 1


def test_merging_keeps_the_longer_record():
    long = Progress().attempt("a", ["kv-size"], True, 0.0).attempt("b", ["kv-size"], True, 1.0)
    short = Progress().attempt("c", ["kv-size"], False, 2.0)
    assert merged(long, short) == merged(short, long)
    assert merged(long, short).skill("kv-size").attempts == 2 and merged(long, short).seen == {"a", "b", "c"}


def test_from_dict_refuses_in_one_sentence():
    with pytest.raises(BadInput, match="version"):
        from_dict({"version": 2, "skills": {}, "seen": []})


def test_the_command(tmp_path, capsys):
    from pathlib import Path

    design = Path(__file__).parents[2] / "lessons" / "designs" / "serve-70b-good.toml"
    path = tmp_path / "p.json"
    assert main(["progress", "--file", str(path)]) == 0 and "Nothing was tried" in capsys.readouterr().out
    assert main(["progress", "--file", str(path), "--add", str(design)]) == 0 and "skills tried" in capsys.readouterr().out
    assert main(["progress", "--file", str(path), "--export"]) == 0
    assert json.loads(capsys.readouterr().out)["skills"]


def heard(id, *lines):
    """The progress after a conversation, and the evidence of each line."""
    talk, progress, found = Discussion(id), Progress(), []
    for i, line in enumerate(lines):
        found.append(talk.say(line)["skills"])
        progress = progress.heard(found[-1], float(i))
    return progress, found


def test_every_concept_shows_one_skill_that_rules_exercise():
    known = skills()
    for id in brief_ids():
        assert set(SKILLS[id]) == {c.id for c in concepts(id)}
        assert set(SKILLS[id].values()) <= set(known)


def test_a_belief_and_the_idea_against_it_are_one_item_of_one_skill():
    for id in brief_ids():
        for one in concepts(id):
            idea = about(id, one.id)
            assert concept(id, idea).kind == "expectation" or idea == one.id
            if one.kind == "expectation":
                assert idea == one.id


def test_an_idea_in_own_words_counts_as_known_once():
    progress, (first, again) = heard("serve-7b", "Decoding is bound by memory bandwidth, since each step reads all the weights.", "As I said, memory bandwidth bounds the decoding.")
    assert [(e["skill"], e["right"]) for e in first if e["skill"] == "roofline"] == [("roofline", True)] and "first word" in first[0]["why"]
    assert again and progress.skill("roofline").attempts == 1 and progress.skill("roofline").p > 0.7


def test_a_belief_counts_as_not_known_and_the_correction_does_not_make_it_right():
    progress, _ = heard("serve-7b", "FLOPS set the decode speed.", "Ah, so decoding is bound by memory bandwidth.")
    assert (progress.skill("roofline").attempts, progress.skill("roofline").right) == (1, 0)


@pytest.mark.parametrize("line", ["Is decoding bound by memory bandwidth?", "Suppose FLOPS set the decode speed.", "My boss says that FLOPS set the decode speed.", "hello", "I don't know", "asdf", "with 8 replicas?"])
def test_questions_reports_and_chatter_show_nothing(line):
    assert heard("serve-7b", line)[0] == Progress()


def test_the_tutors_own_words_said_back_show_nothing():
    talk = Discussion("serve-7b")
    said = talk.say("FLOPS set the decode speed.")["reply"]
    talk.say("hello")
    assert talk.say(said.split(". ")[0])["skills"] == []
    assert evidence("serve-7b", "Decoding is bound by memory bandwidth.", read("serve-7b", "decoding is bound by memory bandwidth."), before=["Yes: decoding is bound by memory bandwidth."]) == []


def test_after_three_hints_a_right_word_counts_as_not_known_yet():
    seen = read("serve-7b", "decoding is bound by memory bandwidth.")
    deep = evidence("serve-7b", "Decoding is bound by memory bandwidth.", seen, levels={"decode-is-bandwidth-bound": 3})
    assert deep[0]["hints"] == 3
    assert Progress().heard(deep, 0.0).skill("roofline").right == 0
