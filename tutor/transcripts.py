"""Write whole conversations as text, from scripts of what learners say.

They are read as prose by people and compared by a test, so that a change of wording is seen before readers see it.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwlib.errors import BadInput

if TYPE_CHECKING:
    from tutor.dialogue import Discussion

FOLDER = Path("tests/tutor/transcripts")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, metavar="FOLDER", help=f"where scripts.toml stands (default: {FOLDER})")


def scripts(folder: Path) -> list[dict[str, Any]]:
    """The scripts of a folder, each with brief, name, design and lines."""
    path = folder / "scripts.toml"
    if not path.is_file():
        raise BadInput(f"folder = {str(folder)!r} has no scripts.toml; run this in the repository's root", field="folder")
    return tomllib.loads(path.read_text("utf-8"))["talk"]


def file_name(script: dict[str, Any]) -> str:
    """
    >>> file_name({"brief": "serve-7b", "name": "good: reads"})
    'serve-7b-good-reads.md'
    """
    return f"{script['brief']}-{re.sub(r'[^a-z0-9]+', '-', script['name'].lower()).strip('-')}.md"


def discussion(script: dict[str, Any]) -> Discussion:
    """The discussion that a script begins; a search for a repair takes the time it needs."""
    from tutor.briefs import brief
    from tutor.designfile import entry
    from tutor.dialogue import Discussion

    of = brief(script["brief"])
    talk = Discussion(of.id, entry(of, {**of.reference_values, **script.get("design", {})}, title=script["name"]))
    talk.repair_seconds = None
    return talk


def talk(script: dict[str, Any]) -> list[dict[str, Any]]:
    """The tutor's turns in a script's conversation."""
    begun = discussion(script)
    return [begun.say(line) for line in script["lines"]]


def transcript(script: dict[str, Any]) -> str:
    """A conversation as Markdown."""
    changed = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in script.get("design", {}).items())
    lines = [f"# {script['brief']}: {script['name']}", "", f"The reference design{f' with {changed}' if changed else ''}.", ""]
    for said, turn in zip(script["lines"], talk(script), strict=True):
        lines += [f"**Learner.** {said}", "", f"**Tutor.** {turn['reply']}", ""]
        if turn["read"]:
            lines += [f"*{turn['read']}*", ""]
    return "\n".join(lines)


def run(args: argparse.Namespace) -> int:
    for script in scripts(args.folder):
        path = args.folder / file_name(script)
        path.write_text(transcript(script), "utf-8")
        print(path)
    return 0
