"""A CSV file as bytes with places: single cells can be filled and every other byte stays as it was.

Learning platforms are particular about their own files (a byte order mark, the kind of line end, a row of maximum
points, quotes), so nothing is parsed and written again: what is not filled is copied.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hwlib.errors import BadInput
from tutor import strict

MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its value as people read it, and where its text stands (quotes included)."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file: its text, in which every byte has come through, and its rows."""

    name: str
    text: str
    rows: tuple[tuple[Cell, ...], ...]

    def filled(self, cells: Mapping[Cell, str]) -> bytes:
        """The file with these cells replaced and everything else as it was, byte for byte."""
        parts, place = [], 0
        for cell in sorted(cells, key=lambda cell: cell.start):
            parts += [self.text[place : cell.start], _quoted(cells[cell], self.text[cell.start : cell.start + 1] == '"')]
            place = cell.end
        return "".join([*parts, self.text[place:]]).encode("utf-8", "surrogateescape")


def read(path: Path) -> Sheet:
    """The sheet in a file; one sentence for what is not one."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path.name} is larger than {MAX_BYTES:,} bytes", field="file")
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: {(error.strerror or 'cannot be read').lower()}", field="file") from None
    return parse(data, path.name)


def parse(data: bytes, name: str = "the file") -> Sheet:
    """The sheet in the bytes. Commas, semicolons or tabs part the cells, as the first line has it.

    >>> sheet = parse(b'\\xef\\xbb\\xbfStudent,Grade\\r\\n"Ada, L.",\\r\\n')
    >>> sheet.rows[1][0].value, sheet.filled({sheet.rows[1][1]: "92.5"})
    ('Ada, L.', b'\\xef\\xbb\\xbfStudent,Grade\\r\\n"Ada, L.",92.5\\r\\n')
    """
    if not data.strip():
        raise BadInput(f"{name} is empty", field="file")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data:
        raise BadInput(f"{name} is not a CSV file in UTF-8; export it from the learning platform again and do not save it in a spreadsheet", field="file")
    text = data.decode("utf-8", "surrogateescape")
    begin = 1 if text.startswith("\ufeff") else 0
    first = re.split(r"[\r\n]", text[begin:], maxsplit=1)[0]
    parting = max(",;\t", key=first.count)
    cell = re.compile(rf'"((?:[^"]|"")*)"(?={parting}|\r|\n|\Z)|([^{parting}\r\n"][^{parting}\r\n]*|)(?={parting}|\r|\n|\Z)')
    end = re.compile(r"\r\n|\r|\n|\Z")
    rows: list[tuple[Cell, ...]] = []
    row: list[Cell] = []
    place = begin
    while True:
        found = cell.match(text, place)
        if found is None:
            line = text.count("\n", 0, place) + 1
            raise BadInput(f"{name} is not a CSV file: a quote in line {line:,} is not closed", field="file")
        value = found[1].replace('""', '"') if found[1] is not None else found[2]
        row.append(Cell(value, found.start(), found.end()))
        place = found.end()
        if text.startswith(parting, place):
            place += 1
            continue
        rows.append(tuple(row))
        row = []
        place = end.match(text, place).end()
        if place >= len(text):
            return Sheet(name, text, tuple(rows))


def column(sheet: Sheet, head: tuple[Cell, ...], wanted: str) -> int:
    """The place of a column by its name; `BadInput` when it is not there or stands twice."""
    places = [place for place, cell in enumerate(head) if cell.value.strip() == wanted.strip()] or [
        place for place, cell in enumerate(head) if cell.value.strip().casefold() == wanted.strip().casefold()]
    if len(places) == 1:
        return places[0]
    names = ", ".join(repr(strict.clip(cell.value, 60)) for cell in head if cell.value.strip())
    if places:
        raise BadInput(f"{sheet.name} has {len(places)} columns called {strict.clip(wanted, 80)!r}; rename all but one", field="column")
    raise BadInput(f"{sheet.name} has no column {strict.clip(wanted, 80)!r}; it has {strict.clip(names, 600)}", field="column")


def _quoted(value: str, quotes: bool) -> str:
    return '"' + value.replace('"', '""') + '"' if quotes or re.search(r'[",;\t\r\n]', value) else value


def blank(cell: Cell) -> bool:
    """Whether nothing stands in it.

    >>> blank(Cell(" ", 0, 1)), blank(Cell("-", 0, 1)), blank(Cell("0", 0, 1))
    (True, True, False)
    """
    return cell.value.strip() in ("", "-")
