"""How cost grows with work, on the performance page: what `tools/bench_growth.py` measured, drawn log-log with the slope named."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

from lessons import draw
from lessons.draw.svg import esc
from lessons.reference.tables import Shown

PATH = Path(__file__).with_name("growth.json")
KINDS = {
    "search": ("Layouts searched", "layouts", "compute", "One core, without the start of Python; all layouts of growing clusters for GPT-3 175B."),
    "simulate": ("Requests simulated", "requests", "network", "One core, without the start of Python; 4 requests a second at one A100, percentiles included."),
    "validate": ("Hand-ins graded", "hand-ins", "memory", "The whole command on all cores, start of Python and repairs included; a class without earlier results."),
    "book": ("Pages built", "pages", "ink", "Jupyter Book from nothing, every cell of every page run."),
}  # fmt: skip
LAST = 3
"""Sizes, from the largest down, whose slope is named: at small sizes the fixed cost hides how the rest grows."""


@cache
def results() -> dict:
    """What was measured; nothing where the benchmark has not run."""
    return json.loads(PATH.read_text("utf8")) if PATH.is_file() else {}


def slope(points: list[tuple[float, float]]) -> float:
    """The exponent of growth: least squares on the logarithms of the last sizes.

    >>> round(slope([(1, 5.0), (10, 1.0), (100, 10.0), (1000, 100.0)]), 3)
    1.0
    """
    logs = [(math.log(x), math.log(y)) for x, y in points[-LAST:]]
    mean_x, mean_y = (sum(p[k] for p in logs) / len(logs) for k in (0, 1))
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)


def word(exponent: float) -> str:
    """What a slope means.

    >>> word(0.4), word(1.02), word(1.5)
    ('more slowly than the work', 'in proportion to the work', 'faster than the work')
    """
    return "more slowly than the work" if exponent < 0.9 else "in proportion to the work" if exponent <= 1.1 else "faster than the work"


def curve(kind: str) -> str:
    """One kind of work: seconds against its amount."""
    name, unit, colour, how = KINDS[kind]
    if kind not in results().get("growth", {}):
        why = results().get("missing", {}).get(kind, "make bench has not run")
        return f'<p class="hw-small">{esc(name)}: not measured ({esc(why)}).</p>'
    rows = results()["growth"][kind]
    points = [(r["work"], r["median"]) for r in rows]
    steep = slope(points)
    said = f"slope {draw.num(steep, 2)}"
    work, seconds = points[-1]
    in_proportion = [(x, seconds * x / work) for x in (points[-LAST][0], work)]
    picture = draw.curve(
        points, label=said, others=[("in proportion", in_proportion)], yours=points[-1], yours_label=f"{draw.num(seconds)} s", x_label=unit, y_label="seconds", x_log=True, y_log=True,
        kind=colour, title=f"{name}: seconds against {unit}",
        says=f"{draw.num(points[0][0])} {unit} take {draw.num(points[0][1])} s, {draw.num(work)} take {draw.num(seconds)} s; over the last {LAST} sizes the time grows with {said}, {word(steep)}.",
    )  # fmt: skip
    grid = draw.table(
        (unit.capitalize(), "Seconds, median", "Range", "Rounds", f"{unit.capitalize()} a second"),
        [[draw.num(r["work"]), draw.num(r["median"]), f"{draw.num(r['low'])} to {draw.num(r['high'])}", r["rounds"], draw.num(r["work"] / r["median"])] for r in rows],
        caption=f"{name}, measured", right={0, 1, 2, 3, 4},
    )  # fmt: skip
    return draw.figure(picture, caption=f"{esc(name)}: the time grows {word(steep)} ({said} over the last {LAST} sizes). {esc(how)}", table=grid)


def curves() -> Shown:
    """All kinds of work, one picture each, and where they were measured."""
    r = results()
    where = "" if not r else (
        f'<p class="hw-small">{esc(r["date"])}, Python {esc(r["python"])}, {r["cores"]} cores ({esc(r["cpu"])}), load {draw.num(r["load"])}: '
        f"above {r['cores']}, processes wait for one another and the times are longer than on a quiet machine.</p>"
    )
    return Shown(where + "".join(curve(kind) for kind in KINDS))
