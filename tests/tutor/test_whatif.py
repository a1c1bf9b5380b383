"""Knock-outs, swings, fronts and contrasts: computed, and moving the right way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hwlib import why
from hwlib.formula import Figure
from hwlib.sources import Choice
from tutor.__main__ import main
from tutor.briefs import brief_ids
from tutor.context import Context
from tutor.designfile import read_design
from tutor.knockouts import binding, knockouts, replayed
from tutor.repair import _Search
from tutor.samples import reference, starter
from tutor.targets import fast_margin
from tutor.whatif import contrasts, front, tornado, whatif

FOLDER = Path(__file__).parents[2] / "lessons" / "designs"
DESIGNS = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("path", DESIGNS, ids=lambda p: p.stem)
def test_a_better_part_never_slows(path):
    for one in knockouts(Context(read_design(path), simulate=False)):
        worse = one.after < one.before if one.figure == "sequences_that_fit" else one.after > one.before * (1 + 1e-9)
        assert not worse, one.words()
        assert "nan" not in one.words() and "not known" not in one.words()
        assert str(why(one.after))


@pytest.mark.parametrize("id", brief_ids())
def test_nothing_replaced_changes_nothing(id):
    figures = Context(reference(id), simulate=False).estimate.figures()
    for figure in figures.values():
        assert replayed(figure, {}) is figure


def test_a_replay_equals_the_estimate_under_the_changed_input():
    """The load changed in the design file, and the same leaf replaced in the derivation."""
    ctx = Context(reference("train-100b"), simulate=False)
    from dataclasses import replace

    twice = Context(replace(ctx.entry, load=replace(ctx.load, train_tokens=4e12)), simulate=False)
    again = replayed(ctx.estimate.days, {"train_tokens": Figure(4e12, Choice("twice", "assumption"))})
    assert again == pytest.approx(float(twice.estimate.days), rel=1e-12)


def test_decode_waits_for_memory_and_prefill_for_arithmetic():
    ctx = Context(reference("serve-70b"), simulate=False)
    assert ctx.estimate.bottleneck == "memory"
    assert binding(ctx, "tpot_s").part == "bandwidth"
    assert binding(ctx, "prefill_s").part == "flops"


def test_the_widest_swing_comes_first():
    rows = tornado(Context(reference("serve-70b"), simulate=False))
    assert len(rows) == 5
    assert [r.width for r in rows] == sorted((r.width for r in rows), reverse=True)


@pytest.mark.parametrize("id", brief_ids())
def test_no_point_of_the_front_beats_another(id):
    told = front(Context(reference(id), simulate=False))
    pairs = [(p["cost"], p["other"]) for p in told["points"]]
    assert pairs and not any(a[0] < b[0] and a[1] <= b[1] for a in pairs for b in pairs)
    on = any(p["field"] == "" for p in told["points"])
    assert not on or told["beaten_by"] == 0


@pytest.mark.parametrize("id", brief_ids())
def test_a_contrast_differs_in_one_field_and_flips_one_verdict(id):
    for made in (reference(id), starter(id)):
        ctx = Context(made, simulate=False)
        search = _Search(ctx.brief, made, (), 1, None)
        for c in contrasts(ctx):
            other = search._context({c["field"]: c["other"]})
            target = ctx.brief.target(c["target"])
            assert (fast_margin(ctx, target) >= 0) != (fast_margin(other, target) >= 0)


def test_all_of_it_is_json():
    for path in DESIGNS:
        from tutor.findings import plain

        json.dumps(plain(whatif(Context(read_design(path), simulate=False))), allow_nan=False)


@pytest.mark.parametrize("name", ["serve-70b-starter", "serve-70b-flawed-few-lpus", "train-100b-good", "tco-3y-good"])
def test_the_command(name, capsys):
    assert main(["whatif", str(FOLDER / f"{name}.toml")]) == 0
    assert "What binds" in capsys.readouterr().out
    assert main(["whatif", str(FOLDER / f"{name}.toml"), "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"knockouts", "tornado", "stresses", "front", "contrasts"}
