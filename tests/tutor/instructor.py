"""The instructor's commands, called as from a terminal, and their grades read back."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tutor.__main__ import main


def command(name: str, *words: object, **options: object) -> int:
    """`python -m tutor NAME …`; the exit code. ``True`` stands for a flag."""
    flags: list[str] = []
    for option, value in options.items():
        flag = f"--{option.replace('_', '-')}"
        flags += [flag] if value is True else [flag, str(value)]
    return main([name, *map(str, words), *flags])


def validate(*paths: Path, out: Path, **options: object) -> int:
    """In this process, so that a test can stand in for a part; `jobs=2` works in processes."""
    return command("validate", *paths, out=out, **{"jobs": 0, **options})


def grades(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((out / "grades.csv").read_bytes().decode("utf-8"), newline="")))


def tree(folder: Path) -> dict[str, bytes]:
    """Everything that was written but the gradebook, by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and "sqlite" not in path.name and path.name != ".lock"}
