"""The tutor: what an excellent expert would do with a learner's design, by rules, offline, explained.

>>> import tutor
>>> tutor.brief_ids()
('serve-7b', 'train-100b', 'serve-70b', 'tco-3y')
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_WHERE = {
    "brief": "briefs", "brief_ids": "briefs", "Brief": "briefs",
    "read_design": "designfile", "loads": "designfile", "dumps": "designfile", "Entry": "designfile",
    "write_design": "designfile", "Review": "findings", "Finding": "findings", "Rule": "findings",
    "review": "review", "repair": "repair", "Repairs": "repair", "Discussion": "dialogue",
    "all_rules": "rules", "rules_for": "rules",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    """Names are fetched on first use: `import tutor` stays light in a browser."""
    if name not in _WHERE:
        raise AttributeError(f"module 'tutor' has no attribute {name!r}")
    module = import_module(f"tutor.{_WHERE[name]}")
    value = module if name == _WHERE[name] else getattr(module, name)
    globals()[name] = value
    return value


def callable_module(name: str) -> None:
    """Let the module ``tutor.review`` be called like its function ``review``.

    Both are wanted: `tutor.review(brief, design)` in a notebook and `from tutor.review import review` in code;
    and the import system binds the module's name in the package, whichever came first.
    """
    short = name.rpartition(".")[2]

    class Callable(ModuleType):
        def __call__(self, *args: Any, **named: Any) -> Any:
            return getattr(self, short)(*args, **named)

    sys.modules[name].__class__ = Callable
