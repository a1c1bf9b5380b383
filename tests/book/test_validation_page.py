"""The pages on accuracy and speed: complete, from stored figures, and fast to build."""

import json
import re
import time

import pytest

from hwlib.predict.goals import goals
from hwlib.predict.validation import lines, stored_results
from lessons.reference import performance, validation
from tests.book.test_reference import Outline, cells, html_of

PAGES = ("validation", "performance")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {page: html_of(page) for page in PAGES}


@pytest.mark.parametrize("page", PAGES)
def test_tables_have_captions_and_scopes_and_ids_are_unique(pages, page):
    outline = Outline(pages[page])
    assert not outline.open and outline.tables and outline.unscoped == 0
    assert len(set(outline.ids)) == len(outline.ids)


def test_the_validation_page_builds_in_seconds():
    begun = time.process_time()
    html_of("validation")
    assert time.process_time() - begun < 10


def test_every_metric_of_every_family_has_a_row(pages):
    ids = set(Outline(pages["validation"]).ids)
    assert {f"family-{x.family}-{x.metric}" for x in lines(stored_results(), groups=False)} <= ids


def test_goals_stand_beside_what_is_reached_and_a_miss_is_said(pages):
    found = goals(stored_results())
    assert len(found) >= 14
    text = re.sub(r"<[^>]+>", " ", pages["validation"])
    for g in found:
        assert g.what in text
    for verdict in {g.verdict for g in found}:
        assert verdict in text
    assert next(g for g in found if g.fold > g.bound).verdict == "not met" if any(g.fold > g.bound for g in found) else True


def test_a_goal_that_is_missed_says_so():
    from hwlib.predict.goals import Goal

    assert Goal("x", 0.1, 5, 0.2, 0.05).verdict == "not met"
    assert Goal("x", 0.1, 5, 0.05, 0.2).verdict == "met for known groups only"
    assert Goal("x", 0.1, 5, 0.05, 0.08).verdict == "met"


def test_pictures_have_words_for_those_who_do_not_see_them(pages):
    assert pages["validation"].count("<figure") >= 10
    assert 'role="img"' in pages["validation"] or "<title" in pages["validation"]


def test_prose_figures_of_the_validation_page_are_computed():
    words = validation.words()
    page = "\n".join(cells("validation"))
    assert set(words) >= {"cases", "held", "met", "missed"} and "validation.words" not in page.split("remove-input")[0]
    assert sum(int(words[k]) for k in ("met", "known", "missed")) == int(words["goals"])


def test_a_peer_that_could_not_run_gets_no_figure(monkeypatch):
    data = json.loads(performance.PATH.read_text("utf8"))
    data["best"].pop("estimate mlsysim", None)
    monkeypatch.setattr(performance, "results", lambda: data)
    assert "not measured" in performance.side_by_side()


def test_ratios_come_from_one_run():
    data = json.loads(performance.PATH.read_text("utf8"))
    assert {"best", "missing", "date", "python", "numpy"} <= set(data)
    assert set(data["best"]) & set(data["missing"]) == set()


def test_the_benchmark_prints_ratios_only_of_what_was_measured_on_both_sides():
    import importlib.util
    from pathlib import Path

    spec = importlib.util.spec_from_file_location("bench", Path(__file__).parents[2] / "tools" / "bench.py")
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    assert bench.ratios({"import hwlib": 0.1, "import mlsysim": 3.0, "estimate hwlib": 5e3}) == [("import", "mlsysim", pytest.approx(30))]
    assert bench.ratios({"estimate hwlib": 5e3, "estimate llm_analysis": 2.5e3}) == [("scalar estimate", "llm_analysis", pytest.approx(2))]
    assert bench.importing("json")() >= 0
