"""What a learner takes along: the conversation as a text file, and what the first attempts have shown, skill by skill."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hwlib.errors import BadInput
from lessons import draw
from lessons.draw import esc
from tutor.briefs import brief
from tutor.designfile import Entry, dumps
from tutor.mastery import DEFAULT_FILE, Progress, from_dict, load, merged, save, skills
from tutor.progress import skill_rows

IN_BROWSER = sys.platform == "emscripten"
"""A page's Python has no disk of the reader's: what it learns about a learner is downloaded, or forgotten."""


def link(name: str, text: str, kind: str = "text/markdown") -> str:
    """A file as a link that needs no server."""
    return f'<a download="{esc(name)}" href="{esc(f"data:{kind};charset=utf-8," + quote(text))}">Download {esc(name)}</a>'


def conversation(entry: Entry, turns: Any) -> str:
    """The whole conversation and the design that stands at its end, as Markdown."""
    of = brief(entry.brief)
    said = "\n\n".join(f"**{t.who}**\n\n{t.text.strip()}" + (f"\n\n*I read: {t.read}.*" if t.read else "") for t in turns)
    return f"# {of.title}\n\n{said}\n\n## The design at the end\n\n```toml\n{dumps(entry)}```\n"


def shown(progress: Progress, at: float) -> str:
    """The skills that were tried, surest first, and the file to keep."""
    rows = skill_rows(progress, at)
    if not rows:
        return ""
    words = f"{len(rows)} of {len(skills())} skills were tried. A question counts at the first attempt only; so does what you say to the tutor: an idea in your own words as known, a belief that the figures deny as not known yet. What is not used fades."
    kept = link(DEFAULT_FILE.name, json.dumps(progress.as_dict(), ensure_ascii=False, indent=1, allow_nan=False), "application/json")
    return draw.details("What your first attempts show", draw.table(["Skill", "known", "right", ""], rows, right={1, 2}) + draw.caption(words) + f"<p>{kept}</p>")


def begin(path: Path = DEFAULT_FILE, *, disk: bool = not IN_BROWSER) -> Progress:
    """The learner's own file where there is one, else nothing known. Opening a page never fails for a file."""
    try:
        return load(path)[0] if disk and path.is_file() else Progress()
    except BadInput:
        return Progress()


def keep(progress: Progress, path: Path = DEFAULT_FILE, *, disk: bool = not IN_BROWSER) -> str:
    """Write the learner's own file where there is a disk; what went wrong, in a sentence, or nothing."""
    if not disk:
        return ""
    try:
        save(path, progress)
    except OSError as error:
        return f"{path.name} was not written: {(error.strerror or 'it cannot be').lower()}. Download it below."
    return ""


def from_text(text: str, now: Progress) -> Progress | None:
    """The progress of a pasted progress file added to what is known; None when the text is no such file.

    >>> from_text("brief = 1", Progress()) is None
    True
    """
    if not text.lstrip().startswith("{"):
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise BadInput("the text begins like a progress file but is not JSON; paste the whole file", field="file") from None
    return merged(now, from_dict(data))
