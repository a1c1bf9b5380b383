"""What the learner has shown to know, skill by skill, and what is due for review."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hwlib.errors import BadInput
from hwlib.units import show
from tutor.mastery import DEFAULT_FILE, Progress, load, save, skills

if TYPE_CHECKING:  # the studio of a live page shows progress, and has no command line
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `python -m tutor progress`."""
    parser.add_argument("--file", type=Path, default=DEFAULT_FILE, metavar="F", help=f"the learner's own file (default: {DEFAULT_FILE})")
    parser.add_argument("--export", action="store_true", help="the whole state as one JSON object")
    parser.add_argument("--add", type=Path, action="append", default=[], metavar="DESIGN.toml", help="count a design as first attempts at what its brief asks")


def run(args: argparse.Namespace) -> int:
    """`python -m tutor progress`."""
    progress, said = load(args.file)
    if said:
        print(said, file=sys.stderr)
    now = time.time()
    for path in args.add:
        from tutor.designfile import read_design
        from tutor.review import review

        progress = progress.reviewed(review(None, read_design(path)), now)
    if args.add:
        try:
            save(args.file, progress)
        except OSError as error:
            raise BadInput(f"{args.file.name}: {(error.strerror or 'cannot be written').lower()}", field="file") from None
    print(json.dumps(progress.as_dict(), ensure_ascii=False, indent=1, allow_nan=False) if args.export else progress_text(progress, now))
    return 0


def skill_rows(progress: Progress, at: float) -> list[tuple[str, str, str, str]]:
    """Skill, chance that it is known, right of attempts, and what that makes it: the surest first."""
    tried = sorted(progress.skills.items(), key=lambda item: (-item[1].now(at), item[0]))
    return [
        (name.replace("-", " "), show(one.now(at), "%", digits=2), f"{one.right} of {one.attempts}", "mastered" if progress.mastered(name, at) else "review" if one.due(at) else "")
        for name, one in tried
    ]


def progress_text(progress: Progress, at: float) -> str:
    """A line a skill that was tried, then what is due."""
    from tutor.render import table, wrapped

    rows = skill_rows(progress, at)
    if not rows:
        return "Nothing was tried yet: add a design with --add, or answer in the book."
    lines = table(("Skill", "Known", "Right", ""), rows, right=(1, 2))
    due = progress.due(at)
    lines += ["", *wrapped("Due for review: " + ", ".join(n.replace("-", " ") for n in due) + "." if due else "Nothing is due for review today.")]
    lines.append(f"{len(rows)} of {len(skills())} skills tried.")
    return "\n".join(line.rstrip() for line in lines)
