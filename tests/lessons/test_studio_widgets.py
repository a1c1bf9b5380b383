"""The studio's widgets: the verdict on screen is the review, presses do what they say, and what a learner made can be taken along and handed in."""

from __future__ import annotations

import html
import json
import re
import urllib.parse
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tutor
from hwlib.designs import knobs
from lessons.panels.studio import state, studio, talk, verdict
from lessons.panels.studio.evidence import sections
from lessons.panels.studio.parts import View, drawn
from tests.lessons.studios import HOSTILE, covered_studio, open_studio, text_of
from tutor import submission
from tutor.briefs import brief, brief_ids
from tutor.context import context
from tutor.rules import rule


@pytest.mark.parametrize(("id", "field", "value"), [("serve-7b", "replicas", 9), ("serve-70b", "weight_bits", 8), ("train-100b", "zero_stage", 1), ("tco-3y", "quantise", True)])
def test_the_verdict_is_the_review(id, field, value):
    """A field is turned; what stands in the verdict is what `tutor.review` says of the same design."""
    made = open_studio(id)
    made.rows[field].field.value = value
    review = tutor.review(id, made.state.entry)
    shown = text_of(made.verdict.value)
    assert made.verdict.value == verdict.verdict(review)
    for target in review.targets:
        assert target.label in shown and (target.met is None or target.yours_shown in shown)
    assert made.faults == []


@pytest.mark.parametrize("id", brief_ids())
def test_every_field_has_a_name_and_a_lock(id):
    made = studio(id).studio
    assert list(made.rows) == [n for n in knobs(brief(id).design_class) if n in brief(id).decides]
    for row in made.rows.values():
        assert row.field.description == row.label
        assert row.lock.description == f"Keep {state.spoken(row.label)} in repairs"
    for field in made.prediction.fields.values():
        assert field.description
    assert made.tutor.field.description


def test_the_places_stand_in_the_order_of_the_page():
    made = studio("serve-70b").studio
    places = [child for child in made.box.children[1].children]
    assert [next(c for c in ("hw-verdict", "hw-form", "hw-evidence", "hw-talk") if c in p._dom_classes) for p in places] == ["hw-verdict", "hw-form", "hw-evidence", "hw-talk"]


def test_undo_puts_the_field_back():
    made = open_studio("serve-70b")
    made.rows["replicas"].field.value = 9
    assert "from 6 to 9" in made.note.value and "hw-dirty" in made.rows["replicas"].box._dom_classes
    made.undo.click()
    assert made.rows["replicas"].field.value == 6 and "hw-dirty" not in made.rows["replicas"].box._dom_classes


def test_a_refusal_says_which_result_still_stands():
    made = open_studio("serve-70b")
    before = made.verdict.value
    made.rows["replicas"].field.value = 0
    assert made.verdict.value == before
    assert "at least 1" in made.note.value and "still" in made.note.value and 'role="alert"' in made.note.value


def test_a_fitting_layout_is_one_press_away():
    made = open_studio("train-100b")
    made.rows["tensor_parallel"].field.value = 4
    assert made.fix.layout.display is None and made.fix.description == "Set data parallel to 256"
    made.fix.click()
    assert made.rows["data_parallel"].field.value == 256 and made.state.refusal is None


def test_a_conversation_goes_through_the_widgets():
    made = open_studio("serve-70b")
    made.tutor.field.value = "decode speed sets the time to first token"
    assert made.tutor.field.value == "", "the field is emptied, so that the same can be said twice"
    assert made.talk.last.who == "Tutor" and made.talk.last.read
    assert "decode speed sets the time to first token" in made.tutor.log.value and 'role="log"' in made.tutor.log.value
    assert talk.NOT_MEANT in [b.description for b in made.tutor.choices.children]
    made.tutor.say(talk.NOT_MEANT)
    assert made.partner.discussion.beliefs == [], "what was taken back is not remembered"
    made.tutor.say(HOSTILE)
    assert "<img" not in made.tutor.log.value


def test_no_repair_before_a_question_unless_asked():
    made = studio("train-100b").studio
    assert not any(t.changes for t in made.talk.turns) and made.talk.asked
    made.tutor.say("Hint")
    assert not any(t.changes for t in made.talk.turns)


def test_a_repair_is_applied_and_undone():
    made = open_studio("train-100b")
    made.rows["accelerator"].lock.value = True
    made.tutor.say("Smallest repair")
    changes = dict(made.talk.last.changes)
    assert changes and "accelerator" not in changes and made.talk.last.table[0] == ("", "now", "then")
    made.tutor.choices.children[0].click()
    for name, value in changes.items():
        assert getattr(made.state.entry.design, name) == value == made.rows[name].field.value
    assert all(t.met for t in made.review.targets)
    assert made.partner.discussion.entry == made.state.entry, "the tutor talks about the new design"
    made.undo.click()
    assert made.state.entry.design == brief("train-100b").starter


def test_what_if_is_offered_and_not_done():
    made = open_studio("serve-70b")
    made.tutor.say("with 8 replicas?")
    assert made.talk.last.changes == {"replicas": 8} and made.state.entry.design.replicas == 6


def test_a_value_that_was_read_can_be_put_right_before_it_is_applied():
    made = open_studio("serve-70b")
    made.tutor.say("with 8 replicas?")
    field, turns = made.tutor.offer.fields["replicas"], len(made.talk.turns)
    assert field.value == 8 and made.tutor.offer.box.layout.display is None
    field.value = 18
    assert made.talk.last.changes == {"replicas": 18} and "18" in made.talk.last.text and made.talk.last.read == "replicas 18, put right by you"
    assert len(made.talk.turns) == turns and made.state.entry.design.replicas == 6, "the turn is another one, the design stands"
    assert made.tutor.offer.fields["replicas"] is field, "who is typing keeps the field"
    made.tutor.say("Apply to my design")
    assert made.state.entry.design.replicas == 18 and made.tutor.offer.box.layout.display == "none"


def test_a_value_that_cannot_be_is_refused_and_can_be_put_right_again():
    made = open_studio("serve-70b")
    made.tutor.say("with 8 replicas?")
    made.tutor.offer.fields["replicas"].value = 0
    assert "at least 1" in made.talk.last.text and made.tutor.offer.fields["replicas"].value == 0
    made.tutor.offer.fields["replicas"].value = 9
    assert made.talk.last.changes == {"replicas": 9}


def test_what_follows_from_a_value_put_right_follows_again():
    made = open_studio("train-100b")
    made.tutor.say("with 32 nodes?")
    before = dict(made.talk.last.changes)
    assert before["nodes"] == 32
    made.tutor.offer.fields["nodes"].value = 64
    after = made.talk.last.changes
    assert after["nodes"] == 64 and after.get("data_parallel", 0) != before.get("data_parallel")


def test_figures_can_be_covered_again():
    made = covered_studio("tco-3y")
    assert "Covered" in made.verdict.value and made.prediction.box.layout.display is None
    made.prediction.fields["annual_bill_usd"].value = "$730,000"
    made.prediction.compare()
    assert made.review.targets[0].met is True


def test_a_broken_picture_does_not_take_the_page_with_it():
    made = open_studio("serve-70b")
    before = made.pictures["memory"].value
    broken = replace(made.sections[0], draw=lambda view: 1 / 0)
    made.sections = (broken, *made.sections[1:])
    made.rows["replicas"].field.value = 9
    assert [type(e).__name__ for e in made.faults] == ["ZeroDivisionError"]
    assert "Not redrawn" in made.pictures["tail"].value and "ZeroDivisionError" in made.pictures["tail"].value
    assert made.pictures["memory"].value == before, "the rest goes on"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_legal_design_breaks_a_view(data):
    """Whatever the form can hold is judged and drawn, or said in words."""
    id = data.draw(st.sampled_from(brief_ids()))
    of = brief(id)
    values = {name: data.draw(any_value(of, name, knob), label=name) for name, knob in knobs(of.design_class).items() if name in of.decides}
    now = state.start(id)
    for name, value in values.items():
        now = state.edit(now, name, value)
    if now.refusal and now.refusal.fix:
        now = state.edit(now, *now.refusal.fix)
    review = tutor.review(id, now.entry)
    verdict.verdict(review)
    view = View(context(now.entry), review, now.designed)
    for section in sections(of):
        if section.key not in ("replicas", "spread", "options"):  # many simulations each; tested on designs of their own
            drawn(section, view)


def any_value(of, name, knob):
    """A value that the form can hold, in and somewhat out of range."""
    if knob.kind == "flag":
        return st.booleans()
    if knob.kind == "chip":
        return st.sampled_from([*of.chips, *(["none"] if "none:" in knob.help else [])])
    if knob.kind == "link":
        return st.sampled_from(["none", "ib-ndr", "ib-hdr", "roce-400"])
    if knob.kind == "choice":
        return st.sampled_from(knob.options)
    near = st.sampled_from(knob.tries) if knob.tries else st.just(getattr(of.starter, name))
    if knob.kind == "count":
        return near | st.integers(1, int(min(knob.high, 4096))) | st.just(-1)
    return near | st.floats(knob.low, min(knob.high, 1e12), allow_nan=False)


def test_what_first_attempts_show_is_kept_and_can_be_taken_along(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mine = open_studio("serve-70b")
    mine.files.save.click()
    first = json.loads((tmp_path / "progress.json").read_text())
    assert first["seen"] and "Download progress.json" in mine.files.skills.value and "first attempt" in mine.files.skills.value
    mine.files.save.click()
    assert json.loads((tmp_path / "progress.json").read_text()) == first, "a second attempt at the same rules changes nothing"
    mine.on_field("replicas", 30)
    mine.files.save.click()
    later = json.loads((tmp_path / "progress.json").read_text())
    assert set(later["seen"]) > set(first["seen"]), "another design meets other rules"
    asked = sum(len(rule(item.split("/")[1]).skills) for item in later["seen"])
    assert sum(one["attempts"] for one in later["skills"].values()) == asked, "each rule counts once for each of its skills"
    again = open_studio("serve-70b")
    assert again.progress == mine.progress, "a later page begins with what was kept"


def test_a_progress_file_can_be_loaded_and_a_bad_one_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mine, other = open_studio("serve-70b"), open_studio("serve-7b")
    mine.files.save.click()
    text = json.dumps(mine.progress.as_dict())
    other.progress = type(other.progress)()
    other.files.text.value = text
    other.files._load()
    assert other.progress.seen == mine.progress.seen and other.files.text.value == ""
    other.files.text.value = '{"version": 1, "skills": {}'
    other.files._load()
    assert "not JSON" in other.state.refusal.words and other.progress.seen == mine.progress.seen


def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_lost(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "progress.json").mkdir()
    mine = open_studio("tco-3y")
    mine.files.save.click()
    assert "was not written" in mine.files.skills.value and "Download progress.json" in mine.files.skills.value


def test_what_is_said_to_the_tutor_feeds_the_skills_and_a_misreading_does_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mine = open_studio("serve-70b")
    mine.tutor.say("decode speed sets the time to first token")
    assert mine.progress.skill("ttft-decomposition").attempts == 1 and mine.progress.skill("ttft-decomposition").right == 0
    assert "ttft decomposition" in mine.files.skills.value and "in your own words" in mine.files.skills.value
    mine.tutor.say(talk.NOT_MEANT)
    assert mine.progress.skills == {} and mine.progress.seen == frozenset(), "what was misread shows nothing"
    mine.tutor.say("The time to first token is the wait in the queue plus reading the prompt.")
    assert mine.progress.skill("ttft-decomposition").right == 1
    assert list(tmp_path.iterdir()) == [], "nothing is written before Save"
    mine.files.save.click()
    assert json.loads((tmp_path / "progress.json").read_text())["skills"]["ttft-decomposition"]["attempts"] >= 1


def test_a_summary_takes_the_whole_conversation_along():
    mine = open_studio("serve-70b")
    mine.tutor.say("The KV cache is what limits the batch.")
    mine.tutor.say("Sum up")
    last = mine.talk.last
    assert last.closes and "Download serve-70b-conversation.md" in mine.tutor.log.value
    text = urllib.parse.unquote(html.unescape(last.file))
    assert "KV cache is what limits" in text and last.text.split(".")[0] in text and 'brief = "serve-70b"' in text


def test_the_page_hands_in_what_the_instructors_command_grades(tmp_path):
    made = open_studio("serve-70b")
    made.on_field("replicas", 30)
    made.hand_in.student.value = "s-1"
    made.hand_in.go.click()
    text = urllib.parse.unquote(html.unescape(re.search(r'href="data:[^,]*,([^"]*)"', made.hand_in.said.value)[1]))
    handed = submission.read(text.encode())
    assert (handed.student, handed.entry) == ("s-1", made.state.entry)
    made.on_field("replicas", 31)
    assert "Download" not in made.hand_in.said.value and "hand in again" in made.hand_in.said.value, "an older design is not handed in by mistake"


@pytest.mark.parametrize("student,ticket,wanted", [("", "", "tudent is empty"), ("s-1", "no-ticket", "icket"), ("s 1\n", "", "")])
def test_what_cannot_be_handed_in_is_one_sentence(student, ticket, wanted):
    made = open_studio("tco-3y")
    made.hand_in.student.value, made.hand_in.ticket.value = student, ticket
    made.hand_in.go.click()
    said = made.hand_in.said.value
    assert wanted in said
    assert ("Not handed in" in said) == ("Download" not in said)


def test_what_reads_free_text_is_loaded_before_the_first_words_are_sent_and_nothing_is_said(monkeypatch):
    from lessons.panels.studio import ready
    from tutor.dialogue import Discussion

    read = []
    monkeypatch.setattr(Discussion, "interpret", lambda self, text: read.append(self.entry.brief))
    made = [studio(id).studio for id in ("serve-7b", "tco-3y")]
    ready()
    assert {"serve-7b", "tco-3y"} <= set(read)
    assert all(one.partner is None and len(one.talk.turns) == 1 for one in made)
    read.clear()
    ready()  # twice is once
    assert read == []
