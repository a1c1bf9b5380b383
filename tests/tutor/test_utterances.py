"""The author's own utterances: a development set, in no way a measure of held-out accuracy."""

from __future__ import annotations

import csv
from pathlib import Path

from tutor.briefs import brief_ids
from tutor.dialogue.frames import concepts, read
from tutor.dialogue.text import normalise

ROWS = list(csv.DictReader((Path(__file__).parent / "utterances.csv").open(encoding="utf-8")))


def test_labels_are_concepts_of_their_brief():
    known = {b: {c.id for c in concepts(b)} for b in brief_ids()}
    assert all(set(row["labels"].split()) <= known[row["brief"]] for row in ROWS)


def test_precision_and_recall_on_the_development_set():
    hit = extra = missed = 0
    for row in ROWS:
        got = {r.concept.id for r in read(row["brief"], normalise(row["text"]))}
        want = set(row["labels"].split())
        hit, extra, missed = hit + len(got & want), extra + len(got - want), missed + len(want - got)
    assert hit / (hit + extra) >= 0.97
    assert hit / (hit + missed) >= 0.95


def test_neutral_lines_carry_nothing():
    for row in ROWS:
        if not row["labels"]:
            assert read(row["brief"], normalise(row["text"])) == [], row["text"]
