"""Cost bars: what a figure in dollars is made of, option beside option."""

from __future__ import annotations

from .figures import quantity, tick
from .stacked import Look, stacked
from .svg import Pic, two


def cost_bars(
    rows,
    *,
    unit: str = "$",
    per: str = "",
    budget: float | None = None,
    budget_label: str | None = None,
    most: float | None = None,
    title: str = "Cost",
    says: str = "",
    wide: float = 680,
    narrow: float = 340,
) -> str:
    """Stacked bars on one scale from zero, the total at the end of each; a budget is an ink line through all.

    rows: (label, [(kind, value, name), …], note). Dollars are no resource, so kinds are mostly "grey2", "grey",
    "axis" and "ink"; "idle" hatches what is paid for nothing.
    """
    rows = [(r[0], [(k, float(v), n) for k, v, n in r[1]], *r[2:]) for r in rows]
    totals = [sum(v for _, v, _ in r[1]) for r in rows] or [1.0]
    top = max(totals + [budget or 0, most or 0]) * 1.02 or 1.0
    say = lambda v: quantity(v, unit)  # noqa: E731 - one line, used four times
    if budget is not None and budget_label is None:
        budget_label = f"budget {say(budget)}"
    look = Look(
        say=say,
        say_first=say,
        axis=tick(unit),
        limit=budget,
        limit_label=budget_label or "",
        over="over",
        totals=True,
        unlabelled=frozenset(),
    )
    title = f"{title}, {per}" if per else title
    says = says or _says(rows, say, budget_label if budget is not None else None)

    def draw(w: float) -> Pic:
        return stacked(w, rows, look=look, most=top, title=title, says=says)

    return two(draw, wide=wide, narrow=narrow)


def cost_bars_table(rows, *, unit: str = "$", **_look) -> tuple[list[str], list[list]]:
    """(head, rows): one column a part, then the total."""
    names: list[str] = []
    for _, parts, *_rest in rows:
        names += [n for _, _, n in parts if n not in names]
    out = []
    for label, parts, *_rest in rows:
        held = {n: v for _, v, n in parts}
        out.append(
            [
                label,
                *(quantity(held[n], unit) if n in held else "–" for n in names),
                quantity(sum(held.values()), unit),
            ]
        )
    return ["", *names, "together"], out


def _says(rows, say, budget: str | None) -> str:
    parts = []
    for label, segments, *_rest in rows:
        inside = ", ".join(f"{n} {say(v)}" for _, v, n in segments)
        parts.append(f"{label}: {say(sum(v for _, v, _ in segments))} ({inside})")
    return "; ".join(parts) + (f". {budget}" if budget else "")
