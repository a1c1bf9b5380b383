"""Tables of the reference pages: a caption, scopes, an id on every row, a scroll container that keys can reach."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hwlib.formula import Figure
from hwlib.units import digits_of
from lessons.draw.svg import esc
from lessons.draw.table import Html


class Shown(str):
    """HTML that a notebook shows as what it is."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"<{len(self):,} characters of HTML>"


def cell(value: object) -> str:
    """A cell's markup; None is an empty place that says so to whoever listens.

    >>> cell("A & B"), cell(Html("<b>x</b>"))
    ('A &amp; B', '<b>x</b>')
    """
    if value is None:
        return '<span class="hw-none" role="img" aria-label="not published">–</span>'
    return value if isinstance(value, Html) else esc(value)


def number(figure: Figure | None, scale: float = 1.0, digits: int = 4) -> Html | None:
    """A figure in the unit of its column, with "from memory" under it when nobody read it.

    >>> from hwlib.catalogue import chip
    >>> number(chip("l40s").peak("bf16"), 1e12, 5)
    '362.05'
    """
    if figure is None:
        return None
    text = esc(digits_of(float(figure) / scale, digits))
    return Html(text + memory(figure))


def memory(figure: Figure) -> str:
    """The mark of a remembered figure, or nothing."""
    return '<br><span class="hw-small" style="white-space:normal">from memory</span>' if getattr(figure.origin, "remembered", False) else ""


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    caption: str,
    ids: Sequence[str] = (),
    right: Collection[int] = (),
    data: Sequence[str] = (),
    wide: int = 0,
    first: int = 0,
    tight: Collection[int] = (),
) -> str:
    """One accessible table. The first column heads its row; ``ids`` and ``data`` (attributes) go to the rows.

    ``wide`` is the least width in pixels at which the columns can be read, ``first`` that of the first column:
    narrower screens scroll. Columns in ``tight`` never break a line.

    >>> table(["a", "b"], [["x", 1]], caption="C", ids=["r"])[:58]
    '<div class="hw-scroll" tabindex="0" role="region" aria-lab'
    """
    align = [
        " ".join(t for t in ('class="r"' if j in right else "", 'style="white-space:nowrap"' if j in tight else "") if t)
        for j in range(len(head))
    ]
    own = [f'style="min-width:{first}px"' if first and j == 0 else align[j] for j in range(len(head))]
    top = "".join(f'<th scope="col" {own[j]}>{cell(text)}</th>' for j, text in enumerate(head))
    body = []
    for k, row in enumerate(rows):
        cells = "".join(
            f'<th scope="row" {align[j]}>{cell(value)}</th>' if j == 0 else f"<td {align[j]}>{cell(value)}</td>"
            for j, value in enumerate(row)
        )
        name = f' id="{esc(ids[k])}"' if ids else ""
        body.append(f"<tr{name}{data[k] if data else ''}>{cells}</tr>")
    least = f' style="min-width:{wide}px"' if wide else ""
    return (
        f'<div class="hw-scroll" tabindex="0" role="region" aria-label="{esc(caption)}"><table class="hw-table"{least}>'
        f"<caption>{esc(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    ).replace(" >", ">")


def items(texts: Sequence[str]) -> str:
    """A list, or nothing.

    >>> items(["a"]), items([])
    ('<ul><li>a</li></ul>', '')
    """
    return f"<ul>{''.join(f'<li>{esc(t)}</li>' for t in texts)}</ul>" if texts else ""
