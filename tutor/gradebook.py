"""What has been graded already, so that a second run does only what is new.

One SQLite file. A result is kept under the hash of what was handed in and the hash of everything that grades:
the code of `hwlib` and `tutor`, the catalogue, the briefs and the rules. Change any of them and nothing old is used.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from hwlib.errors import BadInput

_TABLE = """create table if not exists results (
    payload text not null, grader text not null, body text not null, primary key (payload, grader)) without rowid"""


class Gradebook:
    """Results by what was handed in; `Gradebook(None)` remembers nothing.

    >>> with Gradebook(None) as book:
    ...     book.keep("aa", {"score": 70.0}) == book.find("aa")
    True
    """

    def __init__(self, path: Path | None) -> None:
        self.grader = grader_hash()
        try:
            self._base = sqlite3.connect(str(path) if path else ":memory:", timeout=2.0, isolation_level=None)
            self._base.execute("pragma journal_mode = wal")
            self._base.execute("pragma synchronous = normal")
            self._base.execute(_TABLE)
        except sqlite3.Error as error:
            raise BadInput(f"{path} cannot be used as a gradebook ({error}); move it away or wait for the other run", field="out") from None

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    def find(self, payload: str) -> dict[str, Any] | None:
        """The kept result of a hand-in by its digest; a damaged row counts as none."""
        try:
            row = self._base.execute("select body from results where payload = ? and grader = ?", (payload, self.grader)).fetchone()
            return json.loads(row[0]) if row else None
        except (sqlite3.Error, ValueError):
            return None

    def keep(self, payload: str, body: dict[str, Any]) -> dict[str, Any]:
        """Keep a result at once: a run that is killed after this line need not repeat it. Returns it as it was kept,
        so that a first and a second run print the same bytes."""
        text = json.dumps(body, ensure_ascii=False, sort_keys=True, allow_nan=False)
        try:
            self._base.execute("insert or replace into results values (?, ?, ?)", (payload, self.grader, text))
        except sqlite3.Error as error:
            raise BadInput(f"the gradebook cannot be written ({error})", field="out") from None
        return json.loads(text)


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
