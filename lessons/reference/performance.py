"""The performance page: what `make bench` and `tools/bench_pages.py` measured, with ratios that were taken in the same run."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from lessons import draw
from lessons.draw.table import Html
from lessons.reference.tables import Shown, table

PATH = Path(__file__).with_name("performance.json")
PAGES = Path(__file__).with_name("pages.json")
TUTOR = Path(__file__).with_name("tutor.json")
STOPWATCH = Path(__file__).with_name("stopwatch.json")
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


@cache
def visits() -> dict:
    return json.loads(PAGES.read_text("utf8"))


def pages() -> Shown:
    """What each live page weighs, when it lives, and how fast it answers, as `tools/bench_pages.py` found."""
    rows = [
        [Html(f'<a href="../../{page}.html">{draw.esc(p["title"])}</a>'), draw.num(p["wire_bytes"] / 1e6), draw.num(p["live_s"]), f'{draw.num(p["live_range_s"][0])} to {draw.num(p["live_range_s"][1])}',
         draw.num(p["move_ms"]) if p["move_ms"] else None, f'{draw.num(p["slowest_ms"])} ({p["slowest"]})' if p["slowest_ms"] else None, "yes" if p["simulator"] else "no", f'{p["load"][0]} to {p["load"][1]}']
        for page, p in visits()["pages"].items()
    ]  # fmt: skip
    head = ("Page", "MB to live", "Live after, s", "from, to", "A move, ms", "Slowest control, ms", "Simulator", "Load")
    return Shown(table(head, rows, caption="First visits of the live pages", right={1, 2, 3, 4, 7}, wide=980, ids=[f"visit-{page.removeprefix('book/').replace('/', '-')}" for page in visits()["pages"]]))


@cache
def tutor_times() -> dict:
    return json.loads(TUTOR.read_text("utf8"))


def tutor() -> Shown:
    """How long the tutor takes for a reply, a review, a repair and a very long text, as `tools/bench_tutor.py --keep` found."""
    rows = []
    for line in tutor_times()["lines"]:
        goal = line["goal_ms"]
        met = None if goal is None else "met" if line["wall_p95"] <= goal else "not met"
        rows.append([f'{line["kind"]}: {line["name"]}', line["count"], draw.num(line["wall_p50"]), draw.num(line["wall_p95"]), draw.num(goal) if goal is not None else None, met])
    head = ("What", "Times", "Median, ms", "95th percentile, ms", "Goal, ms", "")
    return Shown(table(head, rows, caption="The tutor, outside the browser", right={1, 2, 3, 4}, wide=620, ids=[f"tutor-{k}" for k in range(len(rows))]))


def newcomer() -> Shown:
    """How long a newcomer waits, as `tools/stopwatch.py` found."""
    if not STOPWATCH.is_file():  # the stopwatch builds this page too
        return Shown("<p>Not measured yet: <code>python tools/stopwatch.py</code> does it.</p>")
    r = json.loads(STOPWATCH.read_text("utf8"))
    rows = [[step, draw.num(seconds)] for step, seconds in r["seconds"].items()]
    return Shown(table(("From an empty folder and an empty home", "Seconds"), rows, caption=f"{r['date']}, {r['cores']} cores, load {draw.num(r['load'])}", right={1}, wide=420, ids=[f"wait-{k}" for k in range(len(rows))]))


def words() -> dict[str, str]:
    """Where and when it was measured."""
    r, v = results(), visits()
    pages = v["pages"].values()
    plain, simulated = ([p["slowest_ms"] for p in pages if p["slowest_ms"] and p["simulator"] is runs] for runs in (False, True))
    visited = {
        "visited": str(len(pages)), "visit_date": v["date"], "visit_chromium": v["chromium"], "rounds": str(v["rounds"]), "heaviest": f"{draw.num(max(p['wire_bytes'] for p in pages) / 1e6)} MB",
        "lightest": f"{draw.num(min(p['wire_bytes'] for p in pages) / 1e6)} MB", "soonest": f"{draw.num(min(p['live_s'] for p in pages))} s", "latest": f"{draw.num(max(p['live_s'] for p in pages))} s",
        "slowest_plain": f"{draw.num(max(plain))} ms", "slowest_simulated": f"{draw.num(max(simulated))} ms" if simulated else "none",
        "visit_load": f"{min(p['load'][0] for p in pages)} and {max(p['load'][1] for p in pages)}",
    }  # fmt: skip
    t = tutor_times()
    talks = [p for p in pages if "turn_median_ms" in p]
    visited |= {"turn": f"{draw.num(max(p['turn_median_ms'] for p in talks))} ms", "turn_most": f"{draw.num(max(p['turn_most_ms'] for p in talks))} ms", "turn_first": f"{draw.num(max(p['turn_first_ms'] for p in talks))} ms"}
    return visited | {"tutor_date": t["date"], "tutor_rounds": str(t["rounds"]), "date": r["date"], "python": r["python"], "numpy": r["numpy"], "cores": str(r["cores"]), "machine": r.get("cpu", r["machine"])}
