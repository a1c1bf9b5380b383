"""Every panel: views are pure, drawn for all, and wired to their controls; and the panels that belong to no one page."""

from __future__ import annotations

import json
import random
import re
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwlib import catalogue
from hwlib.cases import decode_cases, saturated_cases, training_cases
from lessons.pages import parallelism as parallelism_page
from lessons.pages import roofline as roofline_page
from lessons.pages import tokens_to_dollars as dollars_page
from lessons.panels import (
    landing,
    predict,
    quiz,
    roofline,
)
from lessons.panels.evidence import Held, band, held_out, measurement_count
from lessons.panels.parts import View, wire
from tests.lessons.panel_kit import QUICK, labels

STEMS = [page.rpartition("/")[2].replace("-", "_") for page in re.findall(r"file: book/(\d\S+)", (Path(__file__).parents[2] / "_toc.yml").read_text("utf-8")) if not page.endswith(("/index", "/discussion"))]
PAGES = tuple(import_module(f"lessons.pages.{stem}") for stem in STEMS)
PANELS = tuple(import_module(f"lessons.panels.{stem}") for stem in STEMS if stem != "prefill_and_decode")
"""Of every chapter in the contents; prefill and decode shows the reader's own machine, which tests/lessons/test_own_machine.py drives."""


@pytest.mark.parametrize("panel", PANELS, ids=lambda p: p.__name__.rpartition(".")[2])
class TestEveryPanel:
    def test_the_same_controls_give_the_same_markup(self, panel):
        assert str(panel.view()) == str(panel.view())

    def test_pictures_carry_their_figures_for_who_does_not_see_them(self, panel):
        said = labels(panel.view())
        assert said and all(re.search(r"\d", label) for label in said)

    def test_pictures_are_drawn_for_a_desk_and_for_a_phone(self, panel):
        picture = panel.view().picture
        assert picture.count("viewBox") == 2 * picture.count('class="two') > 0

    def test_the_readout_is_announced_and_the_why_can_be_opened(self, panel):
        under = panel.view().under
        assert 'role="status"' in under and "Why this number" in under and "<math" in under

    def test_widgets_show_the_view_and_follow_their_controls(self, panel):
        box = panel.panel().children[0]
        controls, picture, under = box.children
        assert len(controls.children) <= 4
        assert (picture.value, under.value) == (panel.view().picture, panel.view().under)
        before = under.value
        for control in controls.children:
            options = [value for _, value in control.options]
            control.value = next(v for v in reversed(options) if v != control.value)
        assert under.value != before and picture.value


class TestPredict:
    def test_an_answer_gives_the_factor_and_what_it_would_have_bought(self):
        q = roofline_page.question()
        said = predict.compare(q, "44.2", "memory")
        assert "× 0.5" in said or "÷ 2" in said
        assert "as you said" in said and "Your figure" in said

    @QUICK
    @given(st.text(max_size=30))
    def test_whatever_is_typed_gets_an_answer_and_is_escaped(self, text):
        said = predict.compare(roofline_page.question(), text, "")
        assert said.startswith("<") and "<script" not in said

    @pytest.mark.parametrize("page", PAGES, ids=STEMS)
    def test_the_right_choice_is_among_the_choices_and_nothing_is_told_before(self, page):
        q = page.question()
        assert q.right in q.choices
        box = predict.panel(q)
        row, answer = box.children
        assert answer.value == predict.waiting(q) and "<details" in answer.value
        number, choices, go, quiet = row.children
        number.value, choices.value = "3", q.right
        go.click()
        assert "as you said" in answer.value
        quiet.click()
        assert answer.value == predict.told(q)


class TestQuiz:
    @pytest.mark.parametrize("page", PAGES, ids=STEMS)
    def test_the_computed_answer_is_accepted_and_a_slip_is_named(self, page):
        for seed in range(30):
            item = page.quiz(random.Random(seed))
            assert ">Yes." in quiz.feedback(item, f"{item.answer / item.scale:.6g}")
            factor, slip = next((f, s) for f, s in item.slips if abs(f - 1) > 0.1)
            said = quiz.feedback(item, f"{item.answer / item.scale * factor:.9f}".rstrip("0"))
            assert "off by a factor of" in said, (seed, factor, said)

    @pytest.mark.parametrize("page", PAGES, ids=STEMS)
    def test_visits_differ_and_a_seed_repeats(self, page):
        asks = {page.quiz(random.Random(seed)).ask for seed in range(20)}
        assert len(asks) > 5
        assert page.quiz(random.Random(3)).ask == page.quiz(random.Random(3)).ask

    def test_the_answer_is_not_in_what_is_shown_before(self):
        item = dollars_page.quiz(random.Random(1))
        assert item.shown not in quiz.question(item)
        assert item.shown not in quiz.solution(item).partition("</summary>")[0]


class TestLanding:
    def test_nine_states_each_another_picture_and_sentence(self):
        frames = landing.frames()
        assert len(frames) == 9
        assert len({f.picture for f in frames}) == len({f.says for f in frames}) == 9

    def test_the_last_state_is_a_full_memory(self):
        last = landing.stops()[-1]
        assert last == roofline.place(landing.CHIP, landing.MODEL, 1, landing.CONTEXT).fit and "memory is full" in landing.says(last)

    def test_the_page_carries_all_states_for_its_script_and_a_table_without_one(self):
        html = landing.panel()
        frames = json.loads(re.search(r'class="hw-frames">(.*?)</script>', html, re.DOTALL)[1])
        assert [f[0] for f in frames] == [str(n) for n in landing.stops()]
        assert "<noscript>" in html and html.count("<tr>") >= 9 and "disabled" in html

    def test_the_share_in_use_grows_with_company_and_agrees_with_the_sentence(self):
        shares = [float(landing.busy(n).rstrip("%")) for n in landing.stops()]
        assert shares == sorted(shares) and shares[-1] < 50
        waits = float(re.search(r"memory ([\d.]+)% of the time", landing.says(landing.stops()[-1]))[1])
        assert abs(shares[-1] + waits - 100) <= 1

    def test_the_bar_counts_the_ledger(self):
        assert list(landing.counts().values()) == list(catalogue.verdict_counts().values())


class TestEvidence:
    def test_a_case_is_predicted_by_constants_that_never_saw_it(self):
        cases = [c for c in saturated_cases() if c.chip == "l40s"][:3]
        trials = [{"scale": s} for s in (1.0, 2.0, 3.0)]
        predict_all = lambda case, scale: case.observed * scale if case is not cases[0] else case.observed * scale / 3  # noqa: E731
        first = held_out(cases, predict_all, trials)[0]
        assert first == Held(cases[0], cases[0].observed / 3)  # the others want 1, whatever case 0 wants

    def test_the_band_holds_its_share_of_the_cases(self):
        held = parallelism_page.evidence.training()
        spread = band(held)
        assert spread.inside(h.ratio for h in held) / len(held) == pytest.approx(0.8, abs=0.02)

    def test_measurements_are_counted_not_typed(self):
        assert measurement_count() == sum(len(list(cases())) for cases in (training_cases, saturated_cases, decode_cases))


def test_a_picture_that_breaks_leaves_the_last_good_one():
    import ipywidgets as w

    def view(n):
        if n == 2:
            raise ZeroDivisionError
        return View(picture=f"<svg>{n}</svg>", readout="fine", named=f"state {n}")

    control = w.IntSlider(value=1)
    box = wire({"n": control}, view).children[0]
    control.value = 2
    assert box.children[1].value == "<svg>1</svg>"
    assert "ZeroDivisionError" in box.children[2].value and "still for state 1" in box.children[2].value
    control.value = 3
    assert box.children[1].value == "<svg>3</svg>" and "Broke" not in box.children[2].value
