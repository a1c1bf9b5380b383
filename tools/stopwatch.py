"""How long a newcomer waits: clone to a live page, and clone to a checked sample class, with an empty home.

    .venv/bin/python tools/stopwatch.py [--out lessons/reference/stopwatch.json]

Clones this repository's HEAD into a temporary folder and types what the README says, nothing else: `make serve` until
a page is live in Chromium, then `sample-class` and `validate`. Only the package
index that pip is set to use is taken along; caches are not. Run it with .venv, which has Playwright. Minutes; run it when the machine has nothing else to do.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_record import REFERENCE, ROOT, here, keep

sys.path.insert(0, str(ROOT))
from tests.browser import reading  # noqa: E402

RESULTS = REFERENCE / "stopwatch.json"
CLASS = (
    ".venv/bin/python -m tutor sample-class my-class",
    ".venv/bin/python -m tutor validate my-class/handed-in --roster my-class/roster.csv --policy my-class/policy.toml --out my-class/graded",
)
"""Lines of the README; a test looks for them there."""
PATIENCE_S = 3600
KEPT = ("PATH", "LANG", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


def newcomer(home: Path) -> dict[str, str]:
    """An environment with an empty home that still finds the package index."""
    kept = {k: v for k, v in os.environ.items() if k in KEPT or k.startswith("PIP_")}
    return kept | {"HOME": str(home), "PYTHONNOUSERSITE": "1"}


def page_is_live(line: str) -> None:
    """Open a page in Chromium and wait until its Python runs."""
    from playwright.sync_api import sync_playwright

    address, token = re.search(r"(http://\S+/book/)\?token=(\w+)", line).groups()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=reading.chromium(), args=reading.FLAGS)
        reader = reading.Reader(browser)
        reader.open(f"{address}book/1-two-workloads/roofline.html?token={token}", "live", PATIENCE_S)
        reader.close()
        browser.close()


def measure(repository: str) -> dict:
    load = os.getloadavg()[0]
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="newcomer-") as top:
        home, place = Path(top) / "home", Path(top) / "course"
        home.mkdir()
        environment = newcomer(home)
        begun = time.perf_counter()
        subprocess.run(["git", "clone", "--quiet", repository, str(place)], check=True, env=environment)
        seconds["clone"] = time.perf_counter() - begun
        with subprocess.Popen(["make", "serve", f"PORT={reading.free_port()}"], cwd=place, env=environment, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL) as serve:
            try:
                for line in serve.stdout:
                    print(f"{time.perf_counter() - begun:6.0f} s  {line}", end="", flush=True)
                    if "?token=" in line:
                        page_is_live(line)
                        seconds["clone to a live page"] = time.perf_counter() - begun
                        break
                else:
                    raise SystemExit("make serve ended before it printed an address")
            finally:
                serve.terminate()
        setup = (place / ".venv" / ".installed").stat().st_mtime - (place / "README.md").stat().st_mtime
        seconds["environment alone"] = setup
        begun = time.perf_counter()
        for line in CLASS:
            done = subprocess.run(shlex.split(line), cwd=place, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
            if done.returncode not in (0, 3):
                raise SystemExit(f"{line}: {done.stderr.strip()[-300:]}")
        # A newcomer who wants only this needs the environment, not the book.
        seconds["clone to a checked class"] = seconds["clone"] + setup + time.perf_counter() - begun
        if not (place / "my-class" / "graded" / "grades.csv").is_file():
            raise SystemExit("no grades.csv was written")
    return here([load, os.getloadavg()[0]]) | {"seconds": {k: round(v, 1) for k, v in seconds.items()}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repository", default=str(ROOT), help="what is cloned")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    results = measure(options.repository)
    for step, took in results["seconds"].items():
        print(f"{step:26s} {took:7.1f} s")
    keep(options.out, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
