"""Canvas and Moodle get back their own file with one column filled: nothing else moves, and no match is guessed."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib.errors import BadInput
from tutor.export import cells, match, sheets
from tutor.roster import Person
from tutor.rows import Row

HEAD = "Student,ID,SIS User ID,SIS Login ID,Section,Essay (101),serve-70b: Four ways (102),Assignments Current Score,Current Score,Final Grade"
CANVAS = ("\ufeff" + "\r\n".join([
    HEAD,
    ",,,,,Manual Posting,,,,",
    "    Points Possible,,,,,10,100,(read only),(read only),(read only)",
    '"Lovelace, Ada",71,s-1,ada@uni.example,"A, B",9.50,,95.00,95.00,A',
    '"Hopper, ""Amazing"" Grace",72,s-2,grace@uni.example,A,,,,,',
    "\"Turing, Alan\",73,s-3,alan@uni.example,A,8.00,55.00,80.00,80.00,B",
    "\"Noether, Emmy\",74,s-4,emmy@uni.example,A,8.00,EX,80.00,80.00,B",
    "\"Student, Test\",75,,t0001,A,,,,,", ""])).encode()


def row(student: str, score: float | None, state: str = "graded", **more: object) -> Row:
    return Row(student=student, brief="serve-70b", state=state, score=score, raw=score, work="w" if score is not None else "", digest="d", **more)


ROWS = [row("s-1", 92.5), row("s-2", None, "ungradable", reason="the file is empty"), row("s-3", 70.0), row("s-3", None, "superseded"), row("s-4", 66.0)]


def fill(data: bytes = CANVAS, rows: list[Row] = ROWS, people: dict[str, Person] | None = None, **more: str) -> sheets.Filled:
    return sheets.canvas(cells.parse(data, "canvas.csv"), rows, people or {}, brief="serve-70b", **more)


def grid(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_canvas_gets_its_file_back_with_one_column_filled_and_every_other_byte_as_it_was():
    made = fill()
    assert made.data == CANVAS.replace(b"9.50,,95.00", b"9.50,92.5,95.00").replace(b"8.00,55.00", b"8.00,70")
    assert made.column == "serve-70b: Four ways (102)" and made.scores == 2


def test_what_has_no_score_stays_blank_and_is_never_a_zero():
    before, after = grid(CANVAS), grid(fill().data)
    assert after[4][6] == "" == before[4][6]
    assert not any(line[6] == "0" for line in after)


def test_the_column_counts_in_the_points_that_canvas_has():
    made = fill(CANVAS.replace(b"10,100,(read", b"10,20,(read"))
    assert grid(made.data)[3][6] == "18.5" and "scaled" in " ".join(made.told)


def test_an_excused_student_stays_excused_and_it_is_said():
    made = fill()
    assert grid(made.data)[6][6] == "EX" and any("s-4 is excused" in line for line in made.told)


def test_a_score_that_goes_is_said_aloud():
    made = fill(rows=[row("s-3", None, "ungradable", reason="the file is empty")])
    assert grid(made.data)[5][6] == "" and any("s-3 had '55.00' there" in line for line in made.told)


def test_a_policy_may_give_points_to_what_is_missing():
    assert grid(fill(rows=[row("s-2", 0.0, "missing")]).data)[4][6] == "0"


def test_a_student_without_a_line_is_named():
    assert fill(rows=[row("s-9", 50.0)]).unplaced == ("s-9",)


def test_an_address_of_the_roster_finds_the_line():
    people = {"k-7": Person(student="k-7", email="Ada@uni.example")}
    assert grid(fill(rows=[row("k-7", 92.5)], people=people).data)[3][6] == "92.5"


def test_a_name_of_the_roster_finds_the_line_when_nothing_else_does():
    people = {"k-7": Person(student="k-7", name="Ada Lovelace")}
    assert grid(fill(rows=[row("k-7", 92.5)], people=people).data)[3][6] == "92.5"


def test_the_login_in_an_address_finds_the_line_unless_two_have_it():
    assert grid(fill(rows=[row("alan", 70.0)]).data)[5][6] == "70"
    with pytest.raises(BadInput, match="alan fits lines 2, 3"):
        fill(CANVAS.replace(b"grace@uni.example", b"alan@other.example"), rows=[row("alan", 70.0)])


def test_two_lines_for_one_student_stop_the_export_with_their_names():
    twice = CANVAS.replace(b",72,s-2,", b",72,s-1,")
    with pytest.raises(BadInput, match=r"s-1 fits lines 1, 2.*Nothing was written"):
        fill(twice)


def test_two_students_for_one_line_stop_the_export_with_their_names():
    people = {"k-7": Person(student="k-7", email="ada@uni.example")}
    with pytest.raises(BadInput, match="s-1 and k-7 both fit line 1"):
        fill(rows=[row("s-1", 1.0), row("k-7", 2.0)], people=people)


def test_capitals_decide_where_both_spellings_are_there():
    found = match.lines(["s-1a", "S-1A"], {}, [["S-1A"], ["s-1a"]], ["", ""], file="x.csv")
    assert found == {"s-1a": 1, "S-1A": 0}


def test_a_column_that_is_not_the_only_one_is_refused_with_the_candidates():
    with pytest.raises(BadInput, match=r"2 columns name serve-70b.*\(102\); serve-70b again \(103\)"):
        fill(CANVAS.replace(b"Essay (101),serve-70b: Four ways (102)", b"serve-70b: Four ways (102),serve-70b again (103)"))


def test_the_column_may_be_named_by_its_title_or_its_id():
    renamed = CANVAS.replace(b"serve-70b: Four ways (102)", b"Week 9 (102)")
    with pytest.raises(BadInput, match=r"no column names serve-70b.*Essay \(101\); Week 9 \(102\)"):
        fill(renamed)
    assert fill(renamed, column="102").data == fill(renamed, column="Week 9 (102)").data
    assert grid(fill(renamed, column="102").data)[3][6] == "92.5"


def test_a_read_only_column_is_refused():
    with pytest.raises(BadInput, match="read only in Canvas"):
        fill(column="Current Score")


def test_a_gradebook_with_semicolons_and_first_and_last_names_is_read_too():
    data = b"LastName;FirstName;ID;SIS Login ID;Section;serve-70b (7)\n    Points Possible;;;;;100\nLovelace;Ada;71;s-1;A;\n"
    assert fill(data, rows=[row("s-1", 92.5)]).data == data.replace(b"s-1;A;", b"s-1;A;92.5")


def test_what_canvas_did_not_write_is_refused():
    for data in (b"a,b,c\n1,2,3\n", b'Student,ID\n"open', b"", b"\xff\xfeS\0", b"PK\x03\x04\0\0"):
        with pytest.raises(BadInput):
            fill(data)


MOODLE = (b"Identifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum grade\",\"Grade can be changed\",\"Last modified (submission)\",\"Last modified (grade)\",\"Feedback comments\"\n"
          b'"Participant 17","Ada Lovelace",ada@uni.example,"Submitted for grading - ",,100.00,Yes,"Sunday, 31 January 2027, 9:12 PM",-,\n'
          b'"Participant 18","Grace Hopper",grace@uni.example,"No submission",,100.00,Yes,-,-,"see, ""there"""\n'
          b'"Participant 19","Alan Turing",alan@uni.example,"Submitted",40.00,100.00,No,-,-,\n')
PEOPLE = {f"s-{n}": Person(student=f"s-{n}", email=f"{who}@uni.example") for n, who in ((1, "ada"), (2, "grace"), (3, "alan"))}


def test_moodle_gets_its_worksheet_back_with_the_grades_filled():
    made = sheets.moodle(cells.parse(MOODLE), ROWS[:3], PEOPLE, brief="serve-70b")
    assert made.data == MOODLE.replace(b'grading - ",,100', b'grading - ",92.5,100')
    assert any("s-3 is locked" in line for line in made.told)


def test_what_moodles_importer_looks_for_is_still_there():
    """Identifier, Grade and Last modified (grade), by name: importgradeslib.php refuses a file without them."""
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(grid(sheets.moodle(cells.parse(MOODLE), ROWS[:2], PEOPLE, brief="serve-70b").data)[0])


def test_a_worksheet_in_another_language_needs_the_name_of_its_column():
    german = MOODLE.replace(b",Grade,", b",Bewertung,")
    with pytest.raises(BadInput, match="--column"):
        sheets.moodle(cells.parse(german), ROWS[:2], PEOPLE, brief="serve-70b")
    assert b",92.5," in sheets.moodle(cells.parse(german), ROWS[:2], PEOPLE, brief="serve-70b", column="Bewertung").data


def test_moodles_maximum_scales_the_score():
    assert b",9.25,10.00" in sheets.moodle(cells.parse(MOODLE.replace(b"100.00", b"10.00")), ROWS[:2], PEOPLE, brief="serve-70b").data


TEXT = st.text(alphabet=st.sampled_from('ab ,;"\r\n\tü\ufeff0'), max_size=8)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(TEXT, min_size=2, max_size=4), min_size=1, max_size=4), st.sampled_from(["\r\n", "\n"]), st.booleans())
def test_reading_a_csv_file_loses_nothing(table, ending, bom):
    table = [["head", "er", *["x"] * (len(table[0]) - 2)], *table]
    text = io.StringIO()
    csv.writer(text, lineterminator=ending, quoting=csv.QUOTE_ALL if any("\r" in cell for line in table for cell in line) else csv.QUOTE_MINIMAL).writerows(table)
    data = (b"\xef\xbb\xbf" if bom else b"") + text.getvalue().encode()
    sheet = cells.parse(data)
    assert [[cell.value for cell in line] for line in sheet.rows] == table
    assert sheet.filled({}) == data
    assert cells.parse(sheet.filled({sheet.rows[0][1]: '=1,"2"\n'})).rows[0][1].value == '=1,"2"\n'


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_sheet_or_one_sentence(data):
    try:
        sheet = cells.parse(data)
    except BadInput as error:
        assert "\n" not in str(error)
    else:
        assert sheet.filled({}) == data
