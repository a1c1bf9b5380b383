"""The book as one EPUB: complete, well formed, without scripts, and with nothing that has to be fetched."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tools"))

from take_along import NotMade, article, contents, cover, epub, links, pdf, xhtml  # noqa: E402 - they lie in tools/

HTML = ROOT / "_build" / "html"
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
OPF, DC, XHTML, MATH = "{http://www.idpf.org/2007/opf}", "{http://purl.org/dc/elements/1.1/}", f"{{{xhtml.HTML}}}", f"{{{xhtml.MATH}}}"
built = pytest.mark.skipif(not (HTML / "index.html").is_file(), reason="there is no built book in _build/html: run `make book` first")


def page(body: str) -> str:
    """A page as the theme builds it."""
    return f'<html><body><article class="bd-article">{body}</article><footer>left out</footer></body></html>'


def cleaned(body: str, drawing: str = "narrow") -> str:
    return xhtml.serialise(article.clean(page(body), drawing=drawing))


class TestArticle:
    def test_a_panel_becomes_its_first_state(self):
        made = cleaned('<script type="application/vnd.jupyter.widget-view+json">{"model_id": "a"}</script><noscript><p>Sequences: <b>8</b></p></noscript>')
        assert made == '<section><div><p>Sequences: <b>8</b></p></div></section>'

    def test_that_a_script_is_missing_is_not_said(self):
        assert cleaned("<p>It moves.</p><noscript>Needs JavaScript.</noscript>") == "<section><p>It moves.</p></section>"

    def test_nothing_to_press_and_no_script_stays_and_the_words_around_it_do(self):
        made = cleaned('Before <script>alert(1)</script>between <button>Press</button><label><input type="radio"> Wrong</label> after')
        assert re.sub(r"\s+", " ", made) == "<section>Before between <span> Wrong</span> after</section>"

    def test_drop_downs_are_open_but_the_deeper_steps_of_a_derivation_are_left_out(self):
        made = cleaned("<details><summary>Worked solution</summary><p>41%</p></details><div class='hw-why'><p>last step</p><details><summary>Dozens</summary></details></div>")
        assert '<p class="summary">Worked solution</p><p>41%</p>' in made and "last step" in made and "Dozens" not in made

    @pytest.mark.parametrize(("drawing", "left"), [("narrow", "340"), ("wide", "680")])
    def test_of_two_drawings_one_stays_in_its_light_colours(self, drawing, left):
        two = "".join(f'<svg class="pic {name}" viewBox="0 0 {size} 9" style="fill:var(--ink,#1c2126);display:none"></svg>' for name, size in (("wide", 680), ("narrow", 340)))
        made = cleaned(f'<div class="two">{two}</div>', drawing)
        assert f'viewBox="0 0 {left} 9"' in made and made.count("<svg") == 1
        assert "#1c2126" in made and "var(" not in made and "display:none" not in made

    def test_a_heading_of_nothing_but_controls_goes(self):
        made = cleaned('<h3 class="hw-sub">Load a design</h3><textarea></textarea><h3 class="hw-sub">Chip</h3><p>L40S</p>')
        assert "Load a design" not in made and '<h3 class="hw-sub">Chip</h3>' in made

    def test_tex_is_set_without_mathjax(self):
        made = cleaned(r'<p><span class="math notranslate nohighlight">\(\frac{a}{b}\)</span></p>')
        assert "<mfrac>" in made and "frac{" not in made
        with pytest.raises(NotMade, match="cannot be set without MathJax"):
            cleaned(r'<span class="math">\(\nosuchcommand\)</span>')

    def test_what_html_allows_and_xml_does_not_is_well_formed(self):
        made = cleaned('<p data-x="a&lt;b">1 < 2 &amp; 3<br>next<input disabled>\x0c</p><svg viewBox="0 0 1 1"><path d="M0 0"></path></svg>')
        tree = ElementTree.fromstring(made.replace("<section>", f'<section xmlns="{xhtml.HTML}">', 1))
        assert tree.find(f"{XHTML}p").text == "1 < 2 & 3" and tree[1].tag == f"{{{xhtml.SVG}}}svg"

    def test_a_page_of_another_theme_is_refused(self):
        with pytest.raises(NotMade, match="has no article"):
            article.clean("<html><main>words</main></html>", drawing="wide")


class TestLinks:
    IDS = {"book/a": {"here"}, "book/b/c": {"there"}}

    def turned(self, href: str) -> tuple[str, list[str]]:
        tree = article.clean(page(f'<p><a class="reference" download="x" href="{href}">words</a></p>'), drawing="wide")
        astray = links.turn(tree, "book/a", self.IDS, lambda name, at: f"{name}!{at}")
        return xhtml.serialise(tree), astray

    @pytest.mark.parametrize(("href", "leads"), [("b/c.html#there", "book/b/c!there"), ("#here", "book/a!here"), ("b/c.html", "book/b/c!")])
    def test_a_link_inside_the_book_leads_to_its_place_in_the_file(self, href, leads):
        made, astray = self.turned(href)
        assert f'href="{leads}"' in made and astray == []

    def test_a_link_out_of_the_book_stays(self):
        assert 'href="https://arxiv.org/abs/2211.05102"' in self.turned("https://arxiv.org/abs/2211.05102")[0]

    @pytest.mark.parametrize("href", ["../_downloads/1/book.ipynb", "data:text/plain,x", "elsewhere.html"])
    def test_a_link_to_what_does_not_come_along_stays_as_words(self, href):
        assert '<span class="reference">words</span>' in self.turned(href)[0]

    def test_a_link_to_a_place_that_is_not_there_is_told(self):
        assert self.turned("b/c.html#nowhere")[1] == ["book/a links to book/b/c#nowhere"]


class TestContents:
    def test_a_page_that_was_not_built_is_named(self, tmp_path):
        (tmp_path / "_toc.yml").write_text("root: index\nchapters:\n- file: roofline\n")
        (tmp_path / "index.html").write_text(page("<h1>Two &amp; more<a class=\"headerlink\" href=\"#x\">#</a></h1>"))
        with pytest.raises(NotMade, match="roofline is in _toc.yml"):
            contents.chapters(tmp_path, tmp_path / "_toc.yml")
        (tmp_path / "roofline.html").write_text(page("<h1>Roof</h1>"))
        assert [c.title for c in contents.chapters(tmp_path, tmp_path / "_toc.yml")] == ["Two & more", "Roof"]


@pytest.fixture(scope="module")
def chapters():
    return contents.chapters(HTML, ROOT / "_toc.yml")


@pytest.fixture(scope="module")
def path(chapters, tmp_path_factory):
    target = tmp_path_factory.mktemp("epub") / "book.epub"
    epub.make(chapters, target, cover=cover.png(), modified=WHEN)
    return target


@pytest.fixture(scope="module")
def files(path):
    with zipfile.ZipFile(path) as archive:
        return {name.removeprefix("EPUB/"): archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def pages(files):
    """Every XHTML file, parsed: not one that is not well formed."""
    return {name: ElementTree.fromstring(content) for name, content in files.items() if name.endswith(".xhtml")}


@built
class TestTheWholeBook:
    def test_a_reader_finds_its_way_in(self, path, files):
        with zipfile.ZipFile(path) as archive:
            first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED) and files["mimetype"] == b"application/epub+zip"
        assert b'full-path="EPUB/book.opf"' in files["META-INF/container.xml"]

    def test_every_page_of_the_table_of_contents_is_there_in_its_order(self, chapters, files, pages):
        toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
        listed = [toc["root"], *(entry["file"] for part in toc["parts"] for entry in part["chapters"])]
        assert [chapter.name for chapter in chapters] == listed
        opf = ElementTree.fromstring(files["book.opf"])
        manifest = {item.get("id"): item for item in opf.iter(f"{OPF}item")}
        spine = [manifest[ref.get("idref")].get("href") for ref in opf.iter(f"{OPF}itemref")]
        assert spine == ["cover.xhtml", "nav.xhtml", *(f"{chapter.stem}.xhtml" for chapter in chapters)]
        nav = next(nav for nav in pages["nav.xhtml"].iter(f"{XHTML}nav") if nav.get("{http://www.idpf.org/2007/ops}type") == "toc")
        assert [a.get("href") for a in nav.iter(f"{XHTML}a")] == spine[2:]
        assert [span.text for span in nav.iter(f"{XHTML}span")] == [part["caption"] for part in toc["parts"]]

    def test_the_manifest_names_every_file_and_no_other(self, files):
        opf = ElementTree.fromstring(files["book.opf"])
        items = {item.get("href"): item for item in opf.iter(f"{OPF}item")}
        assert set(items) == set(files) - {"mimetype", "META-INF/container.xml", "book.opf"}
        assert items["nav.xhtml"].get("properties") == "nav" and items["cover.png"].get("properties") == "cover-image"
        assert opf.find(f".//{DC}title").text == yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["title"] and opf.find(f".//{DC}language").text == "en"

    def test_no_script_no_control_and_nothing_to_fetch(self, pages):
        for name, tree in pages.items():
            for element in tree.iter():
                tag = xhtml.split(element.tag)[1]
                assert tag not in article.TAGS_DROPPED - {"link"} and tag not in ("noscript", "details"), (name, tag)
                assert not [key for key in element.attrib if key.startswith("on")], name
                for key in ("src", "poster", "data"):
                    assert "//" not in element.get(key, ""), (name, element.get(key))

    def test_every_link_and_picture_leads_to_something(self, files, pages):
        ids = {name: {element.get("id") for element in tree.iter()} for name, tree in pages.items()}
        for name, tree in pages.items():
            for element in tree.iter(f"{XHTML}img"):
                assert element.get("src") in files and element.get("alt") is not None
            for element in tree.iter(f"{XHTML}a"):
                href = element.get("href")
                if not href.startswith(("http://", "https://")):
                    path, _, at = href.partition("#")
                    assert path in pages and (not at or at in ids[path]), (name, href)

    def test_figures_tables_and_formulas_come_along(self, files, pages):
        roofline = pages["p-1-two-workloads-roofline.xhtml"]
        pictures = [image for image in roofline.iter(f"{XHTML}img") if image.get("class") == "pic"]
        assert len(pictures) >= 4 and all(len(image.get("alt")) > 40 for image in pictures)
        assert any("worked solution" in article.words(p).lower() for p in roofline.iter(f"{XHTML}p"))
        assert any("Sequences together: 8" in article.words(p) for p in roofline.iter(f"{XHTML}p")), "what the panel is set to"
        formulas = pages["p-reference-formulas.xhtml"]
        assert len(list(formulas.iter(f"{MATH}math"))) > 80 and not re.search(rb"\\\(|\\frac", files["p-reference-formulas.xhtml"])
        assert len(list(pages["p-reference-claims.xhtml"].iter(f"{XHTML}tr"))) == 153 + 1
        drawings = [content.decode() for name, content in files.items() if name.endswith(".svg")]
        assert all("var(" not in drawing and "href" not in drawing and ElementTree.fromstring(drawing) is not None for drawing in drawings)

    def test_the_same_book_gives_the_same_bytes(self, chapters, path, tmp_path):
        few = chapters[:3]
        for name in "ab":
            epub.make(few, tmp_path / name, cover=b"", modified=WHEN)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

    def test_an_anchor_that_is_not_there_leaves_no_file(self, chapters, tmp_path, monkeypatch):
        monkeypatch.setattr(links, "turn", lambda *_: ["book/a links to book/b#c"])
        with pytest.raises(NotMade, match="no such place"):
            epub.make(chapters[:1], tmp_path / "x.epub", cover=b"")
        assert not list(tmp_path.iterdir())

    @pytest.mark.skipif(shutil.which("epubcheck") is None, reason="EPUBCheck is not installed: apt-get install epubcheck")
    def test_epubcheck_finds_no_error(self, path):
        done = subprocess.run(["epubcheck", "--quiet", str(path)], capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stdout + done.stderr

    def test_every_chapter_of_the_pdf_has_its_running_title_and_its_own_ids(self, chapters):
        few = [chapters[0], *(chapter for chapter in chapters if chapter.name.endswith(("the-fork", "/claims")))]
        made = pdf.whole(few, cover=b"")
        for chapter in few[1:]:
            assert f"@page {chapter.stem} {{ @top-left {{ content: \"{chapter.part}\"" in made and f'id="{chapter.stem}"' in made
        ids = re.findall(r'\bid="([^"]*)"', made)
        assert len(ids) == len(set(ids)) > 153 and "<script" not in made
        assert set(re.findall(r'href="#([^"]*)"', made)) <= set(ids)
