"""Chapters: their blocks in order, figures glued and not typed, sources that exist, live cells that can run in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
LISTED = [chapter["file"].removeprefix("book/") for part in CONTENTS["parts"] for chapter in part["chapters"]]
CHAPTERS = {page: page.partition("/")[2].replace("-", "_") for page in LISTED if page[0].isdigit() and not page.endswith(("/index", "/discussion"))}
"""Pages that hold one idea, each with the stem of its modules: nothing has to be listed a second time."""
BLOCKS = ["Predict", "Move", "Why", "Measured, beside what we predict", "A claim, checked", "Problems"]
CELL = re.compile(r"```\{code-cell\}.*?\n(.*?)```", re.DOTALL)
ALLOWED = {
    "H100": "name of a chip", "L40S": "name of a chip", "A100": "name of a chip", "B200": "name of a chip", "B200s": "name of a chip", "H100s": "name of a chip", "H200": "name of a chip", "GPT-4": "name of a model", "GPT-4o": "name of a model", "v5e": "name of a chip",
    "FP8": "name of a format", "FP4": "name of a format", "FP32": "name of a format", "E4M3": "name of a format", "E5M2": "name of a format", "v4": "name of a chip", "TPU v4": "name of a chip", "Inferentia2": "name of a chip", "13B": "size in a model's name", "TPU v5e": "name of a chip", "BF16": "name of a format", "8B": "size in a model's name", "Llama 2": "name of a model",
    "7B": "size in a model's name", "70B": "size in a model's name", "3": "number in a model's name", "3.1": "number in a model's name", "DeepSeek-V3": "name of a model",
    "99": "a percentile", "100": "of a percentile",
}
"""Digits that prose may carry, with the reason."""


def text_of(page: str) -> str:
    return (BOOK / f"{page}.md").read_text(encoding="utf8")


def prose_of(page: str) -> str:
    """What a reader reads, without front matter, cells and glued figures."""
    body = text_of(page).split("---", 2)[-1]
    body = CELL.sub("", body)
    body = re.sub(r"\{(glue:text|cite[a-z:]*)\}`[^`]*`", "", body)
    body = re.sub(r"^:::\{div\} hw-crumb\n.*?\n:::", "", body, flags=re.DOTALL | re.MULTILINE)
    body = re.sub(r"\]\([^)]*\)", "]", body)
    for name in (n for n in ALLOWED if " " in n):
        body = body.replace(name, "")
    return re.sub(r"^\*\*\d+\.\*\*", "", body, flags=re.MULTILINE)


@pytest.mark.parametrize("page", CHAPTERS)
class TestChapters:
    def test_blocks_stand_in_their_order(self, page):
        assert re.findall(r"^## (.*)$", text_of(page), re.MULTILINE) == BLOCKS

    def test_question_comes_first_with_real_figures(self, page):
        lead = re.search(r":::\{div\} hw-lead\n(.*?)\n:::", text_of(page), re.DOTALL)[1]
        assert lead.rstrip().endswith("?") and "{glue:text}" in lead
        assert text_of(page).index("hw-lead") < text_of(page).index("## Predict")

    def test_no_figure_is_typed_by_hand(self, page):
        typed = [w for w in re.findall(r"[\w.,×$%-]*\d[\w.,×$%-]*", prose_of(page)) if w.strip(".,") not in ALLOWED]
        assert typed == []

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


def test_landing_page_types_no_figure():
    assert re.findall(r"[\w.,$%-]*\d[\w.,$%-]*", prose_of("index")) == []
