"""Measure the memory of a live page in Chromium, and write what the performance page shows.

    PYTHONPATH=. python tools/memory.py [--restarts 50]

One tab, Python in the page: as built, live, after 200 and 400 moves of a slider, and after each tenth restart.
The largest pages, the discussions, have no slider and are measured as built and live only.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser import memory, mirror, reading  # noqa: E402 - the tests hold the reader

PAGES = {"A chapter": "book/1-two-workloads/roofline", "A discussion": "book/3-inference-chips/discussion"}
OUT = ROOT / "lessons" / "reference" / "memory.json"


def measure(chromium, address: str, page: str, folder: Path, restarts: int) -> dict:
    """What one page takes, step by step, in MB."""
    browser = chromium.launch(executable_path=reading.chromium(), args=reading.FLAGS)
    reader = reading.Reader(browser, folder)
    try:
        reader.context.route(f"{reading.PYODIDE}**", lambda route: None)
        reader.open(f"{address}{page}.html")
        reader.page.wait_for_function("() => window.__livebook.marks.built")
        found = {"built": memory.tab_mb(browser, reader.page)}
        reader.context.unroute(f"{reading.PYODIDE}**")
        reader.answer(folder)
        reader.open(f"{address}{page}.html", "live", 180)
        found["live"] = memory.tab_mb(browser, reader.page)
        if not restarts:
            return found
        for moves in ("moves_200", "moves_400"):
            reader.page.evaluate(memory.MOVES, 200)
            found[moves] = memory.tab_mb(browser, reader.page)
            print(page, found, flush=True)
        found["restarts"] = []
        for restart in range(1, restarts + 1):
            reader.open(f"{address}{page}.html", "live", 180)
            if restart % 10 == 0:
                found["restarts"].append(memory.tab_mb(browser, reader.page))
                print(page, restart, found["restarts"][-1], flush=True)
        return found
    finally:
        reader.close()
        browser.close()


def main() -> None:
    """Measure, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--restarts", type=int, default=50)
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    folder = mirror.ensure()
    with sync_playwright() as driver, reading.static_host(reading.BOOK) as address:
        pages = {name: measure(driver.chromium, address, page, folder, 0 if "discussion" in page else asked.restarts) for name, page in PAGES.items()}
        browser = driver.chromium.launch(executable_path=reading.chromium(), args=reading.FLAGS)
        version = browser.version
        browser.close()
    found = {"date": datetime.date.today().isoformat(), "chromium": version, "restarts": asked.restarts, "pages": pages}
    OUT.write_text(json.dumps(found, indent=1, default=float) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
