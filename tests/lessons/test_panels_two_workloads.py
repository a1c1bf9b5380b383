"""Panels of the section on two workloads: views say what hwlib says, and never fail on inputs that their controls can reach."""

from __future__ import annotations

import pytest
from hypothesis import given

from hwlib.roofline import attainable_flops_per_s
from lessons import draw
from lessons.pages import kv_cache as kv_cache_page
from lessons.pages import prefill_and_decode as prefill_page
from lessons.pages import the_fork as fork_page
from lessons.panels import (
    kv_cache,
    roofline,
    the_fork,
    what_must_fit,
)
from tests.lessons.panel_kit import QUICK, one_of


class TestTheFork:
    @QUICK
    @given(one_of(the_fork.CHIPS), one_of(the_fork.MODELS), one_of(the_fork.LEARNED), one_of(the_fork.TOGETHER))
    def test_one_of_arithmetic_and_memory_is_always_busy_and_none_more_than_that(self, chip, model, learned, together):
        for w in the_fork.fork(chip, model, learned, together).works:
            assert max(w.compute, w.memory) == pytest.approx(1) and 0 < min(w.compute, w.memory) <= 1 + 1e-12
        assert "nan" not in str(the_fork.view(chip, model, learned, together)).lower()

    def test_no_measured_run_passes_its_roof(self):
        cases = fork_page.published()
        assert {kind for kind, *_ in cases} == {"learning", "reading", "writing"}
        assert all(0 < seen <= roof for _, _, seen, roof, _ in cases)

    def test_company_makes_writing_resemble_reading(self):
        shares = [the_fork.fork(together=n).works[2].compute for n in the_fork.TOGETHER]
        assert shares == sorted(shares) and shares[-1] > 50 * shares[0]


class TestRoofline:
    @QUICK
    @given(one_of(roofline.CHIPS), one_of(roofline.MODELS), one_of(roofline.SEQUENCES), one_of(roofline.CONTEXTS))
    def test_no_reachable_state_fails_and_none_beats_the_roof(self, chip, model, sequences, context):
        p = roofline.place(chip, model, sequences, context)
        assert p.decode_at_most <= p.peak and p.decode_at_most <= p.bandwidth * p.decode * (1 + 1e-12)
        assert "nan" not in str(roofline.view(chip, model, sequences, context)).lower().replace("nanometre", "")

    def test_the_sentence_says_what_hwlib_says(self):
        p = roofline.place("l40s", "llama2-7b", 32, 1024)
        roof = attainable_flops_per_s(peak_flops_per_s=p.peak, mem_bytes_per_s=p.bandwidth, intensity=p.decode)
        assert f"at most {draw.num(roof / 1e12)} of {draw.num(p.peak / 1e12)} TFLOP/s" in roofline.view("l40s", "llama2-7b", 32, 1024).readout

    def test_tokens_a_second_and_the_roof_are_one_statement(self):
        p = roofline.place()
        from hwlib.transformer import shape_of

        assert p.tokens_per_s * 2 * shape_of("llama3.1-8b").matmul_params == pytest.approx(p.decode_at_most)


class TestPrefillAndDecode:
    def test_no_card_reads_more_tokens_for_one_written_than_its_ridge_allows(self):
        assert len(prefill_page.cards()) >= 8 and all(10 < c.ratio < c.ridge for c in prefill_page.cards())

    def test_the_prompt_is_read_faster_than_the_answer_is_written(self):
        whole, step = prefill_page.times()
        assert step > 100 * whole / prefill_page.PROMPT


class TestKvCache:
    @QUICK
    @given(one_of(kv_cache.SEQUENCES), one_of(kv_cache.CONTEXTS), one_of((16, 8)), one_of(kv_cache.CHIPS))
    def test_sharing_heads_divides_the_cache_and_nothing_else(self, sequences, context, bits, chip):
        c = kv_cache.hold(sequences=sequences, context=context, bits=bits, chip=chip)
        all_, eight, one = c.ways
        assert all_.cache / eight.cache == pytest.approx(4) and eight.cache / one.cache == pytest.approx(8)
        assert all_.fit <= eight.fit <= one.fit
        assert "nan" not in str(kv_cache.view(sequences, context, bits, chip)).lower()

    def test_the_readout_says_what_hwlib_says(self):
        c = kv_cache.hold()
        assert draw.quantity(float(c.own.cache), "B") in kv_cache.view().readout and c.own.label == "MHA · 32 heads"

    def test_the_share_was_fitted_without_the_card_that_it_is_held_against(self):
        share, count, low, high = kv_cache_page.fitted()
        others = [r for r in kv_cache_page.runs() if r.chip != kv_cache_page.A100]
        assert count == sum(len(r.speeds) - 1 for r in others) and low < 1 < high and 0.1 < share <= 1


class TestWhatMustFit:
    @QUICK
    @given(one_of(what_must_fit.MODELS), one_of(what_must_fit.SHARDS), one_of(what_must_fit.SEQUENCES), one_of(what_must_fit.CONTEXTS))
    def test_the_state_is_conserved_however_it_is_split(self, model, chips, sequences, context):
        f = what_must_fit.footprint(model, chips, sequences, context)
        assert f.share * chips == pytest.approx(f.state) == pytest.approx(f.weights + f.gradients + f.optimizer)
        assert what_must_fit.view(model, chips, sequences, context).readout

    def test_adam_in_mixed_precision_keeps_sixteen_bytes(self):
        assert what_must_fit.footprint().per_param == 16
