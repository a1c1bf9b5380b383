"""What has been read, graded, decided and overridden: one SQLite file.

A result is kept under the hash of what decides it and the hash of everything that grades: the code of `hwlib` and
`tutor`, the catalogue, the briefs and the rules. Change any of them and nothing old is used. Runs stay, so that two of
them can be compared; an instructor's overrides stand apart from both and survive every regrade.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hwlib.errors import BadInput
from tutor.versions import grader_hash

FORM = 2
"""The form of the tables. A gradebook of another form loses what it remembered and keeps the overrides."""

_TABLES = """
create table if not exists results (work text not null, grader text not null, body blob not null, facts text not null, primary key (work, grader));
create table if not exists handins (digest text primary key, payload text not null);
create table if not exists files (hash text not null, grader text not null, claims text not null, primary key (hash, grader)) without rowid;
create table if not exists runs (id integer primary key, grader text not null, versions text not null, settings text not null, print text not null);
create table if not exists rows (run integer not null, place integer not null, row text not null, student text not null, brief text not null,
    state text not null, digest text not null, work text not null, primary key (run, place)) without rowid;
create table if not exists overrides (student text not null, brief text not null, criterion text not null, points real not null, because text not null,
    primary key (student, brief, criterion)) without rowid;
"""
_CLAIMS = """
create temp table if not exists claims (student text, brief text, sound integer, notebook integer, who text, at text, place integer, file text,
    digest text, base text, ticket text, reason text);
delete from temp.claims;
"""


class Gradebook:
    """Results, hand-ins, runs and overrides; `Gradebook(None)` remembers nothing.

    >>> with Gradebook(None) as book:
    ...     book.keep("aa", {"score": 70.0})
    ...     book.find("aa")
    {'score': 70.0}
    """

    def __init__(self, path: Path | None) -> None:
        self.grader, self.path = grader_hash(), path
        with self._told("cannot be used as a gradebook", "; move it away or wait for the other run"):
            self.base = sqlite3.connect(str(path) if path else ":memory:", timeout=2.0, isolation_level=None)
            self.base.execute("pragma journal_mode = wal")
            self.base.execute("pragma synchronous = normal")
            form = self.base.execute("pragma user_version").fetchone()[0]
            if form != FORM and self.base.execute("select 1 from sqlite_master where name = 'results'").fetchone():
                for table in ("results", "handins", "files", "runs", "rows"):
                    self.base.execute(f"drop table if exists {table}")
            self.base.executescript(_TABLES)
            self.base.execute(f"pragma user_version = {FORM}")

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.base.close()

    @contextmanager
    def _told(self, what: str, advice: str = "") -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise BadInput(f"{self.path or 'the gradebook'} {what} ({error}){advice}", field="out") from None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Everything in the block, or nothing of it."""
        with self._told("cannot be written"):
            self.base.execute("begin immediate")
            try:
                yield
            except BaseException:
                self.base.execute("rollback")
                raise
            self.base.execute("commit")

    # results

    def find(self, work: str) -> dict[str, Any] | None:
        """The kept review, or None; a damaged one counts as none."""
        try:
            row = self.base.execute("select body from results where work = ? and grader = ?", (work, self.grader)).fetchone()
            return json.loads(zlib.decompress(row[0])) if row else None
        except (sqlite3.Error, ValueError, TypeError, zlib.error):
            return None

    def facts(self, work: str, grader: str = "") -> dict[str, Any] | None:
        """The kept facts of a review, or None."""
        try:
            row = self.base.execute("select facts from results where work = ? and grader = ?", (work, grader or self.grader)).fetchone()
            return json.loads(row[0]) if row else None
        except (sqlite3.Error, ValueError):
            return None

    def packed(self, work: str) -> bytes:
        """The kept review as it lies there: packed JSON."""
        with self._told("cannot be read"):
            return self.base.execute("select body from results where work = ? and grader = ?", (work, self.grader)).fetchone()[0]

    def keep(self, work: str, body: Mapping[str, Any] | bytes, facts: str = "{}") -> None:
        """Keep a result at once: a run that is killed after this line need not repeat it."""
        if not isinstance(body, bytes):
            body = zlib.compress(json.dumps(body, ensure_ascii=False, sort_keys=True, allow_nan=False).encode("utf-8"), 1)
        with self._told("cannot be written"):
            self.base.execute("insert or replace into results values (?, ?, ?, ?)", (work, self.grader, body, facts))

    # files and claims

    def begin(self) -> None:
        """Forget the claims of the last run of this process."""
        with self._told("cannot be written"):
            self.base.executescript(_CLAIMS)

    def claims_of(self, hash: str) -> list[dict[str, Any]] | None:
        """What reading a file of this hash gave last time."""
        try:
            row = self.base.execute("select claims from files where hash = ? and grader = ?", (hash, self.grader)).fetchone()
            return json.loads(row[0]) if row else None
        except (sqlite3.Error, ValueError):
            return None

    def keep_claims(self, hash: str, claims: list[dict[str, Any]]) -> None:
        """Keep what reading a file gave, its payloads apart so that they can be graded again."""
        with self._told("cannot be written"):
            self.base.executemany("insert or ignore into handins values (?, ?)", [(c["digest"], c["payload"]) for c in claims if c["digest"]])
            told = json.dumps([{k: v for k, v in c.items() if k != "payload"} for c in claims], ensure_ascii=False)
            self.base.execute("insert or replace into files values (?, ?, ?)", (hash, self.grader, told))

    def claim(self, file: str, notebook: bool, claims: Iterable[Mapping[str, Any]]) -> None:
        """Enter the claims of one file of this run."""
        rows = [(c["student"], c["brief"], bool(c["digest"]), notebook, ordered(c["student"]), ordered(file), c["place"], file, c["digest"],
                 c["base"], c["ticket"], c["reason"]) for c in claims]
        with self._told("cannot be written"):
            self.base.executemany(f"insert into temp.claims values ({', '.join('?' * 12)})", rows)

    def claimed(self) -> Iterator[tuple[Any, ...]]:
        """Student, brief, sound, file, place, digest, base, ticket and reason of every claim: by student and brief, and the one that counts first.

        A sound one counts before a refused one, a sidecar before a notebook, then the last by name and place.
        """
        with self._told("cannot be read"):
            yield from self.base.execute(
                "select student, brief, sound, file, place, digest, base, ticket, reason from temp.claims order by who, brief, "
                "case when student = '' or brief = '' then at end, sound desc, notebook, at desc, place desc")

    def payload(self, digest: str) -> str:
        """A hand-in as it was read."""
        with self._told("cannot be read"):
            row = self.base.execute("select payload from handins where digest = ?", (digest,)).fetchone()
        if row is None:
            raise BadInput(f"the gradebook holds no hand-in with the code {digest[:12]}; run validate on the folder again", field="digest")
        return row[0]

    # runs

    def enter(self, rows: Iterable[Any], *, versions: str, settings: str) -> tuple[int, bool]:
        """Write the rows as a new run, or find that they are those of the last one: its number, and whether it is new."""
        print_of = hashlib.sha256(f"{self.grader}\0{versions}\0{settings}".encode())
        last = self.base.execute("select id, print from runs order by id desc limit 1").fetchone()
        run = (last[0] if last else 0) + 1
        self.base.execute("begin immediate")
        try:
            for place, row in enumerate(rows):
                told = row.text()
                print_of.update(told.encode())
                self.base.execute("insert into rows values (?, ?, ?, ?, ?, ?, ?, ?)", (run, place, told, row.student, row.brief, row.state, row.digest, row.work))
            same = last is not None and last[1] == print_of.hexdigest()
            if not same:
                self.base.execute("insert into runs values (?, ?, ?, ?, ?)", (run, self.grader, versions, settings, print_of.hexdigest()))
        except BaseException as error:
            self.base.execute("rollback")
            if isinstance(error, sqlite3.Error):
                raise BadInput(f"{self.path} cannot be written ({error})", field="out") from None
            raise
        self.base.execute("rollback" if same else "commit")
        return (last[0], False) if same else (run, True)

    def runs(self) -> list[tuple[int, str, str, str]]:
        """Number, grader, versions and settings of every run."""
        with self._told("cannot be read"):
            return self.base.execute("select id, grader, versions, settings from runs order by id").fetchall()

    def rows_of(self, run: int) -> Iterator[str]:
        """The rows of a run in their order, as text."""
        with self._told("cannot be read"):
            for (told,) in self.base.execute("select row from rows where run = ? order by place", (run,)):
                yield told

    # overrides

    def overrides(self) -> dict[tuple[str, str], dict[str, tuple[float, str]]]:
        """Student and brief → criterion ("" for the whole score) → points and why."""
        found: dict[tuple[str, str], dict[str, tuple[float, str]]] = {}
        with self._told("cannot be read"):
            for student, brief, criterion, points, because in self.base.execute("select * from overrides order by student, brief, criterion"):
                found.setdefault((student, brief), {})[criterion] = (points, because)
        return found

    def override(self, student: str, brief: str, criterion: str, points: float | None, because: str) -> None:
        """Set an override, or take it away with ``points=None``."""
        with self._told("cannot be written"):
            if points is None:
                self.base.execute("delete from overrides where (student, brief, criterion) = (?, ?, ?)", (student, brief, criterion))
            else:
                self.base.execute("insert or replace into overrides values (?, ?, ?, ?, ?)", (student, brief, criterion, points, because))


def ordered(name: str) -> str:
    """A text that sorts as people count: "attempt-2" before "attempt-10".

    >>> sorted(["a10", "a2", "a1b"], key=ordered)
    ['a1b', 'a2', 'a10']
    """
    return re.sub(r"\d{1,18}", lambda digits: digits[0].zfill(18), name) + "\0" + name
