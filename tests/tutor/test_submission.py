"""A hand-in is one small JSON object, and the gate says in one sentence, by field, why it refuses one."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hwlib.designs import knobs
from hwlib.errors import BadInput
from tests.tutor.handins import design, payload, sound
from tutor import briefs, submission
from tutor.strict import parse

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4), max_leaves=12)


def refusal(value: object) -> BadInput:
    with pytest.raises(BadInput) as caught:
        submission.read(value if isinstance(value, bytes) else json.dumps(value).encode())
    return caught.value


@pytest.mark.parametrize("brief", briefs.brief_ids())
def test_a_sound_hand_in_of_every_brief_passes_and_comes_back_the_same(brief):
    first = sound(brief=brief)
    again = submission.read(first.to_bytes())
    assert again == first and again.digest == first.digest


def test_spacing_and_order_do_not_change_the_digest():
    shuffled = dict(reversed(payload().items()))
    assert submission.read(json.dumps(shuffled, indent=7).encode()).digest == sound().digest


def test_another_value_changes_the_digest():
    assert sound(design=design(replicas=17)).digest != sound(design=design(replicas=18)).digest


def test_defaults_are_written_out_so_that_a_later_default_cannot_change_a_hand_in():
    short = {k: v for k, v in design().items() if k != "spare_replicas"}
    assert "spare_replicas" in sound(design=short).payload()["design"]


def test_a_byte_order_mark_is_forgiven():
    assert submission.read(b"\xef\xbb\xbf" + json.dumps(payload()).encode()).student == "s-0031"


def test_text_in_any_language_is_welcome_in_the_rationale():
    assert sound(rationale="Die Füße 🏳️‍🌈 می‌خواهم\nעברית").entry.rationale.startswith("Die")


def test_a_refusal_is_one_sentence_that_names_the_field():
    error = refusal(payload(design=design(replicas=-3)))
    assert str(error).startswith("design.replicas = -3 is out of range") and error.field == "design.replicas" and "\n" not in str(error)


def test_a_score_in_the_file_is_an_unknown_field():
    assert "score" in str(refusal(payload(score=100)))


def test_long_values_are_not_repeated_in_the_reason():
    for value in (payload(brief="x" * 50_000), payload(student="x" * 50_000), payload(**{"y" * 50_000: 1}), payload(predictions={"z" * 50_000: 1})):
        assert len(str(refusal(value))) < 400


def test_predictions_that_were_not_asked_for_are_named():
    assert "luck" in str(refusal(payload(predictions={"luck": 3})))


@pytest.mark.parametrize("brief", briefs.brief_ids())
def test_the_schema_accepts_what_the_gate_accepts(brief):
    schema = submission.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(sound(brief=brief).payload())


@pytest.mark.parametrize("value", [
    payload(score=1), payload(version=2), payload(student="../x"), payload(design=design(gpus=8)), payload(design=design(weight_bits=7)),
    payload(design=design(replicas=0)), payload(design=design(accelerator="h1000")), payload(design=design(chunked_prefill=1)),
    payload(predictions={"luck": 1}), payload(brief="serve-8b"), payload(reasons={"luck": "x"}),
], ids=str)
def test_the_schema_refuses_what_the_gate_refuses(value):
    refusal(value)
    assert list(jsonschema.Draft202012Validator(submission.schema()).iter_errors(value))


def test_the_schema_has_the_very_fields_of_the_designs():
    for kind in submission.schema()["oneOf"]:
        brief = briefs.brief(kind["properties"]["brief"]["const"])
        assert list(kind["properties"]["design"]["properties"]) == list(knobs(brief.design_class))
        assert list(kind["properties"]["assumptions"]["properties"]) == list(knobs(brief.load_class))


fuzz = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@fuzz
@given(st.binary(max_size=300))
def test_any_bytes_give_a_submission_or_one_sentence(data):
    with pytest.raises(BadInput):
        submission.read(data)


@fuzz
@given(JSON)
@example({"\n": {"\x1f": None}})
def test_any_json_gives_a_submission_or_one_sentence(value):
    text = json.dumps(value).encode("utf-8", "surrogatepass")
    with pytest.raises(BadInput) as caught:
        submission.read(text)
    assert str(caught.value) and "\n" not in str(caught.value)
    submission.named(parse_or_none(text))


def parse_or_none(text: bytes) -> object:
    try:
        return parse(text)
    except BadInput:
        return None


@fuzz
@given(st.sampled_from(sorted(payload())), JSON)
def test_any_value_in_any_top_level_field_gives_a_submission_or_one_sentence(name, value):
    try:
        made = submission.read(json.dumps(payload(**{name: value})).encode())
    except BadInput as error:
        assert str(error)
    else:
        assert submission.read(made.to_bytes()) == made


@fuzz
@given(st.sampled_from(sorted(design())), JSON)
def test_any_value_in_any_field_of_the_design_gives_a_submission_or_one_sentence(name, value):
    try:
        made = submission.read(json.dumps(payload(design=design(**{name: value}))).encode())
    except BadInput as error:
        assert str(error)
    else:
        assert submission.read(made.to_bytes()) == made


def test_a_hand_in_of_version_1_stays_readable():
    """Hand-ins lie on other people's disks: a change that breaks this test needs a new version of the format."""
    from pathlib import Path

    kept = Path(__file__).parents[1] / "data" / "submissions" / "version-1.submission.json"
    made = submission.read(kept.read_bytes())
    assert made.student == "s-0031" and made.brief == "serve-7b" and made.to_bytes() == kept.read_bytes()


def test_the_command_prints_the_schema(capsys):
    from tutor.__main__ import main

    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == submission.schema()
