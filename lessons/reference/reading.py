"""How well the tutor reads free text, as `python -m tutor evaluate --out lessons/reference/reading.json` found."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from lessons import draw
from lessons.reference.tables import Shown, table

PATH = Path(__file__).with_name("reading.json")
FRESH = "tutor, fresh"
SAID = {
    "tutor, fresh": "tutor, two new writers", "tutor, heldout": "tutor, all that was held out", "frames alone, heldout": "hand-written frames alone", "tf-idf nearest, heldout": "nearest utterance (TF-IDF)",
    "keyword bag, heldout": "bag of key words",
}
"""Lines of the table, in order; the baselines are scored on all that was held out."""


@cache
def results() -> dict:
    return json.loads(PATH.read_text("utf8"))


def _share(pair: list[int]) -> str:
    return f"{pair[0]} of {pair[1]}"


def accuracy() -> Shown:
    """Precision and recall of concepts, F1 of acts and values, and the two worst errors, beside simpler readers."""
    rows = []
    for name, said in SAID.items():
        s = results()["lines"][name]
        both = [f'{draw.num(s[kind]["precision"], 2)} / {draw.num(s[kind]["recall"], 2)}' for kind in ("misconception", "expectation")]
        rows.append([said, s["rows"], *both, draw.num(s["act_macro_f1"], 2) if "act_macro_f1" in s else None, draw.num(s["slots"]["f1"], 2) if "slots" in s else None, _share(s["reversals"]), _share(s["false_on_neutral"])])
    head = ("Reader", "Lines", "Misconceptions, precision / recall", "Ideas, precision / recall", "Acts, F1", "Values, F1", "Turned round", "Read into nothing")
    return Shown(table(head, rows, caption="What is read in lines that no model learned from", right={1, 2, 3, 4, 5}, wide=860, ids=[f"reads-{k}" for k in range(len(rows))]))


def words() -> dict[str, str]:
    """The figures of the page's sentences."""
    s = results()["lines"][FRESH]
    low, high = s["misconception"]["precision_within"]
    return {
        "reads_date": results()["date"], "reads_lines": str(s["rows"]), "reads_precision": f"{draw.num(low, 2)} to {draw.num(high, 2)}",
        "reads_missed": draw.percent(1 - s["misconception"]["recall"]), "reads_turned": _share(s["reversals"]),
    }
