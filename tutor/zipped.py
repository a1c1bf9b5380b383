"""Reading an archive in memory, under caps, without unpacking anything.

The counts in an archive's last record are checked before its directory is parsed, the names before any byte is
inflated, and every entry is inflated only up to the size that it may have.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import BinaryIO

from hwlib.errors import BadInput

MAX_ENTRIES = 20_000
MAX_DIRECTORY = 4 * 2**20
"""Bytes of its directory: what its entries are counted by is only what the archive says."""
MAX_TOTAL = 512 * 2**20
"""Bytes that the entries of one archive may inflate to, all together."""
MAX_RATIO = 100
"""Inflated to packed, for entries over a megabyte: notebooks reach 20."""

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".7z", ".rar", ".zipx")

_END = b"PK\x05\x06"
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError,
           UnicodeDecodeError, OverflowError)


def archive_ending(name: str) -> str:
    """The ending that makes a name an archive's; the longest one, empty where there is none.

    >>> archive_ending("a.tar.gz"), archive_ending("a.ipynb")
    ('.tar.gz', '')
    """
    return max((ending for ending in ARCHIVES if name.lower().endswith(ending)), key=len, default="")


def entries(file: BinaryIO, *, wanted: Callable[[str], bool], mistaken: Callable[[str], str], limit_of: Callable[[str], int],
            order: Callable[[str], object]) -> Iterator[tuple[str, bytes, str]]:
    """Name, bytes and reason (one of the two is empty) of each entry that matters; `BadInput` refuses the whole archive."""
    _look_at_end(file)
    try:
        archive = zipfile.ZipFile(file)
    except _BROKEN:
        raise BadInput("is not a .zip archive that can be read: it is damaged or cut off") from None
    with archive:
        infos = archive.infolist()
        if len(infos) > MAX_ENTRIES:
            raise BadInput(f"holds {len(infos):,} entries; at most {MAX_ENTRIES:,} are read")
        inside = sorted((i for i in infos if not i.filename.endswith("/") and _matters(i.filename, lambda name: wanted(name) or bool(mistaken(name)))), key=lambda i: order(i.filename))
        if not inside:
            raise BadInput("holds no notebook and no .submission.json file")
        total = sum(info.file_size for info in inside)
        if total > MAX_TOTAL:
            raise BadInput(f"opens to {total / 1e9:,.1f} GB; at most {MAX_TOTAL / 1e9:,.2f} GB are read, and nothing was unpacked")
        count = Counter(info.filename for info in inside)
        left = MAX_TOTAL
        for info in inside:
            reason = _refusal(info, limit_of(info.filename)) or mistaken(info.filename.replace("\\", "/").rpartition("/")[2])
            if not reason and count[info.filename] > 1:
                reason = "the archive holds this name more than once; nobody can tell which one counts"
            body = b""
            if not reason:
                body, reason = _read(archive, info, min(limit_of(info.filename), left))
                left -= len(body)
            yield info.filename, body, reason


def _look_at_end(file: BinaryIO) -> None:
    """Refuse what the last record alone gives away: parsing 100,000 entries costs more than the second we have."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 65_557))
    tail = file.read(65_557)
    place = tail.rfind(_END)
    if place < 0 or place + 22 > len(tail):
        raise BadInput("is not a .zip archive that can be read: it is empty, damaged or cut off")
    count, directory = struct.unpack_from("<HI", tail, place + 10)
    if directory > MAX_DIRECTORY and count <= MAX_ENTRIES:
        raise BadInput(f"has a directory of {directory:,} bytes for {count:,} entries; at most {MAX_DIRECTORY:,} are read")
    if count > MAX_ENTRIES:
        shown = f"{count:,}" if count < 0xFFFF else "65,535 or more"
        raise BadInput(f"holds {shown} entries; at most {MAX_ENTRIES:,} are read")


def _matters(name: str, wanted: Callable[[str], bool]) -> bool:
    parts = name.replace("\\", "/").split("/")
    if any(part.startswith(".") and part.strip(".") or part == "__MACOSX" for part in parts):
        return False
    return wanted(parts[-1]) or bool(archive_ending(parts[-1]))


def _refusal(info: zipfile.ZipInfo, limit: int) -> str:
    """Why an entry is not read, from its record alone; empty when it may be."""
    name, mode = info.filename.replace("\\", "/"), info.external_attr >> 16
    if info.orig_filename != info.filename:
        return "its name holds a NUL, so that it is not the name that it seems to be"
    if name.startswith("/") or ":" in name.split("/")[0] or ".." in name.split("/"):
        return "its name leads out of the archive"
    if stat.S_ISLNK(mode):
        return "is a link; links are not followed"
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "is not a file"
    if archive_ending(name):
        return "is an archive in an archive; hand in one archive"
    if info.flag_bits & 0x41:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in a way that is not read; use plain zip"
    if info.file_size > limit:
        return f"opens to {info.file_size:,} bytes; at most {limit:,} are read"
    if info.file_size > 2**20 and info.file_size > MAX_RATIO * max(1, info.compress_size):
        return f"opens to {info.file_size // max(1, info.compress_size):,} times its packed size; at most {MAX_RATIO} times is read"
    return ""


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> tuple[bytes, str]:
    try:
        with archive.open(info) as file:
            data = file.read(limit + 1)
    except _BROKEN:
        return b"", "is damaged inside the archive"
    if len(data) > limit:
        return b"", f"opens to more than {limit:,} bytes"
    if len(data) != info.file_size:
        return b"", "is not as long as the archive says"
    return data, ""
