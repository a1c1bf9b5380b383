"""JSON read strictly: what Python's own reader lets through is refused here, by the name of the field.

`parse` turns bytes into plain values without raising on what is merely odd, so that a notebook full of other
people's outputs stays readable. `refuse` then walks the part that matters and says, in one sentence, which
field is not a finite number, stands twice, is nested too deeply or holds characters that no reader can show.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from hwlib.errors import BadInput

MAX_DEPTH = 8
"""A submission is three levels deep; more than this is not a submission."""

MAX_PARTS = 500_000
"""Counted before anything is built: a real notebook has thousands, and millions would cost seconds and gigabytes."""

MAX_DIGITS = 40
"""More than any number of the course; a double holds 17 of them."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_HIDDEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Characters that reorder or hide text. A joiner inside an emoji or a Persian word is not one of them."""
_BREAK = re.compile("[\t\n\r\u2028\u2029]")
"""A text may hold these; in the name of a field they would break the sentence that names it."""


class Twice(dict):
    """An object in which some names stand more than once; `names` are those."""

    names: tuple[str, ...] = ()


class Gigantic:
    """Stands where a whole number had more digits than a number in this course can have."""


def parse(data: bytes) -> Any:
    """The value that the bytes hold; `BadInput` when they are not UTF-8 or not JSON.

    >>> parse(b'{"a": 1')
    Traceback (most recent call last):
    hwlib.errors.BadInput: not JSON: it breaks off or goes wrong at line 1, column 8
    """
    if not data.strip():
        raise BadInput("the file is empty")
    parts = data.count(b"{") + data.count(b"[") + data.count(b":")
    if parts > MAX_PARTS:
        raise BadInput(f"the file has {parts:,} lists, objects and fields; at most {MAX_PARTS:,} are read")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise BadInput("the file is UTF-16 text; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"the file is not UTF-8 text (byte {error.start:,})") from None
    try:
        try:
            return json.loads(text, object_pairs_hook=_object)
        except json.JSONDecodeError:
            raise
        except ValueError:  # a number of more digits than Python converts: rare, so only then look at each number
            return json.loads(text, object_pairs_hook=_object, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise BadInput(f"not JSON: it breaks off or goes wrong at line {error.lineno:,}, column {error.colno:,}") from None
    except (RecursionError, MemoryError):
        raise BadInput("nested too deeply to be read") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    seen: set[str] = set()
    twice = Twice(made)
    twice.names = tuple(name for name, _ in pairs if name in seen or seen.add(name))
    return twice


def _whole(digits: str) -> int | Gigantic:
    return int(digits) if len(digits) <= MAX_DIGITS else Gigantic()


def refuse(value: Any, path: str = "", depth: int = 0) -> None:
    """Raise `BadInput` for the first thing in the value that no submission may hold.

    >>> refuse(parse(b'{"design": {"replicas": NaN}}'))
    Traceback (most recent call last):
    hwlib.errors.BadInput: design.replicas is NaN, not a finite number
    >>> refuse(parse(b'{"design": {"replicas": 1, "replicas": 2}}'))
    Traceback (most recent call last):
    hwlib.errors.BadInput: design.replicas stands twice; keep one of them
    """
    name = path or "the submission"
    if depth > MAX_DEPTH:
        raise BadInput(f"{clip(name)} is nested too deeply", field=path)
    if isinstance(value, dict):
        for doubled in getattr(value, "names", ()):
            raise BadInput(f"{_join(path, doubled)} stands twice; keep one of them", field=_join(path, doubled))
        for key, inner in value.items():
            _refuse_text(key, f"a field name in {name}", path)
            refuse(inner, _join(path, key), depth + 1)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            refuse(inner, f"{path}[{place}]", depth + 1)
    elif isinstance(value, Gigantic) or (type(value) is int and abs(value) >= 10**MAX_DIGITS):
        raise BadInput(f"{clip(name)} is a number of more than {MAX_DIGITS} digits", field=path)
    elif isinstance(value, float) and not math.isfinite(value):
        word = "NaN" if math.isnan(value) else "infinite or too large"
        raise BadInput(f"{clip(name)} is {word}, not a finite number", field=path)
    elif isinstance(value, str):
        _refuse_text(value, name, path)


def _refuse_text(text: str, name: str, path: str) -> None:
    if _SURROGATE.search(text):
        raise BadInput(f"{clip(name)} holds half of a character (a lone surrogate)", field=path)
    if _CONTROL.search(text):
        raise BadInput(f"{clip(name)} holds a control character", field=path)


def visible(text: Any) -> str:
    """The text with every character that could hide, reorder or break a page replaced by a mark.

    >>> visible("a\u202eb"), visible("two\\nlines")
    ('a\ufffdb', 'two\\nlines')
    """
    out = str(text)
    if out.isascii() and out.isprintable():  # nearly every text of a report: nothing to look for
        return out
    for pattern in (_SURROGATE, _CONTROL, _HIDDEN):
        out = pattern.sub("\ufffd", out)
    return out


def clip(text: str, size: int = 240) -> str:
    """The text, cut to a length that fits a line of a report and made visible."""
    text = visible(text)
    return text if len(text) <= size else f"{text[: size - 1]}…"


def _join(path: str, key: str) -> str:
    key = clip(_BREAK.sub("\ufffd", key), 60)
    return f"{path}.{key}" if path else key
