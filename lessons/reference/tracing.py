"""Knowledge tracing beside pyBKT, on the performance page: what `tools/bench_mastery.py` measured."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from lessons import draw
from lessons.draw.svg import esc
from lessons.reference.tables import Shown, table

PATH = Path(__file__).with_name("mastery.json")
WORLDS = {"as ours": "drawn with our constants", "each skill its own": "drawn with constants that differ by skill"}


@cache
def results() -> dict:
    """What was measured; nothing where the benchmark has not run."""
    return json.loads(PATH.read_text("utf8")) if PATH.is_file() else {"missing": "make bench has not run"}


def foretold() -> Shown:
    """How well each side foretells answers of learners on whom nobody was fitted, and how far the two are apart with the same constants."""
    r = results()
    if "missing" in r:
        return Shown(f'<p class="hw-small">pyBKT: not measured ({esc(r["missing"])}).</p>')
    rows = [
        [f"Answers {WORLDS[world]}", who, f"{j['log_likelihood']:.4f}", f"{j['auc']:.4f}"]
        for world, found in r["worlds"].items() for who, j in found["judged"].items()
    ]  # fmt: skip
    apart = max(w["most_apart"] for w in r["worlds"].values())
    fits = [w["fit_s"] for w in r["worlds"].values()]
    note = (
        f'<p class="hw-small">With our constants in both, no two predictions are further apart than {apart:.0e}. '
        f"pyBKT {esc(r['pybkt'])} was fitted on {r['learners']} learners ({' and '.join(draw.num(f) for f in fits)} s) and judged, as we were, on {r['learners']} others.</p>"
    )
    return Shown(table(("Data", "Who foretells", "Log-likelihood an answer", "AUC"), rows, caption="Answers of learners foretold", right={2, 3}, wide=640) + note)


def speed() -> Shown:
    """Seconds beside pyBKT, in the same process."""
    r = results()
    if "missing" in r:
        return Shown("")
    what = {"a class": f"An answer of a class, {draw.num(r['answers'])} at once", "one learner": "All ten answers of one learner"}
    rows = [
        [label, _time(r["seconds"][f"ours, {key}"]["median"]), _time(r["seconds"][f"pyBKT, {key}"]["median"]),
         f"{draw.num(r['ratios'][key]['median'], 2)} × ({draw.num(r['ratios'][key]['low'], 2)} to {draw.num(r['ratios'][key]['high'], 2)})"]
        for key, label in what.items()
    ]  # fmt: skip
    note = f'<p class="hw-small">{esc(r["date"])}, Python {esc(r["python"])}, numpy {esc(r["numpy"])} (pyBKT {esc(r["pybkt"])} does not run on our own), {r["cores"]} cores ({esc(r["cpu"])}), load {draw.num(r["load"])}, {r["rounds"]} rounds in turn; medians, and the range of the rounds.</p>'
    return Shown(table(("What", "hwlib's tutor", "pyBKT", "Ratio"), rows, caption="Knowledge traced, in the same process", right={1, 2, 3}, wide=560) + note)


def _time(seconds: float) -> str:
    return f"{draw.num(1e6 * seconds)} µs" if seconds < 1e-3 else f"{draw.num(1e3 * seconds)} ms"
