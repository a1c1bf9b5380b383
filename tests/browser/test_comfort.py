"""Comfort of a reader, in Chromium: definitions on hover and focus, progress in the own browser, the ledger found by words."""

from __future__ import annotations

import json

import pytest

from . import reading
from .accessibility import set_theme, violations

CHAPTER, OTHER, LEDGER, SPOT = "book/4-economics/levers", "book/4-economics/market", "book/reference/claims", "book/reference/spot-the-error"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (reading.BOOK / f"{SPOT}.html").is_file(), reason="there is no built book in _build/html: run `make book` first"),
]


@pytest.fixture(scope="module")
def book():
    with reading.static_host(reading.BOOK) as address:
        yield address


@pytest.fixture
def open_page(book, visit):
    """A reader on a page that waits for no Python."""
    reader = visit()
    reader.context.route(f"{reading.PYODIDE}**", lambda route: None)

    def go(page: str):
        reader.open(f"{book}{page}.html")
        return reader.page

    go.reader = reader
    return go


def test_a_definition_shows_on_focus_and_goes_with_escape(open_page):
    page = open_page(CHAPTER)
    term = page.locator(".hw-term").first
    tip = term.locator("[role=tooltip]")
    assert not tip.is_visible()
    term.locator("a").focus()
    assert tip.is_visible() and len(tip.inner_text()) > 20
    assert tip.get_attribute("id") == term.locator("a").get_attribute("aria-describedby")
    for theme in ("light", "dark"):
        set_theme(page, theme)
        assert violations(page) == [], theme
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.locator(".bd-article h1").hover()
    term.locator("a").blur()
    page.wait_for_timeout(100)
    term.locator("a").hover()
    assert tip.is_visible()
    box, wide = tip.bounding_box(), page.viewport_size["width"]
    assert box["x"] >= 0 and box["x"] + box["width"] <= wide


def test_progress_is_kept_by_the_browser_alone_and_can_be_forgotten(open_page):
    page = open_page(CHAPTER)
    line = page.locator(".hw-progress")
    line.get_by_role("button", name="Mark this page as read").click()
    assert json.loads(page.evaluate("localStorage.getItem('hw-read')")) == ["4-economics/levers"]
    page = open_page(OTHER)
    assert "1 of" in page.locator(".hw-progress").inner_text()
    marked = page.locator(".bd-sidebar-primary nav a:has(.hw-read)")
    assert marked.count() == 1 and "Levers" in marked.first.inner_text()
    page.locator(".hw-progress").get_by_role("button", name="Forget").click()
    assert page.evaluate("localStorage.getItem('hw-read')") is None and marked.count() == 0
    assert open_page.reader.complaints == []


def test_two_tabs_add_to_one_progress_and_neither_forgets_the_others(open_page):
    page = open_page(CHAPTER)
    other = page.context.new_page()
    other.goto(page.url.replace(CHAPTER, OTHER))
    for tab in (page, other):
        tab.get_by_role("button", name="Mark this page as read").click()
    assert sorted(json.loads(page.evaluate("localStorage.getItem('hw-read')"))) == ["4-economics/levers", "4-economics/market"]
    for tab in (page, other):
        tab.get_by_text("2 of ").wait_for()
    other.get_by_role("button", name="Mark this page as unread").click()
    page.get_by_text("1 of ").wait_for()
    # a page that the browser had put aside hears of nothing: it looks again when it comes back
    page.evaluate("localStorage.clear(); dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert "read, remembered" not in page.locator(".hw-progress").inner_text()


def test_without_storage_the_page_is_whole(open_page):
    open_page.reader.page.add_init_script("for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get() { throw new DOMException('refused', 'SecurityError'); } });")
    page = open_page(CHAPTER)
    page.get_by_role("button", name="Mark this page as read").click()
    assert page.locator(".bd-article h1").is_visible() and page.locator(".bd-sidebar-primary nav a").count() > 10
    assert [said for said in open_page.reader.complaints if "SecurityError" not in said and "refused" not in said] == []


def test_what_another_script_left_behind_does_no_harm(open_page):
    page = open_page(CHAPTER)
    for left in ("{", "7", '{"a": 1}', "[1, null]"):
        page.evaluate("left => localStorage.setItem('hw-read', left)", left)
        page.reload()
        assert page.get_by_role("button", name="Mark this page as read").is_visible(), left
    assert open_page.reader.complaints == []


def test_the_ledger_is_found_by_words_beside_its_filters(open_page):
    page = open_page(LEDGER)
    rows = page.locator(".hw-claims tbody tr")
    assert page.locator(".hw-claims [role=status]").inner_text() == f"{rows.count()} of {rows.count()} claims shown."
    page.get_by_label("Words").fill("tokens year")
    page.get_by_label("Wrong").check()
    shown = [row for row in rows.all() if row.is_visible()]
    assert 0 < len(shown) < 10 and all("tokens" in row.inner_text().lower() or "token" in row.inner_text().lower() for row in shown)
    assert page.locator(".hw-claims [role=status]").inner_text().startswith(f"{len(shown)} of ")
    assert violations(page) == []
    page.evaluate("location.hash = '#claim-S1-01'")
    page.wait_for_function("document.querySelector('#claim-S1-01').checkVisibility()")


def test_the_ledger_works_without_scripts(book, visit):
    reader = visit(java_script_enabled=False)
    reader.open(f"{book}{LEDGER}.html")
    rows = reader.page.locator(".hw-claims tbody tr")
    everything = rows.count()
    reader.page.get_by_label("Wrong").check()
    assert 0 < sum(row.is_visible() for row in rows.all()) < everything / 3


def test_errors_are_spotted_without_python_and_with_it(book, visit, mirror):
    # Chromium keeps a noscript as text when only an emulation turns scripts off; so the file is asked
    plain = (reading.BOOK / f"{SPOT}.html").read_text("utf-8").partition("<noscript>")[2]
    assert "The price is for a thousand tokens" in plain and "$730,000" in plain
    reader = visit(mirror)
    reader.open(f"{book}{SPOT}.html", "live", 120)
    first = reader.page.get_by_label("Where is the error?").first
    first.select_option("A year has fewer days")
    reader.page.get_by_text("a factor of a thousand is not among them").first.wait_for()
    first.select_option("The price is for a thousand tokens")
    reader.page.get_by_text("That is it.").first.wait_for()
    assert reader.complaints == []
