"""The discussion studio: a brief, a form, the evidence and the tutor, on one page and from real ipywidgets.

    from lessons.panels.studio import studio
    studio("serve-70b")

`state` is the design and its transitions, without a widget; `verdict`, `evidence`, `talk` and `predict` are views,
plain functions from values to HTML; `widgets` wires them. `page.head` is the static top of a page.
"""

from __future__ import annotations

from typing import Any

__all__ = ["head", "ready", "studio"]


def studio(brief_id: str) -> Any:
    """The widget of a brief. Its `studio` attribute is the object that wires it.

    Imported on use, so that views and states can be used where ipywidgets is not installed.
    """
    from lessons.panels.studio.widgets import Studio

    _made.add(brief_id)
    return Studio(brief_id).box


_made: set[str] = set()
"""The briefs that have a studio here."""


def ready() -> None:
    """Load what reads free text, for the briefs that have a studio: a page asks for it when the learner turns to the field."""
    from tutor.dialogue import Discussion

    while _made:
        Discussion(_made.pop()).interpret("each user waits until the weights are read")


def head(brief_id: str) -> Any:
    """The static top of a studio page: the whole brief in a drop-down, the fixed facts in a line."""
    from lessons.panels.studio.page import head as made

    return made(brief_id)
