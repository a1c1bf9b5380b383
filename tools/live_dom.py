"""Pages as they stand in the browser when Python has drawn on them, written as HTML for a checker: `python tools/live_dom.py OUT`."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser import mirror, reading  # noqa: E402 - the readers of the tests

PAGES = ("book/1-two-workloads/discussion", "book/2-training/parallelism", "book/3-inference-chips/continuous-batching")
# What widgets and the theme leave in a document is theirs; what ours draw stands in the article's live views.
VIEWS = "() => [...document.querySelectorAll('.livebook-live .widget-html-content')].map((view) => view.innerHTML)"


def serialised(reader: reading.Reader, title: str) -> str:
    """A page with everything that Python drew, each view as the browser has it, in a document of its own."""
    views = reader.page.evaluate(VIEWS)
    body = "\n".join(f"<div>{view}</div>" for view in views)
    return f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n<body>\n{body}\n</body>\n</html>\n'


def main() -> int:
    """Visit, move a slider so that a second picture is drawn, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pages", nargs="*", default=PAGES)
    parser.add_argument("--whole", action="store_true", help="the whole document, with what the theme and the widgets put there")
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    if reading.chromium() is None:
        raise SystemExit("Chromium is not installed: apt-get install chromium, or name one in $CHROMIUM.")
    try:
        wheels = mirror.ensure()
    except mirror.MirrorUnavailable as error:
        raise SystemExit(f"No Pyodide mirror: {error}.") from None
    asked.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver, reading.static_host(reading.BOOK) as address:
        browser = driver.chromium.launch(executable_path=reading.chromium(), args=reading.FLAGS)
        for page in asked.pages:
            reader = reading.Reader(browser, wheels)
            reader.open(f"{address}{page}.html", "live", 120)
            if reader.page.locator(".livebook-live [role=slider]").count():
                reader.page.locator(".livebook-live [role=slider]").first.focus()
                reader.page.keyboard.press("ArrowRight")
            reader.page.evaluate("() => window.__livebook.kernel.run('', 'settled')")
            reader.page.wait_for_timeout(300)
            text = "<!DOCTYPE html>\n" + reader.page.evaluate("document.documentElement.outerHTML") if asked.whole else serialised(reader, page)
            text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
            (asked.out / f"{page.replace('/', '_')}.html").write_text(text, "utf8")
            reader.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
