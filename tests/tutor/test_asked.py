"""What people ask in passing is answered from the design: the task, a word, two chips, a change without a value."""

from dataclasses import replace

import pytest

from hwlib.catalogue import chip, price
from hwlib.designs import KINDS, knobs
from hwlib.units import show
from tutor.context import Context
from tutor.dialogue import Discussion, asked
from tutor.dialogue.text import words
from tutor.samples import starter


def said(brief, text):
    return Discussion(brief).say(text)


@pytest.mark.parametrize("brief", ["serve-7b", "train-100b", "serve-70b", "tco-3y"])
@pytest.mark.parametrize("text", ["what am I supposed to do here?", "What is the task?", "what should i do first"])
def test_who_asks_for_the_task_hears_it_and_where_the_design_stands(brief, text):
    talk = Discussion(brief)
    turn = talk.say(text)
    assert " ".join(talk.brief.short.split()) in turn["reply"] and str(len(talk.problems)) in turn["reply"] and turn["reply"].endswith("?")


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("I don't understand what TPOT means", "TPOT is the time between two tokens"), ("what is a lever?", "A lever is a change"), ("i dont get what a bubble is", "The bubble is"),
        ("what does PUE stand for?", "PUE is a building's power"), ("KV cache means what", "The KV cache keeps"), ("remind me what goodput is", "Goodput is the share"),
    ],
)
def test_a_word_that_is_asked_about_is_explained_first(text, begins):
    turn = said("serve-70b", text)
    assert turn["reply"].startswith(begins) and turn["understood"]


def test_two_chips_are_set_side_by_side_with_the_catalogue_s_figures():
    reply = said("serve-70b", "isn't a TPU v5e cheaper than the L40S?")["reply"]
    for id in ("tpu-v5e", "l40s"):
        assert show(chip(id).mem_bytes_per_s, "B/s") in reply and f"{show(price(id), 'usd')} an hour" in reply


def test_one_chip_is_compared_with_the_design_s_own():
    reply = said("serve-70b", "would an H200 be faster?")["reply"]
    assert "your NVIDIA L40S" in reply and show(chip("h200-sxm").mem_bytes_per_s, "B/s") in reply


def test_a_chip_without_a_published_rent_is_said_to_have_none():
    assert "No rent of Groq LPU v1 is published" in said("serve-70b", "groq is fastest so I would choose groq right?")["reply"]


@pytest.mark.parametrize(
    ("brief", "text", "changes"),
    [
        ("tco-3y", "does quantisation halve the bill?", {"quantise": True}), ("tco-3y", "what if demand grows faster", {"growth_per_year": 0.5}),
        ("serve-7b", "would fewer bits help?", {"weight_bits": 8}), ("train-100b", "does fp8 make it faster?", {"matmul_precision": "fp8"}),
    ],
)
def test_a_change_asked_about_without_a_value_is_tried(brief, text, changes):
    turn = said(brief, text)
    assert {name: told["after"] for name, told in turn["design_changes"].items()} == changes and turn["move"] == "what-if" and "→" in turn["reply"]


def test_a_switch_that_is_on_is_tried_off():
    entry = starter("tco-3y")
    entry = replace(entry, design=replace(entry.design, quantise=True))
    assert asked.implied(Context(entry), "does quantisation halve the bill?") == {"quantise": False}


def test_a_question_about_something_else_tries_nothing():
    assert asked.implied(Context(starter("tco-3y")), "quantisation stores numbers in fewer bits") == {}
    assert asked.implied(Context(starter("tco-3y")), "is the moon made of cheese?") == {}


def test_every_trial_sets_a_field_that_its_designs_have():
    for trial in words("answers")["trial"]:
        for kind in trial["kinds"]:
            design, load = KINDS[kind]
            assert set(trial["set"]) <= {*knobs(design), *knobs(load)}, trial


def test_what_is_left_is_counted():
    talk = Discussion("serve-70b")
    assert talk.say("What else is there?")["reply"].startswith(f"Still open: {len(talk.problems)} findings about the design, and 10 of the 10 ideas")


def test_how_many_are_needed_is_left_to_the_learner_with_the_figures_to_divide():
    reply = said("serve-70b", "how many chips do I need?")["reply"]
    ctx = Context(starter("serve-70b"))
    assert show(ctx.measure("replica_requests_per_s")) in reply and show(ctx.estimate.peak_requests_per_s) in reply
    carried = float(ctx.measure("replica_requests_per_s"))
    assert carried * ctx.design.replicas * float(ctx.estimate.utilisation) == pytest.approx(float(ctx.estimate.peak_requests_per_s))
