"""Build `_build/html` when it is missing or older than anything that it is made of; warnings are errors.

A page's figures are computed by the packages, and the notebook cache does not see a change there: so the
stamp is a hash over every file that the book is made of, and a stale book is executed afresh.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
STAMP = ROOT / "_build" / "made-of.sha256"
SOURCES = ("book", "hwlib", "tutor", "lessons", "_config.yml", "_toc.yml", "requirements.txt")
LEFT_OUT = {"__pycache__", "node_modules", ".ipynb_checkpoints"}


def made_of() -> str:
    """A hash over names and contents of everything that goes into the book."""
    digest = hashlib.sha256()
    for name in SOURCES:
        top = ROOT / name
        files = [top] if top.is_file() else sorted(p for p in top.rglob("*") if p.is_file())
        for path in files:
            if LEFT_OUT & set(path.parts) or path.suffix == ".pyc":
                continue
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


NOISE = "Kernel is running over TCP without encryption"  # each page's kernel says so; it listens on loopback and ends with the page


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run the build, passing its words on without the kernels' stock warning."""
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as build:
        for line in build.stdout:
            if NOISE not in line:
                print(line, end="", flush=True)
    return build.returncode


def finish_doorstep() -> None:
    """Make a whole page of the root's `index.html`, which Jupyter Book writes last of all."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    from livebook import finish

    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    finish.doorstep(HTML, title=settings["title"], language=settings["sphinx"]["config"]["language"])


def main() -> int:
    """Build when needed. Exit code 0 when a current book stands in `_build/html`."""
    wanted = made_of()
    if "--force" not in sys.argv and (HTML / "index.html").is_file() and STAMP.is_file() and STAMP.read_text() == wanted:
        print("The book in _build/html is current.")
        return 0
    STAMP.unlink(missing_ok=True)
    shutil.rmtree(ROOT / "_build" / ".jupyter_cache", ignore_errors=True)
    began = time.monotonic()
    print("Building the book: every page is executed; a few minutes.", flush=True)
    command = [str(Path(sys.executable).parent / "jupyter-book"), "build", str(ROOT), "-W", "-n", "--keep-going", "-q"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYDEVD_DISABLE_FILE_VALIDATION": "1", "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    code = run(command, environment)
    if code or not (HTML / "index.html").is_file():
        print("The book was not built: the lines above name the page and the reason.", file=sys.stderr)
        return code or 1
    finish_doorstep()
    STAMP.write_text(wanted)
    print(f"Built _build/html in {time.monotonic() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
