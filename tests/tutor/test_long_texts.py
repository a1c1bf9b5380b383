"""No text, however long and however made, keeps the tutor thinking: what is read of it is bounded, and no pattern tries all combinations."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tutor.briefs import brief_ids
from tutor.dialogue import Discussion
from tutor.dialogue.interpret import MOST
from tutor.dialogue.memo import read_rationale
from tutor.samples import starter

TOOL = Path(__file__).parents[2] / "tools" / "bench_tutor.py"


@pytest.fixture(scope="module")
def texts():
    sys.path.insert(0, str(TOOL.parent))
    spec = importlib.util.spec_from_file_location("bench_tutor", TOOL)
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    sys.path.remove(str(TOOL.parent))
    return bench.long_texts()


@pytest.mark.timeout(60)  # a pattern that tries all combinations takes hours
@pytest.mark.parametrize("brief", brief_ids())
def test_a_hundred_thousand_characters_of_anything_are_answered(brief, texts):
    for name, text in texts.items():
        turn = Discussion(brief).say(text)
        assert f"I read the first {MOST:,} characters" in turn["reply"], name
        read_rationale(replace(starter(brief), rationale=text))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("brief", brief_ids())
@pytest.mark.parametrize("row", ["100% ", "$5 ", "-2x+3 ", "a/b ", "'s 4% ", "tokens/s 10.5% "])
def test_a_row_of_words_that_could_be_cut_in_two_ways_is_read_in_one(brief, row):
    for rest in range(len(row)):  # wherever it is cut off
        Discussion(brief).interpret((row * 300)[: MOST - rest])
