"""The first use of each term on a page becomes a link to the glossary, with its definition on hover and focus."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from pathlib import Path

from docutils import nodes

from lessons.reference import glossary

GLOSSARY = Path(glossary.FILE)
PAGE = "book/reference/glossary"
LEFT_ALONE = (nodes.title, nodes.reference, nodes.literal, nodes.literal_block, nodes.raw, nodes.math, nodes.math_block, nodes.comment, nodes.citation_reference)
QUIET = {"hw-crumb", "cell", "hw-lead"}
"""Blocks in which nothing is marked: the crumb, what code shows, and the question at the top, which should be read in one go."""


def mark(doctree: nodes.document, page: str, uri: Callable[[str], str]) -> int:
    """Mark the terms of a page; returns how many."""
    known = {t.term for t in glossary.terms() if f"book/{t.page}" == page}  # a page does not explain its own subject in a tip
    count = 0
    for node in list(doctree.findall(nodes.Text)):
        if not isinstance(node.parent, nodes.paragraph) or _left_alone(node):
            continue
        text = str(node)
        found = glossary.found_in(text, known=known)
        if not found:
            continue
        pieces, at = [], 0
        for start, end, term in found:
            count += 1
            pieces += [nodes.Text(text[at:start]), nodes.raw("", tip(text[start:end], term, f"{uri(PAGE)}#{term.anchor}", count), format="html")]
            at = end
        node.parent.replace(node, [*pieces, nodes.Text(text[at:])])
    return count


def tip(words: str, term: glossary.Term, href: str, number: int) -> str:
    """A term in a sentence: a link that describes itself."""
    return (
        f'<span class="hw-term"><a href="{escape(href)}" aria-describedby="hw-tip-{number}">{escape(words)}</a>'
        f'<span class="hw-tip" role="tooltip" id="hw-tip-{number}">{escape(term.says)}</span></span>'
    )


def with_titles(body: str, title: Callable[[str], str]) -> str:
    """The glossary page with the chapters' own titles in place of their addresses.

    >>> with_titles('<a href="../2-training/six-n-d.html">six n d</a>', lambda page: f"<{page}>")
    '<a href="../2-training/six-n-d.html">&lt;book/2-training/six-n-d&gt;</a>'
    """
    named = lambda m: f'<a href="../{m[1]}.html">{escape(title(f"book/{m[1]}") or m[2])}</a>'  # noqa: E731
    return re.sub(r'<a href="\.\./(\d-[\w/-]+)\.html">([^<]*)</a>', named, body)


def _left_alone(node: nodes.Node) -> bool:
    node = node.parent
    while node is not None:
        if isinstance(node, LEFT_ALONE) or isinstance(node, nodes.Element) and QUIET & set(node.get("classes", ())):
            return True
        node = node.parent
    return False
