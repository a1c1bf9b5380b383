"""Tables and pictures that search can read.

Sphinx's search index sees HTML that a cell made, but takes the tags out without leaving a space: the cells of a row become
one word that nobody looks for. A line break behind every end of a cell, line or label changes nothing on the page and parts
the words again.
"""

from __future__ import annotations

import re

from docutils import nodes

ENDS = re.compile(r"(</(?:td|th|tr|caption|li|p|div|summary|dt|dd|h[1-6]|option|text|title|desc|button)>|<br ?/?>)(?=\S)", re.IGNORECASE)


def parted(html: str) -> str:
    r"""HTML with a break behind whatever ends a piece of text.

    >>> parted("<td>Groq</td><td>LPU</td>")
    '<td>Groq</td>\n<td>LPU</td>'
    """
    return ENDS.sub("\\1\n", html)


def part(doctree: nodes.document) -> None:
    """Part the words of everything on the page that is HTML already."""
    for node in list(doctree.findall(nodes.raw)):
        if "html" in node.get("format", "").split():
            before = node.astext()
            if (after := parted(before)) != before:
                node.children = []
                node += nodes.Text(after)
