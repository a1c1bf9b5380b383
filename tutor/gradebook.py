"""What has been read, graded, decided and overridden: one SQLite file.

A result is kept under the hash of the hand-in and of what grades it: the rubric, hwlib and the catalogue. Change any of
them and nothing old is used. Runs stay, so that two of them can be compared; an instructor's overrides stand apart from
both and survive every regrade.

Exports, reports and comparisons read it like this:

>>> with Gradebook(None) as book:
...     [row.state for row in book.rows(book.run())] if book.runs() else "nothing graded yet"
'nothing graded yet'
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from hwlib.errors import BadInput
from tutor.roster import Person
from tutor.rows import Claim, Row, Run
from tutor.versions import grader, versions

FORM = 3
"""The form of the tables. A gradebook of another form loses what it remembered and keeps the overrides."""
FILE = "gradebook.sqlite"
TOGETHER, APART_S = 256, 1.0
"""So many results are committed together, and none waits longer than this for the next: what a killed run repeats at most."""

_TABLES = """
create table if not exists graders (id integer primary key, rubric text not null, hwlib text not null, catalogue text not null, unique (rubric, hwlib, catalogue));
create table if not exists results (work text not null, grader integer not null, body blob not null, facts text not null, primary key (work, grader));
create table if not exists handins (digest text primary key, payload text not null, seen text not null) without rowid;
create table if not exists files (hash text not null, grader integer not null, claims text not null, primary key (hash, grader)) without rowid;
create table if not exists claims (batch integer not null, who text not null, brief text not null, at text not null, item integer not null, place integer not null,
    claim text not null, primary key (batch, who, brief, at, item, place)) without rowid;
create table if not exists todo (lane text not null, work text not null, digest text not null, given text not null, primary key (lane, work)) without rowid;
create table if not exists runs (id integer primary key, kind text not null, grader integer not null, versions text not null, settings text not null,
    warnings text not null, course text not null, batch integer not null, print text not null);
create table if not exists rows (run integer not null, place integer not null, student text not null, row text not null, primary key (run, place)) without rowid;
create index if not exists rows_of_a_student on rows (run, student);
create table if not exists people (student text primary key, name text not null, email text not null) without rowid;
create table if not exists overrides (student text not null, brief text not null, criterion text not null, points real not null, because text not null,
    primary key (student, brief, criterion)) without rowid;
"""
KEPT = ("overrides",)
_REMEDIES = {"locked": "; another program uses it: wait for it, or close it", "full": "; make room on the disk and run again",
             "malformed": "; it is damaged: move it away and run validate again", "not a database": "; move it away and run validate again"}


class Gradebook:
    """Results, hand-ins, runs and overrides; `Gradebook(None)` remembers nothing."""

    def __init__(self, path: Path | None, *, must_exist: bool = False) -> None:
        self.path, self.pending, self.since = path, 0, 0.0
        with self._told("cannot be used as a gradebook", "; move it away, or wait for the run that uses it"):
            where = f"{path.absolute().as_uri()}?mode={'rw' if must_exist else 'rwc'}" if path else ":memory:"
            self.base = sqlite3.connect(where, timeout=2.0, isolation_level=None, uri=bool(path))
            try:
                self._open()
            except BaseException:
                self.base.close()
                raise

    def _open(self) -> None:
        for pragma in ("journal_mode = wal", "synchronous = normal", "temp_store = memory"):  # no temporary file outside our folder
            self.base.execute(f"pragma {pragma}")
        if self.base.execute("pragma user_version").fetchone()[0] != FORM:
            for (table,) in self.base.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'").fetchall():
                if table not in KEPT:
                    self.base.execute(f"drop table if exists [{table}]")
            self.base.executescript(f"begin immediate; {_TABLES} pragma user_version = {FORM}; commit;")
        now = grader()
        key = (now.rubric, now.hwlib, now.catalogue)
        if self.base.execute("select 1 from graders where (rubric, hwlib, catalogue) = (?, ?, ?)", key).fetchone() is None:
            self.base.execute("insert or ignore into graders (rubric, hwlib, catalogue) values (?, ?, ?)", key)
        self.grader = self.base.execute("select id from graders where (rubric, hwlib, catalogue) = (?, ?, ?)", key).fetchone()[0]

    @classmethod
    def existing(cls, where: Path) -> Gradebook:
        """The gradebook in an output folder, or the file itself; `BadInput` when there is none."""
        path = where / FILE if where.is_dir() else where
        if not path.is_file():
            raise BadInput(f"{path} is not there; run validate first, or name its folder with --out", field="out")
        return cls(path, must_exist=True)

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self.base.in_transaction:  # each result in it is whole
                self.base.execute("commit")
        except sqlite3.Error:
            pass  # a full disk was told where it was met; what is not kept is graded again
        self.base.close()

    @contextmanager
    def _told(self, what: str, advice: str = "") -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            said = str(error)
            advice = next((remedy for word, remedy in _REMEDIES.items() if word in said), advice)
            raise BadInput(f"{self.path or 'the gradebook'} {what} ({said}){advice}", field="out") from None

    def write(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write, committed with what comes next or soon."""
        with self._told("cannot be written"):
            if not self.base.in_transaction:
                self.base.execute("begin immediate")
                self.pending, self.since = 0, time.monotonic()
            self.base.executemany(sql, rows)
            self.pending += 1
            if self.pending >= TOGETHER or time.monotonic() - self.since > APART_S:
                self.base.execute("commit")

    def flush(self) -> None:
        """Commit what was written."""
        with self._told("cannot be written"):
            if self.base.in_transaction:
                self.base.execute("commit")

    # results

    def facts(self, work: str, run: Run | None = None) -> dict[str, Any] | None:
        """The counts of a review under what graded a run, or what grades now; None when it is not there or damaged."""
        return _loads(self._result("facts", work, run))

    def review(self, work: str, run: Run | None = None) -> dict[str, Any] | None:
        """The whole review: score, criteria, targets, findings, predictions, repair."""
        return _loads(_unpacked(self._result("body", work, run)))

    def packed(self, work: str, run: Run | None = None) -> bytes:
        """The review as it lies there, packed JSON; empty when there is none."""
        return self._result("body", work, run) or b""

    def _result(self, column: str, work: str, run: Run | None) -> Any:
        try:
            row = self.base.execute(f"select {column} from results where work = ? and grader = ?", (work, run.grader if run else self.grader)).fetchone()
            return row[0] if row else None
        except sqlite3.DatabaseError:
            return None

    def keep(self, work: str, body: bytes, facts: str) -> None:
        """Keep a result."""
        self.write("insert or replace into results values (?, ?, ?, ?)", [(work, self.grader, body, facts)])

    # files, hand-ins and claims

    def claims_of(self, hash: str) -> list[dict[str, Any]] | None:
        """What reading a file of this hash gave last time."""
        try:
            row = self.base.execute("select claims from files where hash = ? and grader = ?", (hash, self.grader)).fetchone()
            return json.loads(row[0]) if row else None
        except (sqlite3.Error, ValueError):
            return None

    def keep_claims(self, hash: str, claims: list[dict[str, Any]], seen: str) -> None:
        """Keep what reading a file gave, its payloads apart so that they can be graded again, and when we first saw them."""
        self.write("insert or ignore into handins values (?, ?, ?)", [(c["digest"], c["payload"], seen) for c in claims if c["digest"]])
        told = json.dumps([{k: v for k, v in c.items() if k != "payload"} for c in claims], ensure_ascii=False)
        self.write("insert or replace into files values (?, ?, ?)", [(hash, self.grader, told)])

    def new_batch(self) -> int:
        """A number for the claims of one reading of the folder; what an interrupted reading left is thrown away."""
        with self._told("cannot be written"):
            used = self.base.execute("select max(batch) from runs").fetchone()[0] or 0
            self.base.execute("delete from claims where batch <> ?", (used,))
            return used + 1

    def claim(self, batch: int, item: int, file: str, notebook: bool, claims: Iterable[Mapping[str, Any]]) -> None:
        """Enter the claims of one file, which is the ``item``-th of its batch."""
        at = ordered(file)
        self.write("insert into claims values (?, ?, ?, ?, ?, ?, ?)", [
            (batch, ordered(c["student"]), c["brief"], at, item, c["place"], json.dumps(
                (c["student"], c["brief"], file, c["place"], notebook, *(c[name] for name in _CLAIM[5:])), ensure_ascii=False)) for c in claims])

    def claims(self, batch: int) -> Iterator[Claim]:
        """The claims of a batch by student, brief, file and place."""
        with self._told("cannot be read"):
            for (told,) in self.base.execute("select claim from claims where batch = ? order by who, brief, at, item, place", (batch,)):
                yield Claim(**dict(zip(_CLAIM, json.loads(told), strict=True)))

    def briefs(self, batch: int) -> list[str]:
        """The briefs that a batch answers."""
        with self._told("cannot be read"):
            return [brief for (brief,) in self.base.execute("select distinct brief from claims where batch = ? and brief <> '' order by brief", (batch,))]

    def payload(self, digest: str) -> str:
        """A hand-in as it was read."""
        return self._handin(digest)[0]

    def handed(self, digest: str) -> dict[str, Any]:
        """A hand-in as it was read: student, brief, design, predictions, rationale."""
        return json.loads(self.payload(digest))

    def seen(self, digest: str) -> str:
        """When this gradebook first saw a hand-in, in ISO 8601."""
        return self._handin(digest)[1]

    def _handin(self, digest: str) -> tuple[str, str]:
        with self._told("cannot be read"):
            row = self.base.execute("select payload, seen from handins where digest = ?", (digest,)).fetchone()
        if row is None:
            raise BadInput(f"the gradebook holds no hand-in with the code {digest[:12]}; run validate on the folder again", field="digest")
        return row

    # what is still to be graded

    def plan(self, tasks: Iterable[tuple[str, str, str, str]]) -> int:
        """Note what is to be graded: lane, work, digest, and the ticket's numbers as JSON; how many. What equals in lane stands together."""
        self.flush()
        with self._told("cannot be written"):
            self.base.execute("begin immediate")
            self.base.execute("delete from todo")
            self.base.executemany("insert or ignore into todo values (?, ?, ?, ?)", tasks)
            self.base.execute("commit")
            return self.base.execute("select count(*) from todo").fetchone()[0]

    def planned(self) -> Iterator[tuple[str, str, str, str, str]]:
        """Lane, work, digest, numbers and payload of what was noted, one at a time."""
        with self._told("cannot be read"):
            yield from map(tuple, self.base.execute(
                "select lane, work, todo.digest, given, payload from todo join handins on handins.digest = todo.digest order by lane, work"))

    # runs

    def enter(self, rows: Iterable[Row], *, kind: str, settings: Mapping[str, Any], course: str, batch: int, people: Mapping[str, Person], warnings: list[str]) -> tuple[Run, bool]:
        """Write the rows as a new run, or find that they are those of the last one: the run, and whether it is new.

        ``warnings`` is read when the rows are through.
        """
        self.flush()
        last = self.last()
        number = last.number + 1 if last else 1
        told_settings = json.dumps(dict(settings), sort_keys=True)
        total = sha256(f"{grader().hash}\0{versions()}\0{told_settings}".encode())
        with self._told("cannot be written"):
            self.base.execute("begin immediate")
        try:
            with self._told("cannot be written"):
                self.base.executemany("insert into rows values (?, ?, ?, ?)", _entered(rows, number, total))
                warned = json.dumps(warnings, ensure_ascii=False)
                total.update(warned.encode())
                self.base.execute("delete from people")
                self.base.executemany("insert into people values (?, ?, ?)", [(p.student, p.name, p.email) for p in people.values()])
                same = last is not None and last.print == total.hexdigest()
                if same:
                    self.base.execute("delete from rows where run = ?", (number,))
                    self.base.execute("update runs set batch = ?, course = ? where id = ?", (batch, course, last.number))
                else:
                    self.base.execute("insert into runs values (?, ?, ?, ?, ?, ?, ?, ?, ?)", (
                        number, kind, self.grader, versions(), told_settings, warned, course, batch, total.hexdigest()))
                self.base.execute("delete from claims where batch <> ?", (batch,))
                self.base.execute("commit")
        except BaseException:
            if self.base.in_transaction:
                self.base.execute("rollback")
            raise
        return self.run(last.number if same else number), not same

    def runs(self) -> list[Run]:
        """Every run, the first one first."""
        with self._told("cannot be read"):
            found = self.base.execute("select runs.id, kind, rubric, hwlib, catalogue, versions, settings, warnings, grader, batch, print "
                                      "from runs join graders on graders.id = runs.grader order by runs.id").fetchall()
        return [Run(number=n, kind=kind, rubric=r, hwlib=h, catalogue=c, versions=v, settings=json.loads(s), warnings=tuple(json.loads(w)), grader=g, batch=b, print=p)
                for n, kind, r, h, c, v, s, w, g, b, p in found]

    def last(self) -> Run | None:
        """The last run, where there was one."""
        return (self.runs() or [None])[-1]

    def run(self, number: int | None = None) -> Run:
        """A run by its number; the last one without it. `BadInput` when it is not there."""
        found = {run.number: run for run in self.runs()}
        if not found:
            raise BadInput(f"{self.path or 'the gradebook'} holds no finished run; run validate first", field="run")
        if number is not None and number not in found:
            raise BadInput(f"run = {number} is not in the gradebook; it holds {', '.join(map(str, found))}", field="run")
        return found[max(found) if number is None else number]

    def course_of(self, run: Run) -> dict[str, str]:
        """The texts of policy, roster and times of receipt that a run was decided under."""
        with self._told("cannot be read"):
            return json.loads(self.base.execute("select course from runs where id = ?", (run.number,)).fetchone()[0])

    def rows(self, run: Run | None = None, student: str | None = None) -> Iterator[Row]:
        """The rows of a run (the last one), one at a time: by student, then brief, and the one that counts first.

        All rows of a student stand together; those whose file names no student come first.
        """
        run = run or self.run()
        where, given = ("and student = ?", (run.number, student)) if student is not None else ("", (run.number,))
        with self._told("cannot be read"):
            for (told,) in self.base.execute(f"select row from rows where run = ? {where} order by place", given):
                yield Row.of(told)

    def people(self) -> dict[str, Person]:
        """Student → what the roster of the last run says of them; empty without one."""
        with self._told("cannot be read"):
            return {student: Person(student=student, name=name, email=email) for student, name, email in self.base.execute("select * from people order by student")}

    def trouble(self) -> str:
        """What the database's own check and the references between its tables find wrong; empty when nothing is."""
        with self._told("cannot be read"):
            said = self.base.execute("pragma integrity_check(3)").fetchall()
            if said != [("ok",)]:
                return "; ".join(str(row[0]) for row in said).replace("\n", " ")
            lost = self.base.execute("select count(*) from rows where run not in (select id from runs)").fetchone()[0]
            return f"{lost:,} rows of no run" if lost else ""

    # overrides

    def overrides(self) -> dict[tuple[str, str], dict[str, tuple[float, str]]]:
        """Student and brief → criterion ("" for the whole score) → points and why."""
        found: dict[tuple[str, str], dict[str, tuple[float, str]]] = {}
        with self._told("cannot be read"):
            for student, brief, criterion, points, because in self.base.execute("select * from overrides order by student, brief, criterion"):
                found.setdefault((student, brief), {})[criterion] = (points, because)
        return found

    def override(self, student: str, brief: str, criterion: str, points: float | None, because: str) -> bool:
        """Set an override, or take it away with ``points=None``; whether anything changed."""
        with self._told("cannot be written"):
            if points is None:
                return self.base.execute("delete from overrides where (student, brief, criterion) = (?, ?, ?)", (student, brief, criterion)).rowcount > 0
            return self.base.execute("insert or replace into overrides values (?, ?, ?, ?, ?)", (student, brief, criterion, points, because)).rowcount > 0


_CLAIM = ("student", "brief", "file", "place", "notebook", "digest", "base", "lane", "ticket", "reason")


def _entered(rows: Iterable[Row], number: int, total: Any) -> Iterator[tuple[Any, ...]]:
    for place, row in enumerate(rows):
        told = row.text()
        total.update(told.encode("utf-8") + b"\n")
        yield number, place, row.student, told


def _unpacked(packed: Any) -> Any:
    try:
        return zlib.decompress(packed) if packed else None
    except (zlib.error, TypeError):
        return None


def _loads(text: Any) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, TypeError):
        return None


def ordered(name: str) -> str:
    """A text that sorts as people count: "attempt-2" before "attempt-10".

    >>> sorted(["a10", "a2", "a1b"], key=ordered)
    ['a1b', 'a2', 'a10']
    """
    return re.sub(r"\d{1,18}", lambda digits: digits[0].zfill(18), name) + "\0" + name
