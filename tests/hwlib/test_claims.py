"""The ledger: every claim of the source text with its verdict, in our own words."""

from __future__ import annotations

import csv
from pathlib import Path

from hwlib.catalogue import VERDICTS, claim, claims, verdict_counts

TABLE = Path(__file__).parents[1] / "data" / "catalogue" / "claims.csv"


def test_every_claim_has_the_verdict_that_two_checkers_gave():
    with TABLE.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [c.id for c in claims()] == [r["id"] for r in table]
    for row in table:
        held = claim(row["id"])
        assert (str(held.section), held.kind, held.verdict, held.source_checked) == (
            row["section"], row["kind"], row["verdict"], row["source_checked"],
        )  # fmt: skip


def test_verdicts_are_counted_not_typed():
    assert verdict_counts() == {"holds": 35, "holds-with-caveat": 79, "wrong": 26, "unsupported": 13}
    assert sum(verdict_counts().values()) == len(claims()) == 153
    assert list(VERDICTS.values()) == ["Holds", "Holds with a caveat", "Wrong", "No source"]


def test_a_wrong_or_unsourced_claim_says_what_stands_in_its_place():
    for c in claims():
        assert c.claim.endswith("."), c.id
        assert c.correction.endswith("."), c.id
        assert c.source_title, c.id
        if c.verdict in ("wrong", "unsupported"):
            assert len(c.correction) >= 9, c.id


def test_words_of_the_workshop_stay_out():
    for c in claims():
        text = f"{c.claim} {c.correction} {c.how} {c.source_title} {c.source_where}".lower()
        assert not any(word in text for word in ("find_string", "seed", "first ledger", "ocr")), c.id
