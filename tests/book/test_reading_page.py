"""What the book says about the tutor's reading was measured with the words that it reads with now."""

from lessons.reference import reading
from tutor.evaluate import FOLDER, mark, rows


def test_the_figures_are_of_the_words_and_models_that_are_read_with_now():
    assert reading.results()["words"] == mark(), "run python -m tutor evaluate --out lessons/reference/reading.json"


def test_every_held_out_line_was_counted():
    lines = reading.results()["lines"]
    held = [r for r in rows(FOLDER) if r.split == "heldout"]
    assert lines["tutor, heldout"]["rows"] == len(held) and lines[reading.FRESH]["rows"] == sum(r.family == "fresh" for r in held)


def test_the_table_has_a_row_for_each_reader_and_the_page_s_words_come_from_it():
    shown = str(reading.accuracy())
    for said in reading.SAID.values():
        assert said in shown
    words = reading.words()
    assert words["reads_lines"] == str(reading.results()["lines"][reading.FRESH]["rows"]) and " of " in words["reads_turned"]
