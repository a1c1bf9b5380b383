"""The hostile corpus: files, archives, notebooks, values, texts and identities that must end with a named reason.

It grows what `tests.tutor.handins` began. Each case makes its files in a folder and names the reason that an
instructor will read. Everything is generated; nothing dangerous lies in the repository.
"""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.tutor.handins import BOOK, HOSTILE, SIDE, code, design, notebook, payload, write
from tutor.submission import MIME

Make = Callable[[Path], Any]
Case = tuple[Make, str]


def put(name: str, value: Any) -> Make:
    return lambda folder: write(folder / name, value() if callable(value) else value)


def text_of(value: Any) -> str:
    return json.dumps(value)


def raw(field: str, text: str, brief: str = "serve-7b", where: str = "design") -> Callable[[], str]:
    """The payload with one field put in as it stands: JSON writers refuse some of these."""
    def make() -> str:
        value = payload(brief=brief)
        value[where] = {**value.get(where, {}), field: "HERE"}
        return json.dumps(value).replace('"HERE"', text, 1)

    return make


def zipped(*entries: tuple[Any, bytes | str], method: int = zipfile.ZIP_DEFLATED, name: str = "x.zip") -> Make:
    def make(folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with zipfile.ZipFile(folder / name, "w", method) as archive:
                for entry, data in entries:
                    archive.writestr(entry, data)

    return make


def entry(name: str, mode: int = 0, **more: Any) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    for key, value in more.items():
        setattr(info, key, value)
    return info


def patched(make: Make, *changes: tuple[bytes, int, str, int], name: str = "x.zip") -> Make:
    """An archive with numbers in its records changed: mark, offset, struct format, value. Every record with the mark."""
    def then(folder: Path) -> None:
        make(folder)
        data = bytearray((folder / name).read_bytes())
        for mark, offset, form, value in changes:
            at = data.find(mark)
            while at >= 0:
                struct.pack_into(form, data, at + offset, value)
                at = data.find(mark, at + 4)
        (folder / name).write_bytes(data)

    return then


LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def many_but_says_one(folder: Path) -> None:
    """A hundred thousand empty entries, made by hand: zipfile would take seconds."""
    local, central = [], []
    for n in range(100_000):
        name = b"%05d.txt" % n
        central.append(struct.pack("<4sHHHHHHIIIHHHHHII", CENTRAL, 20, 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0, 0, 0, 0, 0, n * 39) + name)
        local.append(struct.pack("<4sHHHHHIIIHH", LOCAL, 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0) + name)
    body, directory = b"".join(local), b"".join(central)
    write(folder / "x.zip", body + directory + struct.pack("<4sHHHHIIH", END, 0, 0, 1, 1, len(directory), len(body), 0))


def overlapping(folder: Path) -> None:
    """Many names for one body, as Fifield's bomb of 2019 has it: each entry points into the same kilobytes."""
    body = zlib.compress(b" " * 8_000_000, 9)[2:-4]
    local = struct.pack("<4sHHHHHIIIHH", LOCAL, 20, 0, 8, 0, 33, zlib.crc32(b" " * 8_000_000), len(body), 8_000_000, 7, 0) + b"x.ipynb" + body
    central = b""
    for n in range(60):
        name = f"{n:03}.ipynb".encode()
        central += struct.pack("<4sHHHHHHIIIHHHHHII", CENTRAL, 20, 20, 0, 8, 0, 33, zlib.crc32(b" " * 8_000_000), len(body), 8_000_000, len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4sHHHHIIH", END, 0, 0, 60, 60, len(central), len(local), 0)
    write(folder / "x.zip", local + central + end)


def tar(kind: str, name: str) -> Make:
    def make(folder: Path) -> None:
        with tarfile.open(folder / name, f"w:{kind}") as archive:
            data = text_of(payload()).encode()
            info = tarfile.TarInfo("../../" + SIDE)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))

    return make


def device(folder: Path) -> None:
    (folder / BOOK).symlink_to("/dev/zero")


def quine(folder: Path) -> None:
    """An archive that holds itself, as deep as one looks."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x.zip", b"PK")
    data = inner.getvalue()
    for _ in range(5):
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w") as archive:
            archive.writestr("x.zip", data)
        data = outer.getvalue()
    write(folder / "x.zip", data)


def deep(levels: int) -> str:
    return "[" * levels + "1" + "]" * levels


def shown(value: Any, **bundle: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {MIME: value, **bundle}}


SOUND = text_of(payload())
TWO = {"nbformat": 4, "cells": []}

FILES: dict[str, Case] = {
    "white space": (put(SIDE, b" \n\t" * 900), "the file is empty"),
    "a byte order mark alone": (put(SIDE, b"\xef\xbb\xbf"), "not JSON"),
    "NULs": (put(BOOK, b"\0" * 4096), "not JSON"),
    "half a character at the end": (put(SIDE, SOUND.encode()[:-1] + b"\xc3"), "not UTF-8"),
    "UTF-16 without a mark": (put(SIDE, SOUND.encode("utf-16-le")), "not JSON"),
    "UTF-32": (put(SIDE, SOUND.encode("utf-32")), "UTF-16|not UTF-8|not JSON"),
    "two objects in one file": (put(SIDE, SOUND + SOUND), "not JSON"),
    "a comma too many": (put(SIDE, SOUND[:-1] + ",}"), "not JSON"),
    "single quotes": (put(SIDE, SOUND.replace('"', "'")), "not JSON"),
    "HTML called notebook": (put(BOOK, "<!doctype html><title>Sign in</title>"), "not JSON"),
    "PDF called notebook": (put(BOOK, b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), "not UTF-8|not JSON"),
    "a ZIP called notebook": (put(BOOK, b"PK\x03\x04\xff\xfe\x00"), "not UTF-8|not JSON"),
    "a program called notebook": (put(BOOK, b"\x7fELF\x02\x01\x01\x00\xff"), "not UTF-8|not JSON"),
    "a pickle called notebook": (put(BOOK, b"cos\nsystem\n(S'touch /tmp/x'\ntR."), "not JSON"),
    "YAML with an object in it": (put(SIDE, "!!python/object/apply:os.system ['touch /tmp/x']"), "not JSON"),
    "XML with entities in entities": (put(BOOK, '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'), "not JSON"),
    "a sidecar of a gigabyte": (lambda f: os.truncate(write(f / SIDE, b"{"), 2**30), "at most 65,536 are read"),
    "a notebook of twenty gigabytes": (lambda f: os.truncate(write(f / BOOK, b"{"), 20 * 2**30), "at most 8,388,608 are read"),
    "brackets and braces, nested": (put(SIDE, '{"a":' * 10_000 + "1" + "}" * 10_000), "nested too deeply"),
    "a link to a device": (device, "is a link; links are not followed"),
    "a link to nothing": (lambda f: (f / BOOK).symlink_to("nowhere.ipynb"), "is a link"),
    "a link to /etc": (lambda f: (f / "work").symlink_to("/etc"), "is a link; links are not followed"),
    "a link to the folder above": (lambda f: (f / "again").symlink_to(".."), "is a link; links are not followed"),
    "a pipe called sidecar": (lambda f: os.mkfifo(f / SIDE), "is a named pipe, not a file"),
    "a pipe called archive": (lambda f: os.mkfifo(f / "x.zip"), "is a named pipe, not a file"),
    "a folder called sidecar": (lambda f: (f / SIDE).mkdir(), "is a folder with the name of a file"),
    "a notebook that a browser renamed": (put("x.ipynb.txt", text_of(notebook(payload()))), "ends in .txt; take that ending away"),
    "a sidecar that a browser renamed": (put("serve-7b.submission.json.txt", SOUND), "ends in .txt; take that ending away"),
    "a packed notebook": (put("x.ipynb.gz", b"\x1f\x8b\x08"), "is packed with gz"),
    "a tar archive": (tar("", "x.tar"), "is a .tar archive; only .zip archives are opened"),
    "a packed tar archive": (tar("gz", "x.tar.gz"), "is a .tar.gz archive"),
    "a tgz archive": (tar("gz", "X.TGZ"), "is a .tgz archive"),
    "a tar archive with bzip2": (tar("bz2", "x.tar.bz2"), "is a .tar.bz2 archive"),
    "a RAR archive": (put("x.rar", b"Rar!\x1a\x07\x01\x00"), "is a .rar archive"),
    "a 7z archive": (put("x.7z", b"7z\xbc\xaf'\x1c"), "is a .7z archive"),
    "a name of two hundred letters": (put("n" * 200 + ".ipynb", b""), "the file is empty"),
    "a name that is markup": (put("<img src=x onerror=alert(1)>.ipynb", b""), "the file is empty"),
    "a name that is a formula": (put("=HYPERLINK(1).ipynb", b""), "the file is empty"),
    "a name that forges a line of the report": (put("x\nRun 7. Written: all is well\u2028.ipynb", b""), "the file is empty"),
    "a name of terminal codes": (put("\x1b[2J\x1b]0;owned\x07.ipynb", b""), "the file is empty"),
}

ARCHIVES: dict[str, Case] = {
    "text called archive": (put("x.zip", b"not a zip"), "is not a .zip archive that can be read"),
    "an end without a beginning": (put("x.zip", struct.pack("<4sHHHHIIH", END, 0, 0, 1, 1, 46, 0, 0)), "not a .zip archive|damaged"),
    "an archive without entries": (zipped(), "holds no notebook"),
    "an archive with an entry without a name": (patched(zipped((SIDE[:1], SOUND)), (CENTRAL, 28, "<H", 0)), "holds no notebook|not a .zip archive"),
    "an archive of folders": (zipped(("a/", b""), ("x.ipynb/", b"")), "holds no notebook"),
    "an archive that holds itself": (quine, "is an archive in an archive"),
    "a tar in an archive": (zipped(("x.tar.gz", b"\x1f\x8b")), "is an archive in an archive"),
    "a renamed notebook in an archive": (zipped(("s-1/x.ipynb.txt", b"{}")), "ends in .txt"),
    "an archive that leads out by a backslash": (zipped((entry("..\\..\\" + SIDE), SOUND)), "its name leads out of the archive"),
    "an archive that leads out in the middle": (zipped(("a/../../" + SIDE, SOUND)), "its name leads out"),
    "an archive with a path of the network": (zipped((entry("//server/share/" + SIDE), SOUND)), "its name leads out"),
    "an archive with a device of Windows": (zipped((entry("C:/" + SIDE), SOUND)), "its name leads out"),
    "an archive with a pipe in it": (zipped((entry(SIDE, stat.S_IFIFO | 0o644), b"")), "is not a file"),
    "an archive with a device in it": (zipped((entry(SIDE, stat.S_IFCHR | 0o644), b"")), "is not a file"),
    "an archive with a link to its own neighbour": (zipped((entry(SIDE, stat.S_IFLNK | 0o777), "y.submission.json")), "is a link"),
    "an archive whose name holds a NUL": (patched(zipped(("x.ipynbQ.txt", b"{}")), (b"x.ipynbQ", 7, "<B", 0)), "holds a NUL|damaged"),
    "an archive whose checksum is wrong": (patched(zipped((SIDE, SOUND)), (CENTRAL, 16, "<I", 1), (LOCAL, 14, "<I", 1)), "is damaged inside the archive"),
    "an archive that says less than it holds": (patched(zipped((BOOK, b" " * 3_000_000)), (CENTRAL, 24, "<I", 100), (LOCAL, 22, "<I", 100)), "damaged|not as long"),
    "an archive that says more than it holds": (patched(zipped((SIDE, b"{}"), method=zipfile.ZIP_STORED), (CENTRAL, 24, "<I", 60_000), (LOCAL, 22, "<I", 60_000)), "damaged|not as long"),
    "an archive that says it holds four gigabytes": (patched(zipped((BOOK, b"{}")), (CENTRAL, 24, "<I", 0xFFFFFFF0)), "at most|opens to"),
    "an archive whose entry lies beyond its end": (patched(zipped((SIDE, SOUND)), (CENTRAL, 42, "<I", 0x7FFFFFF0)), "damaged"),
    "an archive that names an unknown method": (patched(zipped((SIDE, SOUND)), (CENTRAL, 10, "<H", 99), (LOCAL, 8, "<H", 99)), "packed in a way that is not read"),
    "an archive that needs a later version": (patched(zipped((SIDE, SOUND)), (CENTRAL, 6, "<B", 200)), "damaged|not a .zip archive"),
    "an archive packed with bzip2": (zipped((SIDE, SOUND), method=zipfile.ZIP_BZIP2), "packed in a way that is not read"),
    "an archive of 100,000 entries that says it has one": (many_but_says_one, "directory of|holds .* entries"),
    "an archive whose sixty entries are one body": (overlapping, "times its packed size|damaged|opens to"),
    "an archive with a name twice in other capitals and once the same": (zipped((SIDE, SOUND), (SIDE, text_of(payload(student="s-2")))), "more than once"),
    "an archive whose comment holds another end": (zipped(("essay.txt", b"x" + END + b"\0" * 18)), "holds no notebook"),
    "an archive with a broken notebook": (zipped((BOOK, b'{"nbformat": 4')), "not JSON"),
    "an archive with an empty sidecar": (zipped((SIDE, b"")), "the file is empty"),
    "an archive with a sidecar too large": (zipped((SIDE, b"{" + b"x" * 70_000)), "at most 65,536"),
}

NOTEBOOKS: dict[str, Case] = {
    "format 3 with worksheets": (put(BOOK, {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "outputs": [shown(payload())]}]}]}), "format 3; save it in format 4"),
    "format 2": (put(BOOK, {"nbformat": 2}), "format 2"),
    "format 5": (put(BOOK, {"nbformat": 5, "cells": []}), "format 5"),
    "format 4.0": (put(BOOK, {"nbformat": 4.0, "cells": []}), "format 4.0"),
    "format in text": (put(BOOK, {"nbformat": "4", "cells": []}), "format '4'"),
    "a format of nine hundred brackets": (put(BOOK, '{"nbformat":' + deep(900) + ',"cells":[]}'), "format unknown|nested too deeply"),
    "cells that are a table": (put(BOOK, {"nbformat": 4, "cells": {"0": code("submit()")}}), "without a list of cells"),
    "no cells": (put(BOOK, TWO), "no cell has outputs"),
    "a payload in the metadata": (put(BOOK, {"nbformat": 4, "metadata": {MIME: payload()}, "cells": []}), "no cell has outputs"),
    "a payload in the source": (put(BOOK, lambda: notebook(cells=[code(text_of(payload()))])), "no cell has outputs"),
    "a payload printed as text": (put(BOOK, lambda: notebook(cells=[code("", [{"output_type": "stream", "name": "stdout", "text": text_of(payload())}])])), "no hand-in among its outputs"),
    "a payload in a stream": (put(BOOK, lambda: notebook(cells=[code("", [{"output_type": "stream", "data": {MIME: payload()}}])])), "no hand-in among its outputs"),
    "a payload in an error": (put(BOOK, lambda: notebook(cells=[code("", [{"output_type": "error", "data": {MIME: payload()}}])])), "no hand-in among its outputs"),
    "a payload under another type": (put(BOOK, lambda: notebook(cells=[code("", [{"output_type": "display_data", "data": {"application/json": payload()}}])])), "no hand-in among its outputs"),
    "a payload in a markdown cell": (put(BOOK, lambda: notebook(cells=[{"cell_type": "markdown", "outputs": [shown(payload())]}])), "no cell has outputs"),
    "a payload as text": (put(BOOK, lambda: notebook(text_of(payload()))), "is one JSON object, not text"),
    "a payload as a list": (put(BOOK, lambda: notebook([payload()])), "is one JSON object, not a list"),
    "a payload that is nothing": (put(BOOK, lambda: notebook(None)), "is one JSON object, not nothing"),
    "a payload of nine hundred brackets": (put(BOOK, lambda: text_of(notebook("HERE")).replace('"HERE"', deep(900))), "nested too deeply|one JSON object"),
    "a hundred and one payloads": (put(BOOK, lambda: notebook(*[payload()] * 101)), "holds 101 hand-ins; at most 100"),
    "a cell twice in its object": (put(BOOK, '{"nbformat":4,"cells":[],"cells":[]}'), "no cell has outputs"),
    "a float of a million digits": (put(BOOK, '{"nbformat":4,"cells":[],"x":0.' + "7" * 1_000_000 + "}"), "no cell has outputs"),
    "two thousand numbers of four thousand digits": (put(BOOK, '{"nbformat":4,"cells":[],"x":[' + ",".join(["9" * 4000] * 2000) + "]}"), "no cell has outputs"),
    "eight megabytes in one text": (put(BOOK, '{"nbformat":4,"cells":[],"x":"' + "a" * 8_000_000 + '"}'), "no cell has outputs"),
    "a megabyte of escapes": (put(BOOK, '{"nbformat":4,"cells":[],"x":"' + "\\ud800" * 170_000 + '"}'), "no cell has outputs"),
}

VALUES: dict[str, Case] = {
    "minus infinity in an assumption": (put(SIDE, raw("think_time_s", "-Infinity", where="assumptions")), r"assumptions\.think_time_s is infinite"),
    "NaN in a prediction": (put(SIDE, raw("kv_bytes_per_user", "NaN", where="predictions")), r"predictions\.kv_bytes_per_user is NaN"),
    "1e999 in a prediction": (put(SIDE, raw("kv_bytes_per_user", "1e999", where="predictions")), "infinite or too large"),
    "a prediction below nothing": (put(SIDE, raw("kv_bytes_per_user", "-1", where="predictions")), "must be a number of at least 0"),
    "a prediction of 1e300": (put(SIDE, raw("kv_bytes_per_user", "1e300", where="predictions")), "must be a number of at least 0"),
    "true for a prediction": (put(SIDE, raw("kv_bytes_per_user", "true", where="predictions")), "must be a number"),
    "minus zero for a count": (put(SIDE, raw("replicas", "-0")), r"design\.replicas = 0 is out of range"),
    "minus zero point zero for a count": (put(SIDE, raw("replicas", "-0.0")), "must be a whole number"),
    "1e2 for a count": (put(SIDE, raw("replicas", "1e2")), "must be a whole number"),
    "a count past a word of the machine": (put(SIDE, raw("replicas", str(2**63))), "out of range"),
    "a count past a double": (put(SIDE, raw("replicas", "9" * 39)), "out of range"),
    "a negative number of 60 digits": (put(SIDE, raw("replicas", "-" + "9" * 60)), "more than 40 digits"),
    "one for a flag": (put(SIDE, raw("chunked_prefill", "1")), r"design\.chunked_prefill"),
    "text for a flag": (put(SIDE, raw("chunked_prefill", '"true"')), r"design\.chunked_prefill"),
    "a flag for a choice": (put(SIDE, raw("weight_bits", "true")), r"design\.weight_bits"),
    "an object for a choice": (put(SIDE, raw("scheduler", '{"$ne": null}')), r"design\.scheduler is an object"),
    "null for a chip": (put(SIDE, raw("accelerator", "null")), r"design\.accelerator is nothing"),
    "a chip with a path in it": (put(SIDE, raw("accelerator", '"../../etc/passwd"')), "is not in the catalogue"),
    "a chip of another script": (put(SIDE, raw("accelerator", '"h\\u0430100-sxm"')), "accelerator"),
    "a batch beyond everything": (put(SIDE, raw("batch_limit", "1000000000000")), "out of range"),
    "a context beyond everything": (put(SIDE, raw("context_tokens", "1000000000000")), "out of range"),
    "a chip that the brief does not offer": (put(SIDE, lambda: payload(design=design(accelerator="tpu-v1"))), "accelerator"),
    "fields twice by an escape": (put(SIDE, raw("replicas", '3, "\\u0072eplicas": 4')), r"design\.replicas stands twice"),
    "the student twice": (put(SIDE, lambda: SOUND.replace('"student"', '"student": "s-2", "student"', 1)), "student stands twice"),
    "a field of the class": (put(SIDE, lambda: payload(design=design(__class__="x"))), "is not known"),
    "a field of the prototype": (put(SIDE, lambda: payload(design=design(**{"__proto__": 1}))), "is not known"),
    "a field with a hidden character": (put(SIDE, lambda: payload(design=design(**{"repli\u200bcas": 3}))), "is not known"),
    "a hundred and one fields": (put(SIDE, lambda: payload(assumptions={f"f{n}": 1 for n in range(101)})), "has 101 fields"),
    "an assumption of nobody": (put(SIDE, lambda: payload(assumptions={"luck": 3})), "luck"),
    "a reason for nothing": (put(SIDE, lambda: payload(reasons={"luck": "x"})), "luck"),
    "an assumption out of range": (put(SIDE, lambda: payload(assumptions={"think_time_s": -5})), "think_time_s"),
    "a layout that leaves chips idle": (put(SIDE, lambda: payload(brief="train-100b", predictions={}) | {"design": payload(brief="train-100b")["design"] | {"data_parallel": 3}}), "make the two equal"),
    "an interval upside down": (put(SIDE, lambda: payload(predictions={"kv_bytes_per_user": 5, "kv_bytes_per_user_low": 9, "kv_bytes_per_user_high": 1})), "is above"),
    "an interval that leaves its number out": (put(SIDE, lambda: payload(predictions={"kv_bytes_per_user": 50, "kv_bytes_per_user_low": 1, "kv_bytes_per_user_high": 9})), "outside its own interval"),
    "an interval with one end": (put(SIDE, lambda: payload(predictions={"kv_bytes_per_user": 5, "kv_bytes_per_user_low": 1})), "needs both ends"),
    "the schema of another course": (put(SIDE, lambda: payload(course="hardware-that-lies")), "course = "),
    "version 1.0": (put(SIDE, lambda: payload(version=1.0)), "version = 1.0 must be 1"),
    "made with something": (put(SIDE, lambda: payload(made_with={"torch": "2"})), "made_with field"),
    "made with a number": (put(SIDE, lambda: payload(made_with={"hwlib": 1})), "made_with.hwlib"),
    "a list for the design": (put(SIDE, lambda: payload(design=[1])), "design is a list"),
    "no design": (put(SIDE, lambda: {k: v for k, v in payload().items() if k != "design"}), "design is missing"),
    "no schema": (put(SIDE, lambda: {k: v for k, v in payload().items() if k != "schema"}), "schema is missing"),
    "nothing but brackets": (put(SIDE, "{}"), "schema is missing"),
    "a number": (put(SIDE, "7"), "one JSON object, not a number"),
    "NaN alone": (put(SIDE, "NaN"), "is NaN"),
}

TEXTS: dict[str, Case] = {
    "an escape code in the title": (put(SIDE, lambda: payload(title="\x1b[31mred")), "title holds a control character"),
    "a bell in a reason": (put(SIDE, lambda: payload(reasons={"think_time_s": "\x07"})), "control character"),
    "DEL in the rationale": (put(SIDE, lambda: payload(rationale="a\x7f")), "control character"),
    "a C1 control in the rationale": (put(SIDE, lambda: payload(rationale="a\x9b31m")), "control character"),
    "a lone surrogate in the rationale": (put(SIDE, lambda: payload(rationale="\udfff")), "half of a character"),
    "a lone surrogate in a field's name": (put(SIDE, lambda: payload(design=design(**{"\ud800": 1}))), "half of a character"),
    "a title of three hundred letters": (put(SIDE, lambda: payload(title="x" * 300)), "title has 300 characters"),
    "a reason of three thousand letters": (put(SIDE, lambda: payload(assumptions={"think_time_s": 20}, reasons={"think_time_s": "x" * 3000})), "has 3,000 characters"),
    "a list for the rationale": (put(SIDE, lambda: payload(rationale=["x"])), "rationale is a list"),
    "a number for the title": (put(SIDE, lambda: payload(title=7)), "title is a number"),
}

IDENTITIES: dict[str, Case] = {
    "an empty id": (put(SIDE, lambda: payload(student="")), "student = "),
    "an id of a hundred letters": (put(SIDE, lambda: payload(student="s" * 100)), "student = "),
    "an id with a space at its end": (put(SIDE, lambda: payload(student="s-1 ")), "student = "),
    "an id that begins with a dot": (put(SIDE, lambda: payload(student=".htaccess")), "student = "),
    "an id that begins with a dash": (put(SIDE, lambda: payload(student="-rf")), "student = "),
    "an id that is a formula": (put(SIDE, lambda: payload(student="=1+1")), "student = "),
    "an id that is a path of Windows": (put(SIDE, lambda: payload(student="C:\\x")), "student = "),
    "an id with a NUL": (put(SIDE, lambda: payload(student="s-1\x00")), "control character"),
    "an id of digits of another script": (put(SIDE, lambda: payload(student="s-\u0661")), "student = "),
    "an id in full width": (put(SIDE, lambda: payload(student="\uff53-1")), "student = "),
    "an id that composes": (put(SIDE, lambda: payload(student="e\u0301va")), "student = "),
    "an id with a zero-width space": (put(SIDE, lambda: payload(student="s-\u200b1")), "student = "),
    "an id that is a template": (put(SIDE, lambda: payload(student="{{7*7}}")), "student = "),
    "an id that is SQL": (put(SIDE, lambda: payload(student="x'; drop table rows; --")), "student = "),
    "a number for an id": (put(SIDE, lambda: payload(student=31)), "student = 31"),
    "a list for an id": (put(SIDE, lambda: payload(student=["s-1"])), "student = "),
    "a ticket of a thousand letters": (put(SIDE, lambda: payload(ticket="t1~" + "x" * 1000)), "ticket must be the text"),
    "a ticket that is a number": (put(SIDE, lambda: payload(ticket=1)), "ticket must be the text"),
}

NEW = {f"{kind}: {name}": case for kind, cases in (
    ("file", FILES), ("archive", ARCHIVES), ("notebook", NOTEBOOKS), ("value", VALUES), ("text", TEXTS), ("identity", IDENTITIES)) for name, case in cases.items()}
ALL = {**HOSTILE, **NEW}
