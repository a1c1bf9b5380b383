"""Whole conversations, compared with what is stored. `python -m tutor transcripts` writes them anew; read what changed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tutor.transcripts import file_name, scripts, talk, transcript

FOLDER = Path(__file__).parent / "transcripts"
SCRIPTS = scripts(FOLDER)
NAMES = [file_name(s) for s in SCRIPTS]


def test_a_dozen_designs_a_brief():
    assert set(Counter(s["brief"] for s in SCRIPTS).values()) == {12}
    assert len(set(NAMES)) == len(NAMES)
    assert {p.name for p in FOLDER.glob("*.md")} == set(NAMES)


@pytest.mark.parametrize("script", SCRIPTS, ids=NAMES)
def test_a_conversation_is_as_stored(script):
    assert transcript(script) == (FOLDER / file_name(script)).read_text("utf-8")


@pytest.mark.parametrize("script", SCRIPTS, ids=NAMES)
def test_a_conversation_reads_well(script):
    replies = [turn["reply"] for turn in talk(script)]
    assert len(set(replies)) == len(replies)
    for reply in replies:
        assert "{" not in reply and "not known" not in reply and "nan" not in reply.lower().split()
        assert not re.search(r"\?\?|\.\.|\s[.,?]|\?\.", reply), reply
        assert not re.search(r"(?<![\d.,])1 (?:replicas|nodes|weeks|runs)\b", reply), reply
        assert len(reply) <= 900, reply
        assert any(c.isdigit() for c in reply) or "?" in reply
