"""How heavy a live page is, how soon it lives, and how fast its sliders answer: `python tools/bench_pages.py`.

The site is made as for a classroom without internet (Python included) and served on loopback to Chromium, one page after
another and round by round, each visit with an empty profile. Measured in the page, by its own clock:

weight   bytes on the wire (tests/browser/weight.py) of what was asked for before the first panel lived
live     from the start of the navigation to the first panel's live figure in the document
move     from the key that moves a slider to the frame that shows the last change of the panel's figure
turn     from what is said to the tutor to the frame that shows the reply

Times are medians of the rounds and go with the machine's load; loopback has no network in it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from tests.browser import book_pages, mirror, reading, weight  # noqa: E402 - the readers of the tests measure too

RESULTS = ROOT / "lessons" / "reference" / "pages.json"
MOVES = ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft")
DESK = {"width": 1280, "height": 900}

# Runs in the page. A move is over when Python has answered all messages (they keep their order, so an empty cell run
# after the key says so) and the frame with the last change is painted. A slider's own read-out is no figure.
MOVE = """async ([selector, index, key]) => {
  const control = document.querySelectorAll(selector)[index];
  const panel = control.closest('.livebook-live');
  const paint = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now());
    channel.port2.postMessage(0);
  }));
  const element = (node) => node.nodeType === 1 ? node : node.parentElement;
  let painted = null;
  const watch = new MutationObserver((records) => {
    if (records.some(({ target }) => !element(target)?.closest('.slider-container, .widget-readout'))) painted = paint();
  });
  watch.observe(panel, { subtree: true, childList: true, characterData: true });
  control.focus();
  const begun = performance.now();
  if (control.tagName === 'SELECT') {
    control.selectedIndex = (control.selectedIndex + 1) % control.options.length;
    control.dispatchEvent(new Event('change', { bubbles: true }));
  } else {
    const code = { ArrowRight: 39, ArrowLeft: 37 }[key];
    control.dispatchEvent(new KeyboardEvent('keydown', { key, code: key, keyCode: code, which: code, bubbles: true, cancelable: true }));
  }
  await new Promise((done) => setTimeout(done, 0));
  await window.__livebook.kernel.run('', 'after a move');
  await paint();
  await paint();
  const end = await painted;
  watch.disconnect();
  return end ? end - begun : null;
}"""

# A turn of the conversation: from Enter to the frame with the tutor's reply.
TURN = """async ([words]) => {
  const field = document.querySelector('.hw-sayrow input');
  const log = document.querySelector('.hw-log');
  const paint = () => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0)));
  let painted = null;
  const watch = new MutationObserver(() => { painted = paint(); });
  watch.observe(log, { subtree: true, childList: true, characterData: true });
  const begun = performance.now();
  field.value = words;
  field.dispatchEvent(new Event('change', { bubbles: true }));
  await new Promise((done) => setTimeout(done, 0));
  await window.__livebook.kernel.run('', 'after a turn');
  await paint();
  const end = await painted;
  watch.disconnect();
  return end ? end - begun : null;
}"""
SAID = (
    "what am I supposed to do here?", "more memory bandwidth makes tokens come faster", "the KV cache grows with every token of every user", "with twice the chips?", "why does that cost so much?",
    "each user needs a chip of their own", "I would take int8 weights", "data parallelism halves the memory", "hint",
)
"""Of one conversation; the first turn is told apart: what reads free text is loaded when the field is entered."""
TYPING_MS = 2000
"""How long the field has the focus before the first turn: a short sentence takes longer to type."""

CONTROLS = """(selector) => [...document.querySelectorAll(selector)].map((control, index) => [index,
  control.getAttribute('aria-label') || control.closest('.jupyter-widgets')?.querySelector('label')?.textContent || '',
  control.checkVisibility() && !control.closest('[inert], details:not([open])')])"""
SLIDER, CHOICE = ".livebook-live [role=slider]", ".livebook-live select"

# Whether the simulator runs for a move: how often its functions are entered, as the interpreter itself tells.
COUNT = """
import sys, types
import hwlib.simulator.engine as _engine
if "_entered" not in globals():
    _entered, _m = [0], sys.monitoring
    def _count(code, offset):
        _entered[0] += 1
    _m.use_tool_id(4, "bench")
    _m.register_callback(4, _m.events.PY_START, _count)
    for _f in vars(_engine).values():
        if isinstance(_f, types.FunctionType) and _f.__module__ == _engine.__name__:
            _m.set_local_events(4, _f.__code__, _m.events.PY_START)
_entered[0]
"""
ENTERED = "async (source) => Number((await window.__livebook.kernel.run(source, 'count')).at(-1).data['text/plain'])"


def visit(browser, address: str, site: Path, page: str) -> dict:
    """One first visit: bytes, times, and what each control took."""
    reader = reading.Reader(browser, viewport=DESK)
    try:
        load = os.getloadavg()[0]
        reader.open(f"{address}{page}.html", "live", 120)
        asked, marks = list(reader.requests), reader.marks()
        timings = reader.page.evaluate("window.__livebook.timings")
        found = {
            "title": reader.page.locator("article h1").first.evaluate("h => h.firstChild.textContent"), "load": load,
            "live": min(value for name, value in marks.items() if name.startswith("live")) / 1e3, "whole": marks["live"] / 1e3,
            "start": marks["start"] / 1e3, "kernel": marks["kernel"] / 1e3, "boot": {name: value / 1e3 for name, value in timings.items()},
            "weight": weight.of(asked, {address: site}), "moves": {}, "simulator": False,
        }  # fmt: skip
        selector = SLIDER if any(shows for *_, shows in reader.page.evaluate(CONTROLS, SLIDER)) else CHOICE
        for index, name, shows in reader.page.evaluate(CONTROLS, selector):
            if shows:
                before = reader.page.evaluate(ENTERED, COUNT)
                taken = [ms for key in MOVES if (ms := reader.page.evaluate(MOVE, [selector, index, key])) is not None]
                ran = reader.page.evaluate(ENTERED, COUNT) > before
                if taken:
                    found["moves"][f"{index + 1}: {name.strip()}"] = {"ms": statistics.median(taken), "simulator": ran}
        if reader.page.locator(".hw-sayrow input").count():
            reader.page.locator(".hw-sayrow input").first.focus()
            reader.page.wait_for_timeout(TYPING_MS)
            turns = [ms for words in SAID if (ms := reader.page.evaluate(TURN, [words])) is not None]
            found["turns"] = {"first_ms": turns[0], "ms": statistics.median(turns[1:]), "most_ms": max(turns[1:]), "count": len(turns)}
        assert reader.complaints == [], f"{page}: {reader.complaints[0]}"
        return found
    finally:
        reader.close()


def wait_for_quiet(seconds: float) -> None:
    """Until nobody else wants a processor for a second, or until this patience ends; visits say which load they had."""
    until, still = time.monotonic() + seconds, 0
    while still < 5 and time.monotonic() < until:
        time.sleep(0.2)
        still = still + 1 if int(Path("/proc/loadavg").read_text().split()[3].split("/")[0]) <= 1 else 0


def summary(visits: list[dict]) -> dict:
    """A page's figures: medians of its visits, with the range of what varies from one to the next."""
    names = [name for name in visits[0]["moves"] if all(name in visit["moves"] for visit in visits)]
    moves = {name: statistics.median(visit["moves"][name]["ms"] for visit in visits) for name in names}
    slowest = max(moves, key=moves.get) if moves else ""
    lives = [visit["live"] for visit in visits]
    return {
        "title": visits[0]["title"], "wire_bytes": max(sum(visit["weight"].values()) for visit in visits), "live_s": _three(statistics.median(lives)),
        "live_range_s": [_three(min(lives)), _three(max(lives))], "move_ms": _three(statistics.median(moves.values())) if moves else None,
        "slowest_ms": _three(moves[slowest]) if moves else None, "slowest": slowest.partition(": ")[2], "simulator": any(visits[0]["moves"][name]["simulator"] for name in names),
        **({f"turn_{name}_ms": _three(statistics.median(visit["turns"][f"{key}ms"] for visit in visits)) for name, key in (("first", "first_"), ("median", ""), ("most", "most_"))} if "turns" in visits[0] else {}),
        "load": [round(min(visit["load"] for visit in visits), 1), round(max(visit["load"] for visit in visits), 1)],
    }  # fmt: skip


def _three(value: float) -> float:
    return float(f"{value:.3g}")


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", nargs="*", help="pages without .html; all live ones if none is named")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--html", type=Path, default=reading.BOOK)
    parser.add_argument("--out", type=Path, help=f"where the results go (default: {RESULTS.relative_to(ROOT)}); pages that were not measured keep theirs")
    parser.add_argument("--patience", type=float, default=0.0, metavar="S", help="before each visit, wait so long for a moment in which the machine is quiet (Linux)")
    parser.add_argument("--raw", type=Path, help="keep every visit here")
    asked = parser.parse_args()
    from make_site import make
    from playwright.sync_api import sync_playwright

    pages = asked.pages or [page for page in book_pages.live_pages() if book_pages.is_live(page)]
    visits: dict[str, list[dict]] = {page: [] for page in pages}
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        site = Path(scratch) / "site"
        print(make(asked.html, site, mirror.ensure()))
        with reading.static_host(site) as address:
            browser = driver.chromium.launch(executable_path=reading.chromium(), args=reading.FLAGS)
            version = browser.version
            for _ in range(asked.rounds):
                for page in pages:
                    wait_for_quiet(asked.patience)
                    visits[page].append(visit(browser, address, site, page))
                    one = summary(visits[page][-1:])
                    print(f"{page:44s} {one['wire_bytes'] / 1e6:5.2f} MB  live {one['live_s']:5.2f} s  slowest {one['slowest_ms'] or 0:4.0f} ms {one['slowest'][:30]:30s} {'sim' if one['simulator'] else '   '} load {one['load'][0]}", flush=True)
                    if asked.raw:
                        asked.raw.write_text(json.dumps(visits, indent=1), "utf8")
            browser.close()
    results = {"date": date.today().isoformat(), "chromium": version, "cores": os.cpu_count(), "machine": platform.machine(), "rounds": asked.rounds, "pages": {}}
    out = asked.out or RESULTS
    if asked.pages and out.is_file():  # some pages measured again: the others keep their figures
        results["pages"] = json.loads(out.read_text("utf8"))["pages"]
    results["pages"] |= {page: summary(found) for page, found in visits.items()}
    out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
