"""What the terminal shows: a line of progress where somebody looks, and the result as text or JSON."""

from __future__ import annotations

import io
import json
import sys
import time

import pytest

from tests.tutor.handins import design, payload, write
from tests.tutor.instructor import validate
from tutor import telling


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def inbox(tmp_path):
    for n in range(4):
        write(tmp_path / "in" / f"{n}.submission.json", payload(student=f"s-{n}", design=design(replicas=10 + n)))
    return tmp_path / "in"


def test_a_bar_is_drawn_on_a_terminal_and_wiped(inbox, tmp_path, capsys, monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(telling, "EVERY_S", 0.0)
    assert validate(inbox, out=tmp_path / "out", repairs="none") == 0
    shown = screen.getvalue()
    assert "files read" in shown and "of 4 designs graded" in shown and "pages" in shown
    assert shown.endswith("\r\x1b[K"), "the line is wiped before the result is told"


@pytest.mark.parametrize("how", [{}, {"plain": True}, {"json": True}])
def test_nothing_is_drawn_where_nobody_looks(inbox, tmp_path, capsys, how, monkeypatch):
    monkeypatch.setattr(telling, "EVERY_S", 0.0)
    assert validate(inbox, out=tmp_path / "out", repairs="none", **how) == 0
    said = capsys.readouterr()
    assert said.err == "" and "\x1b" not in said.out and "\r" not in said.out


@pytest.mark.parametrize("how", ["plain", "json"])
def test_nothing_is_drawn_when_text_for_a_program_is_asked_for(inbox, tmp_path, capsys, monkeypatch, how):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(telling, "EVERY_S", 0.0)
    assert validate(inbox, out=tmp_path / "out", repairs="none", **{how: True}) == 0
    assert screen.getvalue() == ""


def test_json_holds_every_row_and_what_graded_it(inbox, tmp_path, capsys):
    write(inbox / "bad.ipynb", b"")
    assert validate(inbox, out=tmp_path / "out", json=True) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["run"] == 1 and told["new"] is True and told["states"]["graded"] == 4 and told["states"]["ungradable"] == 1
    assert len(told["rows"]) == 5 and told["rubric"] and told["hwlib"] and told["catalogue"]
    assert [row["score"] for row in told["rows"] if row["state"] == "ungradable"] == [None]
    assert validate(inbox, out=tmp_path / "out", json=True) == 3
    assert json.loads(capsys.readouterr().out)["new"] is False


def test_the_bar_says_how_far_and_how_long_still():
    screen = Terminal()
    bar = telling.Bar(quiet=False, to=screen)
    bar.shown = -1.0
    bar.begin("designs graded", 200)
    bar.began = time.monotonic() - 10
    bar.step(50)
    assert "50 of 200 designs graded, 25%, about 30 s left" in screen.getvalue()


def test_a_fault_of_ours_ends_with_one_and_leaves_the_last_whole_report(inbox, tmp_path, capsys, monkeypatch):
    from tests.tutor.instructor import tree
    from tutor import output

    assert validate(inbox, out=tmp_path / "out", repairs="none") == 0
    before = tree(tmp_path / "out")
    write(inbox / "new.submission.json", payload(student="s-9", design=design(replicas=20)))
    monkeypatch.setattr(output, "grades_csv", lambda rows: 1 / 0)
    assert validate(inbox, out=tmp_path / "out", repairs="none") == 1
    assert "a fault of ours (ZeroDivisionError)" in capsys.readouterr().err
    assert tree(tmp_path / "out") == before
