"""Comfort of a reader: terms defined once and explained where they stand, time and prerequisites, progress without identity."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from docutils import nodes
from docutils.utils import new_document

from hwlib.symbols import SYMBOLS
from lessons.reference import glossary, glossary_table

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
sys.path.insert(0, str(BOOK / "_ext"))

from reading import marks, minutes, paths  # noqa: E402 - the extension lies beside the book

PAGES = [c["file"] for part in yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"] for c in part["chapters"]]
CHAPTERS = [page for page in PAGES if paths.is_chapter(page)]
WAYS = paths.read(BOOK / "paths.toml")


class TestGlossary:
    def test_every_spelling_belongs_to_one_term(self):
        words = [w.lower() for t in glossary.terms() for w in (t.term, *t.also)]
        assert sorted(words) == sorted(set(words))
        assert len({t.anchor for t in glossary.terms()}) == len(glossary.terms()) > 40

    def test_a_definition_is_one_sentence_without_figures(self):
        for t in glossary.terms():
            assert re.fullmatch(r"[A-Z][^.!?\d]*\.", t.says), t.term

    def test_symbols_and_chapters_exist(self):
        for t in glossary.terms():
            assert not t.symbol or t.symbol in SYMBOLS, t.term
            assert f"book/{t.page}" in PAGES, t.term

    def test_every_term_is_used_in_a_chapter_or_by_what_a_chapter_shows(self):
        files = [*(ROOT / f"{page}.md" for page in CHAPTERS), *(p for part in ("pages", "panels") for p in (ROOT / "lessons" / part).rglob("*.py"))]
        prose = "\n".join(file.read_text("utf-8") for file in files)
        used = {term.term for _, _, term in glossary.found_in(prose, known=set())}
        assert {t.term for t in glossary.terms()} - used == set()

    def test_the_page_lists_every_term_with_a_place_to_link_to(self):
        html = str(glossary_table())
        assert all(f'id="{t.anchor}"' in html for t in glossary.terms()) and html.count("<math>") == sum(bool(t.symbol) for t in glossary.terms())


def document(*paragraphs: str) -> nodes.document:
    made = new_document("page")
    made += nodes.title("", "The KV cache")
    made += [nodes.paragraph("", text) for text in paragraphs]
    return made


class TestMarks:
    def test_the_first_use_is_marked_and_the_second_is_not(self):
        tree = document("The bubble of a belt; a bubble again.", "And a bubble.")
        assert marks.mark(tree, "book/1-two-workloads/roofline", lambda page: page) == 1
        assert tree.astext().count("bubble") >= 2 and "term-bubble" in tree.pformat()

    def test_titles_links_and_the_page_s_own_subject_are_left_alone(self):
        tree = document("The KV cache grows.")
        tree[1] += nodes.reference("", "MFU", refuri="x")
        assert marks.mark(tree, "book/1-two-workloads/kv-cache", lambda page: page) == 0

    def test_words_inside_words_are_not_terms(self):
        assert glossary.found_in("Bubbles batched in a subtoken, a micro-batched step.", known=set()) == []

    def test_a_tip_describes_its_link_and_escapes(self):
        term = glossary.Term("a<b", "Less & more.", "x")
        html = marks.tip("a<b", term, "g.html#t", 3)
        assert 'aria-describedby="hw-tip-3"' in html and 'id="hw-tip-3"' in html and "a&lt;b" in html and "Less &amp; more." in html


class TestPaths:
    def test_what_a_page_needs_exists_comes_earlier_and_makes_no_circle(self):
        for page, needs in WAYS.needs.items():
            assert page in PAGES, page
            assert all(need in PAGES and PAGES.index(need) < PAGES.index(page) for need in needs), page

    def test_every_path_names_chapters_and_every_place_a_path(self):
        ids = {way.id for way in WAYS.ways}
        assert all(page in CHAPTERS for way in WAYS.ways for page in way.pages)
        assert set(paths.PLACE.findall((BOOK / "index.md").read_text("utf-8"))) == ids

    def test_a_place_is_filled_with_links_and_minutes(self):
        body = paths.filled('<div class="hw-path" data-path="hurried"></div>', WAYS, dict.fromkeys(CHAPTERS, 6), CHAPTERS, str, lambda page: f"{page}.html")
        stops = len(next(w for w in WAYS.ways if w.id == "hurried").pages)
        assert body.count("<li>") == stops and f"about {6 * stops} minutes" in body
        with pytest.raises(ValueError, match="no path"):
            paths.filled('<div class="hw-path" data-path="lost"></div>', WAYS, {}, [], str, str)

    def test_titles_are_escaped(self):
        assert "&lt;x&gt;" in paths.head(3, [("<x>", "y")])


class TestMinutes:
    def test_words_count_and_code_does_not(self):
        short, long = document("word " * 90), document("word " * 900)
        long += nodes.literal_block("", "code " * 9000)
        assert minutes.of(short) == 1 and minutes.of(long) == 6


class TestProgress:
    SCRIPT = (BOOK / "_static" / "progress.js").read_text("utf-8")

    def test_it_asks_nobody_and_names_nobody(self):
        assert not re.search(r"fetch\(|XMLHttp|sendBeacon|WebSocket|cookie|https?://|document\.write|innerHTML|random|Date", self.SCRIPT)
        assert self.SCRIPT.count("localStorage.") == 3

    def test_it_can_be_cleared(self):
        assert "removeItem" in self.SCRIPT and "Forget" in self.SCRIPT

    def test_it_knows_chapters_as_the_extension_does(self):
        pattern = re.compile(re.search(r"const chapter = /(.*)/;", self.SCRIPT)[1].replace(r"\/", "/"))
        known = [page for page in PAGES if pattern.search(f"/{page}.html")]
        assert known == CHAPTERS


BUILT = ROOT / "_build" / "html"


@pytest.mark.skipif(not (BUILT / "book" / "reference" / "glossary.html").is_file(), reason="there is no built book in _build/html: run `make book` first")
def test_built_chapters_say_how_long_they_take_and_explain_their_terms():
    for page in CHAPTERS:
        if (BUILT / f"{page}.html").is_file():
            html = (BUILT / f"{page}.html").read_text("utf-8")
            assert len(re.findall(r'<p class="hw-head">About \d+ minutes?', html)) == 1, page
            tips = re.findall(r'id="(hw-tip-\d+)"', html)
            assert len(tips) == len(set(tips)), page
    landing = (BUILT / "book" / "index.html").read_text("utf-8")
    assert landing.count('class="hw-path"') == 2 and "data-path" not in landing
    assert tomllib.loads((BOOK / "paths.toml").read_text("utf-8"))["path"]


@pytest.mark.slow
def test_a_second_build_tells_the_minutes_of_what_changed(tmp_path):
    chapter, home = tmp_path / "book" / "1-a" / "one.md", tmp_path / "_build" / "html" / "book" / "index.html"
    (tmp_path / "_config.yml").write_text(
        f'title: t\nonly_build_toc_files: true\nexecute: {{execute_notebooks: "off"}}\nsphinx:\n  local_extensions: {{reading: {BOOK / "_ext"}}}\n', encoding="utf-8")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/index\nparts:\n  - chapters: [{file: book/1-a/one}, {file: book/reference/glossary}]\n", encoding="utf-8")
    for path, text in {"book/index.md": '# I\n\n<div class="hw-path" data-path="all"></div>\n', "book/1-a/one.md": "# One\n\nA bubble of a pipeline.\n", "book/reference/glossary.md": "# G\n",
                       "book/paths.toml": '[needs]\n[[path]]\nid = "all"\ntitle = "All"\nsays = "S."\npages = []\n'}.items():  # fmt: skip
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")

    def build() -> None:
        done = subprocess.run([str(Path(sys.executable).with_name("jupyter-book")), "build", str(tmp_path), "-q"], capture_output=True, text=True, timeout=300, env=os.environ | {"PYTHONPATH": str(ROOT)})
        assert done.returncode == 0, done.stderr[-2000:]

    build()
    assert "about 1 minutes" in home.read_text("utf-8") and "hw-tip-2" in (home.parent / "1-a" / "one.html").read_text("utf-8")
    chapter.write_text("# One\n\n" + "word " * 1990, encoding="utf-8")
    build()
    assert "about 12 minutes" in home.read_text("utf-8") and "About 12 minutes" in (home.parent / "1-a" / "one.html").read_text("utf-8")
