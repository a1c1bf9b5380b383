"""The hand-ins inside one file: a sidecar holds one, a notebook holds any number among its outputs.

A notebook is read as data. Only outputs under the course's own MIME type are looked at, so that cells which were
deleted, split, retagged or rewritten cannot break a hand-in; nothing in the notebook is executed or imported.
"""

from __future__ import annotations

from typing import Any

from hwlib.errors import BadInput
from tutor import strict
from tutor.submission import MIME

NOT_RUN = "holds no hand-in: no cell has outputs. Run the notebook to its last cell and save it, or hand in the .submission.json file"
NO_CALL = "holds no hand-in among its outputs. Run the cell with submit() and save the notebook, or hand in the .submission.json file"
MAX_PAYLOADS = 100


def payloads(data: bytes, *, notebook: bool) -> list[Any]:
    """The values that claim to be hand-ins, in their order; `BadInput` when there are none."""
    value = strict.parse(data)
    if not notebook:
        return [value]
    found = list(_outputs(value))
    if len(found) > MAX_PAYLOADS:
        raise BadInput(f"holds {len(found):,} hand-ins; at most {MAX_PAYLOADS} are read")
    return found


def _outputs(book: Any) -> list[Any]:
    if not isinstance(book, dict) or "nbformat" not in book:
        raise BadInput("is JSON, but not a notebook")
    form = book["nbformat"]
    if type(form) is not int or form != 4:
        raise BadInput(f"is a notebook of format {strict.clip(repr(form), 20) if isinstance(form, int | float | str) else 'unknown'}; save it in format 4")
    if not isinstance(book.get("cells"), list):
        raise BadInput("is a notebook without a list of cells; open it in Jupyter and save it again")
    any_output = False
    found = []
    for cell in book["cells"]:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            any_output = True
            shown = isinstance(output, dict) and output.get("output_type") in ("display_data", "execute_result")
            bundle = output.get("data") if shown else None
            if isinstance(bundle, dict) and MIME in bundle:
                found.append(bundle[MIME])
    if not found:
        raise BadInput(NO_CALL if any_output else NOT_RUN)
    return found
