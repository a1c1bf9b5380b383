"""The licence of everything that is installed from requirements.txt or shipped with a page; fails on one that does not fit.

    python tools/licences.py          a table; exit code 1 when a licence is unknown or does not fit ours
    python tools/licences.py --brief  only what needs attention, and the count

Ours is MIT for code and CC BY 4.0 for prose. Permissive licences fit. So does the Mozilla licence, whose terms stay
with its own files, as long as those are passed on unchanged. What would bind the whole (GPL, AGPL, no sale) does not.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
FRONT = ROOT / "book" / "_ext" / "livebook"
OWN = "hardware-that-learns"

PERMISSIVE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "MIT-CMU", "OFL-1.1", "PSF-2.0", "Zlib",
}  # fmt: skip
BY_FILE = {"MPL-2.0"}
"""Copyleft that ends at its own files: fits while they are passed on unchanged."""
SPELLINGS = {
    "Apache 2.0": "Apache-2.0", "Apache License, Version 2.0": "Apache-2.0", "Apache Software License": "Apache-2.0", "BSD License": "BSD-3-Clause", "ISC License (ISCL)": "ISC",
    "MIT License": "MIT", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "Python Software Foundation License": "PSF-2.0", "BSD": "BSD-3-Clause", "Public Domain": "CC0-1.0",
}  # fmt: skip
"""What metadata say, as SPDX names it. "BSD License" leaves the clauses open; both kinds fit."""
READ = {
    "docutils": ("CC0-1.0 AND PSF-2.0 AND BSD-2-Clause", "its GPL part is a mode for Emacs, which is not installed"),
}
"""Distributions whose metadata say more than what is installed, with what was read in their licence file."""
MARKS = (("MIT", "Permission is hereby granted, free of charge"), ("Apache-2.0", "Apache License\n"), ("MPL-2.0", "Mozilla Public License"))
"""Words by which the text of a licence file tells its name, for distributions that name none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is used or passed on. `licence` is an SPDX expression, empty when none was found."""

    name: str
    version: str
    licence: str
    where: str
    note: str = ""

    @property
    def fault(self) -> str:
        """Why it does not fit, or nothing."""
        return "no licence found" if not self.licence else "" if fits(self.licence) else "does not fit ours"


def fits(expression: str) -> bool:
    """Whether a licence expression can be kept beside ours: every part of an AND, one of an OR.

    >>> fits("MIT AND (GPL-3.0-only OR BSD-3-Clause)"), fits("MIT AND GPL-3.0-only"), fits("Apache-2.0 WITH LLVM-exception")
    (True, False, False)
    """
    tokens = re.findall(r"\(|\)|[^\s()]+(?:\s+WITH\s+[^\s()]+)?", expression)

    def either() -> bool:
        found = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            found = both() or found
        return found

    def both() -> bool:
        found = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            found = one() and found
        return found

    def one() -> bool:
        token = tokens.pop(0) if tokens else ""
        if token != "(":
            return token in PERMISSIVE | BY_FILE
        found = either()
        return bool(tokens) and tokens.pop(0) == ")" and found

    return either() and not tokens


def spdx(of: metadata.Distribution) -> tuple[str, str]:
    """A distribution's licence and a note: its own expression, else its classifiers, else its words, else its licence file."""
    name = canonicalize_name(of.metadata["Name"])
    if name in READ:
        return READ[name]
    if said := of.metadata.get("License-Expression"):
        return said, ""
    classes = [c.rpartition("::")[2].strip() for c in of.metadata.get_all("Classifier") or [] if c.startswith("License ::")]
    if named := [SPELLINGS.get(c, c) for c in classes if c not in ("OSI Approved", "DFSG approved")]:  # approvals are no licences
        return " AND ".join(n if " " not in n else n.replace(" ", "-") for n in dict.fromkeys(named)), ""
    words = (of.metadata.get("License") or "").strip()
    if words and "\n" not in words and len(words) < 60:
        return SPELLINGS.get(words, words), ""
    for file in of.files or ():
        if re.search(r"(^|/)(LICEN[CS]E|COPYING)[^/]*$", str(file)):
            text = file.read_text()
            for licence, mark in MARKS:
                if mark in text:
                    return licence, "by its licence file"
    return "", ""


def installed() -> Iterator[Row]:
    """Everything that requirements.txt brings, however far down."""
    lines = (line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines())
    waiting, seen = [Requirement(line).name for line in lines if line and not line.startswith("-")], set()
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in seen or name == OWN:
            continue
        seen.add(name)
        try:
            of = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            yield Row(name, "", "", "Python", "not installed: run `make unit` first")
            continue
        yield Row(name, of.version, *_placed(spdx(of), "Python"))
        needs = (Requirement(text) for text in of.requires or ())
        waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]


def _placed(found: tuple[str, str], where: str) -> tuple[str, str, str]:
    return found[0], where, found[1]


def bundled(legal: str, lock: dict) -> Iterator[Row]:
    """The front-end bundle by its own list, held to what the lock of its build says of the same packages."""
    packages = {path.rpartition("node_modules/")[2]: entry for path, entry in lock["packages"].items() if path}
    for name, version, licence in re.findall(r"^(\S+) (\d\S*) — (.+)$", legal, re.M):
        entry = packages.get(name, {})
        agrees = (entry.get("version"), entry.get("license")) == (version, licence)
        yield Row(name, version, licence if agrees else "", "bundle", "" if agrees else f"the lock says {entry.get('version')}, {entry.get('license')}")


def vendored() -> Iterator[Row]:
    """Other things that a page brings to its reader: each held to words that stand in its own files."""
    site = Path(metadata.distribution("pydata-sphinx-theme").locate_file(""))
    theme = site / "pydata_sphinx_theme/theme/pydata_sphinx_theme/static"
    for name, licence, pattern, word in (
        ("MathJax and its fonts", "Apache-2.0", FRONT / "mathjax" / "LICENSE", "Apache License"),
        ("Font Awesome Free", "CC-BY-4.0 AND OFL-1.1 AND MIT", theme / "vendor/fontawesome/*/LICENSE.txt", "SIL OFL 1.1"),
        ("Bootstrap and Popper", "MIT", theme / "scripts/bootstrap.js.LICENSE.txt", "MIT"),
        ("clipboard.js", "MIT", site / "sphinx_copybutton/_static/clipboard.min.js", "Licensed MIT"),
        ("axe-core (tests only)", "MPL-2.0", site / "axe_playwright_python/axe.min.js", "Mozilla Public"),
    ):
        files = list(pattern.parent.parent.glob(f"{pattern.parent.name}/{pattern.name}"))
        stands = any(word in file.read_text("utf-8", errors="replace") for file in files)
        yield Row(name, "", licence if stands else "", "page" if "tests" not in name else "Python", "" if stands else f"{pattern.name} does not say so")
    yield Row("Pyodide", "0.27.7", "MPL-2.0", "page", "fetched unchanged; its Python is PSF-2.0, its numpy BSD-3-Clause")


def table() -> list[Row]:
    """All of it, sorted by where it is used."""
    legal, lock = (FRONT / "static" / "livebook.LEGAL.txt").read_text("utf-8"), json.loads((FRONT / "package-lock.json").read_text("utf-8"))
    return sorted([*installed(), *bundled(legal, lock), *vendored()], key=lambda r: (r.where, r.name.lower()))


def main() -> int:
    """Print the table; 1 when something does not fit."""
    parser = argparse.ArgumentParser(prog="python tools/licences.py", description=__doc__.splitlines()[0])
    parser.add_argument("--brief", action="store_true")
    brief = parser.parse_args().brief
    rows = table()
    for row in rows:
        if row.fault or not brief:
            print(f"{row.where:8}{row.name:36}{row.version:16}{row.licence or '?':40}{'; '.join(filter(None, (row.fault, row.note)))}".rstrip())
    bad = [row for row in rows if row.fault]
    kept = sum("MPL-2.0" in row.licence for row in rows)
    print(f"{len(rows)} licences read; {kept} under the Mozilla licence, passed on unchanged; {len(bad)} unknown or unfit.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
