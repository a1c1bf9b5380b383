"""Every link inside the built book leads somewhere: to a file that is there, and to a place that it has."""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

BUILT = Path(__file__).resolve().parents[2] / "_build" / "html"
PAGES = sorted(p for p in BUILT.rglob("*.html") if "_static" not in p.relative_to(BUILT).parts) if BUILT.is_dir() else []


@cache
def places(page: Path) -> frozenset[str]:
    """The ids of a page; those that stand in the state of a widget, too."""
    return frozenset(re.findall(r'\b(?:id|name)=\\?"([^"\\]+)', page.read_text("utf-8")))


def links(page: Path) -> set[str]:
    """Links of a page, in its markup and in the state of its widgets."""
    return {html.unescape(link) for link in re.findall(r'href=\\?"([^"\\]+)', page.read_text("utf-8"))}


def missing(page: Path, link: str) -> bool:
    """Whether a link into the book leads nowhere."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return False
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    return not target.exists() or bool(parts.fragment) and target.suffix == ".html" and unquote(parts.fragment) not in places(target)


@pytest.mark.skipif(not PAGES, reason="there is no built book in _build/html: run `make book` first")
def test_no_link_inside_the_book_leads_nowhere():
    followed = [(page, link) for page in PAGES for link in links(page)]
    assert len(followed) > 1_000
    assert [(page.name, link) for page, link in followed if missing(page, link)] == []
    assert missing(PAGES[0], "no-such-page.html") and missing(PAGES[0], "#no-such-place")
