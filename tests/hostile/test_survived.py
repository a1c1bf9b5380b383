"""What passes the gate is graded whatever it is: extremes of every field, and texts made to hang a reader of texts."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwlib.designs import knobs
from hwlib.errors import BadInput
from tests.tutor.handins import payload
from tutor import briefs, grading, strict
from tutor.submission import from_value


def assessed(value: dict) -> tuple[float, str]:
    """Score, or the reason why there is none; in under a second of work, and never by a fault of ours."""
    start = time.process_time()
    try:
        body = grading.grade(from_value(value), repairs=False)
        told: tuple[float, str] = (body["score"], "")
    except BadInput as error:
        told = (0.0, strict.clip(str(error)))
        assert told[1] and "\n" not in told[1]
    assert time.process_time() - start < 1
    assert math.isfinite(told[0]) and 0 <= told[0] <= 100
    return told


def extremes(cls: type, fixed: dict) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, knob in knobs(cls).items():
        if name in fixed:
            continue
        if knob.kind in ("count", "number"):
            ends = [knob.low, knob.high if knob.high < float("inf") else 1e29]
            found += [(name, int(end) if knob.kind == "count" else float(end)) for end in ends]
        else:
            found += [(name, option) for option in knob.options]
    return found


ENDS = [(brief, where, name, value) for brief in briefs.brief_ids() for where, cls in (("design", briefs.brief(brief).design_class), ("assumptions", briefs.brief(brief).load_class))
        for name, value in extremes(cls, briefs.brief(brief).fixed)]


def test_the_extremes_are_many():
    assert len(ENDS) > 150


@pytest.mark.parametrize("brief", briefs.brief_ids())
def test_the_end_of_every_field_is_graded_or_refused_within_a_second(brief):
    for of, where, name, value in ENDS:
        if of == brief:
            made = payload(brief=brief)
            made[where] = {**made.get(where, {}), name: value}
            assessed(made)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_ends_of_several_fields_together_are_graded_or_refused_within_a_second(data):
    brief = data.draw(st.sampled_from(briefs.brief_ids()))
    made = payload(brief=brief)
    for _, where, name, value in data.draw(st.lists(st.sampled_from([e for e in ENDS if e[0] == brief]), min_size=2, max_size=6)):
        made[where] = {**made.get(where, {}), name: value}
    assessed(made)


BOMBS = {
    "one letter": "a" * 20_000, "open brackets": "(" * 20_000, "nested quantifiers": "(a+)+$" * 3300, "spaces": "x" + " " * 19_000 + "y", "line breaks": "\n" * 20_000,
    "digits": "1" * 20_000, "groups of digits": "1,000 " * 3300, "commas": "1," * 10_000, "points": "0." * 10_000, "exponents": "1e" * 10_000, "units": "80 GB " * 3300,
    "money": "$1" * 10_000, "percent": "% " * 10_000, "negations": "not " * 5000, "no": "no " * 6600, "if": "if " * 6600, "almost a match": "a" * 10_000 + "!" + "b" * 9_000,
    "ideas": "the KV cache of the sequences in flight " * 500, "claims": "more replicas are better than fewer replicas because " * 370, "joined emoji": "\U0001f3f3\ufe0f\u200d\U0001f308" * 3000,
    "marks without a letter": "\u0301" * 20_000, "digits of another script": "\u0663" * 20_000, "right to left": "\u05d0 " * 10_000, "overrides": "\u202e" * 20_000, "hidden": "\u200b" * 20_000,
    "markup": "<script>alert(1)</script>" * 700, "templates": "{{ 7 * 7 }}{% for x in y %}" * 700, "formats": "{0.__class__}%s%n${x}" * 900, "formulas": "=cmd|' /C calc'!A0\n" * 900,
    "paths": "../" * 6000, "SQL": "'; drop table rows; -- " * 800, "entities": "&lt;" * 5000, "TOML": '"""' * 6000, "backslashes": "\\" * 20_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_text_made_to_hang_a_reader_is_graded_within_a_second_and_costs_no_points(name):
    for brief in ("serve-70b", "train-100b"):
        plain, _ = assessed(payload(brief=brief))
        score, reason = assessed(payload(brief=brief, rationale=BOMBS[name][:20_000]))
        assert not reason and score >= plain


def test_a_discussion_is_not_hung_by_them_either():
    from tutor.dialogue import Discussion

    for name, text in BOMBS.items():
        start = time.process_time()
        turn = Discussion("serve-70b", None).say(text)
        assert time.process_time() - start < 1, name
        assert turn["reply"]
