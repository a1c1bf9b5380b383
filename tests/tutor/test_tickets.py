"""Tickets: numbers of one's own, readable without the key, and a checker that names what is wrong."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib.errors import BadInput
from tests.tutor.handins import payload, write
from tests.tutor.instructor import grades, validate
from tutor import briefs, designfile, tickets
from tutor.__main__ import main

KEY = bytes(range(32))
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def issued(student="s-1", brief="serve-70b", expires=LATER, chips=0, key=KEY) -> str:
    return tickets.issue(key, student, brief, expires, chips)


@pytest.mark.parametrize("brief", briefs.brief_ids())
def test_a_ticket_tells_its_holder_the_very_numbers_that_the_key_derives(brief):
    for chips in (0, 2):
        ticket = issued(brief=brief, chips=chips)
        assert tickets.numbers(ticket) == tickets.derive(KEY, "s-1", brief, chips) == tickets.check(KEY, ticket, "s-1", brief).given


@pytest.mark.parametrize("brief", briefs.brief_ids())
def test_students_have_different_numbers_that_stay_near_the_brief(brief):
    of = briefs.brief(brief)
    drawn = [tickets.derive(KEY, f"s-{n}", brief) for n in range(40)]
    assert len({str(one) for one in drawn}) > 30
    for one in drawn:
        for name, value in one.items():
            assert 0.79 <= value / of.given[name][0] <= 1.26, name


@pytest.mark.parametrize("brief", briefs.brief_ids())
def test_every_ticket_can_be_answered(brief):
    """The brief's own reference passes the gate under any numbers and its chips hold a way to the targets."""
    of = briefs.brief(brief)
    for n in range(10):
        given_ = tickets.derive(KEY, f"s-{n}", brief)
        made = tickets.under(designfile.entry(of, of.reference), given_)
        assert all(getattr(made.load, name) == value for name, value in given_.items())
        offered = tickets.derive(KEY, f"s-{n}", brief, chips=2)["chips"]
        best = tickets.best_entry(brief)
        assert len(offered) == 2 and set(offered) <= set(of.chips) and (best is None or best.design.accelerator in offered)


@pytest.mark.parametrize(("ticket", "says"), [
    ("", "has no ticket"), (issued(key=bytes(32)), "forged or was changed"), (issued("s-2"), "was issued to s-2, not to s-1"),
    (issued("s-9"), "was issued to somebody else, not to s-1"), (issued(brief="serve-7b"), "is for serve-7b"),
    (issued(expires=datetime(2020, 1, 1, tzinfo=UTC)), "expired on 2020-01-01"), ("t1~x~y", "forged"), ("~~~~", "forged"), ("é", "forged"),
])
def test_what_is_wrong_with_a_ticket_is_named(ticket, says):
    with pytest.raises(BadInput, match=says):
        tickets.check(KEY, ticket, "s-1", "serve-70b", others=("s-1", "s-2"))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_ticket_with_any_letter_changed_is_refused(data):
    ticket = issued(chips=3)
    at = data.draw(st.integers(0, len(ticket) - 1))
    letter = data.draw(st.sampled_from("0123456789abcdefxyz~=:.-"))
    changed = ticket[:at] + letter + ticket[at + 1:]
    if changed == ticket:
        return
    with pytest.raises(BadInput):
        tickets.check(KEY, changed, "s-1", "serve-70b")


def test_the_time_of_receipt_decides_about_expiry_and_without_one_the_day_it_was_first_seen():
    due = datetime(2027, 1, 31, tzinfo=UTC)
    ticket = issued(expires=due)
    before, after = due - timedelta(hours=1), due + timedelta(hours=1)
    assert tickets.check(KEY, ticket, "s-1", "serve-70b", received=before, seen=after)
    assert tickets.check(KEY, ticket, "s-1", "serve-70b", seen=before)
    with pytest.raises(BadInput, match="it came in on 2027-01-31 01:00"):
        tickets.check(KEY, ticket, "s-1", "serve-70b", received=after, seen=before)
    with pytest.raises(BadInput, match="no time of receipt is known"):
        tickets.check(KEY, ticket, "s-1", "serve-70b", seen=after)


@pytest.fixture
def handed_out(tmp_path, capsys) -> dict[str, str]:
    write(tmp_path / "roster.csv", "student,name\ns-1,Ann\ns-2,Bo\n")
    assert main(["tickets", str(tmp_path / "roster.csv"), "--brief", "serve-7b", "--expires", "2100-01-01T00:00Z", "--key", str(tmp_path / "key")]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    return {row["student"]: row["ticket"] for row in rows}


def test_the_command_makes_a_key_for_its_owner_alone_and_a_ticket_for_each_student(handed_out, tmp_path, capsys):
    assert set(handed_out) == {"s-1", "s-2"} and (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert main(["tickets", "--show", handed_out["s-1"]]) == 0
    said = capsys.readouterr().out
    given_ = tickets.numbers(handed_out["s-1"])
    assert "brief: serve-7b" in said and "expires: 2100-01-01 00:00 UTC" in said and all(f"({name})" in said for name in given_)


def test_submit_puts_the_tickets_numbers_in_place_of_the_briefs(handed_out, tmp_path):
    from lessons.submit import submit, ticket_numbers

    ticket = handed_out["s-1"]
    receipt = submit(briefs.brief("serve-7b").reference, brief="serve-7b", student="s-1", ticket=ticket, path=tmp_path / "a.submission.json")
    assert receipt.submission.ticket == ticket
    assert dict(receipt.submission.entry.assumptions) == ticket_numbers(ticket)
    assert set(receipt.submission.entry.reasons.values()) == {"set by the ticket"}
    with pytest.raises(BadInput, match="ticket is for serve-7b, and this design answers serve-70b"):
        submit(briefs.brief("serve-70b").reference, brief="serve-70b", student="s-1", ticket=ticket, path=tmp_path / "b.submission.json")
    with pytest.raises(BadInput, match="copied whole"):
        submit(briefs.brief("serve-7b").reference, brief="serve-7b", student="s-1", ticket=ticket[:30], path=tmp_path / "b.submission.json")
    assert not (tmp_path / "b.submission.json").exists()


def test_a_copied_file_fails_on_the_ticket_and_a_copied_design_meets_other_numbers(handed_out, tmp_path, capsys):
    import tutor

    inbox = tmp_path / "in"
    own = {"design": payload()["design"]}
    write(inbox / "1.submission.json", payload(student="s-1", ticket=handed_out["s-1"], **own))
    write(inbox / "2.submission.json", payload(student="s-2", ticket=handed_out["s-1"], **own))
    assert validate(inbox, out=tmp_path / "out", key=tmp_path / "key", roster=tmp_path / "roster.csv") == 3
    first, second = grades(tmp_path / "out")
    assert first["state"] == "graded" and second["state"] == "ungradable" and "was issued to s-1, not to s-2" in second["reason"]
    write(inbox / "2.submission.json", payload(student="s-2", ticket=handed_out["s-2"], **own))
    assert validate(inbox, out=tmp_path / "out", key=tmp_path / "key", roster=tmp_path / "roster.csv") == 0
    for row in grades(tmp_path / "out"):
        entry = designfile.entry("serve-7b", own["design"], assumptions=tickets.numbers(handed_out[row["student"]]),
                                 reasons=dict.fromkeys(tickets.numbers(handed_out[row["student"]]), "set by the ticket"), predictions={"bottleneck": "memory"})
        assert row["score"] == f"{tutor.review('serve-7b', entry).score:.1f}"


def test_a_chip_that_the_ticket_does_not_offer_is_named(tmp_path, capsys):
    write(tmp_path / "key", KEY.hex())
    offered = tickets.derive(KEY, "s-1", "serve-7b", 2)["chips"]
    other = next(chip for chip in briefs.brief("serve-7b").chips if chip not in offered)
    write(tmp_path / "in" / "1.submission.json", payload(student="s-1", ticket=issued(brief="serve-7b", chips=2), design=payload()["design"] | {"accelerator": other}))
    assert validate(tmp_path / "in", out=tmp_path / "out", key=tmp_path / "key") == 3
    assert f"{other!r} is not on offer under this ticket" in grades(tmp_path / "out")[0]["reason"].replace("'" + other, "'" + other)


def test_a_key_that_is_none_is_one_sentence(tmp_path, capsys):
    write(tmp_path / "in" / "1.submission.json", payload())
    for text in ("", "xyz", "ab" * 8):
        write(tmp_path / "key", text)
        assert validate(tmp_path / "in", out=tmp_path / "out", key=tmp_path / "key") == 2
        assert capsys.readouterr().err.count("\n") == 1
