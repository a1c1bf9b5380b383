"""Training memory of measurement rows: counted, not fitted."""

import csv
import math
from pathlib import Path

import pytest

import hwlib
from hwlib.memory import micro_batches_in_flight
from hwlib.predict.families.memory import FAMILY, GIB, activations_of, model_of
from hwlib.predict.row import Refused, Row

ROWS = [Row(r) for r in csv.DictReader((Path(hwlib.__file__).parent / "measured" / "2_training_memory.csv").open(encoding="utf8"))]
FIG1 = [r for r in ROWS if r.measured("params_opt_gib")]
FIG7 = [r for r in ROWS if r.measured("activation_pct_of_tp_baseline")]
ids = {"ids": lambda r: r.id}


def say(row, **changed):
    return FAMILY.predict(Row(row.cells | {k: str(v) for k, v in changed.items()}))


@pytest.mark.parametrize("row", FIG1, **ids)
def test_states_and_activations_equal_the_published_figures(row):
    found = say(row)
    assert found["params_opt_gib"] == pytest.approx(row.measured("params_opt_gib"), rel=0.001)
    assert found["activations_gib"] == pytest.approx(row.measured("activations_gib"), rel=0.001)


@pytest.mark.parametrize("row", FIG1, **ids)
def test_the_figures_themselves_are_not_inputs(row):
    assert say(row, params_opt_gib="", activations_gib="") == say(row)


@pytest.mark.parametrize("row", FIG7, **ids)
def test_each_technique_saves_what_the_paper_shows(row):
    """Percent of the activations under tensor parallelism alone."""
    kw = {"seq": 2048.0, "micro_batch": 1.0, "tp": 8.0}
    model = model_of(row)
    share = 100 * activations_of(model, recompute=row.text("recompute"), **kw) / activations_of(model, recompute="none", **kw)
    assert share == pytest.approx(row.measured("activation_pct_of_tp_baseline"), abs=0.2)


def test_activations_count_every_micro_batch_in_flight():
    """The wrong answer of peers: one micro-batch on a stage of sixteen holds sixteen, 16 times as much."""
    row = next(r for r in FIG1 if r.text("pp") == "8")
    kw = {"pp": 16, "n_chips": 128, "interleave": 1}
    one, all_ = say(row, **kw, global_batch=1), say(row, **kw, global_batch=512)
    assert all_["activations_gib"] == pytest.approx(16 * one["activations_gib"])
    assert FAMILY.datasheet(row)["activations_gib"] < row.measured("activations_gib") / 8


def test_pipelining_alone_does_not_shrink_the_first_stages_activations():
    row = FIG1[2]
    held = [say(row, pp=p, n_chips=8 * p, interleave=1)["activations_gib"] for p in (1, 2, 8, 32)]
    assert held == pytest.approx([held[0]] * 4)
    states = [say(row, pp=p, n_chips=8 * p, interleave=1)["params_opt_gib"] for p in (1, 2, 8, 32)]
    assert states == sorted(states, reverse=True)


def test_interleaving_holds_a_little_more():
    plain, chunks = (micro_batches_in_flight(pipeline_parallel=8, micro_batches=64, interleave=v) for v in (1, 3))
    assert plain == 8
    assert chunks == pytest.approx(8 * (1 + 7 / 24))
    held = [micro_batches_in_flight(pipeline_parallel=8, micro_batches=64, interleave=v) for v in (2, 3, 4, 12)]
    assert held == sorted(held, reverse=True), "smaller chunks hold less of what waits"


def test_techniques_in_the_order_of_what_they_save():
    kept = [say(FIG1[2], recompute=r)["activations_gib"] for r in ("none", "seq", "sel", "seqsel", "full")]
    assert kept[0] > kept[1] > kept[3] > kept[4]
    assert kept[0] > kept[2] > kept[3]


def test_what_scales_with_batch_length_and_ranks():
    row = FIG1[0]
    base = say(row)
    assert say(row, micro_batch=8)["activations_gib"] == pytest.approx(2 * base["activations_gib"])
    assert say(row, seq_len=4096)["activations_gib"] > 2 * base["activations_gib"], "scores grow with the square"
    assert say(row, seq_len=4096, recompute="seqsel")["activations_gib"] == pytest.approx(2 * say(row, recompute="seqsel")["activations_gib"])
    assert say(row, tp=4, n_chips=4)["params_opt_gib"] == pytest.approx(2 * base["params_opt_gib"])


def test_zero_stages_split_the_state_and_the_optimizer_first():
    row = FIG1[0]
    states = [say(row, dp=8, n_chips=64, fsdp=f)["params_opt_gib"] for f in ("", "ZeRO-1", "SHARD_GRAD_OP", "FULL_SHARD")]
    assert states == pytest.approx([states[0] * s / 18 for s in (18, 6 + 12 / 8, 2 + 16 / 8, 18 / 8)])


def test_a_stage_that_does_not_divide_the_layers_holds_the_most():
    row = next(r for r in FIG1 if r.text("n_layers") == "96")
    assert say(row, pp=40, n_chips=320)["params_opt_gib"] == pytest.approx(say(row, pp=32, n_chips=256)["params_opt_gib"])
    with pytest.raises(Refused, match="pp = 128 is more than the 96 layers"):
        say(row, pp=128, n_chips=1024)


def test_gigabytes_are_not_gibibytes():
    model = model_of(FIG1[0])
    assert say(FIG1[0])["params_opt_gib"] * 2**30 == pytest.approx(18 * model.layers * 12 * 6144**2 / 8)
    assert GIB == 1073741824


def test_without_a_micro_batch_only_the_state_is_said():
    assert set(say(FIG7[0])) == {"params_opt_gib"}
    with pytest.raises(Refused, match="n_layers is missing"):
        say(FIG1[0], n_layers="")
    assert all(math.isfinite(v) for r in ROWS for v in say(r).values())
