"""The panel that measures here: it says what hwlib measured, stays alive between slices and survives a failure."""

import asyncio
import re
from functools import cache

import pytest

from hwlib.measure import Session, measure
from hwlib.tiny_transformer import SIZES
from hwlib.units import show
from lessons import draw
from lessons.panels import own_machine

QUICK = {"budget_s": 0.005, "rounds": 1, "size": SIZES[0], "largest": 128, "gpu": False}


@cache
def measured():
    return measure(**QUICK)


def quick():
    return Session(**QUICK)


def parts(box):
    controls, picture, under = box.children[0].children
    return controls.children[0], picture, under


def test_before_anything_is_measured_the_page_says_so_and_shows_no_figure():
    view = own_machine.view()
    assert view.picture == "" and "Nothing is measured yet" in view.under and not re.search(r"\d", view.readout)


def test_the_sentence_says_what_was_measured_and_what_was_predicted():
    m = measured()
    said = own_machine.view(m).readout
    assert show(m.peak_flops_per_s, "FLOP/s") in said
    for name in ("prefill", "decode with a cache"):
        p = m.phase(name)
        assert f"{draw.quantity(p.timing.best_s, 's')} where {draw.quantity(float(p.predicted_s), 's')} was predicted" in said


def test_the_repeats_and_the_spread_are_said():
    m = measured()
    view = own_machine.view(m)
    assert "best of" in view.source and draw.percent(m.unrest) in view.source and view.table.count("best of") == len(m.gemm) + len(m.read) + 1 + len(m.phases)
    assert "<math" in view.why


def test_the_picture_is_drawn_twice_and_said_in_words():
    picture = own_machine.view(measured()).picture
    assert picture.count("viewBox") == 2 and all(re.search(r"\d", label) for label in re.findall(r'role="img" aria-label="([^"]*)"', picture))


def test_without_an_event_loop_a_click_measures_at_once():
    go, picture, under = parts(own_machine.panel(quick))
    assert not picture.value
    go.click()
    assert "<svg" in picture.value and "was predicted" in under.value and not go.disabled


def test_with_an_event_loop_the_page_lives_between_the_slices():
    async def clicked():
        go, picture, under = parts(own_machine.panel(quick))
        said, alive = set(), 0
        under.observe(lambda change: said.add(re.sub("<[^>]+>", "", change["new"])[:60]), names="value")
        go.click()
        assert go.disabled and not picture.value
        while go.disabled:
            await asyncio.sleep(0.005)
            alive += 1
        return said, alive, picture.value

    said, alive, picture = asyncio.run(asyncio.wait_for(clicked(), 60))
    assert alive > 10 and len([s for s in said if s.startswith("Measuring")]) > 8 and "<svg" in picture


def test_a_measurement_that_fails_leaves_the_last_good_one():
    def broken():
        session = quick()
        session.slices = lambda: iter_and_fail()
        return session

    def iter_and_fail():
        yield "a first slice that works"
        raise MemoryError

    starts = iter([quick, broken, quick])
    go, picture, under = parts(own_machine.panel(lambda: next(starts)()))
    go.click()
    good = picture.value
    go.click()
    assert picture.value == good and "MemoryError" in under.value and "was predicted" in under.value and not go.disabled
    go.click()
    assert "Broke" not in under.value


@pytest.mark.parametrize("unrest", [0.1, 3.0])
def test_a_busy_machine_is_told_apart_from_a_quiet_one(unrest, monkeypatch):
    monkeypatch.setattr(type(measured()), "unrest", property(lambda _: unrest))
    assert ("other work ran beside" in own_machine.source(measured())) == (unrest > 0.5)
