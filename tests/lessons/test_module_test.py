"""The module test: numbers of one's own, marked from ticket and answers alone, and files of strangers refused in words."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbclient import NotebookClient

import lessons
from hwlib.errors import BadInput
from lessons import module_test
from lessons.questions.across import AUDITED, DRAWS

BOOK = Path(lessons.__file__).parent / "workbooks" / "module-test.ipynb"
TICKET = "t1~serve-70b~20270131T225900Z~daily_users=45000~0f"


def right(ticket: str) -> dict[str, object]:
    """The answers that the course computes."""
    return {q.id: value if isinstance(value := q.answer(), str) else float(value) for q in module_test.paper(ticket).questions}


class TestPapers:
    def test_a_ticket_gives_the_same_paper_every_time_and_another_ticket_another(self):
        papers = {str(module_test.paper(f"s-{i}")) for i in range(40)}
        assert len(papers) == 40 and str(module_test.paper("s-3")) in papers

    def test_all_sections_are_asked_and_the_questions_are_the_same_for_all(self):
        assert [q.id for q in module_test.paper("a").questions] == [f"q{i}" for i in range(1, len(DRAWS) + 1)]
        assert {claim[:2] for claim in AUDITED} == {"S1", "S2", "S3", "S4"}

    @settings(max_examples=60, deadline=None)
    @given(st.text(min_size=1, max_size=60).filter(str.strip))
    def test_the_course_s_own_answers_are_all_right_for_any_ticket(self, ticket):
        result = module_test.mark(ticket, right(ticket))
        assert result.right == len(DRAWS), str(result)

    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 10**6))
    def test_a_known_slip_is_never_marked_right(self, number):
        ticket = f"s-{number}"
        for q in module_test.paper(ticket).questions:
            for slip in q.slips:
                wrong = float(slip.answer())
                if abs(wrong / float(q.answer()) - 1) > q.close:
                    marked = next(m for m in module_test.mark(ticket, {q.id: wrong}).marked if m.id == q.id)
                    assert marked.right is False and "computed" in marked.words

    def test_a_neighbour_s_answers_earn_little(self):
        own = [module_test.mark("s-1", right(f"s-{i}")).right for i in range(2, 30)]
        assert max(own) < len(DRAWS) / 2

    @pytest.mark.parametrize("ticket", ["", "   ", None, 7, "x" * 1001])
    def test_no_ticket_is_one_sentence(self, ticket):
        with pytest.raises(BadInput, match="^ticket must be"):
            module_test.paper(ticket)


class TestMarking:
    def test_blanks_and_unreadable_answers_earn_nothing_and_say_why(self):
        result = module_test.mark("s-1", {"q3": "about a month", "q9": "maybe"})
        said = {m.id: m for m in result.marked}
        assert result.right == 0 and said["q1"].words == "not answered"
        assert said["q3"].right is None and "cannot be read" in said["q3"].words and "none of the words" in said["q9"].words

    def test_units_and_prefixes_are_read(self):
        q = next(q for q in module_test.paper("s-1").questions if q.unit == "usd")
        value = float(q.answer())
        assert module_test.mark("s-1", {q.id: f"${value:,.6f}"}).right == 1

    def test_before_handing_in_nothing_is_said_about_what_is_right(self):
        good, bad = module_test.noted("s-1", right("s-1")), module_test.noted("s-1", {k: 1 for k in right("s-1") if k != "q9"})
        assert good.count("noted") == len(DRAWS) and "computed" not in good + bad and "✓" not in good

    def test_a_name_that_is_no_question_is_refused(self):
        with pytest.raises(BadInput, match="q99"):
            module_test.mark("s-1", {"q99": 1})


class TestFiles:
    def test_what_is_handed_in_is_marked_from_ticket_and_answers(self, tmp_path, capsys):
        module_test.hand_in(TICKET, right(TICKET), student="s-0031", folder=tmp_path)
        module_test.hand_in("other", {**right("other"), "q5": 1.0}, student="s-0032", folder=tmp_path)
        assert module_test.main([str(tmp_path)]) == 0
        found = list(csv.DictReader(StringIO(capsys.readouterr().out)))
        assert [(r["student"], r["right"], r["of"], r["q5"]) for r in found] == [("s-0031", "9", "9", "1"), ("s-0032", "8", "9", "0")]

    def test_a_paper_of_a_ticket_that_was_not_issued_is_not_marked(self, tmp_path, capsys):
        for student, ticket in (("s-1", TICKET), ("s-2", "an easy one")):
            module_test.hand_in(ticket, right(ticket), student=student, folder=tmp_path)
        table = tmp_path / "tickets.csv"
        table.write_text(f"student,brief,ticket\ns-1,serve-7b,another\ns-1,serve-70b,{TICKET}\ns-2,serve-70b,another\n", encoding="utf-8")
        assert module_test.main([str(tmp_path), "--issued", str(table)]) == 0
        found = list(csv.DictReader(StringIO(capsys.readouterr().out)))
        assert [(r["state"], r["right"]) for r in found] == [("graded", "9"), ("ungradable", "")]
        assert found[1]["why"] == "its ticket was not issued to s-2"
        for text in ("", "a,b\n1,2\n", "\udcff"):
            table.write_bytes(text.encode("utf-8", "surrogateescape"))
            assert module_test.main([str(tmp_path), "--issued", str(table)]) == 2 and "issued = " in capsys.readouterr().err

    @pytest.mark.parametrize(("content", "why"), [
        (b"", "empty"), (b"{", "not JSON"), (b"[]", "not an answer file"), (b'{"form": "hardware-course-module-test", "version": 2, "answers": {}}', "not an answer file"),
        (b'{"form": "hardware-course-module-test", "version": 1, "answers": {}, "student": "s"}', "ticket must be"),
        (b'{"form": "hardware-course-module-test", "version": 1, "answers": {}, "ticket": "a", "student": "=cmd"}', "student must be"),
        (b'{"form": "hardware-course-module-test", "version": 1, "answers": {"x": 1}, "ticket": "a", "student": "s"}', "answers = 'x'"),
        (b"\xff\xfe", "UTF-16"), (b"[" * 100_000, ""),
    ])
    def test_a_file_of_a_stranger_is_named_with_its_reason_and_stops_nobody(self, tmp_path, content, why):
        (tmp_path / "x.module-test.json").write_bytes(content)
        module_test.hand_in("a", {}, student="s-1", folder=tmp_path)
        found = {row["file"]: row for row in module_test.rows(tmp_path.glob("*.json"))}
        assert found["x.module-test.json"]["state"] == "ungradable" and why in found["x.module-test.json"]["why"]
        assert found["s-1.module-test.json"]["state"] == "graded"

    @pytest.mark.parametrize("value", [True, [1], {"a": 1}, None, float("nan"), 10**400, "9" * 5000])
    def test_answers_that_are_no_numbers_are_marked_and_not_feared(self, tmp_path, value):
        path = tmp_path / "s-1.module-test.json"
        path.write_text(json.dumps({"form": module_test.FORM, "version": 1, "student": "s-1", "ticket": "a", "answers": {"q1": value}}), encoding="utf-8")
        assert [row.get("right") for row in module_test.rows([path])] == [0]

    def test_a_bad_id_or_folder_is_one_sentence_and_leaves_nothing(self, tmp_path):
        with pytest.raises(BadInput, match="^student must be"):
            module_test.hand_in("a", {}, student="../x", folder=tmp_path)
        with pytest.raises(BadInput, match="cannot be written"):
            module_test.hand_in("a", {}, student="s-1", folder=tmp_path / "no")
        assert not list(tmp_path.iterdir())
        assert module_test.main([str(tmp_path / "no")]) == 2


def run(book, folder):
    NotebookClient(book, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return "\n".join(o.get("text") or o.get("data", {}).get("text/plain", "") for c in book.cells if c.cell_type == "code" for o in c.outputs)


def test_the_notebook_as_delivered_runs_and_marks_a_practice_paper(tmp_path):
    text = run(nbformat.read(BOOK, as_version=4), tmp_path)
    assert text.count("not answered yet") == 9 and "0 of 9 as computed" in text and not list(tmp_path.iterdir())


def test_the_notebook_filled_in_leaves_a_file_that_is_marked(tmp_path):
    book = nbformat.read(BOOK, as_version=4)
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.source = cell.source.replace('ticket = "practice"', f"ticket = {TICKET!r}").replace("student = ...", "student = 's-7'")
            cell.source = re.sub(r'"(q\d)": \.\.\.', lambda m: f'"{m[1]}": {right(TICKET)[m[1]]!r}', cell.source)
    assert "Written: s-7.module-test.json" in run(book, tmp_path)
    assert module_test.read(tmp_path / "s-7.module-test.json").right == 9
