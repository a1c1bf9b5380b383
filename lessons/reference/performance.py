"""The performance page: what `make bench` measured, with ratios that were taken in the same run."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from lessons import draw
from lessons.reference.tables import Shown, table

PATH = Path(__file__).with_name("performance.json")
PEERS = {"mlsysim": "mlsysim", "llm_analysis": "llm-analysis"}


@cache
def results() -> dict:
    return json.loads(PATH.read_text("utf8"))


def _best() -> dict[str, float]:
    return results()["best"]


def _seconds(value: float) -> str:
    return f"{draw.num(1e6 * value)} µs" if value < 1e-3 else f"{draw.num(1e3 * value)} ms" if value < 1 else f"{draw.num(value)} s"


def _range(job: str) -> str:
    """The range of the rounds, where the stored run kept them."""
    found = results().get("ratios", {}).get(job)
    return f" ({draw.num(found['low'], 2)} to {draw.num(found['high'], 2)})" if found else ""


def side_by_side() -> Shown:
    """Import and one estimate, ours beside each peer that could be installed."""
    best, rows = _best(), []
    for peer, name in PEERS.items():
        label = f"{name} {results()[peer]}".strip()
        for what, job, of in (("import", "import", lambda v: v), ("one scalar estimate", "estimate", lambda v: 1 / v)):
            ours, theirs = best.get(f"{job} hwlib"), best.get(f"{job} {peer}")
            if ours is None or theirs is None:
                rows.append([f"{what}, {label or name}", _seconds(of(ours)) if ours else None, None, "not measured: it could not be installed or did not run"])
            else:
                rows.append([f"{what}, {label}", _seconds(of(ours)), _seconds(of(theirs)), f"{draw.num(of(theirs) / of(ours), 2)} ×{_range(f'{job} {peer}')}"])
    return Shown(table(("What", "hwlib", "The other", "Ratio"), rows, caption="Side by side in the same run", right={1, 2, 3}, wide=560, ids=[f"beside-{k}" for k in range(len(rows))]))


RATES = (
    ("predict hwlib", "Cases of the saturated family predicted, with intervals"), ("search hwlib", "Layouts estimated: GPT-3 175B on 1,024 A100s, one core"),
    ("simulate hwlib 1", "Requests simulated at 1 request/s, with percentiles"), ("simulate hwlib 4", "Requests simulated at 4 requests/s, with percentiles"),
)  # fmt: skip


def rates() -> Shown:
    """What is done a second where no peer can be installed from the Python registry."""
    rows = [[what, draw.num(_best()[job]) if job in _best() else None] for job, what in RATES]
    return Shown(table(("What", "A second"), rows, caption="Plain rates", right={1}, wide=420, ids=[f"rate-{k}" for k in range(len(rows))]))


def words() -> dict[str, str]:
    """Where and when it was measured."""
    r = results()
    return {"date": r["date"], "python": r["python"], "numpy": r["numpy"], "cores": str(r["cores"]), "machine": r.get("cpu", r["machine"])}
