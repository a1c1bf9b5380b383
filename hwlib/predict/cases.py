"""Files of cases in, files of predictions out."""

from __future__ import annotations

import csv
import io
import os
import sys
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hwlib.errors import BadInput
from hwlib.predict.row import Row

if TYPE_CHECKING:
    from hwlib.predict import Prediction

FOLDER = Path(__file__).parents[1] / "measured"
HEADER = ("case_id", "metric", "predicted", "low", "high", "refused")
LARGEST = 256 * 1024 * 1024
"""Bytes of a file that is still read: a million cases."""


def read(path: str | Path) -> list[Row]:
    """The cases of a CSV file, ``-`` for standard input; `BadInput` in one sentence when it is none."""
    name = "standard input" if str(path) == "-" else str(path)
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with open(path, "rb") as handle:
                data = handle.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise BadInput(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}", field="CASES") from None
    if len(data) > LARGEST:
        raise BadInput(f"{name} is larger than {LARGEST // 2**20} MiB: split it", field="CASES")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is not a CSV file in UTF-8 (byte {error.start})", field="CASES") from None
    if "\0" in text:
        raise BadInput(f"{name} is not a CSV file: it holds zero bytes", field="CASES")
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""))
        header = [str(h).strip() for h in reader.fieldnames or ()]
        if "case_id" not in header:
            raise BadInput(f"{name} has no column case_id: its first line must name the columns of a measurement file", field="CASES")
        reader.fieldnames = header
        return [Row(cells) for cells in reader]
    except csv.Error as error:
        raise BadInput(f"{name} is not a CSV file: {error}", field="CASES") from None


@cache
def measured(file: str) -> tuple[Row, ...]:
    """The cases of one of the project's own files."""
    return tuple(read(FOLDER / file))


def shown(value: float | None) -> str:
    """A number with six digits, nothing for none.

    >>> shown(1234567.0), shown(0.00012345678), shown(None)
    ('1234570', '0.000123457', '')
    """
    if value is None:
        return ""
    text = f"{value:.6g}"
    return f"{float(text):.0f}" if "e+" in text and abs(value) < 1e15 else text


def written(predictions: Iterable[Prediction]) -> str:
    """Predictions as the text of a CSV file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for p in predictions:
        writer.writerow((p.case_id, p.metric, shown(p.predicted), shown(p.low), shown(p.high), " ".join(p.refused.split())))
    return out.getvalue()


def write(text: str, path: str | Path) -> None:
    """The text in a file, whole or not at all; ``-`` for standard output."""
    if str(path) == "-":
        sys.stdout.write(text)
        return
    target = Path(path)
    handle = None
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.", suffix=".part")
        with os.fdopen(handle, "w", encoding="utf8", newline="") as out:
            out.write(text)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, target)
    except (OSError, ValueError) as error:
        if handle is not None and os.path.exists(temporary):
            os.unlink(temporary)
        raise BadInput(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}", field="--out") from None
