"""The lessons: pictures, panels, exercises and handing in.

>>> import lessons
>>> callable(lessons.submit)
True
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["submit"]


def __getattr__(name: str) -> Any:
    """`lessons.submit(...)`: fetched on first use, so that `import lessons` stays light in a browser.

    `tutor.callable_module` lets the module `lessons.submit` be called like its function.
    """
    if name not in __all__:
        raise AttributeError(f"module 'lessons' has no attribute {name!r}")
    return import_module(f"lessons.{name}")
