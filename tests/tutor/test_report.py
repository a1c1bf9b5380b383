"""A page for a learner and a page for a teacher: valid HTML, each figure computed, and the words that a class is told."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import asdict

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tutor.handins import design, payload
from tutor import briefs, grading
from tutor.report import charts, pages, summary, terms
from tutor.rows import Row
from tutor.submission import from_value


def graded(repairs: bool = False, **changes: object) -> tuple[Row, str, bytes]:
    """A row, its payload and its packed review."""
    value = payload(**changes)
    body = grading.grade(from_value(value), repairs=repairs)
    row = Row(student=value["student"], brief=value["brief"], state="graded", file="x.ipynb", score=body["score"], raw=body["score"],
              points={c["id"]: c["points"] for c in body["criteria"]}, digest="d" * 64, work="w", received="2027-01-27T07:05:00+00:00")
    return row, json.dumps(from_value(value).payload()), zlib.compress(json.dumps(body).encode())


def page(*parts: tuple[Row, str, bytes], student: str = "s-0031") -> str:
    return pages.student_page(student, [(row.text(), text, packed) for row, text, packed in parts], "hwlib 0, catalogue 0").decode()


def strict(text: str) -> None:
    html5lib.HTMLParser(strict=True).parse(text)


EVERY = list(briefs.brief_ids())


@pytest.mark.parametrize("brief", EVERY)
def test_a_students_page_is_valid_html_for_every_brief_and_has_its_waterfall(brief):
    text = page(graded(brief=brief))
    strict(text)
    assert {"serve-7b": "First token", "serve-70b": "First token", "train-100b": "One training step", "tco-3y": "The bill of three years"}[brief] in text


@pytest.mark.parametrize("brief", EVERY)
def test_a_starters_page_is_valid_html_too(brief):
    strict(page(graded(brief=brief, design=asdict(briefs.brief(brief).starter), predictions={})))


def test_the_order_is_the_one_that_helps_a_learner():
    text = page(graded(repairs=True, design=design(replicas=12), rationale="The cache of the sequences in flight sizes the memory.",
                       predictions={"bottleneck": "memory", "kv_bytes_per_user": 1e9}))
    heads = re.findall(r"<h3>([^<]*)", text)
    want = ["Score", "Targets", "First token", "What the tutor noticed", "What one repair would earn", "Predictions beside", "Your text"]
    places = [next(i for i, head in enumerate(heads) if head.startswith(name)) for name in want]
    assert places == sorted(places) and text.index("If you disagree") > text.index("Your text")


def test_an_override_is_named_with_what_was_computed():
    row, text, packed = graded()
    changed = Row(**asdict(row) | {"overridden": {"reasoning": (4.0, "read again"), "": (71.0, "after a talk")}, "score": 80.0})
    shown = page((changed, text, packed))
    strict(shown)
    assert "Set by your instructor: read again (computed: 4)" in shown and "after a talk (computed: 71)" in shown


@pytest.mark.parametrize("state", ["ungradable", "missing", "superseded"])
def test_what_has_no_score_says_so_on_a_valid_page(state):
    text = page((Row(student="s-0031", brief="serve-7b", state=state, file="x.ipynb", reason="the file is empty"), "", b""))
    strict(text)
    assert "the file is empty" in text and "Score:" not in text


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=80), st.text(max_size=40))
def test_whatever_a_learner_writes_the_page_stays_valid_and_without_a_script(words, title):
    from tutor.strict import _CONTROL, _SURROGATE

    words, title = (_SURROGATE.sub("", _CONTROL.sub("", text)) for text in (words, title))
    row, text, packed = _ONE
    value = json.loads(text) | {"rationale": words + "<script>x</script>{{ 1 }}", "title": title}
    shown = page((row, json.dumps(value), packed))
    assert "<script" not in shown and "&lt;script&gt;" in shown
    strict(shown)


_ONE = graded()


def class_of(count: int) -> str:
    tally = summary.Tally()
    for n in range(count):
        row, _, packed = _ONE
        tally.add(Row(**asdict(row) | {"student": f"s-{n}"}), grading.facts(json.loads(zlib.decompress(packed))))
    tally.add(Row(student="s-x", brief="serve-7b", state="ungradable", file="<b>", reason="the file is empty"), None)
    return pages.class_pages(tally.cohort(["Two ids look alike."]), [(s, p) for s, p in sorted(tally.students.items())], versions="hwlib 0")["index.html"].decode()


@pytest.mark.parametrize("count", [0, 1, 2, 40])
def test_the_page_of_a_class_is_valid_html_at_any_size(count):
    strict(class_of(count))


def test_the_page_of_a_class_names_no_graded_student():
    assert not re.search(r"\bs-\d", class_of(12))


def test_the_waterfall_adds_up_to_the_students_own_figure():
    row, text, packed = graded(brief="serve-70b")
    body = json.loads(zlib.decompress(packed))
    made = terms.terms_of(json.loads(text), {}, body["targets"])
    yours = next(target["yours"] for target in body["targets"] if target["id"] == "ttft-p99")
    whole = sum(value for *_, value in made["terms"])
    assert whole == pytest.approx(yours) if "99th percentile" in made["title"] else whole > yours


@pytest.mark.parametrize(("brief", "figure"), [("train-100b", lambda e: e.step_s), ("tco-3y", lambda e: e.undiscounted_usd)])
def test_the_waterfall_adds_up_to_the_estimate(brief, figure):
    from tutor.context import Context

    made = terms.terms_of(from_value(payload(brief=brief)).payload(), {}, [])
    assert sum(value for *_, value in made["terms"]) == pytest.approx(float(figure(Context(from_value(payload(brief=brief)).entry, simulate=False).estimate)))


def test_the_numbers_of_a_ticket_change_the_waterfall():
    row, text, packed = graded(brief="serve-70b")
    targets = json.loads(zlib.decompress(packed))["targets"]
    own, other = (terms.terms_of(json.loads(text), given, targets) for given in ({}, {"prompt_tokens": 2000}))
    assert dict((label, value) for label, _, value in own["terms"])["prefill, on the chips"] < dict((label, value) for label, _, value in other["terms"])["prefill, on the chips"]


def test_a_picture_says_its_result_in_words_and_marks_the_limit():
    picture = charts.waterfall([("queue", "idle", 0.4), ("prefill", "compute", 0.2)], unit="s", total="first token", limit=0.5, title="First token")
    assert picture.count("First token: queue 400 ms; prefill 200 ms; first token 600 ms; limit 500 ms") == 4
    assert "url(" not in picture and picture.count("l-limit") == 2


def test_a_queue_without_end_is_counted_and_not_drawn():
    assert len(charts.within([(0.4, 9.0, True), (0.9, 9.0, False), (900.0, 8.0, False)], 0.5)) == 2
    assert len(charts.within([(0.4, 9.0, True), (900.0, 8.0, False)], float("nan"))) == 2
