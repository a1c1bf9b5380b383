"""Sphinx extension: cells tagged ``live`` run again in the reader's browser.

MyST-NB executes a page at build time and embeds the state of its widgets. This extension adds what is
needed to wake that page up: the packages as archives, the sources of the live cells, one script and its
worker. `README.md` beside this file tells the whole story; each module here does one part of it.

=============  ==========================================================================
`packaging`    deterministic, content-hashed archives of the course and of ipywidgets
`parting`      which part of the course a page needs when it starts, and which can wait
`cells`        which cells of a page run live, and which earlier cells they need
`assets`       what is copied into ``_static/livebook``
`staleness`    a change in the packages re-executes the book; a change in the assets rewrites it
`finish`       the last hand on the written pages: icons, validity, policy
`icons`        the few icons that the pages show, cut out of the theme's font
`policy`       the content-security-policy of every page
`page`         what is added to the HTML of a page, and what the theme adds that is taken out
=============  ==========================================================================
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from . import assets, cells, finish, page, staleness

PYODIDE_URL = "https://cdn.jsdelivr.net/pyodide/v0.27.7/full/"


def setup(app: Sphinx) -> dict[str, Any]:
    """Declare the settings and connect every part to the events of a build."""
    # Top-level packages that live cells may import: found beside the configuration, else as installed.
    app.add_config_value("livebook_packages", ["hwlib", "tutor", "lessons"], "env", [list])
    # Pages (patterns of their names) that are worksheets: a reader changes their cells and runs them.
    app.add_config_value("livebook_sheets", [], "env", [list])
    # files of the packages that no live cell reads: patterns of paths from the packages' parent folder
    app.add_config_value("livebook_left_out", [], "html", [list])
    # parts of the packages that only some pages need: name -> files, or folders with a slash at the end
    app.add_config_value("livebook_apart", {}, "html", [dict])
    # Where the browser fetches Python: an absolute address, or one relative to the book's root.
    app.add_config_value("livebook_pyodide_url", PYODIDE_URL, "html", [str])
    # A folder with a Pyodide distribution, to host it with the book (also: the variable LIVEBOOK_PYODIDE_DIR).
    app.add_config_value("livebook_pyodide_dir", "", "html", [str])
    # Binary packages of Pyodide on every live page; a page adds its own with `live_packages` in its front matter.
    app.add_config_value("livebook_pyodide_packages", ["numpy"], "html", [list])
    # Pure-Python distributions taken from the environment of the build, so that both kernels run the same ones.
    app.add_config_value("livebook_distributions", ["ipywidgets", "comm", "traitlets"], "html", [list])

    app.connect("config-inited", assets.use_local_mathjax)
    app.connect("builder-inited", assets.install)
    app.connect("env-get-outdated", staleness.reexecute_when_packages_changed)
    app.connect("env-updated", staleness.rewrite_when_assets_changed)
    app.connect("doctree-read", cells.collect)
    app.connect("env-purge-doc", cells.purge)
    app.connect("env-merge-info", cells.merge)
    # Late, so that the scripts of the theme and of MyST-NB are already in the context.
    app.connect("html-page-context", page.complete, priority=900)
    app.connect("build-finished", finish.write)
    return {"version": "1.0", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
