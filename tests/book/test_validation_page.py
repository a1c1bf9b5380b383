"""The pages on accuracy and speed: complete, from stored figures, and fast to build."""

import json
import re
import time

import pytest

from hwlib.predict.goals import goals
from hwlib.predict.validation import lines, stored_results
from lessons.reference import growth, performance, tracing, validation
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


@pytest.fixture
def tool(monkeypatch):
    """A script of tools/, as a module."""
    import importlib
    from pathlib import Path

    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "tools"))
    return importlib.import_module


def test_the_benchmark_prints_ratios_only_of_what_was_measured_on_both_sides(tool):
    bench = tool("bench")
    assert bench.ratios({"import hwlib": 0.1, "import mlsysim": 3.0, "estimate hwlib": 5e3}) == [("import", "mlsysim", pytest.approx(30))]
    assert bench.ratios({"estimate hwlib": 5e3, "estimate llm_analysis": 2.5e3}) == [("scalar estimate", "llm_analysis", pytest.approx(2))]
    assert bench.importing("json")() >= 0


def test_a_ratio_has_the_range_of_its_rounds(tool):
    found = {"import hwlib": [0.1, 0.2], "import mlsysim": [3.0, 4.0], "estimate hwlib": [6.0, 4.0], "estimate mlsysim": [2.0, 2.0]}
    assert tool("bench").spreads(found) == {"import mlsysim": {"low": 20.0, "high": 30.0}, "estimate mlsysim": {"low": 2.0, "high": 3.0}}


def test_our_tracing_is_the_textbook_model_and_the_truth_foretells_best(tool):
    bench = tool("bench_mastery")
    skills = bench.worlds()["as ours"]
    rows = bench.drawn(skills, 40, 1)
    assert bench.by_us(rows) == pytest.approx(bench.by_truth(rows, skills), abs=1e-12)
    skills = bench.worlds()["each skill its own"]
    rows = bench.drawn(skills, 300, 2)
    assert bench.log_likelihood(bench.by_truth(rows, skills), rows) > bench.log_likelihood(bench.by_us(rows), rows)
    assert bench.area(bench.by_truth(rows, skills), rows) > bench.area(bench.by_us(rows), rows) > 0.5


def test_what_was_measured_beside_pybkt_says_the_same_with_the_same_constants():
    r = tracing.results()
    if "missing" not in r:
        assert all(w["most_apart"] < 1e-9 for w in r["worlds"].values())
        for world in r["worlds"].values():
            assert world["judged"]["the truth"]["log_likelihood"] >= max(j["log_likelihood"] for j in world["judged"].values()) - 0.002


def test_each_kind_of_work_was_measured_at_four_sizes_and_its_slope_is_named():
    shown, found = growth.curves(), growth.results()
    assert set(found["growth"]) | set(found["missing"]) == set(growth.KINDS) and not set(found["growth"]) & set(found["missing"])
    for kind, rows in found["growth"].items():
        name = growth.KINDS[kind][0]
        assert len(rows) >= 4 and all(r["low"] <= r["median"] <= r["high"] for r in rows)
        steep = growth.slope([(r["work"], r["median"]) for r in rows])
        assert f"{name}: the time grows {growth.word(steep)} (slope" in shown


@pytest.mark.parametrize("page", [growth.curves, tracing.foretold])
def test_a_benchmark_that_did_not_run_says_so(monkeypatch, page):
    monkeypatch.setattr(growth, "results", lambda: {})
    monkeypatch.setattr(tracing, "results", lambda: {"missing": "make bench has not run"})
    assert "not measured" in page() and "<table" not in page()


def test_chapters_of_a_growing_book_are_spread_over_the_whole(tool):
    bench = tool("bench_growth")
    for size in bench.SIZES["book"]:
        chosen = bench.pages(size)
        assert len(set(chosen)) == size and all((bench.ROOT / f"{page}.md").is_file() for page in chosen)
