"""A content-security-policy for every page: what it brought runs, what somebody slips into it does not.

Static hosts let nobody set headers, so the policy stands in a `meta` element, as early as the page can have it.
Scripts come from the book itself; the few that the theme writes into the page are named by the hash of their text,
and so are its two `onclick` buttons. Styles may stand inline: widgets, MathJax and the drawn figures set them by
the thousand, and a style runs nothing.

Pyodide needs no exception. It runs in a worker, and a worker obeys the policy of its own file, not of the page.
"""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from pathlib import Path

SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)
TYPE = re.compile(r"""\btype\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
# In a start tag only: text that speaks of `onclick="…"` has its signs escaped, and so no tag around it.
TAG = re.compile(r"<[a-z][^<>]*?\son\w+=[^<>]*>", re.IGNORECASE)
HANDLER = re.compile(r"""\son\w+="([^"]*)\"""")
META = re.compile(r'\n?<meta http-equiv="Content-Security-Policy" content="[^"]*">')
RUN = {"", "text/javascript", "application/javascript", "module"}


def hash_of(text: str) -> str:
    """A script's text as a source of a policy.

    >>> hash_of("alert(1)")
    "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(html: str) -> str:
    """The policy under which everything that stands in this page works, and no more."""
    inline, handlers = [], []
    for attributes, text in SCRIPT.findall(html):
        named = TYPE.search(attributes)
        if "src=" not in attributes and (named[1].lower() if named else "") in RUN:
            inline.append(hash_of(text))
    for tag in TAG.findall(SCRIPT.sub("", html)):
        handlers += [hash_of(unescape(text)) for text in HANDLER.findall(tag)]
    hashes = list(dict.fromkeys(inline)) + (["'unsafe-hashes'", *dict.fromkeys(handlers)] if handlers else [])
    return "; ".join([
        # Not 'none': Firefox fetches the next chapter ahead (`rel=next`), for which there is no directive of its own.
        "default-src 'self'",
        " ".join(["script-src 'self'", *hashes]),
        "worker-src 'self'",
        "connect-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "manifest-src 'self'",
        "object-src 'none'",
        "frame-src 'none'",
        "media-src 'none'",
        "form-action 'self'",
        "base-uri 'none'",
    ])  # fmt: skip


def with_policy(html: str) -> str:
    """The page with its policy right behind the declaration of its characters, which must come early; an older one goes."""
    html = META.sub("", html)
    meta = f'\n<meta http-equiv="Content-Security-Policy" content="{policy(html)}">'
    place = re.search(r"<meta charset[^>]*>", html, re.IGNORECASE) or re.search(r"<head[^>]*>", html, re.IGNORECASE)
    return html[: place.end()] + meta + html[place.end() :] if place else html


def pages(folder: Path) -> list[Path]:
    """The pages of a built book; `_static` holds parts of other things, `_sources` and hidden folders no pages."""
    return [p for p in sorted(folder.rglob("*.html")) if not any(part in ("_static", "_sources") or part.startswith(".") for part in p.relative_to(folder).parts)]
