"""A worksheet: a notebook as a page, changed and run where it stands."""

from __future__ import annotations

import pytest

from .accessibility import PHONE, overflow, set_theme, violations

pytestmark = pytest.mark.browser


@pytest.fixture
def sheet(live):
    """The worksheet of the small book, alive; cells are numbered as in a notebook."""
    reader = live("sheet.html")
    reader.cell = lambda number: reader.page.get_by_label(f"Cell {number}, Python")
    reader.output = lambda number: reader.page.locator(".cell").nth(number - 1).locator(".cell_output")
    reader.backend = live.backend
    return reader


def type_in(reader, number: int, old: str, new: str) -> None:
    """Change a cell as a learner does, and run it from the keyboard."""
    area = reader.cell(number)
    area.fill(area.input_value().replace(old, new))
    area.press("Shift+Enter")


def test_before_python_is_here_a_worksheet_is_read(host, visit):
    reader = visit()
    reader.open(host + "sheet.html", "static")
    assert "batch = ..." in reader.page.locator(".cell_input").nth(1).inner_text() and reader.page.locator("textarea").count() == 0
    assert "Not answered yet." in reader.page.locator(".cell_output").first.inner_text()
    assert "could not start" in reader.page.locator(".livebook-status").first.inner_text()


def test_a_worksheet_is_worked_left_and_found_again(sheet, minibook):
    """One visit and one return: a visit costs seconds, because Python starts."""
    page = sheet.page
    assert "Shift+Enter" in page.locator(".livebook-status").inner_text()
    assert "Not answered yet." in sheet.output(2).inner_text(), "as built until something is run"
    page.get_by_role("button", name="Run cell 4").click()
    page.get_by_role("button", name="Run cell 2").click()
    sheet.output(2).get_by_text("Not answered yet.").wait_for()
    assert page.locator(".livebook-file").count() == 0, "nothing is handed in by accident"

    # an error is told in its cell, and what was typed stays
    type_in(sheet, 2, "...\n", "eight\n")
    page.locator(".livebook-error").get_by_text("NameError").first.wait_for()
    assert "batch = eight\n" in sheet.cell(2).input_value()
    type_in(sheet, 2, "eight\n", "8\n")
    page.get_by_text("Eight is True.").wait_for()
    assert page.locator(".livebook-error").count() == 0

    # what follows knows it
    page.get_by_role("button", name="Run cell 3").click()
    page.get_by_text("later: 16").wait_for()

    # a file that a cell writes lies on this computer, or is offered
    page.get_by_role("button", name="Run cell 4").click()
    sheet.output(4).get_by_text("handed in").wait_for()
    if sheet.backend == "server":
        assert (minibook / "mine.submission.json").read_text() == "8" and page.locator(".livebook-file").count() == 0
        (minibook / "mine.submission.json").unlink()
    else:
        link = page.locator(".livebook-file a")
        with page.expect_download() as download:
            link.click()
        assert download.value.suggested_filename == "mine.submission.json" and download.value.path().read_bytes() == b"8"

    # the return: typed text is there and has run; text for a cell that has changed since is not used
    page.evaluate("""() => { const key = 'livebook-sheet:sheet', kept = JSON.parse(localStorage[key]);
        localStorage[key] = JSON.stringify({ ...kept, 'live-cell-3': { of: 'an older cell', typed: '1/0' }, 'live-cell-4': 7 }); }""")
    page.reload()
    sheet.wait("live")
    assert "batch = 8\n" in sheet.cell(2).input_value() and "later" in sheet.cell(3).input_value() and "handed in" in sheet.cell(4).input_value()
    page.get_by_text("Eight is True.").wait_for()
    page.get_by_role("button", name="Run cell 3").click()
    page.get_by_text("later: 16").wait_for()
    page.get_by_role("button", name="Cell 2 as it was").click()
    sheet.output(2).get_by_text("Not answered yet.").wait_for()
    assert "batch = ...\n" in sheet.cell(2).input_value() and "live-cell-2" not in page.evaluate("localStorage['livebook-sheet:sheet']")
    assert sheet.complaints == [] and sheet.strangers(*sheet.own) == []


def test_a_worksheet_is_accessible_in_both_themes_and_on_a_phone(host, mirror, visit):
    reader = visit(mirror)
    reader.open(host + "sheet.html", "live")
    for size in (reader.page.viewport_size, PHONE):
        reader.page.set_viewport_size(size)
        for theme in ("light", "dark"):
            set_theme(reader.page, theme)
            assert violations(reader.page) == [], theme
        assert overflow(reader.page) == []
