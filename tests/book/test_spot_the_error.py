"""Spot the error: exercises from the ledger's wrong claims, the factor of a thousand first, nothing told before it is asked."""

from __future__ import annotations

import re

import pytest

from hwlib.catalogue import claim
from lessons.pages import spot_the_error
from lessons.panels import spot

ERRORS = spot_the_error.errors()
EACH = pytest.mark.parametrize("error", ERRORS, ids=lambda e: e.id)


def test_the_factor_of_a_thousand_comes_first_and_all_are_wrong_by_the_ledger():
    assert ERRORS[0].id == "S4-10" and len(ERRORS) == len({e.id for e in ERRORS}) >= 10
    assert {claim(e.id).verdict for e in ERRORS} == {"wrong"}
    assert {e.id[:2] for e in ERRORS} == {"S2", "S3", "S4"}


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
    rest = list(spot.panel(ERRORS[:2]).children)
    assert len(rest) == 6
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
