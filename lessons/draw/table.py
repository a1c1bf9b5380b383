"""The table behind a picture: scopes for screen readers, figures to the right, units in the head."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from .figures import num
from .svg import esc


class Html(str):
    """A cell that is markup already and is not escaped again."""

    __slots__ = ()


def _cell(value: object) -> str:
    if isinstance(value, Html):
        return value
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return esc(num(value))
    return esc(value)


def _is_figure(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def scroll_open(name: str) -> str:
    """The opening tag of a box that a wide table scrolls in; a keyboard reaches it, and a screen reader says its name."""
    return f'<div class="hw-scroll" tabindex="0" role="group" aria-label="{esc(name)}">'


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    caption: str = "",
    right: Collection[int] | None = None,
    sums: int = 0,
    cls: str = "hw-table",
) -> str:
    """An accessible table. The first column heads its row; `sums` last rows stand under a rule of ink.

    Columns in `right` (counted from 0) are right-aligned; left out, the ones that hold a number anywhere are.
    Cells are escaped unless they are Html; None says "not known".

    >>> table(["step", "ms"], [["prefill", 97.2]])
    '<div class="hw-scroll" tabindex="0" role="group" aria-label="Table: step, ms"><table class="hw-table"><thead><tr><th scope="col">step</th><th scope="col" class="r">ms</th></tr></thead><tbody><tr><th scope="row">prefill</th><td class="r">97.2</td></tr></tbody></table></div>'
    """
    rows = [list(row) for row in rows]
    if right is None:
        right = {j for j in range(len(head)) if any(j < len(row) and _is_figure(row[j]) for row in rows)}
    align = [' class="r"' if j in right else "" for j in range(len(head))]
    top = "".join(f'<th scope="col"{align[j]}>{_cell(text)}</th>' for j, text in enumerate(head))
    body = []
    for k, row in enumerate(rows):
        cells = []
        for j, value in enumerate(row):
            place = align[j] if j < len(align) else ""
            cells.append(
                f'<th scope="row"{place}>{_cell(value)}</th>' if j == 0 else f"<td{place}>{_cell(value)}</td>"
            )
        sum_row = ' class="sum"' if k >= len(rows) - sums else ""
        body.append(f"<tr{sum_row}>{''.join(cells)}</tr>")
    said = f"<caption>{esc(caption)}</caption>" if caption else ""
    return (
        f'{scroll_open(caption or "Table: " + ", ".join(str(h) for h in head if h))}<table class="{esc(cls)}">{said}<thead><tr>{top}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )
