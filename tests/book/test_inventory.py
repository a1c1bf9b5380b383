"""What the course promises and where it is: each page has every part, each system of the source text is met, modelled and exercised."""

from __future__ import annotations

import json
import random
import re
from functools import cache
from importlib import import_module

import pytest

from hwlib import catalogue
from hwlib.catalogue import claims
from lessons.exercises import questions
from lessons.pages import spot_the_error
from tests.book.test_pages import CHAPTERS, LISTED, ROOT, text_of
from tests.book.test_wrong_figures import written

SEEDS = range(40)
OWN_MACHINE = "prefill_and_decode"
"""Its panel is the reader's own machine, `lessons.panels.own_machine`."""


def page_of(stem: str):
    return import_module(f"lessons.pages.{stem}")


def panel_of(stem: str):
    return import_module(f"lessons.panels.{'own_machine' if stem == OWN_MACHINE else stem}")


@cache
def asked(stem: str) -> tuple[str, ...]:
    """What the quiz item of a page asks at so many visits, with its answer."""
    items = [page_of(stem).quiz(random.Random(seed)) for seed in SEEDS]
    return tuple(f"{item.ask} {item.shown}" for item in items)


@cache
def problems(page: str) -> str:
    """The problems of a page with their figures."""
    sentences = written(page)
    start = next(i for i, s in enumerate(sentences) if s.startswith("## Problems"))
    return " ".join(sentences[start:])


@pytest.mark.parametrize("page", CHAPTERS)
class TestEveryPage:
    def test_a_question_a_prediction_and_a_live_panel(self, page):
        stem, text = CHAPTERS[page], text_of(page)
        assert f"predict.panel(chapter.question())" in text and page_of(stem).question().choices  # noqa: F541
        name = "own_machine" if stem == OWN_MACHINE else stem
        assert re.search(rf"\n{name}\.panel\(\)\n", text) and callable(panel_of(stem).panel)

    def test_the_formula_with_its_numbers(self, page):
        html = page_of(CHAPTERS[page]).derivation().html
        assert "page.derivation()" in text_of(page) and "<math" in html and re.search(r"\d", html)

    def test_what_was_measured_beside_what_is_predicted_with_its_source_and_its_table(self, page):
        html = page_of(CHAPTERS[page]).measured().html
        assert "page.measured()" in text_of(page) and "<figcaption" in html and 'role="img"' in html and 'hw-src' in html and "<table" in html
        assert re.search(r"(?i)measur|timed|publish|logged|report|published|listed|offer|seen from outside|by the paper", html)

    def test_a_caveat_or_a_correction_from_the_ledger_with_its_computation(self, page):
        ids = re.findall(r'checked\("(S\d-\d\d)"', text_of(page))
        assert ids and set(ids) <= {c.id for c in claims()} and "computed=page." in text_of(page)

    def test_problems_with_worked_solutions_that_have_figures(self, page):
        assert problems(page).count("Worked solution") >= 2
        assert len(re.findall(r"\d", problems(page))) >= 6

    def test_a_quiz_item_that_differs_from_visit_to_visit(self, page):
        assert len(set(asked(CHAPTERS[page]))) >= 5
        assert "quiz.panel(chapter.quiz)" in text_of(page)


# System → how prose calls it, and the chip, link or module that models it.
SYSTEMS = {
    "A100": (r"\bA100", ("chip", "a100-80-sxm")), "H100": (r"\bH100", ("chip", "h100-sxm")), "Transformer Engine": (r"Transformer Engine", ("module", "hwlib.number_formats")), "H100 NVL": (r"H100 NVL", ("chip", "h100-nvl")),
    "B200": (r"\bB200", ("chip", "b200-sxm")), "FP4": (r"\bFP4|four bits|4 bits", ("module", "hwlib.number_formats")), "L40S": (r"\bL40S", ("chip", "l40s")), "TPU v4": (r"\bTPU v4", ("chip", "tpu-v4")),
    "TPU v5e": (r"\bTPU v5e", ("chip", "tpu-v5e")), "Inferentia2": (r"Inferentia2", ("chip", "inferentia2")), "Groq LPU": (r"Groq", ("chip", "groq-lpu-v1")),
    "NVLink": (r"NVLink", ("link", "nvlink4")), "InfiniBand": (r"InfiniBand", ("link", "ib-ndr")), "fat tree": (r"[Ff]at tree|[Tt]ree", ("module", "hwlib.topology")), "torus": (r"[Tt]orus", ("module", "hwlib.topology")),
    "tensor parallelism": (r"[Tt]ensor parallel", ("module", "hwlib.parallelism")), "pipeline parallelism": (r"[Pp]ipeline", ("module", "hwlib.parallelism")), "data parallelism": (r"replicas?\b|[Dd]ata parallel", ("module", "hwlib.parallelism")), "sharded parallelism": (r"[Ss]hard|[Ss]plit", ("module", "hwlib.parallelism")),
    "checkpoints": (r"[Cc]heckpoint", ("module", "hwlib.reliability")), "KV cache": (r"KV cache|\bcache", ("module", "hwlib.memory")), "paging": (r"[Pp]aged|[Bb]locks?\b", ("module", "hwlib.paging")), "offload": (r"put aside|[Pp]utting aside|back\?", ("module", "hwlib.offload")),
    "INT8": (r"\bINT8|[Ee]ight bits?|8 bits", ("module", "hwlib.number_formats")), "INT4": (r"\bINT4|[Ff]our bits?|4 bits", ("module", "hwlib.number_formats")), "FP8": (r"\bFP8|E4M3|E5M2", ("module", "hwlib.number_formats")),
    "continuous batching": (r"[Cc]ontinuous(ly)? batch|batch(es|ing)? continuous|static batch", ("module", "hwlib.simulator")),
}  # fmt: skip


@cache
def met() -> dict[str, str]:
    """Chapter → what a reader reads before the problems."""
    return {page: " ".join(written(page)).partition("## Problems")[0] for page in CHAPTERS}


@cache
def exercises() -> dict[str, str]:
    """Place → what is asked of a learner there, answers included."""
    found = {page: problems(page) + " ".join(asked(CHAPTERS[page])) for page in CHAPTERS}
    found["spot-the-error"] = " ".join(f"{catalogue.claim(e.id).claim} {e.ask} {e.right}" for e in spot_the_error.errors())
    for book in sorted((ROOT / "lessons" / "workbooks").glob("*.ipynb")):
        found[book.stem] = " ".join("".join(cell["source"]) for cell in json.loads(book.read_text("utf-8"))["cells"])
    found["questions"] = " ".join(f"{q.ask} {q.after}" for q in questions().values())
    return found


@pytest.mark.parametrize("name", SYSTEMS)
class TestEverySystem:
    def test_it_is_met_on_a_page(self, name):
        assert [page for page, text in met().items() if re.search(SYSTEMS[name][0], text)]

    def test_it_is_modelled(self, name):
        kind, id = SYSTEMS[name][1]
        if kind == "module":
            assert import_module(id)
        else:
            assert getattr(catalogue, kind)(id).id == id

    def test_it_is_exercised(self, name):
        assert [place for place, text in exercises().items() if re.search(SYSTEMS[name][0], text)]


def test_six_firms_have_their_verdicts():
    from lessons.pages import market

    for firm in ("Meta", "Google", "Microsoft", "OpenAI", "Anthropic", "AWS"):
        html = market.firm(firm).html
        assert re.search(r"S\d-\d\d", html) and re.search(r"Holds|Wrong|No source", html) and f'page.firm("{firm}")' in text_of("4-economics/market")


def test_every_section_has_its_pages_its_discussion_and_its_workbook():
    sections = sorted({page.partition("/")[0] for page in LISTED if page[0].isdigit()})
    assert len(sections) == 4
    for number, section in enumerate(sections, 1):
        assert f"{section}/discussion" in LISTED and len([p for p in CHAPTERS if p.startswith(section)]) >= 5
        (workbook,) = (ROOT / "lessons" / "workbooks").glob(f"{number}-*.ipynb")
        assert f"[Workbook {number}](../../lessons/workbooks/{workbook.name})" in text_of(f"{section}/index")


# Pictures that a slider moves: the panel, its control and some of its stops, the words that begin the picture, and a head of the table behind it.
MOVED = {
    "ring of chips, all-reduce": ("ring_of_chips", "step", range(1, 7), r"(?i)ring all-reduce", "Most summed in one chunk"),
    "pipeline schedule": ("parallelism", "pipeline", (2, 4, 8, 16), r"(?i)pipeline schedule", "First works at"),
    "systolic wavefront": ("systolic", "cycle", range(1, 20), r"(?i)array|systolic|cycle", "Cells that add"),
    "KV blocks": ("paged_memory", "step", range(0, 80, 4), r"(?i)pool", "Blocks when paged"),
    "request timeline": ("continuous_batching", "rate", (0.25, 0.5, 1.0, 2.0), r"(?i)static|continuous", "First token after"),
    "chip map": ("parallelism", "tensor", (2, 4, 8), r"(?i)map|which chip", "Slice"),
    "torus phases": ("torus_and_fat_tree", "phase", range(0, 5), r"(?i)torus|phase", "Start and hops"),
}  # fmt: skip


@pytest.mark.parametrize("picture", MOVED)
def test_a_picture_moves_with_its_slider_says_so_and_has_a_table_behind_it(picture):
    stem, control, stops, words, head = MOVED[picture]
    panel = panel_of(stem)
    views = [panel.view(**{control: stop}) for stop in stops]
    said = [tuple(label for label in re.findall(r'role="img" aria-label="([^"]*)"', view.picture) if re.search(words, label)) for view in views]
    assert all(said) and all(re.search(r"\d", label) for labels in said for label in labels)
    assert len(set(said)) == len(views), "what is said must change when the picture does"
    assert len({view.picture for view in views}) == len(views) and all(head in view.table for view in views)
