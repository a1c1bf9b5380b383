"""The search over layouts: arrays and scalars agree, nothing is missed, nothing uneven gets in."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib import search as hunt
from hwlib.designs import TrainingDesign, TrainingLoad
from hwlib.errors import BadInput, NotSupported
from hwlib.search import AXES, OBJECTIVES, Space, check_divides, non_dominated, reason, search
from hwlib.search.command import main, values
from hwlib.search.space import designed, rows
from hwlib.search.vector import Estimator
from hwlib.training import estimate_training

ROOT = Path(__file__).resolve().parents[2]
LOAD = TrainingLoad()
DESIGN = TrainingDesign(accelerator="h100-sxm", nodes=16)
FEW = Space(tensor_parallel=(1, 4, 8, 16), interleave=(1, 2), micro_batch=(1, 2))


@st.composite
def problems(draw):
    design = TrainingDesign(
        accelerator=draw(st.sampled_from(["h100-sxm", "a100-80-sxm", "b200-sxm", "l40s", "mi300x", "tpu-v5p"])), nodes=draw(st.sampled_from([1, 2, 3, 16, 96, 500])),
        chips_per_node=draw(st.sampled_from([1, 4, 8])), seq_len=draw(st.sampled_from([1024, 2048, 3000])), state_precision=draw(st.sampled_from(["fp32", "bf16", "fp8"])),
        spare_nodes=draw(st.integers(0, 3)), topology=draw(st.sampled_from(["fat-tree", "torus"])), scale_out_link=draw(st.sampled_from(["none", "ib-ndr", "roce-400"])), checkpoint_interval_s=draw(st.floats(60, 1e5)),
    )
    heads = draw(st.sampled_from([8, 32, 48, 80]))
    load = TrainingLoad(layers=draw(st.sampled_from([1, 24, 80, 97])), heads=heads, hidden=heads * 64, ffn=heads * 192, kv_heads=draw(st.sampled_from([1, 8, heads])), train_tokens=draw(st.floats(1e9, 1e13)), usd_per_chip_hour=draw(st.floats(0.1, 20)))
    return replace(design, global_batch_tokens=design.seq_len * draw(st.sampled_from([1, 60, 512, 1536]))), load


@given(problems(), st.randoms(use_true_random=False))
@settings(max_examples=120, deadline=None)
def test_arrays_and_scalars_agree_on_any_layout(problem, random):
    design, load = problem
    space = Space()
    estimator = Estimator(design, load, space)
    for table in rows(design, load, space, 4096):
        for _ in range(min(6, table.shape[1])):
            r, z, k = random.randrange(table.shape[1]), random.randrange(4), random.randrange(3)
            got = estimator(table[:, r : r + 1])
            layout = designed(design, table[:, r], space.zero_stage[z], space.recompute[k])
            want = estimate_training(layout, load)
            assert not reason(layout, load)
            for name in ("step_s", *OBJECTIVES):
                assert getattr(got, name)[0, z, k] == pytest.approx(float(getattr(want, name)), rel=1e-9, abs=0)


@given(problems())
@settings(max_examples=25, deadline=None)
def test_the_layouts_listed_are_those_that_divide(problem):
    design, load = problem
    space = Space(tensor_parallel=(1, 2, 5, 8), pipeline_parallel=(1, 2, 8, 9), interleave=(1, 2, 3), micro_batch=(1, 2, 3))
    listed = {tuple(int(v) for v in table[:, i]) for table in rows(design, load, space, 64) for i in range(table.shape[1])}
    expected = set()
    for t in space.tensor_parallel:
        for p in space.pipeline_parallel:
            for v in space.interleave:
                for m in space.micro_batch:
                    row = (design.nodes, design.global_batch_tokens, t, p, design.n_chips // (t * p), v, m)
                    if row[4] and not reason(designed(design, np.array(row), 1, "none"), load):
                        expected.add(row)
    assert listed == expected


def brute(design, load, space):
    """The front of few layouts by comparing all pairs of scalar estimates."""
    seen = []
    for table in rows(design, load, space, 1000):
        for i in range(table.shape[1]):
            for z in space.zero_stage:
                for k in space.recompute:
                    layout = designed(design, table[:, i], z, k)
                    estimate = estimate_training(layout, load)
                    if estimate.fits:
                        seen.append((tuple(round(float(getattr(estimate, o)), 9) for o in OBJECTIVES), layout))
    better = lambda a, b: all(x <= y for x, y in zip(a, b, strict=True)) and a != b  # noqa: E731
    return {costs for costs, _ in seen if not any(better(other, costs) for other, _ in seen)}


def test_the_front_is_that_of_comparing_all_pairs():
    found = search(DESIGN, LOAD, FEW)
    assert {tuple(round(float(getattr(w.estimate, o)), 9) for o in OBJECTIVES) for w in found.front} == brute(DESIGN, LOAD, FEW)


def test_the_front_does_not_depend_on_the_size_of_the_blocks():
    space = Space(nodes=(8, 16, 32), global_batch_tokens=(2**21, 2**22))
    keys = [[w.key for w in search(DESIGN, LOAD, space, block=size).front] for size in (37, 1000, 1 << 16)]
    assert keys[0] == keys[1] == keys[2] and len(keys[0]) > 3


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=40), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_of_equal_points_the_first_stays_whatever_the_order(points, random):
    ranks = list(range(len(points)))
    order = ranks[:]
    random.shuffle(order)
    costs = np.array(points, dtype=float)
    straight = {ranks[i] for i in non_dominated(costs, np.array(ranks))}
    shuffled = {order[i] for i in non_dominated(costs[order], np.array(order))}
    firsts = {points.index(points[i]) for i in straight}
    assert straight == shuffled == firsts


def test_every_winner_fits_and_none_beats_its_peak():
    found = search(DESIGN, LOAD, Space(nodes=(8, 16, 64), matmul_precision=("bf16", "fp8")))
    for w in found.front:
        assert w.estimate.fits and w.estimate.mfu < 1 and w.estimate.step_s >= w.estimate.compute_s
    assert found.fitting <= found.estimated
    assert found.fastest.estimate.days == min(w.estimate.days for w in found.front)
    assert found.leanest.estimate.total_bytes <= found.cheapest.estimate.total_bytes


def test_zero_three_is_never_faster_than_zero_one_of_the_same_layout():
    estimator = Estimator(DESIGN, LOAD, Space(zero_stage=(1, 3)))
    for table in rows(DESIGN, LOAD, Space(), 10_000):
        got, dp = estimator(table), table[AXES.index("data_parallel")] > 1
        exposed = got.step_s[:, 1] - got.step_s[:, 0]
        assert (exposed >= -1e-12 * got.step_s[:, 0]).all() and (got.total_bytes[dp][:, 1] < got.total_bytes[dp][:, 0]).all()


def test_a_winner_answers_why():
    from hwlib import why

    assert "step" in why(search(DESIGN, LOAD, FEW).fastest.estimate.days).text()


def test_arrays_that_went_astray_are_caught(monkeypatch):
    real = Estimator.__call__
    monkeypatch.setattr(Estimator, "__call__", lambda self, table: replace(real(self, table), days=real(self, table).days * (1 + 1e-7)))
    with pytest.raises(hunt.Disagreement, match="days"):
        search(DESIGN, LOAD, FEW)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pipeline_parallel": 7, "nodes": 7, "data_parallel": 8}, "does not divide the 80 layers"), ({"tensor_parallel": 3, "nodes": 3, "data_parallel": 8}, "80 query heads and 8 KV heads"),
        ({"interleave": 2, "data_parallel": 128}, "more than one pipeline stage"), ({"data_parallel": 128, "micro_batch": 3}, "1,024 sequences"),
        ({"data_parallel": 128, "seq_len": 4095}, "whole number of sequences"), ({"data_parallel": 5}, "make the two equal"),
        ({"pipeline_parallel": 16, "data_parallel": 8, "micro_batch": 64, "interleave": 5}, "multiples of the 16 stages"),
    ],
)
def test_a_layout_that_does_not_divide_is_refused_in_a_sentence(change, words):
    with pytest.raises(BadInput, match=words) as refused:
        check_divides(replace(DESIGN, **change), LOAD)
    assert refused.value.field in ("tensor_parallel", "pipeline_parallel", "data_parallel", "interleave", "global_batch_tokens")


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({"nodes": (0,)}, "at least 1"), ({"nodes": (float("nan"),)}, "not a finite number"), ({"nodes": 5}, "must be a list"), ({"recompute": "full"}, "must be a list"),
        ({"zero_stage": ()}, "at least one value"), ({"zero_stage": (4,)}, "zero_stage"), ({"tensor_parallel": (8, 8)}, "twice"), ({"accelerator": ("h10",)}, "did you mean"),
        ({"micro_batch": (1.5,)}, "whole number"), ({"matmul_precision": ("fp5",)}, "matmul_precision"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused(space, words):
    with pytest.raises(BadInput, match=words):
        Space(**space)


def test_nothing_that_divides_and_nothing_that_fits_are_told_apart():
    with pytest.raises(BadInput, match="no layout divides"):
        search(DESIGN, LOAD, Space(pipeline_parallel=(7,)))
    with pytest.raises(BadInput, match="fits the 24"):
        search(replace(DESIGN, accelerator="l4", nodes=1), LOAD)
    assert search(replace(DESIGN, accelerator="l4", nodes=1), LOAD, must_fit=False).fitting == 0


def test_a_chip_without_the_format_is_named_and_the_others_are_searched():
    found = search(DESIGN, LOAD, replace(FEW, accelerator=("a100-80-sxm", "h100-sxm"), matmul_precision=("fp8",)))
    assert {w.design.accelerator for w in found.front} == {"h100-sxm"} and "no fp8 peak" in found.refused[0]
    with pytest.raises(NotSupported, match="no fp8 peak"):
        search(replace(DESIGN, accelerator="a100-80-sxm", matmul_precision="fp8"), LOAD)


@given(st.text(max_size=12))
@settings(max_examples=80, deadline=None)
def test_a_list_on_the_command_line_is_numbers_or_refused(text):
    try:
        assert all(isinstance(v, int) for v in values("nodes", text))
    except BadInput as refused:
        assert "nodes" in str(refused)


def test_the_command_prints_a_table_or_json(tmp_path, capsys):
    path = tmp_path / "design.toml"
    path.write_text('[design]\naccelerator = "h100-sxm"\nnodes = 16\n[assumptions]\ntrain_tokens = 1e12\n')
    assert main([str(path), "--nodes", "8,16", "--rows", "3"]) == 0
    shown = capsys.readouterr().out
    assert "TP×PP×DP" in shown and "on the front" in shown
    assert main([str(path), "--json"]) == 0
    front = json.loads(capsys.readouterr().out)["front"]
    assert front[0]["days"] == min(row["days"] for row in front)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x = ", b"[other]\n", b"[design]\nnodes = 4\n", b'[design]\naccelerator="h100-sxm"\nnodes=-1\n'])
def test_a_bad_file_is_one_sentence_and_status_two(tmp_path, capsys, content):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    assert main([str(path)]) == 2
    said = capsys.readouterr().err.strip()
    assert said and "\n" not in said


def test_three_hundred_times_calculons_fastest_rate_holds_even_on_a_busy_machine():
    """430,000 layouts a second; tools/bench_search.py prints the real rate, which is a good deal higher."""
    import time

    space = Space(nodes=tuple(range(8, 129, 8)), global_batch_tokens=tuple(k * 2**20 for k in range(1, 17)))
    search(DESIGN, LOAD, space)
    start = time.process_time()
    found = search(DESIGN, LOAD, space)
    assert found.estimated / (time.process_time() - start) > 430_000


@pytest.mark.slow
def test_ten_million_layouts_are_streamed_under_a_gigabyte():
    """In a process of its own, so that what other tests hold does not count."""
    import subprocess
    import sys

    code = """
from bench_record import peak_mb
from hwlib.designs import TrainingDesign, TrainingLoad
from hwlib.search import Space, search
load = TrainingLoad(layers=96, hidden=12288, ffn=32768, heads=96, kv_heads=96, vocab=51200)
design = TrainingDesign(accelerator="a100-80-sxm", nodes=128, scale_out_link="ib-hdr", seq_len=2048)
found = search(design, load, Space(nodes=tuple(range(1, 1025)), global_batch_tokens=tuple(k * 2048 for k in range(192, 6145, 192))))
print(found.estimated, peak_mb())
"""
    apart = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tools")))}
    layouts, peak = map(float, subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=apart).stdout.split())
    assert layouts > 1e7 and peak < 1000


def test_a_count_that_comes_as_a_float_is_searched_like_the_whole_number():
    as_float = search(replace(DESIGN, nodes=16.0, chips_per_node=8.0), LOAD, FEW)
    assert as_float.fastest.estimate.days == search(replace(DESIGN, nodes=16, chips_per_node=8), LOAD, FEW).fastest.estimate.days
