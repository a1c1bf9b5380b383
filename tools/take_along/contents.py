"""Which pages the book has, in reading order, from its table of contents and from what was built."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import yaml

from . import NotMade

H1 = re.compile(r"<h1>(.*?)(?:<a class=\"headerlink\".*?)?</h1>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A page of the book."""

    name: str
    """Its place in the built book without ending, such as ``book/reference/claims``."""
    title: str
    part: str
    """The caption that it stands under, empty before the first."""
    file: Path

    @property
    def stem(self) -> str:
        """A name for its file and ids: letters, digits and hyphens.

        >>> Chapter(name="book/1-two-workloads/index", title="", part="", file=Path()).stem
        'p-1-two-workloads-index'
        """
        return "p-" + re.sub(r"[^a-z0-9]+", "-", self.name.removeprefix("book/").lower()).strip("-")

    def read(self) -> str:
        """The page's HTML."""
        return self.file.read_text("utf-8")


def names(toc: Path) -> list[tuple[str, str]]:
    """(page, part) for every page of a `_toc.yml`, in order."""
    listed = yaml.safe_load(toc.read_text("utf-8"))
    found = [(listed["root"], "")]
    parts = listed.get("parts") or [{"caption": "", "chapters": listed.get("chapters", [])}]
    for part in parts:
        waiting = list(part.get("chapters", []))
        while waiting:
            entry = waiting.pop(0)
            if "file" in entry:
                found.append((entry["file"], part.get("caption", "")))
            waiting[:0] = entry.get("sections", [])
    return found


def chapters(html: Path, toc: Path) -> list[Chapter]:
    """Every page of the table of contents, as built. Raises NotMade when one is missing."""
    made = []
    for name, part in names(toc):
        file = html / f"{name}.html"
        if not file.is_file():
            raise NotMade(f"{name} is in {toc.name}, and no page was built for it: run `make book` first")
        heading = H1.search(file.read_text("utf-8"))
        title = unescape(TAG.sub("", heading[1])).strip() if heading else name
        made.append(Chapter(name=name, title=title, part=part, file=file))
    return made
