"""Pictures of pages, for people to look at.

    python -m tests.browser.shots OUT                         every page of the contents, as built and live
    python -m tests.browser.shots OUT --pages book/index book/2-training/parallelism
    python -m tests.browser.shots OUT --static                as built only: no Python, quick
    python -m tests.browser.shots OUT --html SOME/_build/html --pages explorer

Each page gives three files: light, dark and phone (390 px), whole pages from top to bottom.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from . import book_pages, mirror, reading

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.shots", description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--pages", nargs="*", help="pages without .html, from the root of the book")
    parser.add_argument("--html", type=Path, default=reading.BOOK)
    parser.add_argument("--static", action="store_true", help="do not wait for Python")
    return parser.parse_args()


def shoot(browser, address: str, page: str, out: Path, wheels: Path | None) -> str:
    """Three pictures of one page; returns a line on how it went."""
    name = page.replace("/", "_")
    states = []
    for label, size, scheme in (("light", DESK, "light"), ("dark", DESK, "dark"), ("phone", PHONE, "light")):
        reader = reading.Reader(browser, wheels, viewport=size, color_scheme=scheme)
        try:
            reader.open(f"{address}{page}.html")
            reader.page.wait_for_load_state("load")
            reader.page.wait_for_function("window.__livebook === undefined || 'built' in window.__livebook.marks")
            if wheels and reader.page.locator("#livebook-config").count():
                reader.page.wait_for_function(
                    "['live', 'error', 'static'].includes(document.documentElement.dataset.livebook)", timeout=120_000)
            reader.page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", scheme)
            reader.page.wait_for_timeout(600)
            reader.page.screenshot(path=out / f"{name}-{label}.png", full_page=True)
            state = reader.page.evaluate("document.documentElement.dataset.livebook") or "plain"
            states.append(f"{label} {state}" + "".join(f"\n    {said}" for said in reader.complaints))
        finally:
            reader.close()
    return f"{page}: {', '.join(states)}"


def main() -> None:
    """Take all pictures."""
    from playwright.sync_api import sync_playwright

    asked = arguments()
    if not (asked.html / "index.html").is_file():
        raise SystemExit(f"There is no built book in {asked.html}: run `make book` first.")
    if reading.chromium() is None:
        raise SystemExit("Chromium is not installed: apt-get install chromium, or name one in $CHROMIUM.")
    try:
        wheels = None if asked.static else mirror.ensure()
    except mirror.MirrorUnavailable as error:
        raise SystemExit(f"No Pyodide mirror ({error}): use --static.") from None
    asked.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver, reading.static_host(asked.html) as address:
        browser = driver.chromium.launch(executable_path=reading.chromium(), args=reading.FLAGS)
        for page in asked.pages or book_pages.in_contents():
            print(shoot(browser, address, page, asked.out, wheels), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
