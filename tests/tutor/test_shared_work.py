"""Hand-ins with one design share its computing, and nobody's words or guesses reach anybody else."""

from __future__ import annotations

import json
from itertools import permutations

import pytest

from tests.tutor.handins import payload
from tutor import briefs, context, grading


def fresh() -> None:
    for cached in (context._kept, context._first):
        cached.cache_clear()


def assessed(value: dict) -> dict:
    from tutor.submission import from_value

    return grading.grade(from_value(value), repairs=False)


@pytest.mark.parametrize("brief", briefs.brief_ids())
def test_a_review_is_the_same_whoever_with_the_same_design_came_before(brief):
    of = briefs.brief(brief)
    name = of.vary[0]
    moved = of.given[name][0] * 1.1
    said = dict(of.reference_predictions)
    value = int(moved) if isinstance(of.given[name][0], int) else moved
    handed = [
        payload(brief=brief, rationale=of.reference_rationale, predictions=said), payload(brief=brief, rationale="", predictions={}),
        payload(brief=brief, rationale="The KV cache decides.", predictions=said, assumptions={name: value}, reasons={name: "measured last week"}),
        payload(brief=brief, rationale="The KV cache decides.", predictions=said, assumptions={name: value}, reasons={name: "a guess of mine"}),
        payload(brief=brief, rationale="The KV cache decides.", predictions={}, assumptions={name: value}),
    ]
    alone = []
    for one in handed:
        fresh()
        alone.append(json.dumps(assessed(one), sort_keys=True))
    assert len(set(alone)) >= 3
    for order in list(permutations(range(len(handed))))[::17]:
        fresh()
        for place in order:
            assert json.dumps(assessed(handed[place]), sort_keys=True) == alone[place]
