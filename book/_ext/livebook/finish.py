"""The last hand on every page when the book is built: what the theme leaves heavy or invalid, and then the policy.

Nothing here depends on what a page says. It runs over the written files, because only there the theme's own templates show.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from sphinx.application import Sphinx

from . import icons
from .policy import pages, with_policy

SCRIPTS = ("scripts/pydata-sphinx-theme.js", "scripts/sphinx-book-theme.js", "livebook/livebook.js")
MATHJAX = re.compile(r'<script[^>]*>\s*window\.MathJax\s*=.*?</script>\s*|<script[^>]*tex-chtml[^>]*></script>\s*', re.DOTALL)
DOORSTEP = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta http-equiv="Refresh" content="0; url={address}">
</head>
<body>
<p><a href="{address}">{title}</a></p>
</body>
</html>
"""


def valid(html: str) -> str:
    """The page without the one error of the theme that a checker of HTML names: a second search box with the first one's id."""
    first = html.find('id="search-input"')
    return html if first < 0 else html[:first + 1] + html[first + 1:].replace('id="search-input"', 'id="search-input-page"')


def without_idle_mathjax(html: str) -> str:
    """The page without MathJax where it has no formula: Sphinx asks for it on each page with an output that might be one."""
    if 'class="math' in html or "tex-chtml" not in html:
        return html
    return MATHJAX.sub("", html)


def doorstep(folder: Path, *, title: str, language: str) -> None:
    """The page at the root, which Jupyter Book writes as a bare order to go on: made a whole page, with a link for who must press it.

    Jupyter Book writes it when Sphinx has finished, so `tools/build_book.py` asks for this.
    """
    page = folder / "index.html"
    order = page.read_text(encoding="utf-8")
    if order.lstrip().lower().startswith("<meta"):
        address = order.partition("url=")[2].partition('"')[0]
        page.write_text(with_policy(DOORSTEP.format(title=title, language=language, address=address)), encoding="utf-8")


def write(app: Sphinx, exception: Exception | None) -> None:
    """Handler of `build-finished`."""
    if exception is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    texts = {page: page.read_text(encoding="utf-8") for page in pages(folder)}
    sheet = _icons(folder / "_static", texts.values())
    for page, before in texts.items():
        after = with_policy(without_idle_mathjax(valid(icons.with_icons(before, sheet) if sheet else before)))
        if after != before:
            page.write_text(after, encoding="utf-8")


def _icons(static: Path, texts: Iterable[str]) -> str:
    """Write the sheet of icons and return its versioned name; nothing where the theme brings no Font Awesome."""
    vendor = next((path for path in sorted(static.glob("vendor/fontawesome/*")) if (path / "webfonts" / "fa-solid-900.ttf").is_file()), None)
    if vendor is None:
        return ""
    scripts = [path.read_text(encoding="utf-8") for name in SCRIPTS if (path := static / name).is_file()]
    content = icons.style([*texts, *scripts], vendor)
    (static / "livebook" / "icons.css").write_text(content, encoding="utf-8")
    return f"livebook/icons.css?v={hashlib.sha256(content.encode()).hexdigest()[:8]}"
