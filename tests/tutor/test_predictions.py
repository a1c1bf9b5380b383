"""Predictions: a number and its interval, scored on a log scale; the interval is told and not scored."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwlib.errors import BadInput
from tutor.context import Context
from tutor.designfile import dumps, entry, loads
from tutor.review import review
from tutor.samples import reference
from tutor.scoring import scored_predictions, winkler

positive = st.floats(1e-6, 1e9)


def said(**predictions):
    base = reference("serve-70b")
    return entry("serve-70b", base.design, predictions=predictions)


def test_an_interval_is_told():
    right = float(Context(said()).estimate.usd_per_mtoken)
    row = {r["name"]: r for r in scored_predictions(Context(said(usd_per_mtoken=right, usd_per_mtoken_low=right / 2, usd_per_mtoken_high=right * 2)))}["usd_per_mtoken"]
    assert row["holds"] and row["winkler"] == pytest.approx(2.0) and "holds it" in row["calibration"]
    off = {r["name"]: r for r in scored_predictions(Context(said(usd_per_mtoken=4 * right, usd_per_mtoken_low=2 * right, usd_per_mtoken_high=8 * right)))}["usd_per_mtoken"]
    assert not off["holds"] and off["winkler"] > row["winkler"] and "below your interval" in off["calibration"]


def test_an_interval_does_not_change_the_score():
    right = float(Context(said()).estimate.usd_per_mtoken)
    bare = review(None, said(usd_per_mtoken=right))
    wide = review(None, said(usd_per_mtoken=right, usd_per_mtoken_low=0.0, usd_per_mtoken_high=1e6))
    assert bare.score == wide.score
    assert "intervals hold the value" in next(c.why for c in wide.criteria if c.id == "predictions")


@pytest.mark.parametrize(("predictions", "says"), [
    ({"usd_per_mtoken_low": 1.0}, "usd_per_mtoken_high is missing"), ({"usd_per_mtoken_high": 1.0}, "usd_per_mtoken_low is missing"),
    ({"usd_per_mtoken_low": 2.0, "usd_per_mtoken_high": 1.0}, "swap"), ({"usd_per_mtoken": 5.0, "usd_per_mtoken_low": 1.0, "usd_per_mtoken_high": 2.0}, "outside"),
    ({"usd_per_mtoken_low": True, "usd_per_mtoken_high": 2.0}, "number"), ({"bottleneck_low": 1.0}, "bottleneck_low"),
])
def test_a_bad_interval_is_one_sentence(predictions, says):
    with pytest.raises(BadInput, match=says):
        said(**predictions)


def test_an_interval_comes_back_from_the_file():
    made = said(usd_per_mtoken=1.0, usd_per_mtoken_low=0.5, usd_per_mtoken_high=2.0)
    assert loads(dumps(made)) == made


@given(positive, positive, positive)
def test_widening_to_the_value_never_hurts_more_than_missing(a, b, value):
    low, high = sorted((a, b))
    holds = winkler(min(low, value), max(high, value), value)
    assert holds <= winkler(low, high, value) + 1e-9
    assert winkler(low, high, value) >= 0


def test_a_repair_says_what_it_would_earn():
    from tutor.samples import starter

    told = review(None, starter("train-100b"), repair=True)
    fixed = told.repair.fewest.changes
    after = review(None, starter("train-100b").changed(**fixed))
    assert told.earns["score"] == after.score > told.score
    assert sum(told.earns["criteria"].values()) == pytest.approx(sum(c.points for c in after.criteria) - sum(c.points for c in told.criteria))
    assert review(None, reference("train-100b"), repair=True).earns == {}


def test_each_line_of_the_score_is_explained():
    told = review(None, replace(reference("serve-7b"), rationale=""))
    assert len(told.explained) == len(told.criteria) == 6
    assert all(c.name in line and c.why in line for c, line in zip(told.criteria, told.explained, strict=True))
