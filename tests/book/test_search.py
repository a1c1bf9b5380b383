"""Search finds what the tables of the reference pages say, not only their prose."""

from __future__ import annotations

import html
import json
import re
import sys
from pathlib import Path

import pytest
from docutils import nodes
from docutils.utils import new_document

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from reading import searching  # noqa: E402 - the extension lies beside the book
from sphinx.search.en import SearchEnglish  # noqa: E402

needs_book = pytest.mark.skipif(not (BUILT / "searchindex.js").is_file(), reason="there is no built book in _build/html: run `make book` first")


def words(text: str) -> set[str]:
    """Words as Sphinx's index keeps them."""
    language = SearchEnglish({})
    return {language.stem(word.lower()) for word in language.split(text) if language.word_filter(language.stem(word.lower()))}


def test_the_cells_of_a_row_are_words_apart():
    """And nothing but white space is added, and none inside a word."""
    row = "<tr><th>Chip</th><td>Groq<sup>1</sup></td><td>a<br>b</td></tr>"
    parted = searching.parted(row)
    assert words(re.sub(r"<[^<]+?>", "", parted)) == {"chip", "groq1", "b"}  # `a` is no word of the index
    assert parted.replace("\n", "") == row
    assert searching.parted(parted) == parted


def test_only_html_is_touched():
    """LaTeX that stands raw in a page keeps its lines."""
    page = new_document("page")
    page += nodes.raw("", "<td>a</td><td>b</td>", format="latex")
    page += nodes.raw("", "<td>a</td><td>b</td>", format="html")
    searching.part(page)
    assert [node.astext() for node in page] == ["<td>a</td><td>b</td>", "<td>a</td>\n<td>b</td>"]


@needs_book
@pytest.mark.parametrize("page", ["catalogue", "claims", "glossary", "rules", "symbols"])
def test_every_word_of_a_table_is_in_the_index(page):
    """The words of each row of the built page, looked up for that page in the index that readers get."""
    name = f"book/reference/{page}"
    index = json.loads((BUILT / "searchindex.js").read_text("utf8").removeprefix("Search.setIndex(").rstrip().removesuffix(")"))
    number = index["docnames"].index(name)
    kept = [*index["terms"].items(), *index["titleterms"].items()]
    known = {term for term, where in kept if number in (where if isinstance(where, list) else [where])}
    built = (BUILT / f"{name}.html").read_text("utf8")
    tables = re.findall(r"<table class=\"hw-table.*?</table>", built, re.DOTALL)
    assert tables, f"{page} shows no table"
    # (links carry titles of other pages, which are set when all of them are known)
    texts = [re.sub(r'<(script|style|math|a href="\.\./\d[^>]*)\b.*?</(script|style|math|a)>', " ", cell, flags=re.DOTALL) for table in tables for cell in re.findall(r"<t[dh]\b.*?</t[dh]>", table, re.DOTALL)]
    found = set().union(*(words(html.unescape(re.sub(r"<[^<]+?>", "", searching.parted(text)))) for text in texts))
    assert len(found) > 50
    assert found <= known, sorted(found - known)[:20]
