"""Classes of words that turn a sentence round without a denial."""

from __future__ import annotations

import pytest

from tutor.dialogue.features import features, stem
from tutor.dialogue.senses import senses
from tutor.dialogue.text import words

OPPOSITES = (
    ("up", "down"), ("up", "same"), ("down", "same"), ("more", "less"), ("fast", "slow"), ("dear", "cheap"), ("enough", "short"), ("good", "bad"), ("inside", "outside"), ("first", "last"), ("once", "again"),
    ("true", "false"), ("need", "spare"), ("all", "part"), ("own", "shared"), ("read", "calculate"), ("cause", "causeless"), ("only", "also"), ("average", "extreme"), ("give", "serial"), ("split", "copy"),
)


@pytest.mark.parametrize("pair", OPPOSITES, ids="-".join)
def test_no_word_is_of_both_of_two_opposite_classes(pair):
    single, _ = senses(stem)
    assert not [word for word, names in single.items() if set(pair) <= set(names)]


def test_every_class_has_words_and_no_word_is_listed_twice_in_one():
    for name, listed in words("senses")["senses"].items():
        assert len(listed.split()) >= 8, name
        assert len(set(listed.split())) == len(listed.split()), name


def near(text: str) -> set[str]:
    return {name.removeprefix("x:") for name in features(text)["x"]}


def test_what_happens_to_a_thing_is_seen_beside_it_whatever_the_word():
    assert {"kv down", "cach down"} <= near("the kv cache shrinks") & near("the kv cache dwindles") & near("the kv cache is halved")
    assert not {name for name in near("the kv cache stays as it was") if name.endswith(("up", "down"))}


def test_a_denial_before_a_direction_is_seen_with_it():
    assert "cach !down" in near("the cache does not shrink") and "cach down" not in near("the cache does not shrink")


def test_a_phrase_is_one_thing_and_the_next_clause_another():
    assert "batch cheap" in near("the batch has no cost") and "batch dear" not in near("the batch has no cost")
    assert "decod down" not in near("decode waits; the price falls")
