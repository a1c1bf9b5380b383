"""The course in parts: what every live page needs, and parts that only some pages do.

The setting ``livebook_apart`` names the parts by what they hold: files, or folders with a slash at the end. A page fetches
the common part and those that its live cells import when they start; any other comes when Python first asks for something
in it (`livekernel/late.py`). So a wrong guess here costs a wait, and never a figure.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from sphinx.errors import ExtensionError

COMMON = "course"


def holds(prefixes: Iterable[str], path: str) -> bool:
    """Whether a part with these contents holds the file."""
    return any(path.startswith(prefix) if prefix.endswith("/") else path == prefix for prefix in prefixes)


def divide(files: Mapping[str, bytes], apart: Mapping[str, list[str]]) -> dict[str, dict[str, bytes]]:
    """Files by part, the common one first; a file goes to the first part that holds it, and a part without files is an error."""
    parts: dict[str, dict[str, bytes]] = {COMMON: {}, **{name: {} for name in apart}}
    for path, content in files.items():
        parts[next((name for name, prefixes in apart.items() if holds(prefixes, path)), COMMON)][path] = content
    for name, prefixes in apart.items():
        if not parts[name]:
            raise ExtensionError(f"livebook_apart names {name!r} for {', '.join(prefixes)}, which no file of the packages is in")
    return parts


def wanted(sources: Iterable[str], files: Mapping[str, bytes], apart: Mapping[str, list[str]]) -> list[str]:
    """The parts that these cells import something of when they are run."""
    modules = imported(sources, files)
    return [name for name in apart if any(holds(apart[name], path) and not any(
        holds(apart[earlier], path) for earlier in list(apart)[:list(apart).index(name)]) for path in modules)]


def imported(sources: Iterable[str], files: Mapping[str, bytes]) -> set[str]:
    """Paths of the modules that cells import, and those import in turn; what stands inside a function waits until it is called."""
    waiting = [name for source in sources for name in _imports(source, "")]
    found: set[str] = set()
    while waiting:
        parts = waiting.pop().split(".")
        for count in range(1, len(parts) + 1):  # a package comes before its modules
            path = _file("/".join(parts[:count]), files)
            if path is None:
                break  # a name in the module before it, or somebody else's package
            if path not in found:
                found.add(path)
                package = "/".join(parts[:count] if path.endswith("/__init__.py") else parts[:count - 1])
                waiting += _imports(files[path].decode(), package.replace("/", "."))
    return found


def _file(stem: str, files: Mapping[str, bytes]) -> str | None:
    return next((path for path in (f"{stem}/__init__.py", f"{stem}.py") if path in files), None)


def _imports(source: str, package: str) -> Iterator[str]:
    """Dotted names that a module imports while it is itself imported."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[:len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))
