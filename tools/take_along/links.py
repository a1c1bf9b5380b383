"""Where a link of a page leads inside the one file."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from .article import html


def target(page: str, href: str) -> tuple[str, str] | None:
    """(page, fragment) that a link of `page` means, or None when it leaves the book.

    >>> target("book/a/b", "../c/d.html#e"), target("book/a/b", "#f"), target("book/a/b", "https://x.org/")
    (('book/c/d', 'e'), ('book/a/b', 'f'), None)
    """
    parts = urlsplit(href)
    if parts.scheme or parts.netloc:
        return None
    if not parts.path:
        return page, unquote(parts.fragment)
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path)))
    return path.removesuffix(".html"), unquote(parts.fragment)


def turn(section: Element, page: str, ids: Mapping[str, set[str]], address: Callable[[str, str], str]) -> list[str]:
    """Point every link of a page to its place in the one file; returns anchors that are not there.

    `ids` holds the ids of every page; `address` says what a link to (page, fragment) looks like. A link to a file
    that does not come along, such as a workbook, stays as words. A link out of the book stays as it is.
    """
    astray = []
    for element in section.iter(html("a")):
        href = element.get("href")
        if href is None:
            continue
        found = target(page, href)
        if found is None:
            if urlsplit(href).scheme not in ("http", "https", "mailto"):
                _plain(element)
            continue
        name, fragment = found
        if name not in ids:
            _plain(element)
            continue
        if fragment and fragment not in ids[name]:
            astray.append(f"{page} links to {name}#{fragment}")
            fragment = ""
        element.set("href", address(name, fragment))
    return astray


def _plain(element: Element) -> None:
    """The words of a link that leads nowhere here."""
    kept = {name: element.attrib[name] for name in ("id", "class") if name in element.attrib}
    element.attrib.clear()
    element.attrib.update(kept)
    element.tag = html("span")
