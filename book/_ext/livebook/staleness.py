"""No stale figure, no stale style: what Sphinx cannot see by itself.

Sphinx compares the pages with their own sources only. A figure also depends on the packages that computed
it, and the look of a page on style sheets that Sphinx copies only when some page is outdated. jupyter-cache
would be worse: it serves the old output for as long as the cell's text is the same (measured). The book
is therefore built with ``execute_notebooks: force``, which executes a page whenever it is read, and this
module decides when pages are read: all of them after a change in the packages, else those that changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)


def reexecute_when_packages_changed(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> Iterable[str]:
    """Every page, when the packages differ from those of the last build."""
    if app.builder.format != "html":
        return []
    before = getattr(env, "livebook_packages_digest", None)
    env.livebook_packages_digest = app.livebook.packages_digest
    if before in (None, app.livebook.packages_digest):
        return []
    logger.info("livebook: the packages changed, every page is executed again")
    return sorted(env.found_docs)


def rewrite_when_assets_changed(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Every page, to be written again without being executed, when a file that pages link to changed."""
    if app.builder.format != "html":
        return []
    before = getattr(env, "livebook_assets_digest", None)
    env.livebook_assets_digest = app.livebook.assets_digest
    if before in (None, app.livebook.assets_digest):
        return []
    logger.info("livebook: assets changed, every page is written again")
    return sorted(env.found_docs)
