"""Chapters: their blocks in order, figures glued and not typed, sources that exist, live cells that can run in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.book.said import figures

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
LISTED = [chapter["file"].removeprefix("book/") for part in CONTENTS["parts"] for chapter in part["chapters"]]
CHAPTERS = {page: page.partition("/")[2].replace("-", "_") for page in LISTED if page[0].isdigit() and not page.endswith(("/index", "/discussion"))}
"""Pages that hold one idea, each with the stem of its modules: nothing has to be listed a second time."""
BLOCKS = ["Predict", "Move", "Why", "Measured, beside what we predict", "A claim, checked", "Problems"]
CELL = re.compile(r"```\{code-cell\}.*?\n(.*?)```", re.DOTALL)
NAMES = {
    "a chip": r"A100|H100s?|H200|L40S|B200s?|TPU v4|TPU v5e|\bv4\b|\bv5e\b|Inferentia2",
    "a number format": r"BF16|FP32|FP8|FP4|E4M3|E5M2",
    "a model, with its size": r"Llama 2(?: \d+B)?|Llama 3(?:\.1)?(?: \d+B)?|GPT-4o?|DeepSeek-V3|\b\d+B(?= model|\b)",
    "a percentile, said as a share of readers": r"\b99 of 100\b",
    "a problem's number": r"^\*\*\d+\.\*\*",
}
"""Digits that prose may carry are parts of names, and nothing else: by what is named."""
SPELLED = {
    "one, the indefinite article with stress": r"one ",
    "a width of numbers, which names a format": r"(two|one)[- ]bytes? (a weight|numbers)|two-byte numbers|(sixteen|eight|four)[- ]bits?|in (sixteen|eight|four) bits",
    "a percentile, said as a share of readers": r"hundred (first tokens|would wait|waits?|see|readers)|hundred wait|hundred\?",
    "the claim's own words, denied": r"two months",
}
"""Quantities in words that prose may carry, each with its reason; a count up to twelve without a unit needs none."""
COUNTED = {"", "times", "share", "sessions"}


def text_of(page: str) -> str:
    return (BOOK / f"{page}.md").read_text(encoding="utf8")


def prose_of(page: str) -> str:
    """What a reader reads, without front matter, cells and glued figures."""
    body = text_of(page).split("---", 2)[-1]
    body = CELL.sub("", body)
    body = re.sub(r"\{(glue:text|cite[a-z:]*)\}`[^`]*`", "", body)
    body = re.sub(r"^:::\{div\} hw-crumb\n.*?\n:::", "", body, flags=re.DOTALL | re.MULTILINE)
    body = re.sub(r"\]\([^)]*\)", "]", body)
    return body


def unnamed(page: str) -> str:
    """Prose without the names that carry digits."""
    body = prose_of(page)
    for pattern in NAMES.values():
        body = re.sub(pattern, "", body, flags=re.MULTILINE)
    return body


def spelled(page: str) -> list[str]:
    """Quantities written in words: above twelve, or with a unit."""
    body = re.sub(r"\s+", " ", unnamed(page))
    found = [(s, body[s.at: s.at + 60]) for s in figures(body) if body[s.at].isalpha()]
    return [text for s, text in found if s.value > 12 or (s.unit not in COUNTED and s.value)]


@pytest.mark.parametrize("page", CHAPTERS)
class TestChapters:
    def test_blocks_stand_in_their_order(self, page):
        assert re.findall(r"^## (.*)$", text_of(page), re.MULTILINE) == BLOCKS

    def test_question_comes_first_with_real_figures(self, page):
        lead = re.search(r":::\{div\} hw-lead\n(.*?)\n:::", text_of(page), re.DOTALL)[1]
        assert lead.rstrip().endswith("?") and "{glue:text}" in lead
        assert text_of(page).index("hw-lead") < text_of(page).index("## Predict")

    def test_no_figure_is_typed_by_hand(self, page):
        assert re.findall(r"[\w.,×$%-]*\d[\w.,×$%-]*", unnamed(page)) == []

    def test_no_quantity_is_spelled_out_instead(self, page):
        assert [text for text in spelled(page) if not any(re.match(pattern, text) for pattern in SPELLED.values())] == []

    def test_every_glued_name_is_computed_by_the_page(self, page):
        module = __import__(f"lessons.pages.{CHAPTERS[page]}", fromlist=["facts"])
        known = {**module.facts(), **module.solutions()}
        used = set(re.findall(r"\{glue:text\}`(\w+)`", text_of(page)))
        assert used - set(known) == set()
        assert set(known) - used == set(), "figures that no sentence uses"

    def test_every_source_is_in_the_bibliography(self, page):
        keys = {k.strip() for group in re.findall(r"\{cite\}`([^`]*)`", text_of(page)) for k in group.split(",")}
        bibliography = (BOOK / "references.bib").read_text(encoding="utf8")
        assert keys and all(f"{{{key}," in bibliography for key in keys)

    def test_live_cells_need_nothing_that_the_browser_lacks(self, page):
        live = [c for c in CELL.findall(text_of(page)) if re.search(r":tags:.*(?<![-\w])live", c)]
        assert len(live) == 3  # predict, panel, quiz
        for cell in live:
            assert not re.search(r"myst_nb|IPython|matplotlib|pandas", cell)

    def test_problems_carry_worked_solutions(self, page):
        problems = text_of(page).partition("## Problems")[2]
        assert 2 <= len(re.findall(r"^\*\*\d\.\*\*", problems, re.MULTILINE)) == problems.count("{dropdown} Worked solution") <= 3

    def test_a_sentence_a_line(self, page):
        for line in prose_of(page).splitlines():
            assert not re.search(r"[a-z)][.?!] [A-Z]", line), line


def test_contents_list_files_that_exist_or_are_delivered_with_the_book():
    assert len(LISTED) == len(set(LISTED)) and len(CHAPTERS) >= 25
    assert [page for page in LISTED if not (BOOK / f"{page}.md").is_file() and not (ROOT / f"{page}.ipynb").is_file()] == []


def test_every_chapter_is_linked_from_its_section_and_has_its_modules():
    for page, stem in CHAPTERS.items():
        section, _, name = page.partition("/")
        assert f"({name}.md)" in text_of(f"{section}/index"), page
        assert (ROOT / "lessons" / "pages" / f"{stem}.py").is_file(), page


def test_every_workbook_is_a_page_after_its_discussion_and_linked_from_its_section():
    books = sorted(path.stem for path in (ROOT / "lessons" / "workbooks").glob("*.ipynb"))
    assert [page for page in LISTED if page.startswith("lessons/")] == [f"lessons/workbooks/{stem}" for stem in books] and len(books) == 5
    for stem in books[:4]:
        assert LISTED[LISTED.index(f"lessons/workbooks/{stem}") - 1] == f"{stem}/discussion"
        assert f"(../../lessons/workbooks/{stem}.ipynb)" in text_of(f"{stem}/index")
    assert all(f"(../../lessons/workbooks/{stem}.ipynb)" in text_of("reference/workbooks") for stem in books)


def test_the_allow_lists_are_short_and_nothing_stands_on_them_in_vain():
    assert len(NAMES) <= 6 and len(SPELLED) <= 4
    prose = "\n".join(prose_of(page) for page in CHAPTERS)
    for why, pattern in NAMES.items():
        assert re.search(pattern, prose, re.MULTILINE), why
    words = [text for page in CHAPTERS for text in spelled(page)]
    for why, pattern in SPELLED.items():
        assert any(re.match(pattern, text) for text in words), why


@pytest.mark.parametrize("sentence", [
    "The card has 141 GB of memory.", "A chip-hour costs $2.", "It takes 3 ms.", "The ridge is at 295.", "Decoding is 4.5× as fast.", "The L40S reads 864 GB/s.", "It costs 40% less.",
])
def test_a_typed_figure_would_be_found(sentence):
    rest = sentence
    for pattern in NAMES.values():
        rest = re.sub(pattern, "", rest, flags=re.MULTILINE)
    assert re.search(r"\d", rest)


@pytest.mark.parametrize("sentence", [
    "The card has eighty gigabytes of memory.", "An hour costs two dollars.", "It saves thirty per cent.", "A cluster of sixteen thousand chips.", "The link carries fifty gigabytes a second.", "After seventeen months it pays.", "It reads three million tokens.",
])
def test_a_spelled_figure_would_be_found(sentence):
    found = [sentence[s.at:] for s in figures(sentence) if sentence[s.at].isalpha() and (s.value > 12 or (s.unit not in COUNTED and s.value))]
    assert found and not any(re.match(pattern, text) for text in found for pattern in SPELLED.values())


def test_landing_page_types_no_figure():
    assert re.findall(r"[\w.,$%-]*\d[\w.,$%-]*", prose_of("index")) == []
