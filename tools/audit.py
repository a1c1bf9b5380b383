"""Known advisories against the installed packages, by pip-audit if it is there; says so when it could not tell.

    .venv/bin/python -m pip install pip-audit    once; it is not among the pinned packages
    python tools/audit.py

Exit code 1 means that something was found, 0 that nothing was found or nothing could be told: the words say which.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

COMMAND = [sys.executable, "-m", "pip_audit", "--local", "--progress-spinner", "off", "--format", "json"]
MISSING = "Not checked: pip-audit is not installed; `.venv/bin/python -m pip install pip-audit` brings it, and it needs the internet to ask for advisories."
OWN = "hardware-that-learns"


def verdict(output: str, error: str) -> tuple[int, str]:
    """What pip-audit's answer means: exit code and words."""
    try:
        found = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        lines = [line for line in error.splitlines() if line.strip()]
        return 0, f"Not checked: pip-audit could not reach its advisories ({lines[-1].strip() if lines else 'it said nothing'})."
    asked = [d for d in found if "skip_reason" not in d]
    left = [d["name"] for d in found if "skip_reason" in d and d["name"] != OWN]
    if not asked:
        return 0, "Not checked: no advisory source answered for any of the packages."
    bad = [f"{d['name']} {d['version']}: {v['id']}, mended in {', '.join(v['fix_versions']) or 'no release yet'}" for d in asked for v in d["vulns"]]
    rest = f" Not told about: {', '.join(left)}." if left else ""
    if bad:
        return 1, "\n".join([*bad, f"{len(bad)} advisories against {len(asked)} packages; `make update` says how a pin is moved.{rest}"])
    return 0, f"No advisory against any of {len(asked)} packages.{rest}"


def main() -> int:
    """Ask, and say what came of it."""
    if find_spec("pip_audit") is None:
        print(MISSING)
        return 0
    try:
        done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        print("Not checked: no answer within ten minutes.")
        return 0
    code, words = verdict(done.stdout, done.stderr)
    print(words)
    return code


if __name__ == "__main__":
    sys.exit(main())
