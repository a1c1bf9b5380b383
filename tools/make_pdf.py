"""Print `_build/hardware-that-learns.pdf` from the built book, with the Chromium that the browser tests use."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from take_along import NotMade, contents, cover, pdf  # noqa: E402 - they lie beside this file

from tests.browser import reading  # noqa: E402 - knows where a Chromium may be

TARGET = ROOT / "_build" / "hardware-that-learns.pdf"


def main() -> int:
    """Exit code 0 when the PDF stands in `_build`; with `--if-possible` also when there is no Chromium to print it."""
    TARGET.unlink(missing_ok=True)  # an old one would pass for this book's
    try:
        chromium = reading.chromium()
        if chromium is None and "--if-possible" in sys.argv[1:]:
            print("No PDF: there is no Chromium to print it.")
            return 0
        if chromium is None:
            raise NotMade("Chromium prints it, and there is none here: apt-get install chromium, or set CHROMIUM=/path/to/it")
        chapters = contents.chapters(ROOT / "_build" / "html", ROOT / "_toc.yml")
        pdf.make(chapters, TARGET, cover=cover.png(), chromium=chromium, flags=reading.FLAGS)
    except NotMade as error:
        print(f"No PDF: {error}.", file=sys.stderr)
        return 1
    print(f"{TARGET.relative_to(ROOT)}: {len(chapters)} pages of the book, {TARGET.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
