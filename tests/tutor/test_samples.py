"""The sample designs of the course: each is judged as its name says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tutor.bands import answers, repairs, rows
from tutor.briefs import brief_ids
from tutor.designfile import read_design
from tutor.review import review

FOLDER = Path(__file__).parents[2] / "lessons" / "designs"
EXPECTED = {
    "serve-7b-flawed-training-habits": {"static-batching", "contiguous-kv", "idle-training-fabric", "called-compute-bound"},
    "serve-7b-flawed-kv-forgotten": {"kv-forgotten", "heads-that-share", "weights-called-memory"},
    "serve-7b-flawed-batch-of-one": {"batch-of-one"},
    "serve-7b-edge-all-heads": {"cost-at-objective"},
    "serve-70b-flawed-few-lpus": {"fits-in-memory"},
    "serve-70b-flawed-l40s-floor": {"ttft-floor"},
    "serve-70b-flawed-unpriced": {"porting-unpriced", "quantised-without-check"},
    "serve-70b-flawed-context": {"context-beyond-model"},
    "serve-70b-flawed-saturated": {"saturated-at-peak", "users-taken-for-requests"},
    "serve-70b-flawed-no-spare": {"no-spare-replica"},
    "serve-70b-edge-lpus": set(),
    "train-100b-flawed-nothing-sharded": {"state-does-not-fit", "weights-only-predicted", "replicated-state"},
    "train-100b-flawed-tp-across-nodes": {"tensor-parallel-across-nodes"},
    "train-100b-flawed-fp8-everywhere": {"everything-in-fp8", "no-loss-scaling"},
    "train-100b-flawed-no-failures": {"checkpoint-too-rare", "no-spare-nodes"},
    "train-100b-edge-deep-pipeline": {"pipeline-bubble"},
    "tco-3y-flawed-thousandfold": {"thousandfold-slip"},
    "tco-3y-flawed-levers-added": {"levers-added-up"},
    "tco-3y-flawed-one-number": {"one-number-for-the-board", "flat-demand", "undiscounted", "list-price-for-three-years"},
    "tco-3y-edge-small-volume": {"small-share-first"},
}
BELIEFS = {
    "serve-7b-flawed-training-habits": {"flops-set-decode-speed", "serving-needs-training-fabric"},
    "serve-70b-flawed-few-lpus": {"fits-one-lpu"},
    "train-100b-flawed-no-failures": {"no-failures"},
    "tco-3y-flawed-levers-added": {"savings-add-up"},
    "tco-3y-flawed-thousandfold": {"thousandfold-slip"},
}


def sample(name):
    return review(None, read_design(FOLDER / f"{name}.toml"))


def test_the_table_names_every_flawed_and_edge_design():
    names = {p.stem for p in FOLDER.glob("*.toml")}
    assert names == set(EXPECTED) | {f"{b}-{kind}" for b in brief_ids() for kind in ("good", "starter")}
    for b in brief_ids():
        assert sum(n.startswith(f"{b}-flawed") for n in names) >= 3


@pytest.mark.parametrize("name", EXPECTED)
def test_flawed_design_is_caught(name):
    told = {f.rule for f in sample(name).problems}
    assert EXPECTED[name] <= told, told


@pytest.mark.parametrize("name", BELIEFS)
def test_belief_is_read_in_the_text(name):
    assert BELIEFS[name] <= set(sample(name).read["misconceptions"])


@pytest.mark.parametrize("id", brief_ids())
def test_good_design_is_good(id):
    result = sample(f"{id}-good")
    assert all(t.met is True for t in result.targets), [(t.id, t.met, t.why) for t in result.targets]
    assert not [f for f in result.problems if f.severity == "blocks"]
    assert result.score >= 85
    assert result.read["misconceptions"] == []
    assert result.read["contradictions"] == []


@pytest.mark.parametrize("id", brief_ids())
def test_good_beats_flawed_and_starter(id):
    good = sample(f"{id}-good").score
    for name in [f"{id}-starter", *(n for n in EXPECTED if n.startswith(f"{id}-flawed"))]:
        assert sample(name).score < good, name


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda p: p.stem)
def test_every_sample_is_told_in_json_and_in_text(path):
    result = review(None, read_design(path))
    data = json.loads(json.dumps(result.as_dict(), allow_nan=False))
    assert 0 <= data["score"] <= 100
    assert abs(sum(c["of"] for c in data["criteria"]) - 100) < 1e-9
    assert data["headline"] and data["next_question"].endswith("?")
    assert "nan" not in str(result) and "{" not in str(result)


def test_physics_caps_the_score():
    assert sample("serve-70b-flawed-few-lpus").score <= 40
    assert sample("train-100b-flawed-nothing-sharded").score <= 40


def test_no_price_is_said_and_not_guessed():
    cost = next(t for t in sample("serve-70b-edge-lpus").targets if t.id == "cost")
    assert cost.met is None or cost.limit is not None
    assert cost.met is None and cost.why


@pytest.mark.parametrize("row", rows(), ids=lambda r: f"{r['brief']}: {r['kind']}")
def test_answers_of_known_worth_lie_in_their_bands(row):
    """The best known at least 95, a beginner's 30 to 60, one that cannot exist at most 40 even with every word and prediction right."""
    assert row["inside"], row


def test_what_cannot_exist_is_told_as_that():
    for id in brief_ids():
        result = review(None, answers(id)["impossible"])
        assert result.capped or next(c for c in result.criteria if c.id == "possible").points < 25


def test_every_flawed_sample_that_misses_a_target_has_a_smallest_repair_that_is_proved():
    """Only a plan without a range has none: a range is the learner's to give, and the conflict says what lacks."""
    for row in repairs():
        if row["sample"] == "tco-3y-flawed-one-number":
            assert row["conflict"] == ["levers' saving in the worst corner of your range"]
        elif not row["already"]:
            assert row["edits"] and row["proved"], row
