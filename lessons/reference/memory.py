"""The performance page: what a live page takes of a reader's memory, as `tools/memory.py` measured it in Chromium."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from lessons.reference.tables import Shown, table

PATH = Path(__file__).with_name("memory.json")
STEPS = (("built", "as built, before Python"), ("live", "live"), ("moves_200", "after 200 moves of a slider"), ("moves_400", "after 400 moves"))


@cache
def measured() -> dict:
    """MB by page and step."""
    return json.loads(PATH.read_text("utf8"))


def of_a_tab() -> Shown:
    """MB of one tab, step by step."""
    every, rows = measured()["every"], []
    for name, found in measured()["pages"].items():
        rows += [[f"{name}, {words}", f"{found[step]:.0f} MB"] for step, words in STEPS if step in found]
        rows += [[f"{name}, after {every * count} restarts", f"{value:.0f} MB"] for count, value in enumerate(found.get("restarts", ()), 1)]
    return Shown(table(("One tab", "Memory"), rows, caption="Memory of a tab", right={1}, wide=420, ids=[f"memory-{k}" for k in range(len(rows))]))


def words() -> dict[str, str]:
    """With what and when it was measured."""
    of = measured()
    return {"chromium": of["chromium"].split(".")[0], "memory_date": of["date"], "memory_moves": "400", "memory_restarts": str(of["restarts"])}
