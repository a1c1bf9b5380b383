"""The moving picture of the README, taken from the built book: `make book`, then `.venv/bin/python tools/picture.py`.

A reader in headless Chromium opens the studio of the training discussion under the local server, claims something that
is wrong, asks for the smallest repair, and applies it. What is kept is what the page showed.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
OUT = ROOT / "book" / "_static" / "live-page.webp"
PAGE, SIZE = "book/2-training/discussion.html", {"width": 1280, "height": 800}
CLAIM = "Data parallelism divides the weights over the ranks, so each chip holds less."
MOST_BYTES = 600_000


def frames() -> list[tuple[bytes, int]]:
    """Pictures of the page, and how many milliseconds each stands."""
    from playwright.sync_api import sync_playwright

    from tests.browser import reading

    taken: list[tuple[bytes, int]] = []
    with sync_playwright() as playwright, reading.local_server(reading.BOOK, ROOT) as server:
        browser = playwright.chromium.launch(executable_path=reading.chromium(), args=reading.FLAGS)
        reader = reading.Reader(browser, viewport=SIZE)
        reader.context.set_default_timeout(60_000)
        reader.open(f"{server.address}{PAGE}?token={server.token}", "live", 300)
        page, place = reader.page, reader.page.locator(".livebook-live")

        def take(milliseconds: int) -> None:
            page.wait_for_timeout(800)
            taken.append((page.screenshot(), milliseconds))

        def turns() -> int:
            return place.locator(".hw-log .hw-turn").count()

        def answered(before: int) -> None:
            page.wait_for_function("n => document.querySelectorAll('.livebook-live .hw-log .hw-turn').length > n", arg=before)

        field = place.get_by_label("Say something to the tutor")
        place.get_by_text("Memory of a chip", exact=True).first.evaluate("e => window.scrollTo(0, e.getBoundingClientRect().top + window.scrollY - 110)")
        take(2000)
        field.type(CLAIM)
        take(2500)
        before = turns()
        place.get_by_role("button", name="Say", exact=True).click()
        answered(before + 1)
        take(4500)
        before = turns()
        place.get_by_role("button", name="Smallest repair").click()
        answered(before + 1)
        take(4500)
        place.get_by_role("button", name="Apply to my design").last.click()
        page.wait_for_timeout(3000)
        take(5000)
        reader.close()
        browser.close()
        if reader.complaints:
            raise SystemExit("The page complained: " + "; ".join(reader.complaints))
    return taken


def main() -> int:
    from PIL import Image

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    shown = frames()
    first, *rest = (Image.open(io.BytesIO(data)).convert("RGB") for data, _ in shown)
    first.save(asked.out, save_all=True, append_images=rest, duration=[milliseconds for _, milliseconds in shown], loop=0, quality=70, method=6)
    size = asked.out.stat().st_size
    print(f"{asked.out.name}: {len(shown)} pictures, {size / 1e3:,.0f} kB")
    if size > MOST_BYTES:
        raise SystemExit(f"It has {size:,} bytes; a README should stay below {MOST_BYTES:,}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
