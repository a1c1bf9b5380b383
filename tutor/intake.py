"""Finding what was handed in: a walk over folders and archives that trusts nothing and writes nothing.

`gather` yields one `Item` a candidate file: its bytes, or the reason why it has none. Links are not followed,
what is not a regular file is not opened for reading, archives are read in memory under caps and never unpacked.
Names are sorted, so that the same files give the same items whatever order the disk lists them in.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hwlib.errors import BadInput
from tutor import submission, zipped
from tutor.strict import visible

MAX_NOTEBOOK = 8 * 2**20
"""What the slowest JSON of this size takes to read is under a second."""
MAX_FILES = 200_000
MAX_LEVELS = 24
SKIPPED_FOLDERS = {"__MACOSX", "__pycache__", "node_modules"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One candidate: where it stands (a label for people) and its bytes, or why there are none."""

    file: str
    data: bytes = b""
    reason: str = ""

    @property
    def notebook(self) -> bool:
        return self.file.lower().endswith(".ipynb")


def is_candidate(name: str) -> bool:
    """Whether a file's name says that it may hold a hand-in. Learning platforms add words around a name.

    >>> is_candidate("s-1_late_serve-7b.submission (2).json"), is_candidate("notes.json"), is_candidate("A.IPYNB")
    (True, False, True)
    """
    name = name.lower()
    return name.endswith(".ipynb") or name.endswith(".json") and "submission" in name


def named(name: str) -> str:
    """A name as one line of a report or a terminal: what would hide, reorder or break it is replaced by a mark.

    >>> named("a\\nb\u202e.ipynb") == "a\ufffdb\ufffd.ipynb"
    True
    """
    return re.sub("[\t\n\r\u2028\u2029]", "\ufffd", visible(name))


def mistaken(name: str) -> str:
    """Why a file is not read although somebody meant to hand it in; empty where nobody did.

    >>> mistaken("essay.pdf"), mistaken("s-1.ipynb.txt")
    ('', 'ends in .txt; take that ending away, so that it ends in .ipynb')
    """
    lower = name.lower()
    if (ending := zipped.archive_ending(lower)) and ending != ".zip":
        return f"is a {ending} archive; only .zip archives are opened: hand in a .zip, or the files themselves"
    for right in (".ipynb", submission.SUFFIX):
        if re.search(rf"{re.escape(right)}\.[a-z0-9]{{2,5}}$", lower) and not is_candidate(name):
            ending = lower.rpartition(".")[2]
            if ending in ("gz", "bz2", "xz", "zst"):
                return f"is packed with {ending}; hand in the {right} file itself"
            return f"ends in .{ending}; take that ending away, so that it ends in {right}"
    return ""


def natural(name: str) -> tuple[object, ...]:
    """A key that sorts "attempt-2" before "attempt-10".

    >>> sorted(["a10.json", "a2.json"], key=natural)
    ['a2.json', 'a10.json']
    """
    parts = re.split(r"(\d{1,18})", name)
    return tuple((1, int(part), "") if place % 2 else (0, 0, part) for place, part in enumerate(parts)) + (name,)


def gather(paths: Iterable[Path], *, leave_out: Path | None = None) -> Iterator[Item]:
    """Every candidate under the paths, in the order of their names. `leave_out` is the report's own folder."""
    seen = 0
    for path in sorted({Path(p) for p in paths}, key=lambda p: natural(str(p))):
        for item in _visit(path, path.name or str(path), 0, leave_out):
            seen += 1
            if seen > MAX_FILES:
                yield Item(file=named(path.name), reason=f"more than {MAX_FILES:,} files; hand them to the command in parts")
                return
            yield item


def _visit(path: Path, label: str, level: int, leave_out: Path | None) -> Iterator[Item]:
    label = named(label)
    try:
        mode = os.stat(path, follow_symlinks=level == 0).st_mode  # what the instructor names may be a link
    except (OSError, ValueError) as error:
        yield Item(file=label, reason=f"cannot be looked at: {_why(error)}")
        return
    if level == 0:
        path = path.resolve()
    wanted = level == 0 or is_candidate(path.name) or path.name.lower().endswith(".zip")
    if stat.S_ISDIR(mode):
        if level and is_candidate(path.name):
            yield Item(file=label, reason="is a folder with the name of a file")
        elif not _left_out(path, level, leave_out):
            yield from _folder(path, label, level, leave_out)
    elif not wanted and not mistaken(path.name) and not _leads_to_a_folder(path, mode):
        return
    elif stat.S_ISLNK(mode):
        yield Item(file=label, reason="is a link; links are not followed: hand in the file itself")
    elif not stat.S_ISREG(mode):
        yield Item(file=label, reason=f"is {_special(mode)}, not a file")
    elif path.name.lower().endswith(".zip"):
        yield from _archive(path, label)
    elif is_candidate(path.name):
        yield _file(path, label)
    elif reason := mistaken(path.name):
        yield Item(file=label, reason=reason)
    else:
        yield Item(file=label, reason="is neither a folder, a .zip, a notebook nor a .submission.json file")


def _leads_to_a_folder(path: Path, mode: int) -> bool:
    """Whether a link stands for a folder, which may hold somebody's work: it is looked at and not followed."""
    return stat.S_ISLNK(mode) and not path.name.startswith(".") and os.path.isdir(path)


def _left_out(path: Path, level: int, leave_out: Path | None) -> bool:
    hidden = level > 0 and (path.name.startswith(".") or path.name in SKIPPED_FOLDERS)
    return hidden or (leave_out is not None and level > 0 and path.absolute() == leave_out)


def _folder(path: Path, label: str, level: int, leave_out: Path | None) -> Iterator[Item]:
    if level >= MAX_LEVELS:
        yield Item(file=label, reason=f"lies more than {MAX_LEVELS} folders deep")
        return
    try:
        with os.scandir(path) as entries:
            names = sorted((entry.name for entry in entries), key=natural)
    except OSError as error:
        yield Item(file=label, reason=f"the folder cannot be opened: {_why(error)}")
        return
    for name in names:
        yield from _visit(path / name, f"{label}/{name}" if level else name, level + 1, leave_out)


def _file(path: Path, label: str) -> Item:
    limit = MAX_NOTEBOOK if path.name.lower().endswith(".ipynb") else submission.MAX_BYTES
    try:
        return Item(file=label, data=read_file(path, limit))
    except BadInput as error:
        return Item(file=label, reason=str(error))


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file, opened for reading; whatever else stands under the name is refused, never waited for."""
    # O_NONBLOCK: a pipe that took the file's place since we looked must not hang us
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        raise BadInput(f"cannot be opened: {_why(error)}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):  # before a file is made of it: a folder would refuse that in its own way
        os.close(handle)
        raise BadInput("is not a regular file")
    with os.fdopen(handle, "rb") as file:
        try:
            yield file
        except OSError as error:
            raise BadInput(f"cannot be read: {_why(error)}") from None


def read_file(path: Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes, read once and found unchanged."""
    with opened(path) as file:
        before = os.fstat(file.fileno())
        if before.st_size > limit:
            raise BadInput(f"has {before.st_size:,} bytes; at most {limit:,} are read")
        data = file.read(limit + 1)
        after = os.fstat(file.fileno())
    if len(data) != before.st_size or (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise BadInput("changed while it was being read; try again")
    return data


def _archive(path: Path, label: str) -> Iterator[Item]:
    try:
        with opened(path) as file:
            for name, data, reason in zipped.entries(file, wanted=is_candidate, mistaken=mistaken, limit_of=_limit_of, order=natural):
                yield Item(file=f"{label}: {named(name)}", data=data, reason=reason)
    except BadInput as error:
        yield Item(file=label, reason=str(error))


def _limit_of(name: str) -> int:
    return MAX_NOTEBOOK if name.lower().endswith(".ipynb") else submission.MAX_BYTES


def _special(mode: int) -> str:
    kinds = ((stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))
    return next((word for test, word in kinds if test(mode)), "something special")


def _why(error: Exception) -> str:
    return visible((getattr(error, "strerror", None) or str(error) or type(error).__name__).lower())
