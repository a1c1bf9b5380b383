"""Sphinx extension for the comfort of a reader: time and prerequisites at the head of a page, terms explained where they stand, tables found by search.

=============  ==========================================================================
`minutes`      how long a page takes, counted from what stands on it
`paths`        what a page builds on, and paths through the book (`book/paths.toml`)
`marks`        the first use of each term of the glossary, with its definition on hover and focus
`searching`    what cells made as HTML, in words that the search index can tell apart
=============  ==========================================================================

Nothing is fetched and nothing is kept: what a reader has read is remembered by `_static/progress.js` in the reader's own browser.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from . import marks, minutes, paths, searching


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the parts to the events of a build."""
    app.add_config_value("reading_paths", "book/paths.toml", "html", [str])
    app.connect("builder-inited", _load)
    app.connect("doctree-read", _count)
    app.connect("env-purge-doc", lambda app, env, docname: _minutes(env).pop(docname, None))
    app.connect("env-merge-info", lambda app, env, docnames, other: _minutes(env).update({d: m for d, m in _minutes(other).items() if d in docnames}))
    app.connect("env-updated", _rewrite_when_changed)
    app.connect("doctree-resolved", _explain_terms)
    app.connect("html-page-context", _complete, priority=850)
    return {"version": "1.0", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}


def _load(app: Sphinx) -> None:
    app.reading = paths.read(Path(app.srcdir) / app.config.reading_paths)


def _minutes(env: BuildEnvironment) -> dict[str, int]:
    if not hasattr(env, "reading_minutes"):
        env.reading_minutes = {}
    return env.reading_minutes


def _count(app: Sphinx, doctree: nodes.document) -> None:
    if paths.is_chapter(app.env.docname):
        _minutes(app.env)[app.env.docname] = minutes.of(doctree)


def _rewrite_when_changed(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Every page, to be written again, when the glossary or the paths differ from those of the last build."""
    files = (Path(app.srcdir) / app.config.reading_paths, marks.GLOSSARY)
    digest = hashlib.sha256(b"\0".join(f.read_bytes() for f in files)).hexdigest()
    before, env.reading_digest = getattr(env, "reading_digest", None), digest
    if before not in (None, digest):
        return sorted(env.found_docs)
    # the landing page adds the minutes of others up, and their titles stand there
    told = {page: (spent, env.titles[page].astext()) for page, spent in _minutes(env).items()}
    then, env.reading_told = getattr(env, "reading_told", told), told
    return [] if then == told else [app.config.root_doc]


def _explain_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if app.builder.format != "html":
        return
    searching.part(doctree)
    if paths.is_chapter(docname):
        marks.mark(doctree, docname, lambda target: app.builder.get_relative_uri(docname, target))


def _complete(app: Sphinx, pagename: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    if app.builder.format != "html" or doctree is None or "body" not in context:
        return
    known = _minutes(app.env)
    title = lambda page: app.env.titles[page].astext()  # noqa: E731
    link = lambda page: app.builder.get_relative_uri(pagename, page)  # noqa: E731
    if pagename in known:
        needs = [(title(p), link(p)) for p in app.reading.needs_of(pagename) if p in app.env.titles]
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{paths.head(known[pagename], needs)}", 1)
    if pagename == marks.PAGE:
        context["body"] = marks.with_titles(context["body"], lambda page: title(page) if page in app.env.titles else "")
    context["body"] = paths.filled(context["body"], app.reading, known, [p for p in _contents(app) if p in known], title, link)


def _contents(app: Sphinx) -> list[str]:
    """All pages in the order of the table of contents."""

    found, waiting = [], [app.config.root_doc]
    while waiting:
        page = waiting.pop(0)
        if page not in found:
            found.append(page)
            waiting = list(app.env.toctree_includes.get(page, ())) + waiting
    return found
