"""What a page's HTML gains (settings, script, a version for readers without JavaScript) and loses (Thebe)."""

from __future__ import annotations

import json
import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.util import logging

from . import cells, parting

HERE = Path(__file__).parent
UNSET = (None, "", "–", "choose")  # the last two are what a drop-down shows before a reader has chosen
VIEW_TAG = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>', re.DOTALL)

UNSCRIPTED = '<p class="state">Figure as built: this browser runs no JavaScript, so its controls are left out.</p>'

logger = logging.getLogger(__name__)


def complete(app: Sphinx, pagename: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Handler of `html-page-context`: everything that this extension does to a page."""
    if app.builder.format != "html":
        return
    remove_thebe(context)
    if "body" in context:
        # docutils writes a role that ARIA has withdrawn in favour of this one.
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
    state = widget_state(app, pagename) if doctree is not None else None
    live = cells.collected(app.env).get(pagename)
    if state and not live:
        logger.warning("this page shows widgets, but no cell is tagged live: they would move and compute nothing",
                       type="livebook", location=pagename)
    if state:
        context["body"] = with_built_values(context["body"], state)
    if state or live:
        app.add_css_file("livebook/livebook.css")
        app.add_js_file("livebook/livebook.js", loading_method="defer")
    if live:
        # JSON inside a script element must not be able to close it.
        body = json.dumps(settings(app, pagename, live), separators=(",", ":")).replace("<", "\\u003c")
        app.add_js_file(None, body=body, type="application/json", id="livebook-config")


def settings(app: Sphinx, pagename: str, live: list[dict]) -> dict[str, Any]:
    """What the script reads; addresses are relative to `root`, the root of the book seen from the page."""
    assets, apart = app.livebook, app.config.livebook_apart
    now = [parting.COMMON, *parting.wanted([cell["source"] for cell in live], assets.files, apart)]
    ours = {name: (Path(app.outdir) / "_static" / "livebook" / name).stat().st_size
            for name in (assets.runtime_zip, *(assets.course[part] for part in now))}
    packages = [*app.config.livebook_pyodide_packages, *page_packages(app, pagename)]
    files = expected_files(assets.pyodide_url, packages)
    if files:
        files |= {name: [size, size] for name, size in ours.items()}
    return {
        "root": "../" * pagename.count("/") or "./",
        "worker": f"_static/livebook/worker.js?v={assets.worker_version}",
        "pyodide": assets.pyodide_url,
        "packages": packages,
        "archives": [f"_static/livebook/{assets.runtime_zip}"],
        "course": [f"_static/livebook/{assets.course[part]}" for part in now],
        "late": [[f"_static/livebook/{assets.course[part]}", apart[part]] for part in apart if part not in now],
        "files": files,
        "bytes": sum(wire for wire, _ in files.values()),
        "cells": live,
        **({"sheet": pagename} if cells.is_sheet(app, pagename) else {}),
    }


def page_packages(app: Sphinx, pagename: str) -> list[str]:
    """Packages of Pyodide that a page asks for: `live_packages: matplotlib` in its front matter."""
    asked = (app.env.metadata.get(pagename) or {}).get("live_packages") or []
    if isinstance(asked, str):  # Sphinx keeps a list in the front matter as JSON text
        asked = json.loads(asked) if asked.startswith("[") else asked.replace(",", " ").split()
    return [name for name in asked if name not in app.config.livebook_pyodide_packages]


@cache
def release() -> dict[str, Any]:
    """Sizes of the Pyodide release that the book is pinned to (written by `tests/browser/mirror.py`)."""
    return json.loads((HERE / "pyodide-sizes.json").read_text(encoding="utf-8"))


def expected_files(url: str, packages: list[str]) -> dict[str, list[int]]:
    """What the browser will fetch, as file name → [bytes on the wire, bytes unpacked].

    Empty when that cannot be told: another release of Pyodide, or a package that the table does not hold.
    """
    known = release()
    if "://" in url and f"v{known['version']}/" not in url:
        return {}
    files, waiting, seen = dict(known["runtime"]), list(packages), set()
    while waiting:
        name = waiting.pop()
        if name not in known["packages"]:
            return {}
        if name not in seen:
            seen.add(name)
            entry = known["packages"][name]
            files[entry["file"]] = [entry["bytes"], entry["bytes"]]
            waiting.extend(entry["depends"])
    return files


def widget_state(app: Sphinx, pagename: str) -> dict[str, Any]:
    """The widget models that MyST-NB embedded in a page, by id."""
    files = NbMetadataCollector.get_js_files(app.env, pagename)
    if "ipywidgets_state" not in files:
        return {}
    return json.loads(files["ipywidgets_state"][1]["body"])["state"]


def with_built_values(body: str, state: dict[str, Any]) -> str:
    """Repeat each widget's HTML, and what its controls are set to, in a `noscript`: for readers without JavaScript and for print."""

    def html(model_id: str) -> str:
        model = state.get(model_id, {})
        if model.get("model_name") in ("HTMLModel", "HTMLMathModel"):
            return model["state"].get("value", "")
        if said := setting(model.get("state", {})):
            return said
        children = model.get("state", {}).get("children", [])
        return "".join(html(child.removeprefix("IPY_MODEL_")) for child in children)

    def repeat(match: re.Match) -> str:
        return f"{match[0]}<noscript>{UNSCRIPTED}{html(json.loads(match[1])['model_id'])}</noscript>"

    return VIEW_TAG.sub(repeat, body)


def setting(control: dict[str, Any]) -> str:
    """What a control is set to, as a line of words; empty for what is not set, and for what is no control.

    >>> setting({"description": "Chip", "_options_labels": ["A", "B"], "index": 1, "_dom_classes": ["wide"]})
    '<p class="livebook-setting wide">Chip: <b>B</b></p>'
    >>> setting({"description": "Sequences", "value": 1024.0}), setting({"description": "Press"})
    ('<p class="livebook-setting">Sequences: <b>1,024</b></p>', '')
    """
    label, value, options = control.get("description"), control.get("value"), control.get("_options_labels")
    if options is not None:
        value = options[control["index"]] if control.get("index") is not None else None
    if not label or value in UNSET or not isinstance(value, (str, int, float)):
        return ""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    words = value if isinstance(value, str) else f"{value:,}"
    names = " ".join(["livebook-setting", *control.get("_dom_classes", ())])
    return f'<p class="{escape(names)}">{escape(label)}: <b>{escape(words)}</b></p>'


def remove_thebe(context: dict) -> None:
    """Take out the scripts of sphinx-thebe, which Jupyter Book 1.x always loads.

    They declare the same constant twice (a SyntaxError on every page) and name an address outside.
    """
    scripts = context.get("script_files") or []
    scripts[:] = [
        script for script in scripts
        if "THEBE_JS_URL" not in (getattr(script, "attributes", {}).get("body") or "")
        and "sphinx-thebe.js" not in str(getattr(script, "filename", script))
    ]
