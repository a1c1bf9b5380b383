"""What a page builds on, paths through the book, and the words that say so."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

PREFIX = "book/"
PLACE = re.compile(r'<div class="hw-path" data-path="([\w-]+)"></div>')


@dataclass(frozen=True, slots=True)
class Way:
    """One path: its pages in order, or none for all of them."""

    id: str
    title: str
    says: str
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """All that `book/paths.toml` says."""

    needs: Mapping[str, tuple[str, ...]]
    ways: tuple[Way, ...]

    def needs_of(self, page: str) -> tuple[str, ...]:
        """Pages that a page builds on."""
        return self.needs.get(page, ())


def read(file: Path) -> Ways:
    """The file, with names as Sphinx knows them."""
    raw = tomllib.loads(file.read_text(encoding="utf-8"))
    full = lambda pages: tuple(PREFIX + page for page in pages)  # noqa: E731
    return Ways({PREFIX + page: full(needs) for page, needs in raw["needs"].items()}, tuple(Way(w["id"], w["title"], w["says"], full(w["pages"])) for w in raw["path"]))


def is_chapter(page: str) -> bool:
    """Whether a page is a chapter of a section: neither the landing page, nor a section's own, nor reference.

    >>> is_chapter("book/1-two-workloads/roofline"), is_chapter("book/1-two-workloads/index"), is_chapter("book/reference/claims")
    (True, False, False)
    """
    return bool(re.match(r"book/\d-[\w-]+/(?!index$)[\w-]+$", page))


def head(minutes: int, needs: Sequence[tuple[str, str]]) -> str:
    """The line under a page's title.

    >>> head(7, [])
    '<p class="hw-head">About 7 minutes</p>'
    >>> head(1, [("A", "a.html"), ("B", "b.html")])
    '<p class="hw-head">About 1 minute · builds on <a href="a.html">A</a> and <a href="b.html">B</a></p>'
    """
    links = [f'<a href="{escape(href)}">{escape(title)}</a>' for title, href in needs]
    listed = " and ".join([*([", ".join(links[:-1])] if links[:-1] else []), *links[-1:]])
    return f'<p class="hw-head">About {minutes} minute{"s" if minutes != 1 else ""}{f" · builds on {listed}" if links else ""}</p>'


def filled(body: str, ways: Ways, minutes: Mapping[str, int], order: Sequence[str], title: Callable[[str], str], link: Callable[[str], str]) -> str:
    """A page's body with every place for a path filled."""

    def one(match: re.Match[str]) -> str:
        way = next((w for w in ways.ways if w.id == match[1]), None)
        if way is None:
            raise ValueError(f"data-path = {match[1]!r} is no path of paths.toml")
        pages = [p for p in (way.pages or order) if p in minutes]
        total = sum(minutes[p] for p in pages)
        spent = f"{total} minutes" if total < 100 else f"{round(total / 60)} hours"
        stops = (f'<p>Begin with <a href="{escape(link(pages[0]))}">{escape(title(pages[0]))}</a>.</p>' if pages else "") if not way.pages else f'<ol>{"".join(f"""<li><a href="{escape(link(p))}">{escape(title(p))}</a></li>""" for p in pages)}</ol>'
        return f'<div class="hw-path"><p><b>{escape(way.title)}</b>, {len(pages)} pages, about {spent} of reading. {escape(way.says)}</p>{stops}</div>'

    return PLACE.sub(one, body)
