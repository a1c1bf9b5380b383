"""Which cells of a page run in the browser.

A cell tagged ``live`` runs there, and its widgets replace the built ones. An earlier cell that is not
tagged runs too, unseen, when a live cell needs a name that it binds (``from lessons import panels``); a
cell that draws a static figure with matplotlib does not, and costs the reader nothing. The tag ``no-live``
keeps a cell out in any case. On a worksheet (``livebook_sheets``) every cell runs, and a reader may change it.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from myst_nb.core.read import create_nb_reader
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)


class Cell(NamedTuple):
    """A code cell of a page, as its source file has it."""

    index: int
    source: str
    tags: frozenset[str]

    @property
    def live(self) -> bool:
        """Whether the reader sees this cell come alive."""
        return "live" in self.tags and "no-live" not in self.tags


class Names(NamedTuple):
    """The names of the module scope that a cell binds, and those that it reads."""

    bound: frozenset[str]
    read: frozenset[str]


def names_of(source: str) -> Names:
    """Read a cell's names without running it; raises SyntaxError for what is not plain Python."""
    module = symtable.symtable(source, "<cell>", "exec")
    bound, read = set(), set()
    scopes = [module]
    while scopes:
        scope = scopes.pop()
        scopes.extend(scope.get_children())
        for symbol in scope.get_symbols():
            at_module_level = scope is module or symbol.is_declared_global()
            if at_module_level and (symbol.is_assigned() or symbol.is_imported()):
                bound.add(symbol.get_name())
            if symbol.is_referenced() and (scope is module or symbol.is_global()):
                read.add(symbol.get_name())
    # `x.attribute = ...` and `x[0] = ...` change what x is: for our purpose they bind it.
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
            target = node.value
            while isinstance(target, (ast.Attribute, ast.Subscript)):
                target = target.value
            if isinstance(target, ast.Name):
                bound.add(target.id)
    return Names(frozenset(bound), frozenset(read - set(dir(builtins))))


def select(cells: Sequence[Cell]) -> list[Cell]:
    """The live cells and the earlier ones that they need, in the order of the page."""
    needed: set[str] = set()
    chosen = []
    for cell in reversed(cells):
        if "no-live" in cell.tags:
            continue
        try:
            names = names_of(cell.source)
        except SyntaxError:
            if cell.live:
                raise
            continue  # a magic or a shell line: nothing that a live cell could use
        if cell.live or names.bound & needed:
            chosen.append(cell)
            needed |= names.read
    return chosen[::-1]


def code_cells(app: Sphinx, docname: str) -> Iterable[Cell]:
    """The code cells of a page in its source: a hidden input is not in the doctree."""
    path = Path(app.env.doc2path(docname))
    text = path.read_text(encoding="utf-8")
    reader = create_nb_reader(str(path), app.env.myst_config, app.env.mystnb_config, text)
    if reader is None:
        return
    for index, cell in enumerate(reader.read(text).cells):
        if cell.cell_type == "code":
            yield Cell(index, cell.source, frozenset(cell.metadata.get("tags", [])))


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Remember the live cells of the page just read, and give each of its code cells an id to find it by."""
    docname = app.env.docname
    purge(app, app.env, docname)
    containers = [
        node for node in doctree.findall(nodes.container)
        if node.get("nb_element") == "cell_code"
    ]
    sheet = is_sheet(app, docname)
    if not sheet and not any("live" in (node.get("cell_metadata") or {}).get("tags", []) for node in containers):
        return
    cells = list(code_cells(app, docname))
    try:
        chosen = cells if sheet else select(cells)
    except SyntaxError as error:
        logger.warning("a live cell must be plain Python: %s", error.msg, type="livebook", location=docname)
        return
    for node in containers:
        node["ids"].append(element_id(node["cell_index"]))
    numbers = {cell.index: number for number, cell in enumerate(cells, start=1)}
    collected(app.env)[docname] = [
        {"id": element_id(cell.index), "number": numbers[cell.index], "source": cell.source, "live": cell.live}
        for cell in chosen
    ]


def is_sheet(app: Sphinx, docname: str) -> bool:
    """Whether a reader may change and run the cells of this page."""
    return any(fnmatch(docname, pattern) for pattern in app.config.livebook_sheets)


def element_id(index: int) -> str:
    """The HTML id of a cell."""
    return f"live-cell-{index}"


def collected(env: BuildEnvironment) -> dict[str, list[dict]]:
    """The live cells of every page, kept in Sphinx's environment between builds."""
    if not hasattr(env, "livebook_cells"):
        env.livebook_cells = {}
    return env.livebook_cells


def purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget a page that is about to be read again."""
    collected(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: Iterable[str], other: BuildEnvironment) -> None:
    """Take over the pages that a parallel reader has read."""
    collected(env).update({name: value for name, value in collected(other).items() if name in set(docnames)})
