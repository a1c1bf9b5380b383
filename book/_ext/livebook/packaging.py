"""Archives that the browser unpacks: the course's packages, and the widget library that they use.

Names carry a hash of the *contents* (not of the compressed bytes, which differ between zlib versions), so
a reader's browser may keep an archive for ever, and two builds of one commit give the same names.
"""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.util
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path

from sphinx.errors import ExtensionError

# A notebook is worked, not imported; bytecode is of another Python than Pyodide's.
SKIPPED_SUFFIXES = {".ipynb", ".pyc", ".pyo", ".so", ".map"}
# Of a third-party distribution the browser needs the code, and the reader its licence.
KEPT_METADATA = ("METADATA", "LICENSE", "LICENSE.txt", "LICENSE.md", "COPYING.md")
# The oldest date that a zip can hold: every entry gets it, so that time leaves no trace.
EPOCH = (1980, 1, 1, 0, 0, 0)

Files = Mapping[str, bytes]


def package_files(names: Iterable[str], root: Path) -> dict[str, bytes]:
    """Every file of the named packages, data and templates included, by its path inside the zip."""
    files: dict[str, bytes] = {}
    for name in names:
        folder = find_package(name, root)
        for path in folder.rglob("*"):
            relative = path.relative_to(folder)
            hidden = any(part.startswith(".") or part == "__pycache__" for part in relative.parts)
            if path.is_file() and not hidden and path.suffix not in SKIPPED_SUFFIXES:
                files[f"{name}/{relative.as_posix()}"] = path.read_bytes()
    return files


def without(files: Files, patterns: Iterable[str]) -> dict[str, bytes]:
    """The files that no pattern names; a pattern that names none is an error, because it was meant to."""
    kept = dict(files)
    for pattern in patterns:
        named = fnmatch.filter(kept, pattern)
        if not named:
            raise ExtensionError(f"livebook_left_out names {pattern!r}, which no file of the packages matches")
        for name in named:
            del kept[name]
    return kept


def find_package(name: str, root: Path) -> Path:
    """The folder of a package: beside the book's configuration if it is there, else where Python finds it."""
    if (root / name / "__init__.py").is_file():
        return root / name
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ExtensionError(f"livebook_packages names {name!r}, which is neither in {root} nor importable")
    return Path(next(iter(spec.submodule_search_locations)))


def distribution_files(names: Iterable[str]) -> dict[str, bytes]:
    """The importable files of installed pure-Python distributions, with their metadata and licences."""
    files: dict[str, bytes] = {}
    for name in names:
        try:
            recorded = metadata.distribution(name).files or []
        except metadata.PackageNotFoundError as error:
            raise ExtensionError(f"livebook_distributions names {name!r}, which is not installed") from error
        for entry in recorded:
            if entry.parts[0] == ".." or "__pycache__" in entry.parts or "tests" in entry.parts:
                continue  # scripts, shared data, bytecode and test suites
            in_metadata = entry.parts[0].endswith(".dist-info")
            if in_metadata and entry.name not in KEPT_METADATA:
                continue
            if in_metadata or entry.suffix == ".py":
                files[entry.as_posix()] = Path(entry.locate()).read_bytes()
    return files


def digest(files: Files) -> str:
    """A short hash of names and contents, whatever the order they came in."""
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return whole.hexdigest()[:12]


def write_zip(files: Files, folder: Path, stem: str) -> str:
    """Write ``stem-HASH.zip`` into the folder in place of earlier ones, and return its name."""
    def write(unfinished: Path) -> None:
        with zipfile.ZipFile(unfinished, "w") as archive:
            for path in sorted(files):
                entry = zipfile.ZipInfo(path, EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, files[path])

    return _write(files, folder, stem, "zip", write)


def write_pack(files: Files, folder: Path, stem: str) -> str:
    """Write ``stem-HASH.pack`` into the folder in place of earlier ones, and return its name."""
    return _write(files, folder, stem, "pack", lambda unfinished: unfinished.write_bytes(pack(files)))


def pack(files: Files) -> bytes:
    """All files compressed as one, a fifth smaller than as a zip of many small ones: a line of JSON (names, sizes), then the contents."""
    order = sorted(files, key=lambda path: (path.rpartition(".")[2], path))  # like beside like
    head = json.dumps([[path, len(files[path])] for path in order], separators=(",", ":"))
    return zlib.compress(b"".join([head.encode(), b"\n", *(files[path] for path in order)]), 9)


def _write(files: Files, folder: Path, stem: str, suffix: str, write: Callable[[Path], object]) -> str:
    name = f"{stem}-{digest(files)}.{suffix}"
    for earlier in folder.glob(f"{stem}-*.*"):
        if earlier.name != name:
            earlier.unlink()
    if not (folder / name).exists():
        unfinished = folder / f"{stem}.part"
        write(unfinished)
        unfinished.replace(folder / name)
    return name
