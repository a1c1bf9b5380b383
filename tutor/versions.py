"""What graded, by hash and in words: so that two runs, or a learner's copy and an instructor's, can be told apart."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable


@cache
def grader_hash() -> str:
    """The hash of all that decides a score: every source and data file of `hwlib` and `tutor`."""
    total = hashlib.sha256()
    for package in ("hwlib", "tutor"):
        for name, file in sorted(_sources(files(package), package), key=lambda pair: pair[0]):
            total.update(f"{name}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


@cache
def catalogue_hash() -> str:
    """The hash of the catalogue's files, short: it tells a learner's catalogue from the instructor's."""
    total = hashlib.sha256()
    for name, file in sorted(_sources(files("hwlib").joinpath("catalogue"), "catalogue"), key=lambda pair: pair[0]):
        total.update(f"{name}\0".encode() + file.read_bytes())
    return total.hexdigest()[:16]


def _sources(folder: Traversable, name: str) -> list[tuple[str, Traversable]]:
    if not folder.is_dir():
        return []
    found: list[tuple[str, Traversable]] = []
    for item in folder.iterdir():
        inner = f"{name}/{item.name}"
        if item.is_dir() and item.name not in ("__pycache__", "report", "templates"):
            found += _sources(item, inner)
        elif item.name.endswith((".py", ".toml", ".csv")):
            found.append((inner, item))
    return found


def versions() -> str:
    """What graded, in words."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("hardware-that-learns")
    except PackageNotFoundError:
        number = "not installed"
    return f"hwlib {number}, catalogue {catalogue_hash()}"
