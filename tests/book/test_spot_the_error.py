"""Spot the error: exercises from the ledger's wrong claims, the factor of a thousand first, nothing told before it is asked."""

from __future__ import annotations

import re

import pytest

from hwlib.catalogue import claim, claims
from lessons.pages import spot_the_error
from lessons.panels import spot

ERRORS = spot_the_error.errors()
EACH = pytest.mark.parametrize("error", ERRORS, ids=lambda e: e.id)


def test_the_factor_of_a_thousand_comes_first_and_all_are_wrong_or_doubtful_by_the_ledger():
    assert ERRORS[0].id == "S4-10" and len(ERRORS) == len({e.id for e in ERRORS}) >= 30
    assert "holds" not in {claim(e.id).verdict for e in ERRORS}, "what holds is no error"
    assert {e.id[:2] for e in ERRORS} == {"S1", "S2", "S3", "S4"}


def test_every_wrong_claim_is_an_exercise_or_it_is_said_why_not():
    wrong, here, left = {c.id for c in claims() if c.verdict == "wrong"}, {e.id for e in ERRORS}, spot_the_error.NOT_HERE
    assert wrong - here == set(left) and len(left) <= 4 and all(len(why) > 15 for why in left.values())
    for why in left.values():
        assert set(re.findall(r"S\d-\d\d", why)) <= here, "an error said to be here must be here"


def test_corrections_are_computed_but_where_there_is_nothing_to_compute():
    """A claim about who said what has no arithmetic; every other shows a computation with figures."""
    parts = {e.id: re.findall(r"<p>(.*?)</p>", e.shown) for e in ERRORS}
    told = {id for id, (_, _, *computed) in parts.items() if not (computed and re.search(r"\d", computed[0]))}
    assert told == {"S3-27", "S2-19", "S4-26", "S4-01"}


@EACH
def test_the_right_choice_is_offered_with_reasons_against_the_others(error):
    assert error.right in error.choices and set(error.choices) - {error.right} == set(error.not_those)
    assert len(error.choices) == len(set(error.choices)) >= 3
    assert all(re.fullmatch(r"[A-Z].*\.", why) for why in error.not_those.values())


@EACH
def test_a_wrong_choice_tells_nothing_and_the_right_one_everything(error):
    for choice in error.not_those:
        said = spot.feedback(error, choice)
        assert "Not that" in said and error.shown not in said
    assert error.shown in spot.feedback(error, error.right) and f"#claim-{error.id}" in error.shown
    assert error.right not in spot.question(1, error)


def test_the_right_choice_does_not_always_stand_in_the_same_place():
    assert len({e.choices.index(e.right) for e in ERRORS}) > 1


def test_the_widgets_answer_and_can_be_asked_again():
    heading, *rest = spot.panel(ERRORS[:2]).children
    assert "Money" in heading.value and len(rest) == 6
    choice, said = rest[1].children[0], rest[2]
    assert said.value == spot.waiting(ERRORS[0]) and "<details" in said.value
    choice.value = next(iter(ERRORS[0].not_those))
    assert "Not that" in said.value
    choice.value = ERRORS[0].right
    assert "Found" in said.value
    choice.value = "choose"
    assert said.value == spot.waiting(ERRORS[0])


def test_the_computed_corrections_agree_with_the_ledger():
    shown = {e.id: e.shown for e in ERRORS}
    assert "$730,000" in shown["S4-10"] and "$73,000" in shown["S4-12"] and "68.5 years" in shown["S4-11"]
    assert "645,875" in shown["S2-24"] and "see 34 in" in shown["S2-27"] and "188 GB" in shown["S4-31"] and "300 GB/s" in shown["S3-23"]
    assert "26 MiB each" in shown["S3-29"] and "A100 SXM4 80 GB: 40 MiB" in shown["S3-30"] and "3.33 ms" in shown["S2-10"] and "9 chips" in shown["S3-12"]
    assert re.search(r"A100[^;]*INT8; NVIDIA H100[^.]*FP8", shown["S2-21"]) and "moments and master copy, 12 bytes a parameter: 2.1 TB" in shown["S2-30"]
    assert shown["S1-29"].count("54.5 MB") == 2 and "600 GB/s" in shown["S2-10"]
