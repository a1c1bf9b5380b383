"""The built book as one file that a reader takes away: an EPUB, or a PDF printed by Chromium.

Both are made from `_build/html`, so nothing is executed again and no figure can differ from the page's.

============  ==========================================================================
`contents`    which pages, in which order: `_toc.yml`
`article`     a page's article as it stands in print: no script, no control, drop-downs open
`links`       where a link of a page leads inside the one file
`xhtml`       a tree as well-formed XML
`epub`        pages, pictures, cover and table of contents in a zip
`pdf`         one long page with running titles, printed with bookmarks
`cover`       the picture in front
============  ==========================================================================
"""

from __future__ import annotations

TITLE = "Hardware that learns, hardware that answers"


class NotMade(Exception):
    """The file could not be made; the message says why in one sentence."""
