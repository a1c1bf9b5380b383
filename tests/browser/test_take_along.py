"""The book on paper: one PDF of all, and any page by itself."""

from __future__ import annotations

import re
import sys

import pytest

from . import reading
from .test_site import tool

sys.path.append(str(reading.ROOT / "tools"))
from take_along import contents, pdf  # noqa: E402 - they lie in tools/

IDEA, LEDGER, STUDIO, TABLES, WORKBOOKS = "book/1-two-workloads/roofline", "book/reference/claims", "book/1-two-workloads/discussion", "book/reference/catalogue", "book/reference/workbooks"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (reading.BOOK / "index.html").is_file(), reason="there is no built book in _build/html: run `make book` first"),
]


@pytest.fixture(scope="module")
def book():
    with reading.static_host(reading.BOOK) as address:
        yield address


def open_page(book, visit, name):
    """A page as paper gets it: as built, no Python yet, from a dark screen."""
    reader = visit(color_scheme="dark", viewport={"width": 760, "height": 1000})
    reader.context.route(f"{reading.PYODIDE}**", lambda route: None)
    reader.open(f"{book}{name}.html")
    if name in (IDEA, STUDIO):
        reader.page.wait_for_function("window.__livebook.marks.built")
    reader.page.emulate_media(media="print")
    reader.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    return reader.page


@pytest.mark.parametrize("name", [IDEA, LEDGER, STUDIO, TABLES, WORKBOOKS])
def test_on_paper_there_is_nothing_to_press_and_nothing_is_cut_off(book, visit, name):
    page = open_page(book, visit, name)
    for gone in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", ".prev-next-footer", ".headerlink", ".livebook-status", ".hw-progress", ".hw-tip", "button", "input[type=radio]"):
        assert [e.evaluate("e => e.outerHTML.slice(0, 80)") for e in page.locator(gone).all() if e.is_visible()] == [], gone
    assert page.locator("h1").filter(visible=True).count() == 1
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    # what a page would let scroll, paper would cut
    cut = page.evaluate("""() => [...document.querySelectorAll('.bd-article *')].filter((e) => e.checkVisibility()
        && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && !['visible', 'clip'].includes(getComputedStyle(e).overflowX)).map((e) => e.className + ' ' + e.textContent.slice(0, 40))""")
    assert cut == []


def test_a_panel_prints_its_figure_and_an_answer_stands_open(book, visit):
    page = open_page(book, visit, IDEA)
    panel = page.locator("#move")
    assert panel.locator("svg.wide").first.is_visible() and not panel.locator("svg.narrow").first.is_visible()
    assert panel.locator(".hw-readout").first.is_visible() and not panel.locator(".hw-controls").first.is_visible()
    assert panel.get_by_text("The table behind it").first.locator("xpath=../div").is_visible()
    solutions = page.locator("#problems details.sd-dropdown")
    assert solutions.count() == 2 and all(each.evaluate("e => e.open") and each.locator("p").first.is_visible() for each in solutions.all())
    assert not any(each.is_visible() for each in page.locator(".hw-why details").all()), "the deeper steps stay on the screen"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not any(each.evaluate("e => e.open") for each in solutions.all())


def test_a_studio_prints_the_design_and_not_what_only_a_screen_can_do(book, visit):
    page = open_page(book, visit, STUDIO)
    assert page.get_by_label("Chip", exact=True).is_visible() and page.get_by_text("Verdict", exact=True).first.is_visible()
    for said in ("Change an assumption", "Load a design or your progress", "Hand in"):
        assert not any(each.is_visible() for each in page.locator(".livebook-view h3").filter(has_text=re.compile(f"^{said}$")).all()), said


def test_the_ledger_prints_as_it_is_filtered_and_a_link_out_with_its_address(book, visit):
    page = open_page(book, visit, LEDGER)
    rows = page.locator(".hw-claims tbody tr")
    assert rows.count() == sum(row.is_visible() for row in rows.all()) and not page.get_by_label("Words").is_visible()
    shown = "e => getComputedStyle(e, '::after').content"
    out = open_page(book, visit, "book/reference/bibliography").locator("a.reference.external").first
    assert out.evaluate(shown) not in ("none", "normal", "")


def test_the_pdf_has_pages_bookmarks_and_links_that_lead_somewhere(browser, tmp_path):
    """Of three chapters; `make pdf` prints all."""
    found = contents.chapters(reading.BOOK, reading.ROOT / "_toc.yml")
    few = [found[0], *(chapter for chapter in found if chapter.name in (IDEA, "book/1-two-workloads/index"))]
    with browser.new_context(java_script_enabled=False, offline=True) as context:
        page = context.new_page()
        pdf.print_page(page, pdf.whole(few, cover=b""), tmp_path / "few.pdf")
    made = (tmp_path / "few.pdf").read_bytes()
    assert made.startswith(b"%PDF") and made.count(b"/Type /Page\n") > 6
    assert b"/Outlines" in made and b"/StructTreeRoot" in made and b"/JavaScript" not in made and b"/Lang (en)" in made


def test_the_site_offers_what_was_made_and_only_that(tmp_path):
    page = '<a href="x"></a><div class="hw-take"><p>This copy comes without.</p></div>'
    book = tmp_path / "hardware-that-learns.epub"
    book.write_bytes(b"0" * 1_500_000)
    assert tool.offered(page, []) == page
    made = tool.offered(page, [book])
    assert 'href="../../hardware-that-learns.epub" download>EPUB</a>, 1.5 MB' in made and "without" not in made
    assert '<div class="hw-take">' in (reading.BOOK / "book" / "reference" / "take-along.html").read_text("utf-8")
    html = tmp_path / "html"
    (html / "book" / "reference").mkdir(parents=True)
    (html / "index.html").write_text("<head></head>")
    (html / "book" / "reference" / "take-along.html").write_text(f"<head></head>{page}")
    said = tool.make(html, tmp_path / "site", along=[book])
    assert (tmp_path / "site" / book.name).is_file() and "EPUB to take along" in said
    assert "download>EPUB" in (tmp_path / "site" / "book" / "reference" / "take-along.html").read_text("utf-8")
