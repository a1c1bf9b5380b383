"""The studio: transitions of its state, and views that are pure and escape what was typed."""

from __future__ import annotations

import html
import re
import urllib.parse
from dataclasses import replace

import pytest

import tutor
from hwlib.errors import BadInput
from lessons.panels.studio import head, predict, serving, state, talk, training, verdict
from lessons.panels.studio.evidence import sections
from lessons.panels.studio.page import fixed_facts, whole
from lessons.panels.studio.parts import View, drawn
from tests.lessons.studios import HOSTILE, PAGES, covered_studio, open_studio, text_of
from tutor.briefs import brief, brief_ids
from tutor.context import context
from tutor.designfile import entry, loads

# The state.


def test_an_edit_can_be_undone():
    old = state.start("serve-70b")
    new = state.edit(old, "replicas", 9)
    assert new.entry.design.replicas == 9
    assert new.undo[-1].words == "You changed replicas from 6 to 9"
    assert new.changed == ("replicas",)
    assert state.undo(new).entry == old.entry


def test_turning_one_knob_is_one_step():
    now = state.start("serve-70b")
    for replicas in (7, 8, 9):
        now = state.edit(now, "replicas", replicas)
    assert len(now.undo) == 1
    assert state.undo(now).entry.design.replicas == 6


def test_a_refused_value_leaves_the_last_good_design():
    old = state.edit(state.start("serve-70b"), "batch_limit", 16)
    new = state.edit(old, "replicas", -2)
    assert new.entry == old.entry and new.undo == old.undo
    assert new.shown("replicas") == -2
    assert new.refusal.field == "replicas"
    assert new.refusal.words == "Replicas = -2 is out of range: it must be a whole number of at least 1 and at most 100,000"
    assert state.undo(new).refusal is None and state.undo(new).shown("replicas") == 6


def test_the_good_value_after_a_refused_one_stands():
    new = state.edit(state.edit(state.start("serve-70b"), "replicas", -2), "replicas", 8)
    assert new.refusal is None and new.entry.design.replicas == 8


def test_a_layout_of_chips_is_changed_in_two_steps():
    """Half a layout uses half the chips: it is kept in the draft until the other half comes."""
    half = state.edit(state.start("train-100b"), "tensor_parallel", 4)
    assert "make the two equal" in half.refusal.words and "tensor_parallel" not in half.refusal.words
    assert half.refusal.fix == ("data_parallel", 256)
    done = state.edit(half, *half.refusal.fix)
    assert done.refusal is None
    assert (done.entry.design.tensor_parallel, done.entry.design.data_parallel) == (4, 256)
    assert state.undo(done).entry.design.tensor_parallel == 8, "both changes are one step"


def test_locks_are_kept_and_given_free():
    new = state.lock(state.lock(state.start("serve-70b"), "accelerator", True), "replicas", True)
    assert new.locks == {"accelerator", "replicas"}
    assert state.lock(new, "replicas", False).locks == {"accelerator"}


def test_a_repair_is_one_step():
    old = state.start("serve-70b")
    new = state.apply(old, {"weight_bits": 8, "replicas": 20})
    assert (new.entry.design.weight_bits, new.entry.design.replicas) == (8, 20)
    assert len(new.undo) == 1 and state.undo(new).entry == old.entry


def test_an_assumption_needs_a_reason():
    old = state.start("serve-70b")
    bare = state.assume(old, "peak_factor", 2.0, "  ")
    assert bare.entry == old.entry and "say why" in bare.refusal.words
    told = state.assume(old, "peak_factor", 2.0, "measured last month")
    assert told.entry.load.peak_factor == 2.0 and told.entry.reasons == {"peak_factor": "measured last month"}
    assert state.assume(told, "peak_factor", 3.0, "").entry.assumptions == {}, "the brief's own value needs no reason"
    assert "out of range" in state.assume(old, "peak_factor", 0.0, "why not").refusal.words


@pytest.mark.parametrize("id", brief_ids())
def test_what_is_saved_can_be_loaded(id):
    now = state.write(state.start(id), rationale='Because "peaks"\nmatter.')
    back = state.load(state.start(id), state.toml(now))
    assert back.refusal is None and back.entry.design == now.entry.design and back.entry.rationale == now.entry.rationale
    assert loads(state.toml(now)).brief == id


@pytest.mark.parametrize("text", ["", "nonsense [", HOSTILE, 'brief = "tco-3y"\n[design]\ntokens_per_day = 1', 'brief = "serve-70b"\n[design]\nreplicas = "many"'])
def test_a_bad_file_is_one_sentence(text):
    old = state.start("serve-70b")
    new = state.load(old, text)
    assert new.entry == old.entry and new.refusal.words
    assert "<script>" not in verdict.refused(new.refusal.words, "The old one stands.")


# Predictions.


@pytest.mark.parametrize(("text", "unit", "value"), [("120 ms", "s", 0.12), ("0.12", "s", 0.12), ("14 GB", "B", 14e9), ("1.5 GiB", "B", 1.5 * 2**30),
                         ("40%", "%", 0.4), ("40", "%", 0.4), ("0.4", "%", 0.4), ("$2.5 million", "usd", 2.5e6), ("20.8", "", 20.8), ("10,000", "", 1e4), ("6 weeks", "days", 42)])
def test_predictions_are_read_with_their_units(text, unit, value):
    assert predict.number(text, unit) == pytest.approx(value)


@pytest.mark.parametrize(("text", "unit"), [("much", "s"), ("12 GB", "s"), ("1.2.3", ""), ("", "B"), ("9" * 400 + "x", ""), (HOSTILE, "s")])
def test_what_is_no_figure_is_said(text, unit):
    with pytest.raises(BadInput):
        predict.number(text, unit)


@pytest.mark.parametrize("of", PAGES)
def test_the_page_is_complete_before_anything_was_done(of):
    made = open_studio(of)
    assert "targets met" in made.verdict.value and all(picture.value for picture in made.pictures.values())
    assert made.review.headline in made.talk.last.text and made.prediction.box.layout.display == "none"


def test_predicting_uncovers_the_figures_and_is_in_the_file():
    made = covered_studio("serve-70b")
    assert "Covered" in made.verdict.value and made.again.layout.display == "none"
    made.prediction.fields["peak_requests_per_s"].value = "20"
    made.prediction.fields["bottleneck"].value = "memory"
    made.prediction.compare()
    assert "targets met" in made.verdict.value and made.prediction.box.layout.display == "none"
    assert loads(state.toml(made.state)).predictions == {"peak_requests_per_s": 20.0, "bottleneck": "memory"}
    assert "20.8" in made.compared.value


def test_a_prediction_that_cannot_be_read_keeps_the_cover_on():
    made = covered_studio("serve-70b")
    made.prediction.fields["prefill_s"].value = "fast"
    made.prediction.compare()
    assert "Prefill of the median prompt" in made.prediction.error.value and not made.state.revealed


# Views.


@pytest.mark.parametrize("id", brief_ids())
@pytest.mark.parametrize("which", ["starter", "reference"])
def test_views_are_pure(id, which):
    made = entry(id, getattr(brief(id), which))
    review = tutor.review(id, made)
    view = View(context(made), review, {made.design.accelerator: made})
    for section in sections(brief(id)):
        first = drawn(section, view)
        assert first == drawn(section, view)
        assert first.count("<div") == first.count("</div>")
    assert verdict.verdict(review) == verdict.verdict(review)


def test_the_terms_of_the_tail_make_the_tail():
    made = context(entry("serve-70b", replace(brief("serve-70b").reference, chips_per_replica=8)))
    terms, _, _ = serving.tail_terms(made)
    assert sum(v for *_, v in terms) == pytest.approx(float(made.simulated.ttft_p99_s), rel=0.02)


@pytest.mark.parametrize("which", ["starter", "reference"])
def test_the_terms_of_a_step_make_the_step(which):
    made = context(entry("train-100b", getattr(brief("train-100b"), which))).estimate
    assert sum(v for *_, v in training.step_terms(made)) == pytest.approx(float(made.step_s))


def test_what_was_typed_is_escaped():
    said = talk.Talk().with_turns(talk.you(HOSTILE), talk.from_reply({"reply": HOSTILE, "read": HOSTILE, "choices": [HOSTILE]}))
    shown = talk.log(said)
    assert "<img" not in shown and "<script" not in shown and html.escape(HOSTILE, quote=True) in shown


def test_a_hostile_file_is_shown_as_text():
    made = open_studio("serve-70b")
    made.files.words.value = HOSTILE
    made.files._save()
    assert "<img" not in made.files.saved.value and "<script" not in made.files.saved.value
    address = html.unescape(re.search(r'href="([^"]+)"', made.files.saved.value)[1])
    assert loads(urllib.parse.unquote(address.partition(",")[2])).rationale == HOSTILE


def test_a_long_conversation_is_cut_and_says_so():
    said = talk.Talk()
    for n in range(60):
        said = said.with_turns(talk.you(f"claim {n}"))
    assert len(said.turns) == talk.KEPT and f"{60 - talk.KEPT} earlier turns" in talk.log(said)


@pytest.mark.parametrize("id", brief_ids())
def test_the_head_of_a_page_comes_from_the_brief(id):
    of = brief(id)
    assert len(fixed_facts(of)) >= 5
    told = text_of(whole(of))
    assert " ".join(of.situation.split()) in told
    for _, why in of.given.values():
        assert why in told
    assert "The whole brief" in head(id)


@pytest.mark.parametrize(("id", "folder"), PAGES.items())
def test_the_page_says_the_brief_in_its_own_words(id, folder):
    """The two lines of the page are text, for readers of the repository too; they must not drift from the data."""
    from pathlib import Path

    text = (Path(__file__).resolve().parents[2] / "book" / folder / "discussion.md").read_text("utf-8")
    assert " ".join(brief(id).short.split()) in " ".join(text.split())
    assert f"# {brief(id).title}" in text and f'studio("{id}")' in text
