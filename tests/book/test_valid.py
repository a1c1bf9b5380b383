"""Pages are valid HTML: a parser by the standard finds no error, ids are unique, and labels stand where they are heard.

The whole check by the Nu Html Checker is `make valid`; where its jar has been fetched and Java is there, it runs here too.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import html5lib
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from livebook.policy import pages  # noqa: E402 - the extension lies beside the book

BUILT = ROOT / "_build" / "html"
JAR = ROOT / ".valid" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
PAGES = pages(BUILT) if BUILT.is_dir() else []
# Elements without a role of their own: a label on them is heard by nobody.
MUTE = {"span", "div", "p", "b", "i", "em", "strong", "small", "sub", "sup", "code", "caption", "label"}


class Attributes(HTMLParser):
    """Ids of a page, and labels on elements that have no role."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.unheard: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids[given.get("id") or ""] += "id" in given
        if tag in MUTE and not given.get("role") and {"aria-label", "aria-labelledby"} & set(given):
            self.unheard.append(self.get_starttag_text() or tag)


def faults(text: str) -> list[str]:
    """What is wrong with a page, a line each; errors of the parser by their names in the standard."""
    parser = html5lib.HTMLParser()
    parser.parse(text)
    page = Attributes()
    page.feed(text)
    found = [f"line {place[0]}: {name}" for place, name, _ in parser.errors if place]
    found += [f"the id {name!r} stands {count} times" for name, count in page.ids.items() if name and count > 1]
    found += [f"a label that nobody hears: {tag}" for tag in page.unheard]
    found += ["no language"] * (not re.search(r"<html[^>]* lang=", text)) + ["no title"] * (not re.search(r"<title>\s*\S", text))
    return found


def test_the_commonest_faults_are_seen():
    """On a page that has them all."""
    bad = '<!DOCTYPE html><html><head></head><body><p id="a"><div id="a"></p><span aria-label="x"></span></body></html>'
    found = "\n".join(faults(bad))
    for fault in ("unexpected-end-tag", "the id 'a' stands 2 times", "a label that nobody hears", "no language", "no title"):
        assert fault in found, fault
    assert faults('<!DOCTYPE html><html lang="en"><head><title>t</title></head><body><p id="a">b</p></body></html>') == []


@pytest.mark.skipif(not PAGES, reason="there is no built book in _build/html: run `make book` first")
@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(BUILT).with_suffix("")))
def test_a_page_has_none_of_them(page):
    assert faults(page.read_text("utf8")) == []


@pytest.mark.skipif(not PAGES or not JAR.is_file() or shutil.which("java") is None, reason="`make valid` fetches the checker, which needs Java")
def test_the_checker_finds_no_error():
    """All pages at once: a start of Java costs more than a page."""
    done = subprocess.run(["java", "-Xss8m", "-jar", str(JAR), "--errors-only", "--skip-non-html", *map(str, PAGES)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
