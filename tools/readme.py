"""Write the figures of the README from the stored results: `.venv/bin/python tools/readme.py`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main() -> int:
    from lessons.reference.front import filled

    page = ROOT / "README.md"
    page.write_text(filled(page.read_text("utf8")), "utf8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
