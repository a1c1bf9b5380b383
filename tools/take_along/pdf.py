"""The book as one PDF, printed by Chromium: page numbers, running titles, links and bookmarks.

A running title is a page rule of CSS for each chapter; the bookmarks are Chromium's, from the headings: a part, its
chapters, their sections.
"""

from __future__ import annotations

import base64
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import TITLE, NotMade, article, epub, links, xhtml
from .contents import Chapter

OLDEST = 131
"""The first Chromium that prints what stands in the margins of a page rule."""


def anchor(chapter: Chapter, name: str = "") -> str:
    """The id of a place of a chapter in the one page."""
    return f"{chapter.stem}--{name}" if name else chapter.stem


def quoted(words: str) -> str:
    """A string of CSS."""
    return json.dumps(words, ensure_ascii=False)


def rules(chapters: Sequence[Chapter]) -> str:
    """A page rule for each chapter: the book at the left, the chapter at the right."""
    look = "font: 8.5pt sans-serif; color: #59616b;"

    def rule(chapter: Chapter) -> str:
        left, right = (chapter.part, chapter.title) if chapter.part else (TITLE, "")
        heads = f"@top-left {{ content: {quoted(left)}; {look} }} @top-right {{ content: {quoted(right)}; {look} }}"
        return f"@page {chapter.stem} {{ {heads} }}\n#{chapter.stem} {{ page: {chapter.stem}; }}\n"

    return "".join(map(rule, chapters))


def whole(chapters: Sequence[Chapter], *, cover: bytes) -> str:
    """The one page that is printed. Raises NotMade for a link to a place that is not there."""
    found = epub.trees(chapters, "wide")
    known, by_name = epub.ids(found), {chapter.name: chapter for chapter in chapters}
    astray, body, listed, part = [], [], [], ""
    for chapter in chapters:
        tree = found[chapter.name]
        astray += links.turn(tree, chapter.name, known, lambda name, at: "#" + anchor(by_name[name], at))
        for element in tree.iter():
            if "id" in element.attrib:
                element.set("id", anchor(chapter, element.get("id")))
            space, tag = xhtml.split(element.tag)
            if space == xhtml.HTML and re.fullmatch("h[1-5]", tag):  # a part is an h1
                element.tag = article.html(f"h{int(tag[1]) + 1}")
        if chapter is chapters[0]:
            article.note(tree, epub.PREFACE)
        opens = ""
        if chapter.part != part:
            part = chapter.part
            listed.append(f'<li class="caption">{xhtml.text(part)}</li>')
            opens = f"<h1>{xhtml.text(part)}</h1>"
        listed.append(f'<li><a href="#{chapter.stem}">{xhtml.text(chapter.title)}</a></li>')
        body.append(f'<div class="chapter" id="{chapter.stem}">{opens}{xhtml.serialise(tree)}</div>')
    if astray:
        raise NotMade(astray[0] + ", and there is no such place")
    picture = base64.b64encode(cover).decode()
    css = Path(__file__).with_name("print.css").read_text("utf-8") + rules(chapters)
    front = f'<div class="cover"><img src="data:image/png;base64,{picture}" alt="{xhtml.text(TITLE)}"/></div><div class="contents"><h1>Contents</h1><ol>{"".join(listed)}</ol></div>'
    return (
        f'<!DOCTYPE html>\n<html xmlns="{xhtml.HTML}" lang="en"><head><meta charset="utf-8"/><title>{xhtml.text(TITLE)}</title>'
        f"<style>{css}</style></head><body>{front}{''.join(body)}</body></html>\n"
    )


def print_page(page: Any, text: str, target: Path) -> None:
    """Print a whole page's text with a page of Playwright; nothing half-written stays."""
    unfinished = target.with_suffix(".part")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "book.xhtml"  # as XHTML, since that is what the serialiser writes
        source.write_text(text, encoding="utf-8")
        page.goto(source.as_uri())
        page.pdf(path=unfinished, prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
    unfinished.replace(target)


def make(chapters: Sequence[Chapter], target: Path, *, cover: bytes, chromium: str, flags: Sequence[str] = ()) -> None:
    """Print the PDF. Raises NotMade when the Chromium does not start or is too old."""
    from playwright.sync_api import Error, sync_playwright

    text = whole(chapters, cover=cover)
    with sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=chromium, args=list(flags))
        except Error as error:
            raise NotMade(f"Chromium did not start: {str(error).splitlines()[0]}") from error
        with browser:
            if int(browser.version.split(".")[0]) < OLDEST:
                raise NotMade(f"Chromium {browser.version} prints no running titles: {OLDEST} or newer would do")
            print_page(browser.new_context(java_script_enabled=False, offline=True).new_page(), text, target)
