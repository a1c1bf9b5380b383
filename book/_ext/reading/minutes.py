"""How long a page takes: words at the pace of careful reading, and a while for each panel and picture."""

from __future__ import annotations

import math

from docutils import nodes

WORDS_A_MINUTE = 180
"""A little under the 238 words a minute of easy prose, because figures want to be looked at twice."""
MINUTES_A_CELL = 0.7
"""To look at a picture or to move a panel once or twice."""


def of(doctree: nodes.document) -> int:
    """Whole minutes, at least one. Code that the page hides is not read."""
    words = sum(len(node.astext().split()) for node in doctree.findall(nodes.Text) if not _unread(node))
    cells = sum("cell" in node.get("classes", ()) and "remove-cell" not in node.get("tags", "") for node in doctree.findall(nodes.container))
    return max(1, math.ceil(words / WORDS_A_MINUTE + cells * MINUTES_A_CELL))


def _unread(node: nodes.Node) -> bool:
    while node is not None:
        if isinstance(node, nodes.literal_block | nodes.comment | nodes.raw) or isinstance(node, nodes.Element) and "cell" in node.get("classes", ()):
            return True
        node = node.parent
    return False
