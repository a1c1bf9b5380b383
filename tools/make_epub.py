"""Make `_build/hardware-that-learns.epub` from the built book: for an e-reader, a phone, a tablet."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from take_along import NotMade, contents, cover, epub  # noqa: E402 - they lie beside this file

TARGET = ROOT / "_build" / "hardware-that-learns.epub"


def main() -> int:
    """Exit code 0 when the EPUB stands in `_build`."""
    TARGET.unlink(missing_ok=True)  # an old one would pass for this book's
    dated = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        chapters = contents.chapters(ROOT / "_build" / "html", ROOT / "_toc.yml")
        made = epub.make(chapters, TARGET, cover=cover.png(), modified=datetime.fromtimestamp(int(dated), UTC) if dated else None)
    except NotMade as error:
        print(f"No EPUB: {error}.", file=sys.stderr)
        return 1
    pictures = sum(path.endswith(".svg") for path in made.files)
    print(f"{TARGET.relative_to(ROOT)}: {len(chapters)} pages, {pictures} pictures, {TARGET.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
