"""What a fuzzer throws, and what must hold: shared by the bounded tests here and the long run of tools/fuzz.py."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from functools import cache

from hwlib.errors import BadInput
from tests.tutor.handins import notebook, payload
from tutor import briefs, payloads, submission, zipped
from tutor.intake import is_candidate, mistaken, natural

TOKENS = [b"NaN", b"-Infinity", b"1e999", b"-0", b"null", b"true", b"[]", b"{}", b'""', b'"\\ud800"', b'"\\u0000"', b"9" * 50, b"0.1", b"-1", b'"\xe2\x80\xae"', b"[[[[[[[[[1]]]]]]]]]", b"4", b"3"]


@cache
def seeds(kind: str) -> tuple[bytes, ...]:
    """Sound inputs to begin from."""
    sound = [payload(brief=brief) for brief in briefs.brief_ids()]
    if kind == "gate":
        return tuple(json.dumps(value).encode() for value in sound)
    if kind == "notebook":
        return tuple(json.dumps(notebook(value)).encode() for value in sound)
    made = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", method) as archive:
            archive.writestr("s-1/x.submission.json", json.dumps(sound[0]))
            archive.writestr("s-2/x.ipynb", json.dumps(notebook(sound[1])))
            archive.writestr("essay.txt", b"x")
        made.append(held.getvalue())
    return tuple(made)


def gate(data: bytes) -> bool:
    """The gate: a submission that comes back the same, or one sentence. Whether it was a submission."""
    try:
        made = submission.read(data)
    except BadInput as error:
        _one_sentence(error)
        return False
    assert submission.read(made.to_bytes()) == made
    json.dumps(made.payload(), allow_nan=False)
    return True


def notebook_reader(data: bytes) -> bool:
    """The notebook reader and the gate behind it."""
    try:
        found = payloads.payloads(data, notebook=True)
    except BadInput as error:
        _one_sentence(error)
        return False
    good = False
    for value in found:
        submission.named(value)
        try:
            submission.from_value(value)
            good = True
        except BadInput as error:
            _one_sentence(error)
    return good


def archive_reader(data: bytes) -> bool:
    """The archive reader: entries with bytes or a reason, or one sentence for the whole."""
    good = False
    try:
        for name, body, reason in zipped.entries(io.BytesIO(data), wanted=is_candidate, mistaken=mistaken, limit_of=lambda name: 100_000, order=natural):
            assert isinstance(name, str) and len(body) <= 100_000
            assert not (body and reason)
            good = good or bool(body)
    except BadInput as error:
        _one_sentence(error)
    return good


READERS: dict[str, Callable[[bytes], bool]] = {"gate": gate, "notebook": notebook_reader, "archive": archive_reader}


def _one_sentence(error: BadInput) -> None:
    text = str(error)
    assert text and len(text) < 1000, text[:200]


def mutated(rng: random.Random, data: bytes) -> bytes:
    """The bytes with a few things done to them that break formats."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        at = rng.randrange(len(out) + 1)
        way = rng.randrange(8)
        if way == 0 and out:
            out[min(at, len(out) - 1)] ^= 1 << rng.randrange(8)
        elif way == 1:
            del out[at : at + rng.choice((1, 2, 8, 64))]
        elif way == 2:
            out[at:at] = out[at : at + rng.choice((4, 32, 128))]
        elif way == 3:
            out[at:at] = rng.choice(TOKENS)
        elif way == 4:
            out[at : at + rng.randrange(1, 12)] = rng.choice(TOKENS)
        elif way == 5 and len(out) > 4:
            out[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\1\0\0\0"))
        elif way == 6:
            out = out[:at]
        else:
            value = _numbers(out)
            if value:
                start, end = rng.choice(value)
                out[start:end] = rng.choice(TOKENS)
    return bytes(out)


def _numbers(data: bytearray) -> list[tuple[int, int]]:
    """Where JSON values stand after a colon."""
    found, at = [], data.find(b": ")
    while at >= 0 and len(found) < 200:
        end = min((place for place in (data.find(mark, at + 2) for mark in (b",", b"}")) if place >= 0), default=len(data))
        found.append((at + 2, end))
        at = data.find(b": ", at + 2)
    return found
