"""Imports run one way: book → lessons → tutor → hwlib."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BELOW = {"hwlib": set(), "tutor": {"hwlib"}, "lessons": {"hwlib", "tutor"}, "book": {"hwlib", "tutor", "lessons"}}
OURS = set(BELOW) | {"tests"}


def imports(path: Path) -> set[str]:
    """The top-level packages that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def modules(floor: str) -> list[Path]:
    return [p for p in sorted((ROOT / floor).rglob("*.py")) if "node_modules" not in p.parts]


@pytest.mark.parametrize("floor", BELOW)
def test_a_floor_imports_only_what_lies_below_it(floor):
    for path in modules(floor):
        upward = (imports(path) & OURS) - BELOW[floor] - {floor}
        assert not upward, f"{path.relative_to(ROOT)} imports {sorted(upward)}"


@pytest.mark.parametrize("floor", ["hwlib", "tutor", "lessons"])
def test_every_floor_has_modules_to_look_at(floor):
    assert len(modules(floor)) > 3


def test_the_core_imports_nothing_but_numpy_and_the_standard_library():
    import sys

    allowed = set(sys.stdlib_module_names) | {"numpy", "hwlib"} | {"scipy", "ml_dtypes", "torch"}  # the last three inside functions
    for path in modules("hwlib"):
        assert imports(path) <= allowed, path.name


def test_what_is_not_numpy_is_imported_inside_functions():
    for path in modules("hwlib"):
        at_import = {
            name.split(".")[0]
            for node in ast.parse(path.read_text("utf8")).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
        }
        assert not at_import & {"scipy", "ml_dtypes", "torch"}, path.name
