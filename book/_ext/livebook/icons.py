"""The few icons that the pages show, in place of all two thousand of Font Awesome.

The theme brings Font Awesome three times: a script of half a megabyte that draws what the style sheet draws as well, that
style sheet, and fonts that are fetched whether a page shows an icon of theirs or not. Together they are 0.86 MB of every
page. A dozen icons are used; they are cut out of the same font when the book is built.

The licence of the font (SIL OFL 1.1, `_static/vendor/fontawesome/…/LICENSE.txt` in the built book) reserves its name, so what
is cut out has another.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

NAME = "livebook icons"
USED = re.compile(r"\bfa-[a-z0-9]+(?:-[a-z0-9]+)*")
RULE = re.compile(r"((?:\.fa-[\w-]+:before,?)+)\{content:\"\\([0-9a-f]+)\"\}")
OTHERS = re.compile(r"""\s*<link rel="preload" as="font"[^>]*/fontawesome/[^>]*>|\s*<script src="[^"]*/fontawesome/[^"]*"></script>""")
SHEET = re.compile(r"""(<link href="[^"]*_static/)(?:vendor/fontawesome/|livebook/icons\.css)[^"]*("[^>]*>)""")
CHEVRON = 0xF107  # written by the theme's own style sheet, by the font's former name
STYLE = f"""/* Icons of Font Awesome Free (fontawesome.com), cut out by the build. Fonts: SIL OFL 1.1, see vendor/fontawesome. */
@font-face {{ font-family: "{NAME}"; font-weight: 900; src: url(data:font/woff;base64,FONT) format("woff"); }}
.fa, .fas, .fa-solid {{ font: 900 1em/1 "{NAME}"; display: inline-block; text-rendering: auto; -webkit-font-smoothing: antialiased; }}
.fa-lg {{ font-size: 1.25em; line-height: .05em; vertical-align: -.075em; }}
.fa-fw {{ text-align: center; width: 1.25em; }}
.search-button-field > .fa-solid {{ display: inline-block; }}
.bd-sidebar-secondary .onthispage::after {{ font-family: "{NAME}" !important; }}
.search-button__wrapper.show .fa-solid {{ font-size: var(--pst-font-size-icon); }}
"""


def codes(sheet: str) -> dict[str, int]:
    r"""Code points by class, from the style sheet of the font.

    >>> codes('.fa-a:before,.fa-b:before{content:"\\f101"}')
    {'fa-a': 61697, 'fa-b': 61697}
    """
    return {name: int(code, 16) for names, code in RULE.findall(sheet) for name in re.findall(r"\.(fa-[\w-]+):before", names)}


def cut(font: Path, points: Iterable[int]) -> bytes:
    """A WOFF of these glyphs alone, under another name; the notice of copyright stays in it."""
    from fontTools import subset

    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True, name_IDs=[0, 1, 2, 4, 6, 13, 14], glyph_names=False)
    loaded = subset.load_font(str(font), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=set(points))
    cutter.subset(loaded)
    for record in loaded["name"].names:
        if record.nameID in (1, 4, 6):
            record.string = NAME if record.nameID != 6 else NAME.replace(" ", "-")
    made = BytesIO()
    loaded.flavor = "woff"
    loaded.save(made)
    return made.getvalue()


def style(texts: Iterable[str], vendor: Path) -> str:
    """The style sheet for the icons that these pages and scripts name."""
    known = codes((vendor / "css" / "all.min.css").read_text(encoding="utf-8"))
    used = {name: known[name] for name in sorted({name for text in texts for name in USED.findall(text)}) if name in known}
    font = base64.b64encode(cut(vendor / "webfonts" / "fa-solid-900.ttf", {CHEVRON, *used.values()})).decode()
    return STYLE.replace("FONT", font) + "".join(f'.{name}::before {{ content: "\\{code:x}"; }}\n' for name, code in used.items())


def with_icons(html: str, sheet: str) -> str:
    """A page that links to the sheet (by its name under `_static`) in place of the font's own files."""
    return SHEET.sub(rf"\g<1>{sheet}\g<2>", OTHERS.sub("", html))
