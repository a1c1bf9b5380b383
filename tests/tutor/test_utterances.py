"""Labelled utterances: what is read of them, on the development files and on families held out, against two baselines.

No model learned from the held-out files. `heldout-fresh.csv` and `heldout-blind.csv` were each written by two people who had
seen neither rules nor other utterances. The others are of the author of the frames, some of whose words stand in them. The
floors below are a little under what was measured.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from tutor.briefs import brief_ids
from tutor.dialogue import Discussion
from tutor.dialogue.acts import _patterns
from tutor.dialogue.baselines import KeywordBag, NearestNeighbour
from tutor.dialogue.frames import concepts, opposites
from tutor.dialogue.gist import gists
from tutor.dialogue.text import normalise, spelt, words
from tutor.evaluate import prf, report, rows

FOLDER = Path(__file__).parent / "utterances"
ROWS = rows(FOLDER)
KINDS = {b: {c.id: c.kind for c in concepts(b)} for b in brief_ids()}


FLOORS = (
    ("dev", (0.98, 0.9), (0.98, 0.8), 0.88, 0.95, 0.03, 0.03), ("blind", (0.93, 0.68), (0.95, 0.72), 0.86, 0.88, 0.03, 0.05), ("fresh", (0.87, 0.69), (0.95, 0.76), 0.82, 0.85, 0.08, 0.15),
    ("formal", (0.98, 0.88), (0.98, 0.87), 0.77, 0.9, 0.03, 0.03), ("nonnative", (0.94, 0.85), (0.98, 0.9), 0.85, 0.78, 0.04, 0.03), ("slang", (0.98, 0.88), (0.98, 0.62), 0.8, 0.86, 0.03, 0.03),
    ("heldout", (0.92, 0.73), (0.96, 0.77), 0.85, 0.87, 0.04, 0.08),
)
"""Split; misconceptions and expectations (least precision, recall); act macro-F1; slots F1; most of the neutral lines in which
something is read, and of the lines of a pair that are turned round. Most pairs of `fresh` turn the sense without a
denial, which is what the reading is worst at: its goals there are 0.03 and 0.01 and they are missed."""


@pytest.fixture(scope="module")
def found():
    return report(FOLDER)


def test_labels_are_concepts_of_their_brief_and_acts_of_the_list():
    acts = {a for a, _ in _patterns()} | {"assertion", "off-topic", ""}
    every = {i for ids in KINDS.values() for i in ids}
    for row in ROWS:
        assert row.labels | row.denied <= (every if row.split == "train" else set(KINDS[row.brief])), row.text
        assert row.act in acts, row.text


def test_the_set_is_large_and_a_third_is_held_out():
    held = [r for r in ROWS if r.split == "heldout"]
    made = [r for r in ROWS if r.split != "train"]
    assert len(made) >= 1300
    assert len(held) / len(made) >= 0.3
    assert all(len(text.split()) <= 5 for text in {r.text for r in held} & {r.text for r in ROWS if r.split != "heldout"})  # the fit leaves these out


def test_every_concept_is_said_in_both_splits():
    every = {i for ids in KINDS.values() for i in ids}
    for split in ("dev", "heldout"):
        assert {i for r in ROWS if r.split == split for i in r.labels} == every


def test_every_concept_has_a_gist_and_opposites_are_of_one_brief():
    for ids in KINDS.values():
        assert all(gists(i) for i in ids)
    for belief, idea in opposites():
        assert idea and any(ids.get(belief) == "misconception" and ids.get(idea) == "expectation" for ids in KINDS.values())


@pytest.mark.parametrize(("split", "misconception", "expectation", "act", "slots", "neutral", "turned"), FLOORS, ids=[f[0] for f in FLOORS])
def test_what_is_read(found, split, misconception, expectation, act, slots, neutral, turned):
    score = found[f"tutor, {split}"]
    for kind, (precision, recall) in (("misconception", misconception), ("expectation", expectation)):
        assert score[kind]["precision"] >= precision and score[kind]["recall"] >= recall, score[kind]
    assert score["act_macro_f1"] >= act and score["slots"]["f1"] >= slots
    wrong, of = score["false_on_neutral"]
    assert wrong / of <= neutral
    reversed_, pairs = score["reversals"]
    assert reversed_ <= turned * pairs


def test_the_tutor_beats_its_frames_and_both_baselines_on_what_was_held_out(found):
    for kind in ("misconception", "expectation"):
        ours = found["tutor, heldout"][kind]["f1"]
        for other in ("frames alone", "keyword bag", "tf-idf nearest"):
            assert ours > found[f"{other}, heldout"][kind]["f1"] + (0.02 if other == "frames alone" else 0.12)


def test_baselines_know_what_they_learned():
    texts, labels = ["decode waits for memory bandwidth", "replicas never fail at all"], [frozenset({"a"}), frozenset({"b"})]
    for kind in (KeywordBag, NearestNeighbour):
        assert [kind(texts, labels).read(t) for t in texts] == labels
        assert kind(texts, labels).read("bananas") == frozenset()


def test_precision_and_recall_are_counted():
    score = prf([(frozenset("ab"), frozenset("a")), (frozenset(), frozenset("c"))])
    assert (score["precision"], score["recall"], score["n"]) == (0.5, 0.5, 2)


def test_the_models_know_the_concepts_and_acts_and_are_small():
    from tutor.dialogue.linear import FILE, linear, thresholds

    for id in brief_ids():
        for name in ("topic", "stated"):
            assert list(linear(f"{name} {id}").labels) == [c.id for c in concepts(id)]
    assert set(linear("act").labels) == {a for a, _ in _patterns()} | {"assertion", "off-topic"}
    assert set(thresholds()) == {"misconception", "expectation"} and all(0.5 < t < 1 for t in thresholds().values())
    assert (resources.files("tutor") / "words" / FILE).stat().st_size <= 2_100_000


def test_what_weighed_most_stands_in_the_text():
    talk = Discussion("serve-7b")
    turn = talk.say("Whoever buys the most teraflops gets the quickest tokens, because decoding is pure arithmetic.")
    assert turn["misconceptions"] == ["flops-set-decode-speed"]
    shown = [w.split(" ")[0].removesuffix("…") for w in turn["why"]["flops-set-decode-speed"]]
    assert shown and any(w[:4] in "whoever buys the most teraflops flops fast decode" for w in shown)


def test_a_fit_is_repeatable_and_learns():
    spec = importlib.util.spec_from_file_location("fit_reading", Path(__file__).parents[2] / "tools" / "fit_reading.py")
    fit = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fit)
    some = [r for r in ROWS if r.split == "dev" and r.brief == "serve-7b"][:80]
    found = [fit.features(normalise(r.text)) for r in some]
    labels = sorted({i for r in some for i in r.labels})
    y = np.array([[i in r.labels for i in labels] for r in some], dtype=float)
    one, two = (fit.fitted(found, y, labels, "stated", steps=60) for _ in range(2))
    assert (one.weights == two.weights).all() and (one.scale == two.scale).all()
    means = [(np.mean([one.scores(f)[j] for f, yes in zip(found, y[:, j], strict=True) if yes]), np.mean([one.scores(f)[j] for f, yes in zip(found, y[:, j], strict=True) if not yes])) for j in range(len(labels))]
    assert all(said > not_said + 1 for said, not_said in means)


@pytest.mark.parametrize("frame", [
    "I doubt that {}", "My boss says that {}, I have not checked it", "It is wrong that {}", "Is it true that {}?", "Suppose that {}: what would follow?", "I used to think that {}",
])
@pytest.mark.parametrize(("id", "claim"), [
    ("serve-7b", "the KV cache shrinks when the weights are quantised to int4"), ("train-100b", "FP8 halves the training time"), ("serve-70b", "one Groq chip holds the whole 70B model"), ("tco-3y", "the savings of all levers simply add up"),
])
def test_what_is_doubted_reported_asked_or_supposed_is_not_held_against_anybody(id, claim, frame):
    talk = Discussion(id)
    assert [r.concept.id for r in talk.interpret(f"{claim[0].upper()}{claim[1:]}.").seen if r.concept.kind == "misconception"]
    assert not [r.concept.id for r in talk.interpret(frame.format(claim)).seen if r.concept.kind == "misconception"]


@pytest.mark.parametrize("word", ["decide", "levels", "share", "moment", "recompile", "weighs", "whether", "rather", "later", "number", "change"])
def test_right_words_are_not_corrected(word):
    assert spelt(word) == word


def test_words_of_the_subject_survive_one_slip():
    for word in words("common")["spelling"]["subject"].split():
        if len(word) >= 8 and word.isalpha():
            assert spelt(word[:3] + word[4:]) in (word, word[:3] + word[4:]) or spelt(word[:3] + word[4:])[0] == word[0]
    assert [spelt(w) for w in ("bandwith", "infinband", "optimzer", "utilizaton", "fragmntation")] == ["bandwidth", "infiniband", "optimizer", "utilization", "fragmentation"]
