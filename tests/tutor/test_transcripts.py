"""Whole conversations, compared with what is stored. `python -m tutor transcripts` writes them anew; read what changed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from hwlib.catalogue import claims
from tests.tutor.tracing import numbers, untraced
from tutor.briefs import brief_ids
from tutor.transcripts import file_name, scripts, talk, transcript

FOLDER = Path(__file__).parent / "transcripts"
SCRIPTS = scripts(FOLDER)
NAMES = [file_name(s) for s in SCRIPTS]


def test_at_least_a_dozen_designs_a_brief():
    assert set(Counter(s["brief"] for s in SCRIPTS)) == set(brief_ids()) and min(Counter(s["brief"] for s in SCRIPTS).values()) >= 12
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
        assert any(c.isdigit() for c in reply), reply


@pytest.mark.parametrize("script", SCRIPTS, ids=NAMES)
def test_every_number_of_a_reply_is_computed_looked_up_or_the_learners(script):
    assert list(untraced(script)) == []


def test_a_number_from_nowhere_would_be_found():
    assert numbers("It takes 12.7 GB on the H100, 1,500 of it free, at $0.43 and 20 × 10⁹ tokens.") == ["12.7", "1,500", "0.43", "20 × 10⁹"]


WRONG = {c.id: c for c in claims() if c.verdict == "wrong"}
FIGURES = {
    "S2-24": r"3\.3 million tokens a second", "S2-27": r"2,000 (?:restarts|failures)", "S3-23": r"1\.1 Tb/s", "S3-27": r"twice the inference per dollar", "S3-29": r"32 MB of SRAM",
    "S3-30": r"\b50 MB\b", "S3-32": r"four times the throughput|tenth of the latency", "S3-40": r"under 1% of perplexity", "S4-01": r"\$?700,000", "S4-10": r"\$730 million",
    "S4-11": r"two months|2 months", "S4-12": r"\$73 million", "S4-17": r"twice v4", "S4-26": r"less than 1%", "S4-31": r"188 GB",
}
"""Wrong claim of the ledger → how a reply would state its figure."""


def test_every_wrong_claim_with_a_figure_is_watched():
    with_figure = {id for id, c in WRONG.items() if re.search(r"\b\d[\d.,]*(?:%| (?:million|MB|GB|TB|Tb/s|dollars))|\btwice\b|\btenth\b", c.claim)} - {"S4-29"}
    assert with_figure <= set(FIGURES) <= set(WRONG)


@pytest.mark.parametrize("script", SCRIPTS, ids=NAMES)
def test_no_reply_states_a_figure_that_the_ledger_calls_wrong(script):
    for turn in talk(script):
        for id, figure in FIGURES.items():
            assert not re.search(figure, turn["reply"]), (id, turn["reply"])
