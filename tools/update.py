"""Which pins of requirements.txt have a newer release, and how one is moved. Changes nothing.

    python tools/update.py
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
HOW = """How a pin is moved, one at a time:
  1. Change its line in requirements.txt, and in pyproject.toml if it stands there; then `make unit`.
  2. `make licences` and `make audit`: the new release, and what it brings along.
  3. `make test`: the book is built anew and driven in Chromium.
  4. CHANGELOG.md says what moved and why.
Held on purpose: jupyter-book 1.x with its two themes (2.x needs a host outside to build); ipywidgets and comm (the same
wheels travel to the browser, and the front-end bundle speaks their protocol: book/_ext/livebook/package.json moves with
them); numpy, which must also run as the one of Pyodide 0.27.7 (tests/browser/mirror.py names the release and its sums)."""


def pins(text: str) -> list[Requirement]:
    """The requirements of a file, without its comments and options."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def newest(name: str) -> str | None:
    """The newest release that the registry has for this Python, or None when it could not be asked."""
    command = [sys.executable, "-m", "pip", "index", "versions", "--disable-pip-version-check", "--retries", "0", "--timeout", "10", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except subprocess.TimeoutExpired:
        return None
    found = re.match(rf"{re.escape(name)} \(([^)]+)\)", done.stdout)
    return found[1] if found else None


def lines(wanted: list[Requirement], ask=newest) -> list[str]:
    """One line for each pin: what is asked for, what is installed, what is newest; one sentence if nobody answers."""
    said = []
    for pin in wanted:
        try:
            here = metadata.version(pin.name)
        except metadata.PackageNotFoundError:
            here = "not installed"
        last = ask(pin.name)
        if last is None:
            return [*said, f"Not checked further: the Python package registry did not answer for {pin.name}."]
        state = "current" if last == here else "newer, inside the pin" if pin.specifier.contains(last) else "newer, outside the pin"
        said.append(f"{pin.name:28}{str(pin.specifier):20}{here:18}{last:18}{state}")
    return said


def main() -> int:
    """Print the lines and the way."""
    print(f"{'package':28}{'pinned':20}{'installed':18}{'newest':18}")
    print("\n".join(lines(pins((ROOT / "requirements.txt").read_text("utf-8")))))
    print(HOW)
    return 0


if __name__ == "__main__":
    sys.exit(main())
