"""A workbook of the real book, worked in the page from the first cell to the hand-in, which the instructor's gate reads."""

from __future__ import annotations

import pytest

from tests.lessons.test_workbooks import LEARNERS, filled
from tutor import submission

from . import reading

STEM = "1-two-workloads"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (reading.BOOK / "lessons" / "workbooks" / f"{STEM}.html").is_file(), reason="there is no built book in _build/html: run `make book` first"),
]


def test_a_learner_works_a_workbook_in_the_page_and_hands_in(mirror, visit):
    cells = [cell.source for cell in filled(STEM).cells if cell.cell_type == "code"]
    with reading.static_host(reading.BOOK) as address:
        reader = visit(mirror)
        page = reader.page
        page.set_default_timeout(60_000)
        reader.open(f"{address}lessons/workbooks/{STEM}.html", "live", 200)
        assert page.locator(".livebook-source").count() == len(cells)
        assert page.get_by_text("Not answered yet").count() >= len(LEARNERS[STEM].asked)
        for number, source in enumerate(cells, start=1):
            area = page.get_by_label(f"Cell {number}, Python")
            if area.input_value() != source:
                area.fill(source)
                area.press("Shift+Enter")
        page.wait_for_function("() => !document.querySelector('.livebook-run[aria-busy]')")
        assert page.get_by_text("✓ As computed").count() == len(LEARNERS[STEM].asked)
        assert page.locator(".livebook-error").count() == 0
        page.get_by_text(f"Handed in: {LEARNERS[STEM].brief}, student s-0031").wait_for()
        with page.expect_download() as download:
            page.locator(".livebook-file a").click()
        assert download.value.suggested_filename == f"{LEARNERS[STEM].brief}.submission.json"
        handed = submission.read(download.value.path().read_bytes())
        assert (handed.student, handed.brief) == ("s-0031", LEARNERS[STEM].brief)
        assert reader.complaints == [] and reader.strangers(address, reading.PYODIDE) == []
