"""Labelled utterances: what is read of them, on the development files and on families held out, against two baselines.

The held-out files were written and committed before the gists, and their misses were never listed while tuning; but one
author wrote both within the hour, and words of the held-out rows stand in the families. The floors below guard against
loss; they are no measure of strangers' wording.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tutor.briefs import brief_ids
from tutor.dialogue.acts import _patterns
from tutor.dialogue.baselines import KeywordBag, NearestNeighbour
from tutor.dialogue.frames import concepts, opposites
from tutor.dialogue.gist import gists
from tutor.dialogue.text import spelt, words
from tutor.evaluate import prf, report, rows

FOLDER = Path(__file__).parent / "utterances"
ROWS = rows(FOLDER)
KINDS = {b: {c.id: c.kind for c in concepts(b)} for b in brief_ids()}


@pytest.fixture(scope="module")
def found():
    return report(FOLDER)


def test_labels_are_concepts_of_their_brief_and_acts_of_the_list():
    acts = {a for a, _ in _patterns()} | {"assertion", "off-topic", ""}
    for row in ROWS:
        assert row.labels | row.denied <= set(KINDS[row.brief]), row.text
        assert row.act in acts, row.text


def test_the_set_is_large_and_a_third_is_held_out():
    held = [r for r in ROWS if r.split == "heldout"]
    assert len(ROWS) >= 800
    assert 0.3 <= len(held) / len(ROWS) <= 0.4
    assert not {r.text for r in held} & {r.text for r in ROWS if r.split == "dev"}


def test_every_concept_is_said_in_both_splits():
    every = {i for ids in KINDS.values() for i in ids}
    for split in ("dev", "heldout"):
        assert {i for r in ROWS if r.split == split for i in r.labels} == every


def test_every_concept_has_a_gist_and_opposites_are_of_one_brief():
    for ids in KINDS.values():
        assert all(gists(i) for i in ids)
    for belief, idea in opposites():
        assert idea and any(ids.get(belief) == "misconception" and ids.get(idea) == "expectation" for ids in KINDS.values())


@pytest.mark.parametrize(("split", "misconception", "expectation", "act", "slots"), [
    ("dev", (0.97, 0.95), (0.97, 0.93), 0.95, 0.97), ("heldout", (0.92, 0.80), (0.88, 0.80), 0.85, 0.85),
])
def test_what_is_read(found, split, misconception, expectation, act, slots):
    score = found[f"rules, {split}"]
    for kind, (precision, recall) in (("misconception", misconception), ("expectation", expectation)):
        assert score[kind]["precision"] >= precision and score[kind]["recall"] >= recall, score[kind]
    assert score["act_macro_f1"] >= act and score["slots"]["f1"] >= slots
    wrong, of = score["false_on_neutral"]
    assert wrong / of <= 0.03


def test_rules_beat_both_baselines_on_what_was_held_out(found):
    for kind in ("misconception", "expectation"):
        ours = found["rules, heldout"][kind]["f1"]
        assert ours > found["keyword bag, heldout"][kind]["f1"] + 0.2
        assert ours > found["tf-idf nearest, heldout"][kind]["f1"] + 0.2


def test_baselines_know_what_they_learned():
    texts, labels = ["decode waits for memory bandwidth", "replicas never fail at all"], [frozenset({"a"}), frozenset({"b"})]
    for kind in (KeywordBag, NearestNeighbour):
        assert [kind(texts, labels).read(t) for t in texts] == labels
        assert kind(texts, labels).read("bananas") == frozenset()


def test_precision_and_recall_are_counted():
    score = prf([(frozenset("ab"), frozenset("a")), (frozenset(), frozenset("c"))])
    assert (score["precision"], score["recall"], score["n"]) == (0.5, 0.5, 2)


@pytest.mark.parametrize("word", ["decide", "levels", "share", "moment", "recompile", "weighs", "whether", "rather", "later", "number", "change"])
def test_right_words_are_not_corrected(word):
    assert spelt(word) == word


def test_words_of_the_subject_survive_one_slip():
    for word in words("common")["spelling"]["subject"].split():
        if len(word) >= 8 and word.isalpha():
            assert spelt(word[:3] + word[4:]) in (word, word[:3] + word[4:]) or spelt(word[:3] + word[4:])[0] == word[0]
    assert [spelt(w) for w in ("bandwith", "infinband", "optimzer", "utilizaton", "fragmntation")] == ["bandwidth", "infiniband", "optimizer", "utilization", "fragmentation"]
