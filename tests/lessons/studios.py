"""A studio as a page opens it, for the tests of its state and of its widgets."""

from __future__ import annotations

import html
import re

from lessons.panels.studio import studio

HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
PAGES = {"serve-7b": "1-two-workloads", "train-100b": "2-training", "serve-70b": "3-inference-chips", "tco-3y": "4-economics"}


def open_studio(brief_id: str):
    """A studio as the page opens it."""
    return studio(brief_id).studio


def covered_studio(brief_id: str):
    """A studio whose learner predicts first."""
    made = open_studio(brief_id)
    made.again.click()
    return made


def text_of(markup: str) -> str:
    """What a reader of the markup reads."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())
