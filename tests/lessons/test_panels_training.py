"""Panels of the section on training: views say what hwlib says, and never fail on inputs that their controls can reach."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings

from hwlib.errors import BadInput
from lessons import draw
from lessons.pages import checkpoints as checkpoints_page
from lessons.pages import precision as precision_page
from lessons.pages import ring_of_chips as ring_page
from lessons.pages import six_n_d as six_n_d_page
from lessons.pages import torus_and_fat_tree as torus_page
from lessons.panels import (
    checkpoints,
    parallelism,
    precision,
    ring_of_chips,
    six_n_d,
    torus_and_fat_tree,
)
from tests.lessons.panel_kit import QUICK, one_of


class TestSixND:
    @QUICK
    @given(one_of(six_n_d.CHIPS), one_of(six_n_d.PARAMS), one_of(six_n_d.TOKENS), one_of(six_n_d.COUNTS))
    def test_days_fall_with_the_share_and_with_chips(self, chip, params, tokens, count):
        r = six_n_d.run(chip, params, tokens, count)
        assert r.days(0.4) == pytest.approx(r.days(1.0) * 2.5) and six_n_d.run(chip, params, tokens, 2 * count).days(0.4) == pytest.approx(r.days(0.4) / 2)
        assert six_n_d.view(chip, params, tokens, count).readout

    def test_llama_2_implies_the_share_that_the_ledger_gives(self):
        found = {r.name: r.share for r in six_n_d_page.reported()}
        assert found["Llama 2 70B"] == pytest.approx(0.428, abs=0.002) and all(0 < s < 1 for s in found.values())


class TestParallelism:
    @QUICK
    @given(one_of(parallelism.TENSOR), one_of(parallelism.PIPELINE), one_of(parallelism.BATCHES), one_of(parallelism.CHUNKS.values()))
    def test_every_state_is_drawn_or_refused_in_one_sentence(self, tensor, pipeline, batch, chunks):
        try:
            assert parallelism.view(tensor, pipeline, batch, chunks).readout
        except BadInput as refused:
            assert 20 < len(str(refused)) < 200

    def test_the_sentence_says_what_hwlib_says(self):
        e = parallelism.lay_out().estimate
        said = parallelism.view().readout
        assert draw.quantity(float(e.step_s), "s") in said and f"{draw.percent(e.mfu)} of the peak" in said and draw.percent(e.bubble) in said

    @pytest.mark.parametrize(("p", "m", "v"), [(4, 32, 1), (8, 64, 1), (8, 16, 5)])
    def test_the_drawn_idleness_is_the_formulas_bubble(self, p, m, v):
        total, runs = parallelism._runs(p, m, v)
        busy = sum(end - start for stage, start, end in runs if stage == 0)
        assert 1 - busy / total == pytest.approx((p - 1) / (v * m + p - 1))

    def test_a_layout_that_cannot_be_leaves_the_last_picture_and_says_why(self):
        box = parallelism.panel().children[0]
        (tensor, pipeline, batch, _), picture, under = box.children[0].children, box.children[1], box.children[2]
        tensor.value, pipeline.value = 1, 1
        good = picture.value
        batch.value = parallelism.BATCHES[0]
        assert picture.value == good
        assert 'role="alert"' in under.value and "less than one sequence" in under.value and "still for the layout 1 × 1 × 1024" in under.value


class TestRingOfChips:
    @QUICK
    @given(one_of(ring_of_chips.CHIPS), one_of(ring_of_chips.STEPS), one_of(ring_of_chips.SIZES), one_of(ring_of_chips.LINKS.values()))
    def test_no_chip_sends_twice_the_message_and_no_link_is_beaten(self, chips, step, size, link):
        r = ring_of_chips.reduce(chips, size, link)
        assert r.sent < 2 * size and r.time >= r.sent / r.link.bytes_per_s and 0 <= r.waiting < 1
        assert ring_of_chips.view(chips, step, size, link).readout

    def test_every_port_is_better_than_one(self):
        said = ring_page.solutions()
        assert float(said["p1_times"]) > 4


class TestTorusAndFatTree:
    @QUICK
    @given(one_of(torus_and_fat_tree.PHASES), one_of(torus_and_fat_tree.CHIPS), one_of(torus_and_fat_tree.SIZES), one_of(torus_and_fat_tree.PORTS))
    def test_fewer_ports_and_rings_across_servers_are_never_faster(self, phase, chips, size, ports):
        found, full = (torus_and_fat_tree.fabrics(chips, size, p) for p in (ports, 8))
        assert found[-2].time >= full[-2].time * (1 - 1e-12) and found[-1].time >= found[-2].time
        assert all(f.time >= f.waits > 0 for f in found) and torus_and_fat_tree.view(phase, chips, size, ports).readout

    def test_after_all_axes_every_part_holds_every_chip_and_comes_back_whole(self):
        counts = [torus_and_fat_tree.torus_phase(k)[1] for k in torus_and_fat_tree.PHASES]
        assert counts == [1, 4, 16, 64, 64, 64, 64] and "all sums" in torus_and_fat_tree.torus_phase(6)[2] and "all sums" in torus_and_fat_tree.tree_phase(4)[2]

    def test_a_part_of_a_flat_pod_is_no_torus_and_the_whole_is(self):
        half, whole = (torus_and_fat_tree.torus("tpu-v5e", n, 2**30) for n in (64, 256))
        assert half.torus_lanes == 2 and whole.torus_lanes == 4 and half.all_reduce_s == pytest.approx(2 * float(whole.all_reduce_s), rel=0.02)

    def test_the_middle_of_a_torus_is_cut_twice_in_each_row(self):
        pod = torus_and_fat_tree.torus("tpu-v4", 4096, 2**30)
        assert pod.bisection_bytes_per_s / pod.link_bytes_per_s == pytest.approx(2 * 16 * 16) and torus_page.solutions()["p2_links"] == "512"

    def test_leaving_the_server_cost_more_than_staying(self):
        assert len(torus_page.outside()) >= 4 and all(two >= one for _, one, two in torus_page.outside())


class TestPrecision:
    @settings(max_examples=12, deadline=None)
    @given(one_of(precision.CHIPS), one_of(precision.INPUTS), one_of(precision.RECIPES.values()), one_of(precision.MOMENTS))
    def test_shares_are_shares_and_every_state_is_drawn(self, chips, size, recipe, step):
        s = precision.run(chips, size, recipe, step)
        assert all(0 <= share <= 1 for held in (s.inputs, s.gradient) if held is not None for share in (held.lost, held.cut, held.lost + held.cut))
        assert precision.view(chips, size, recipe, step).readout

    def test_without_scales_nothing_is_learned_and_with_them_as_much_as_in_fp32(self):
        bare, scaled = precision.run(recipe="fp8"), precision.run()
        assert bare.mine.last > 0.9 * bare.mine.first and scaled.mine.last < 1.1 * scaled.fp32.last < 0.1 * scaled.mine.first

    def test_large_inputs_without_scales_leave_no_number(self):
        assert precision.run(size=1000, recipe="fp8").blew_up and not precision.run(size=1000).blew_up

    def test_the_first_step_has_seen_no_maximum_and_loses_all(self):
        assert precision.run(step=1).gradient.lost == 1 and precision.run(step=2).gradient.lost < 0.01

    def test_no_run_gains_what_arithmetic_alone_would(self):
        assert len(precision_page.pairs()) >= 6 and all(1 < p.gain < p.at_most < 2 for p in precision_page.pairs())


class TestCheckpoints:
    @QUICK
    @given(one_of(checkpoints.CHIPS), one_of(checkpoints.HOURS.values()), one_of(checkpoints.WRITES), one_of(checkpoints.MINUTES))
    def test_no_interval_beats_the_best_one(self, chips, hours, write, minutes):
        r = checkpoints.run(chips, hours, write, minutes)
        assert r.good <= r.at_best + 1e-12 and "nan" not in str(checkpoints.view(chips, hours, write, minutes)).lower()

    def test_no_share_is_told_where_the_losses_fill_the_time(self):
        r = checkpoints.run(minutes=480)
        assert float(r.good) == checkpoints.FLOOR and "no headway" in checkpoints.sentence(r) and "1%" not in checkpoints.sentence(r).replace("81%", "")
        assert dict(checkpoints.points(r))[480.0] is None and "–" in checkpoints.table(r)

    def test_the_first_order_stays_near_dalys_longer_formula_where_the_chapter_uses_it(self):
        for r in (checkpoints.run(), checkpoints.run(minutes=90), checkpoints.run(minutes=5), checkpoints.run(chips=32768, write=10)):
            t, w, m = (r.minutes * 60.0, float(r.write), float(r.mtbf))
            whole = t / (m * math.exp(float(checkpoints.RESTART) / m) * math.expm1((t + w) / m))
            assert float(r.good) <= whole < float(r.good) + 0.11

    def test_four_times_the_chips_halve_the_interval(self):
        assert checkpoints.run(chips=16384).best == pytest.approx(checkpoints.run(chips=4096).best / 2)

    def test_the_log_of_llama_3_is_read_as_published(self):
        log = checkpoints_page.logs()[checkpoints_page.LOG]
        assert (log.chips, log.days, log.unplanned) == (16384, 54, 419) and log.between_h == pytest.approx(3.09, abs=0.01)
