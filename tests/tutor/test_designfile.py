"""Design files: what is written is read again, and whatever is not right is one sentence."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib.errors import BadInput
from hwlib.sources import Choice
from tutor.briefs import brief_ids
from tutor.designfile import dumps, entry, loads, read_design
from tutor.samples import reference, starter

BASE = dumps(reference("serve-70b"))
TRAIN = dumps(reference("train-100b"))


@pytest.mark.parametrize("id", brief_ids())
@pytest.mark.parametrize("make", [starter, reference])
def test_round_trip(id, make):
    once = make(id)
    assert loads(dumps(once)) == once
    assert dumps(loads(dumps(once))) == dumps(once)


@given(title=st.text(max_size=60), text=st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_text_survives(title, text):
    text = text.encode("utf-8", "ignore").decode()
    title = title.encode("utf-8", "ignore").decode()
    made = entry("serve-70b", reference("serve-70b").design, title=title, rationale=text)
    again = loads(dumps(made))
    assert (again.title, again.rationale) == (title, text)


@pytest.mark.parametrize(("old", "new", "says"), [
    ('accelerator = "tpu-v5e"', 'accelerator = "tpu-v5x"', "tpu-v5x"),
    ("replicas = 5\n", "replicas = -5\n", "replicas = -5"),
    ("replicas = 5\n", "replicas = 5.5\n", "replicas = 5.5"),
    ("replicas = 5\n", 'replicas = "five"\n', "replicas = 'five'"),
    ("replicas = 5\n", "replicas = true\n", "replicas = True"),
    ("replicas = 5\n", "replicas = nan\n", "replicas"),
    ("replicas = 5\n", "replicas = inf\n", "replicas"),
    ("weight_bits = 8", "weight_bits = 7", "weight_bits"),
    ("weight_bits = 8", 'weight_bits = "8"', "weight_bits"),
    ("replicas = 5\n", "replicaz = 5\n", "replicaz"),
    ('brief = "serve-70b"', 'brief = "serve-71b"', "serve-71b"),
    ('brief = "serve-70b"', "brief = 70", "brief = 70"),
    ('brief = "serve-70b"\n', "", "names no brief"),
    ("[design]", "[designs]", "designs"),
    ("[design]", "[design", "not valid TOML"),
    ('scheduler = "continuous"', 'scheduler = "sometimes"', "sometimes"),
    ("peak_requests_per_s = 21", 'peak_requests_per_s = "many"', "peak_requests_per_s"),
    ("peak_requests_per_s = 21", "peak_rps = 21", "peak_rps"),
    ('bottleneck = "memory"', 'bottleneck = "luck"', "luck"),
])
def test_bad_input_is_one_sentence(old, new, says):
    assert old in BASE
    with pytest.raises(BadInput) as caught:
        loads(BASE.replace(old, new, 1))
    text = str(caught.value)
    assert says in text
    assert "\n" not in text and len(text) < 300


def test_layout_must_use_the_chips():
    with pytest.raises(BadInput, match="tensor_parallel × pipeline_parallel × data_parallel"):
        loads(TRAIN.replace("data_parallel = 64", "data_parallel = 63", 1))


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(BadInput):
            read_design(path)
    binary = tmp_path / "x.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="UTF-8"):
        read_design(binary)
    large = tmp_path / "large.toml"
    large.write_text("#" * 70_000)
    with pytest.raises(BadInput, match="bytes"):
        read_design(large)


@given(st.text(alphabet=string.printable, max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_file_is_read_or_refused(text):
    try:
        loads(text)
    except BadInput as error:
        assert str(error)


def test_assumptions_know_who_chose_them():
    made = entry("serve-70b", reference("serve-70b").design, assumptions={"peak_factor": 2.0}, reasons={"peak_factor": "three shifts"})
    assert made.load.peak_factor == 2.0
    assert made.load.peak_factor.origin == Choice("three shifts", "learner")
    assert made.load.daily_users.origin.by == "brief"


def test_a_field_of_no_table_is_refused():
    with pytest.raises(BadInput, match="concurrency"):
        entry("serve-70b", reference("serve-70b").design, assumptions={"concurrency": 3})
    with pytest.raises(BadInput, match="reasons"):
        entry("serve-70b", reference("serve-70b").design, reasons={"nothing": "because"})
