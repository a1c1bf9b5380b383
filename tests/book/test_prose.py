"""Prose: a sentence a line, none said twice, abbreviations that somewhere are told, pictures whose words are whole."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from lessons.draw.chip_map import chip_map
from lessons.draw.curve import curve
from lessons.draw.measured_band import measured_band
from lessons.pages import the_fork
from lessons.panels import predict
from lessons.reference import glossary

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["book/index", *(c["file"] for part in yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"] for c in part["chapters"])]
CHAPTERS = [p for p in PAGES if re.match(r"book/\d", p)]
FENCE = re.compile(r"^(`{3,})(?!\{dropdown).*?^\1\s*$", re.DOTALL | re.MULTILINE)
SENTENCE_END = re.compile(r"(?<=[a-z)`%\"”\d][.?!]) (?=[A-Z\"“*`■▲△○{])")
STOCK = {
    "The numbers below are one draw of many; with Python running, every visit draws others.": "stands over every quiz",
    "**Without this page.** Save the design, and the same tutor reviews the file in a terminal.": "stands under every discussion",
}
"""Sentences that a kind of page carries as a whole."""
NAMES = {
    "GB": "unit", "TB": "unit", "TOML": "format of a file", "CSV": "format of a file", "JSON": "format of a file", "NVIDIA": "maker", "AMD": "maker", "AWS": "maker", "GPU": "general word", "GPUs": "general word", "OPT": "a model", "BLOOM": "a model", "NCCL": "a library",
    "MMLU": "a test", "NVL": "part of a chip's name", "HBM": "told where it stands", "DRAM": "general word", "API": "general word", "USD": "currency", "US": "country", "CPU": "general word", "TFLOP": "unit", "FLOPs": "unit", "MB": "unit", "SXM": "part of a chip's name",
}
"""Capitals that need no entry in the glossary, with the reason."""


def prose_of(page: str) -> str:
    """The page without front matter, cells and code."""
    text = (ROOT / f"{page}.md").read_text("utf-8")
    return FENCE.sub("", text.split("---", 2)[-1] if text.startswith("---") else text)


def lines_of(page: str) -> list[str]:
    """The lines that hold sentences."""
    return [line.strip() for line in prose_of(page).splitlines() if line.strip() and not line.lstrip().startswith(("#", "|", ":::", "<", "("))]


@pytest.mark.parametrize("page", PAGES)
def test_a_line_holds_one_sentence(page):
    for line in lines_of(page):
        held = re.sub(r"^(- )?([■▲△○] )?\*\*[^*]+\*\*\s*", "", line)  # a run-in head is no sentence
        assert not SENTENCE_END.search(held), line


def test_no_sentence_stands_on_two_pages():
    where = defaultdict(set)
    for page in PAGES:
        for line in lines_of(page):
            if len(re.findall(r"\w+", re.sub(r"\{[\w:]+\}`[^`]*`", "", line))) >= 5 and not line.startswith("["):
                where[re.sub(r"\{[\w:]+\}`[^`]*`", "…", re.sub(r"`[^`]*`", "`…`", line) if line not in STOCK else line)].add(page)
    assert {line: pages for line, pages in where.items() if len(pages) > 1 and line not in STOCK and "`…`" not in line} == {}


@pytest.mark.parametrize("page", CHAPTERS)
def test_capitals_are_in_the_glossary_or_spelled_out(page):
    told = {word for term in glossary.terms() for word in (term.term, *term.also)}
    prose = re.sub(r"\{[\w:]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)", "", prose_of(page))
    prose = re.sub("|".join(re.escape(w) for w in told if " " in w), "", prose)
    found = set(re.findall(r"(?<![\w-])[A-Z]{2,}s?(?![\w-])", prose))
    unknown = {w for w in found if w not in told and w not in NAMES and f"({w})" not in prose and f", {w} " not in prose and f'{w}, "' not in prose}
    assert unknown == set()


class TestWordsOfPictures:
    def test_shares_are_said_in_per_cent(self):
        says = re.search(r'aria-label="([^"]*)"', predict.told(the_fork.question()))[1]
        share = 100 * float(the_fork.question().computed)
        assert f"{share:.2f}%" in says

    def test_a_figure_of_an_axis_carries_its_unit(self):
        points = [(10, 3.0), (40, 2.0), (100, 1.0)]
        assert "yours: 2 at share of the peak 40%" in curve(points, yours=(40, 2.0), x_label="share of the peak, %", y_label="days")
        assert "at message 10 MB" in curve(points, x_label="message, MB", y_label="time, µs")

    def test_a_cloud_tells_how_many_and_how_far_and_not_its_last_point(self):
        cloud = dict(label="runs", kind="ink", line=[(1, 1), (4, 4)], band=[(1, 0.5, 1.5), (4, 2, 6)], measured=[(1, 1.2), (2, 4.0), (4, 4.1)])
        svg = measured_band([cloud], x_label="tokens, predicted", y_label="tokens, measured")
        assert "3 cases, measured 1.2 to 4.1, predicted 1 to 4, 2 of 3 inside the band" in svg
        assert "measured, measured" not in svg and "predicted 4<" not in svg

    def test_one_neighbour_is_one(self):
        svg = chip_map(tensor=2, pipeline=2, data=2, layers=8, chip=(0, 0, 0), chips_per_node=8)
        assert "1 chip of its row, passes them to 1 neighbouring stage and averages gradients with 1 chip holding" in svg
