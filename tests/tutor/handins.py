"""Hand-ins for tests, sound and hostile. Everything is made here and in a temporary folder; nothing is kept."""

from __future__ import annotations

import json
import os
import socket
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tutor import briefs
from tutor.submission import MIME, Submission, from_value


def payload(student: str = "s-0031", brief: str = "serve-7b", **changes: Any) -> dict[str, Any]:
    """A sound payload from the brief's reference design, with top-level fields replaced."""
    from dataclasses import asdict

    known = briefs.brief(brief if brief in briefs.brief_ids() else "serve-7b")
    return {
        "schema": "hwcourse/submission", "version": 1, "course": "hardware-that-learns", "brief": brief, "student": student,
        "design": asdict(known.reference), "predictions": {"bottleneck": "memory"} if brief == "serve-7b" else {},
    } | changes


def design(**changes: Any) -> dict[str, Any]:
    """The reference design with fields replaced."""
    return payload()["design"] | changes


def sound(**changes: Any) -> Submission:
    return from_value(payload(**changes))


def notebook(*values: Any, cells: list[Any] | None = None, nbformat: int = 4) -> dict[str, Any]:
    """A notebook whose cells show the values under the course's MIME type, one a cell."""
    shown = [{"cell_type": "code", "id": f"c{n}", "source": "submit(…)", "metadata": {}, "execution_count": n,
              "outputs": [{"output_type": "display_data", "metadata": {}, "data": {MIME: value, "text/plain": "your hand-in"}}]}
             for n, value in enumerate(values)]
    return {"nbformat": nbformat, "nbformat_minor": 5, "metadata": {}, "cells": [*(cells or []), *shown]}


def code(source: str, outputs: list[Any] | None = None) -> dict[str, Any]:
    return {"cell_type": "code", "id": "x", "source": source, "metadata": {}, "execution_count": 1, "outputs": outputs or []}


def write(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode() if not isinstance(value, str) else value.encode())
    return path


SIDE = "x.submission.json"
BOOK = "x.ipynb"


def _with(name: str, value: Any) -> Callable[[Path], Any]:
    return lambda folder: write(folder / name, value() if callable(value) else value)


def _raw(text: str) -> Callable[[], str]:
    """The sound payload as text, with one design field put in by hand: JSON cannot write some of these."""
    return lambda: json.dumps(payload(design=design(replicas="here"))).replace('"replicas": "here"', f'"replicas": {text}', 1)


def _zip(fill: Callable[[zipfile.ZipFile], Any], name: str = "x.zip", method: int = zipfile.ZIP_DEFLATED) -> Callable[[Path], Any]:
    def make(folder: Path) -> None:
        with zipfile.ZipFile(folder / name, "w", method) as archive:
            fill(archive)

    return make


def _link_in_zip(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo(SIDE)
    info.external_attr = 0o120777 << 16
    archive.writestr(info, "/etc/passwd")


def _twice_in_zip(archive: zipfile.ZipFile) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(SIDE, json.dumps(payload()))
        archive.writestr(SIDE, json.dumps(payload(student="s-2")))


def _many_in_zip(archive: zipfile.ZipFile) -> None:
    for n in range(100_000):
        archive.writestr(f"{n}.txt", b"")


def _lying_zip(folder: Path) -> None:
    """The directory says 60 bytes; the stream holds a megabyte."""
    path = folder / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(SIDE, b" " * 2**20)
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.find(mark) + at, 60)
    path.write_bytes(data)


def _encrypted_zip(folder: Path) -> None:
    _zip(lambda a: a.writestr(SIDE, json.dumps(payload())))(folder)
    path = folder / "x.zip"
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + at] |= 1
    path.write_bytes(data)


def _socket(folder: Path) -> None:
    here = os.getcwd()
    os.chdir(folder)  # the path of a socket may not be long
    try:
        with socket.socket(socket.AF_UNIX) as plug:
            plug.bind(SIDE)
    finally:
        os.chdir(here)


def _deep_folders(folder: Path) -> None:
    for n in range(30):
        folder = folder / f"d{n}"
    write(folder / SIDE, payload())


def _huge(folder: Path) -> None:
    with open(folder / SIDE, "wb") as file:
        file.truncate(3 * 2**30)  # sparse: it takes no room on the disk


def _loop(folder: Path) -> None:
    (folder / "a.ipynb").symlink_to(folder / "b.ipynb")
    (folder / "b.ipynb").symlink_to(folder / "a.ipynb")


BIG = "9" * 5000
HOSTILE: dict[str, tuple[Callable[[Path], Any], str]] = {
    # files
    "an empty sidecar": (_with(SIDE, b""), "the file is empty"),
    "an empty notebook": (_with(BOOK, b""), "the file is empty"),
    "a truncated sidecar": (_with(SIDE, lambda: json.dumps(payload())[:200]), r"not JSON: it breaks off or goes wrong at line 1"),
    "a truncated notebook": (_with(BOOK, lambda: json.dumps(notebook(payload()))[:-300]), "not JSON"),
    "a sidecar of three gigabytes": (_huge, r"has 3,221,225,472 bytes; at most 65,536 are read"),
    "a sidecar one byte too large": (_with(SIDE, lambda: json.dumps(payload(rationale="x" * 66_000))), "at most 65,536"),
    "a picture called notebook": (_with(BOOK, b"\x89PNG\r\n\x1a\n\x00\x00" * 40), "not UTF-8"),
    "UTF-16": (_with(SIDE, lambda: json.dumps(payload()).encode("utf-16")), "UTF-16"),
    "Latin-1": (_with(SIDE, lambda: json.dumps(payload(rationale="Füße"), ensure_ascii=False).encode("latin-1")), "not UTF-8"),
    "a hundred thousand brackets": (_with(SIDE, "[" * 60_000), "nested too deeply"),
    "a notebook of a hundred thousand brackets": (_with(BOOK, "[" * 100_000), "nested too deeply"),
    "nesting inside a field": (_with(SIDE, lambda: json.dumps(payload(title=[[[[[[[[[[1]]]]]]]]]]))), r"title.* is nested too deeply"),
    "a folder called notebook": (lambda f: (f / BOOK).mkdir(), "is a folder with the name of a file"),
    "a named pipe": (lambda f: os.mkfifo(f / BOOK), "is a named pipe, not a file"),
    "a socket": (_socket, "is a socket, not a file"),
    "a link to a sound file outside": (lambda f: (write(f.parent / ".outside" / SIDE, payload()), (f / SIDE).symlink_to(f.parent / ".outside" / SIDE)),
                                       "is a link; links are not followed"),
    "a loop of links": (_loop, "is a link; links are not followed"),
    "a link to the folder itself": (lambda f: (f / "loop.ipynb").symlink_to(f), "is a link"),
    "thirty folders deep": (_deep_folders, "folders deep"),
    # archives
    "an empty archive": (_with("x.zip", b""), "cannot|can be read"),
    "an archive cut off": (lambda f: (_zip(lambda a: a.writestr(SIDE, b"x" * 999))(f), write(f / "x.zip", (f / "x.zip").read_bytes()[:100])), "cut off"),
    "an archive that explodes": (_zip(lambda a: a.writestr(BOOK, b" " * (7 * 2**20))), "times its packed size"),
    "an archive with one endless entry": (_zip(lambda a: a.writestr(BOOK, b" " * (40 * 2**20))), "at most 8,388,608 are read"),
    "an archive in an archive": (_zip(lambda a: a.writestr("inner.zip", b"PK")), "is an archive in an archive"),
    "an archive that lies about a size": (_lying_zip, "damaged|not as long"),
    "an archive that leads out": (_zip(lambda a: a.writestr("../../" + SIDE, json.dumps(payload()))), "its name leads out of the archive"),
    "an archive with an absolute name": (_zip(lambda a: a.writestr("/tmp/" + SIDE, json.dumps(payload()))), "its name leads out"),
    "an archive with a drive": (_zip(lambda a: a.writestr("C:\\" + SIDE, json.dumps(payload()))), "its name leads out"),
    "an archive with a link": (_zip(_link_in_zip), "is a link"),
    "an archive with a name twice": (_zip(_twice_in_zip), "more than once"),
    "an archive of 100,000 entries": (_zip(_many_in_zip, method=zipfile.ZIP_STORED), r"holds .* entries; at most 20,000"),
    "an encrypted archive": (_encrypted_zip, "is encrypted"),
    "an archive packed with LZMA": (_zip(lambda a: a.writestr(SIDE, json.dumps(payload())), method=zipfile.ZIP_LZMA), "packed in a way that is not read"),
    "an archive of other things": (_zip(lambda a: a.writestr("essay.docx", b"x")), "holds no notebook"),
    # notebooks
    "a notebook never run": (_with(BOOK, lambda: notebook(cells=[code("submit(…)")])), "no cell has outputs"),
    "a notebook without submit": (_with(BOOK, lambda: notebook(cells=[code("1", [{"output_type": "stream", "name": "stdout", "text": "1"}])])), "among its outputs"),
    "a payload in the wrong place": (_with(BOOK, lambda: notebook(cells=[{"cell_type": "markdown", "source": "x", "metadata": {MIME: payload()}, "attachments": {"a": {MIME: payload()}}}])), "no cell has outputs"),
    "a notebook of format 3": (_with(BOOK, lambda: notebook(nbformat=3)), "format 3; save it in format 4"),
    "a notebook of ten thousand payloads": (_with(BOOK, lambda: notebook(*[{"n": n} for n in range(10_000)])), "holds 10,000 hand-ins; at most 100"),
    "JSON that is no notebook": (_with(BOOK, "[1, 2]"), "is JSON, but not a notebook"),
    "outputs of other types": (_with(BOOK, {"nbformat": 4, "cells": [3, None, {"cell_type": "code", "outputs": "x"}, code("", [7, {"output_type": "display_data", "data": []}])]}), "no hand-in"),
    # values
    "NaN": (_with(SIDE, _raw("NaN")), r"design\.replicas is NaN"),
    "Infinity": (_with(SIDE, _raw("-Infinity")), r"design\.replicas is infinite"),
    "1e999": (_with(SIDE, _raw("1e999")), r"design\.replicas is infinite or too large"),
    "a number of 5,000 digits": (_with(SIDE, _raw(BIG)), r"design\.replicas is a number of more than 40 digits"),
    "a number that makes a loop long": (_with(SIDE, _raw("99999999999")), r"design\.replicas = 99999999999 is out of range"),
    "a field twice": (_with(SIDE, _raw('3, "replicas": 4')), r"design\.replicas stands twice"),
    "true for a number": (_with(SIDE, _raw("true")), r"design\.replicas = True must be a whole number"),
    "8.0 for a count": (_with(SIDE, _raw("8.0")), r"design\.replicas = 8\.0 must be a whole number"),
    "text for a number": (_with(SIDE, _raw('"16"')), r"design\.replicas = '16' must be a whole number"),
    "null for a number": (_with(SIDE, _raw("null")), r"design\.replicas is nothing"),
    "a list for a number": (_with(SIDE, _raw("[16]")), r"design\.replicas is a list"),
    "an unknown field": (_with(SIDE, lambda: payload(design=design(gpus=8))), r"design field = 'gpus' is not known"),
    "an unknown field on top": (_with(SIDE, lambda: payload(score=100)), r"field = 'score' is not known"),
    "a chip of nowhere": (_with(SIDE, lambda: payload(design=design(accelerator="h1000"))), r"accelerator = 'h1000' is not in the catalogue"),
    "a name of sixty thousand letters": (_with(SIDE, lambda: payload(design=design(accelerator="x" * 60_000))), r"design\.accelerator has 60,000 characters"),
    "another brief's design": (_with(SIDE, lambda: payload(brief="train-100b", design=design(), predictions={})), r"design field = 'model' is not known"),
    "an unknown brief": (_with(SIDE, lambda: payload(brief="serve-8b")), r"brief = 'serve-8b' is not known"),
    "another version": (_with(SIDE, lambda: payload(version=2)), r"version = 2 must be 1"),
    "true for the version": (_with(SIDE, lambda: payload(version=True)), r"version = True must be 1"),
    "the brief's model exchanged": (_with(SIDE, lambda: payload(design=design(model="gpt2-xl"))), r"design\.model = 'gpt2-xl', but the brief fixes it"),
    "no student": (_with(SIDE, lambda: {k: v for k, v in payload().items() if k != "student"}), "student is missing"),
    "a number of 50 digits": (_with(SIDE, _raw("9" * 50)), r"design\.replicas is a number of more than 40 digits"),
    # names on the disk
    "a name that is not text": (lambda f: write(Path(os.fsdecode(os.fsencode(f) + b"/\xff\xfe.ipynb")), b""), "the file is empty"),
    "a name with a line break and an override": (lambda f: write(f / "a\n\u202eb.ipynb", b""), "the file is empty"),
    "eight megabytes of small objects": (_with(BOOK, b"[" + b"{}," * 2_700_000 + b"{}]"), "at most 500,000 are read"),
    "eight megabytes of fields": (_with(BOOK, lambda: "{" + ",".join(f'"{n}":1' for n in range(750_000)) + "}"), "at most 500,000 are read"),
    "a hundred thousand outputs": (_with(BOOK, lambda: notebook(cells=[code("", [{"output_type": "stream", "text": "x"}] * 100_000)])), "among its outputs"),
    "a notebook of a million outputs": (_with(BOOK, b'{"nbformat":4,"cells":[{"cell_type":"code","outputs":[' + b"{}," * 1_000_000 + b"{}]}]}"), "at most 500,000 are read"),
    "eight megabytes of numbers": (_with(BOOK, b"[" + b"1," * 4_000_000 + b"1]"), "not a notebook"),
    # identities and text
    "an id with a line break": (_with(SIDE, lambda: payload(student="s-1\n")), "student"),
    "an id with a bidi override": (_with(SIDE, lambda: payload(student="s-1\u202e31")), "student = "),
    "an id of a lone surrogate": (_with(SIDE, lambda: payload(student="s\ud800")), "half of a character"),
    "an id that leads out": (_with(SIDE, lambda: payload(student="../../etc/passwd")), "student = "),
    "an id in Cyrillic": (_with(SIDE, lambda: payload(student="\u0455-0031")), "student = "),
    "an id that is markup": (_with(SIDE, lambda: payload(student="<script>alert(1)</script>")), "student = "),
    "a NUL in the text": (_with(SIDE, lambda: payload(rationale="a\x00b")), "rationale holds a control character"),
    "a rationale without end": (_with(SIDE, lambda: payload(rationale="(a+)+" * 6000)), "rationale has 30,000 characters"),
    "a forged ticket of odd letters": (_with(SIDE, lambda: payload(ticket="abc def")), "ticket must be the text"),
}
