"""The pages that validate writes: whole HTML without script or network, escaped, linked, told in words; and the same on a terminal."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.tutor.handins import design, payload, write
from tests.tutor.instructor import validate as run
from tutor import validate


class Page(HTMLParser):
    """Reads a page and keeps what matters of it."""

    VOID = {"meta", "br", "img", "input", "link", "hr"}

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.trouble: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.trouble.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        self.text += data


MARKUP = '<script>alert(1)</script><img src=x onerror="alert(2)">{{ 7*7 }}{% raw %}\u202eevil</div>'


@pytest.fixture
def report(inbox, out, capsys) -> dict[str, str]:
    write(inbox / "a.submission.json", payload(
        student="s-1", title=MARKUP, rationale=MARKUP, assumptions={"think_time_s": 20}, reasons={"think_time_s": MARKUP},
        predictions={"bottleneck": "compute", "kv_bytes_per_user": 1e9}))
    write(inbox / "b.submission.json", payload(student="s-2", design=design(scheduler="static", replicas=4)))
    write(inbox / "c.submission.json", payload(student="s-3", design=design(attention="mha", chips_per_replica=1, replicas=2)))
    write(inbox / "index.submission.json", payload(student="index"))
    write(inbox / "<b>bold.ipynb", b"")
    assert run(inbox, out=out) == 3
    return {path.name: path.read_text("utf-8") for path in (out / "report").glob("*.html")}


def test_the_report_is_whole_html_without_script_or_network(report):
    assert len(report) == 6
    for name, text in report.items():
        page = Page(text)
        tags = [tag for tag, _ in page.tags]
        assert not page.trouble and not page.open, name
        assert not {"script", "img", "iframe", "link", "object", "embed", "form"} & set(tags)
        assert text.startswith("<!doctype html>") and ("html", {"lang": "en"}) in page.tags
        assert ("meta", {"http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'"}) in page.tags
        for tag, attributes in page.tags:
            assert not any(key.startswith("on") for key in attributes), tag
            assert not attributes.get("href", "").startswith(("http", "javascript", "//"))
        assert "url(" not in text and "@import" not in text
        assert tags.count("h1") == 1 and tags.count("main") == 1


def test_markup_of_a_learner_stays_text(report):
    page = report["s-1.html"]
    assert "&lt;script&gt;" in page and "{{ 7*7 }}" in page and "49" not in Page(page).text.split("{{ 7*7 }}")[0][-5:]
    assert "\u202e" not in page
    assert "&lt;b&gt;bold.ipynb" in report["index.html"]


def test_pictures_have_a_title_and_a_table_behind_them(report):
    page = Page(report["index.html"])
    pictures = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert pictures and all(attributes["role"] == "img" and attributes["aria-label"] for attributes in pictures)
    assert "The same as a table" in page.text


def test_table_heads_have_a_scope(report):
    for text in report.values():
        assert all(attributes.get("scope") in ("col", "row") for tag, attributes in Page(text).tags if tag == "th")


def test_links_of_the_report_lead_somewhere(report):
    for text in report.values():
        for tag, attributes in Page(text).tags:
            if tag == "a" and not attributes["href"].startswith("#"):
                assert attributes["href"] in report


def test_the_cohort_page_says_one_sentence_and_names_what_could_not_be_graded(report):
    text = Page(report["index.html"]).text
    assert "graded designs" in text and "the median score is" in text
    assert "the file is empty" in text and "blank, never 0" in text


def test_the_students_page_has_the_verdict_the_score_and_good_first(report):
    text = Page(report["s-3.html"]).text
    assert "targets met" in text and "Meets the brief's targets" in text and "If you disagree" in text
    marks = [mark for mark in ("✓ Good", "■ Blocks", "▲ Costs", "△ Risks") if mark in text]
    assert marks == sorted(marks, key=text.index)


def test_the_colours_are_those_of_the_course():
    from lessons.style import css_media

    tokens = Path(validate.__file__).parent / "templates" / "tokens.css"
    assert tokens.read_text("utf-8") == css_media(), "run: python -c \"from lessons.style import css_media; …\" into tutor/templates/tokens.css"


def test_the_terminal_shows_the_report_as_text_and_as_json(inbox, out, capsys):
    write(inbox / "a.submission.json", payload())
    run(inbox, out=out, plain=True)
    said = capsys.readouterr().out
    assert "target First token, p99" in said and "\x1b" not in said
    run(inbox, out=out, json=True)
    shown = json.loads(capsys.readouterr().out)
    assert shown["states"]["graded"] == 1 and shown["rows"][0]["student"] == "s-0031"


def test_the_command_line_reaches_validate(inbox, out, capsys):
    from tutor.__main__ import main

    write(inbox / "a.submission.json", payload())
    assert main(["validate", str(inbox), "--out", str(out)]) == 0
