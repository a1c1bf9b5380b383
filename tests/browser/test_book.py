"""The real book, page by page: alive in both places, silent, contained, accessible, and narrow enough."""

from __future__ import annotations

import pytest

from . import book_pages, reading, weight
from .accessibility import PHONE, overflow, set_theme, violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (reading.BOOK / "index.html").is_file(),
                       reason="there is no built book in _build/html: run `make book` first"),
]

PAGES = book_pages.in_contents() or ["book/index"]
LIVE = book_pages.live_pages()
HEAVIEST = 10_000_000
"""Bytes on the wire until all of a page lives, Python and numpy included."""

@pytest.fixture(scope="module")
def book(course):
    """The book's site under a sub-path of a static host that sets no header."""
    with reading.static_host(course) as address:
        yield f"{address}course/"


@pytest.fixture(scope="module")
def book_server():
    """The book behind the local server."""
    with reading.local_server(reading.BOOK, reading.ROOT) as running:
        yield running


@pytest.mark.parametrize("page", book_pages.PROMISED)
def test_the_promised_pages_are_live_pages(page):
    """They are built, and hold cells that run in the browser."""
    assert book_pages.html(page).is_file(), f"{page} is not in the built book"
    assert book_pages.is_live(page), f"{page} has no cell tagged live"


@pytest.mark.parametrize("page", PAGES)
def test_every_page_keeps_to_itself_and_fits_a_phone(page, book, visit):
    """As built, without any Python: nothing asked from outside, no complaint, no sideways scrolling, both themes."""
    reader = visit(viewport=PHONE)
    reader.context.route(f"{reading.PYODIDE}**", lambda route: None)  # never answers: the page stays loading
    reader.open(f"{book}{page}.html")
    reader.page.wait_for_load_state("load")
    reader.page.wait_for_function("window.__livebook === undefined || 'built' in window.__livebook.marks")
    assert reader.strangers(book, reading.PYODIDE) == []
    assert reader.complaints == []
    assert overflow(reader.page) == []
    for theme in ("light", "dark"):
        set_theme(reader.page, theme)
        assert violations(reader.page) == [], theme


@pytest.mark.parametrize("page", LIVE)
def test_a_live_page_in_the_browser(page, book, mirror, visit):
    """With Pyodide: live, silent, contained; accessible in both themes; no sideways scrolling when live."""
    reader = visit(mirror)
    reader.open(f"{book}{page}.html", "live", 120)
    print(f"{page}: live in {reader.marks()['live'] / 1e3:.1f} s")
    assert reader.strangers(book, reading.PYODIDE) == []
    assert reader.complaints == []
    weighed = weight.of(reader.requests, {book: reading.BOOK, reading.PYODIDE: mirror})
    print(f"{page}: {sum(weighed.values()) / 1e6:.2f} MB")
    assert sum(weighed.values()) <= HEAVIEST, weighed
    late = reader.page.evaluate("JSON.parse(document.getElementById('livebook-config').textContent).late.map(([path]) => path.split('/').at(-1))")
    assert not set(late) & set(weighed), "a part that the page was not expected to need"
    for theme in ("light", "dark"):
        set_theme(reader.page, theme)
        assert violations(reader.page) == [], theme
    reader.page.set_viewport_size(PHONE)
    reader.page.wait_for_timeout(300)
    assert overflow(reader.page) == []


def test_what_reads_free_text_travels_when_the_learner_turns_to_the_field(book, mirror, visit):
    reader = visit(mirror)
    reader.open(f"{book}book/1-two-workloads/discussion.html", "live", 120)

    def asked() -> int:
        return sum("/reading-" in url for url in reader.requests)

    assert asked() == 0
    reader.page.locator(".hw-sayrow input").first.focus()
    reader.page.evaluate("() => window.__livebook.kernel.run('', 'after loading').then(() => true)")  # messages keep their order
    assert asked() == 1
    reader.page.keyboard.type("what am I supposed to do here?")
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_function("() => document.querySelectorAll('.hw-log .hw-turn').length >= 3", timeout=60_000)
    assert asked() == 1 and reader.complaints == []


@pytest.mark.parametrize("page", LIVE)
def test_a_live_page_on_the_local_server(page, book_server, visit):
    """With the local Python: live, silent, and nobody else is asked."""
    reader = visit()
    reader.open(f"{book_server.address}{page}.html?token={book_server.token}", "live", 120)
    print(f"{page}: live in {reader.marks()['live'] / 1e3:.1f} s")
    own = f"127.0.0.1:{book_server.port}/"
    assert reader.strangers(f"http://{own}", f"ws://{own}") == []
    assert reader.complaints == []
