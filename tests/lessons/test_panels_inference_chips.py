"""Panels of the section on inference chips: views say what hwlib says, and never fail on inputs that their controls can reach."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from hwlib import catalogue
from lessons import draw
from lessons.pages import fewer_bits as fewer_bits_page
from lessons.pages import general_gpu as general_gpu_page
from lessons.pages import guess_and_check as guess_page
from lessons.pages import paged_memory as paged_page
from lessons.pages import percentile as percentile_page
from lessons.pages import scratchpads as scratchpads_page
from lessons.pages import systolic as systolic_page
from lessons.pages import three_axes as three_axes_page
from lessons.pages import weights_in_sram as sram_page
from lessons.panels import (
    continuous_batching,
    fewer_bits,
    general_gpu,
    guess_and_check,
    paged_memory,
    percentile,
    scratchpads,
    systolic,
    three_axes,
    weights_in_sram,
)
from tests.lessons.panel_kit import QUICK, labels, one_of


class TestThreeAxes:
    @QUICK
    @given(one_of(three_axes.MODELS), one_of(three_axes.SEQUENCES), one_of(three_axes.PROMPTS), one_of(three_axes.TIMES))
    def test_every_state_has_three_axes_and_a_price_is_known_or_said_not_to_be(self, model, sequences, prompt, times):
        found = three_axes.served(model, sequences, prompt, times)
        assert len(found) >= 5 and all(s.values[0] > s.values[1] > 0 for s in found)
        assert [s.id for s in found if s.values[2] != s.values[2]] == [weights_in_sram.GROQ]
        assert three_axes.view(model, sequences, prompt, times).readout

    def test_the_systems_hold_what_they_serve_and_half_of_them_would_not(self):
        for s in three_axes.served(sequences=64):
            assert s.id == weights_in_sram.GROQ or s.chips == 1 or s.chips == three_axes.holding(s.id, "llama2-70b", 64, 768) > 1

    def test_company_makes_tokens_cheaper_and_never_sooner(self):
        few, many = three_axes.served(sequences=1), three_axes.served(sequences=4)
        for a, b in zip(few, many, strict=True):
            assert a.chips != b.chips or (b.tpot >= a.tpot and not b.usd > a.usd)

    def test_timed_servers_stand_beside_predictions_of_the_same_load(self):
        assert len(three_axes_page.seen()) >= 10 and all(s.said.chips == 8 for s in three_axes_page.seen())
        assert all(0.3 < s.said.values[1] / s.tpot < 2 and 0.3 < s.said.values[2] / s.usd < 2 for s in three_axes_page.seen())


class TestWeightsInSram:
    @QUICK
    @given(one_of(weights_in_sram.MODELS), one_of((16, 8)), one_of(weights_in_sram.SEQUENCES), one_of(weights_in_sram.CONTEXTS))
    def test_the_chips_hold_the_model_and_one_fewer_would_not(self, model, bits, sequences, context):
        need = weights_in_sram.needed(weights_in_sram.GROQ, model, bits, sequences, context)
        from hwlib.transformer import shape_of

        held = float(shape_of(model).params) * bits / 8
        assert need * float(catalogue.chip(weights_in_sram.GROQ).mem_bytes) >= held
        assert not re.search(r"\bnan\b", str(weights_in_sram.view(model, bits, sequences, context)).lower())

    def test_the_parts_of_a_step_are_the_step(self):
        for m in weights_in_sram.machines():
            assert sum(ms for _, ms, _ in m.parts) == pytest.approx(float(m.step) * 1e3)

    def test_seven_providers_were_measured_and_groq_was_the_fastest(self):
        found = sram_page.endpoints()
        assert len(found) >= 7 and max(found, key=lambda r: float(r["tokens_per_s_per_user"]))["chip"] == "Groq LPU v1"


class TestSystolic:
    @QUICK
    @given(one_of(systolic.SYSTOLIC_CHIPS), one_of(systolic.ROWS), one_of(systolic.CYCLES))
    def test_no_product_beats_the_peak_and_memory_never_helps(self, chip, rows, cycle):
        w = systolic.work(chip, rows, cycle)
        assert 0 < w.of_peak <= float(w.large.array_share) + 1e-12 <= 1 + 1e-12 and systolic.view(chip, rows, cycle).readout

    @pytest.mark.parametrize("rows", systolic.ROWS)
    def test_every_wanted_product_is_drawn_once(self, rows):
        small = systolic.simulated(systolic.ROWS[rows])
        assert sum(int(s.busy.sum()) for s in small.steps) == systolic.ROWS[rows] * systolic.TILES * systolic.SIDE**2
        assert small.cycles <= systolic.CYCLES[-1]

    def test_more_rows_never_lower_the_share(self):
        alone, fed = systolic.lines("tpu-v4")
        assert all(b >= a - 1e-9 for line in (alone, fed) for (_, a), (_, b) in zip(line, line[1:], strict=False))

    def test_no_published_run_beats_what_the_arrays_allow(self):
        assert len(systolic_page.runs()) >= 4 and all(0.3 < share < 1 for *_, share in systolic_page.runs())


class TestScratchpads:
    @QUICK
    @given(one_of(scratchpads.TOKENS), one_of(scratchpads.SIZES), one_of(scratchpads.BUFFERS.values()), one_of(scratchpads.SHARES))
    def test_no_cut_goes_below_its_bound_and_every_tile_is_made_once(self, tokens, size, buffers, share):
        c = scratchpads.cut(tokens, size, buffers, share)
        rows, columns = c.grid
        assert c.plan.bound_bytes <= c.plan.moved_bytes * (1 + 1e-12) and 0 <= c.done <= rows * columns
        assert len({c.at(k) for k in range(rows * columns)}) == rows * columns and scratchpads.view(tokens, size, buffers, share).readout

    def test_a_larger_scratchpad_never_moves_more(self):
        for tokens in scratchpads.TOKENS:
            moved, bound = scratchpads.lines(tokens, 2)
            assert all(b <= a * (1 + 1e-12) for line in (moved, bound) for (_, a), (_, b) in zip(line, line[1:], strict=False))

    def test_for_one_token_the_scratchpad_saves_less_than_a_hundredth(self):
        least = float(scratchpads.cut(1).plan.compulsory_bytes)
        assert all(float(scratchpads.cut(1, s).plan.moved_bytes) == pytest.approx(least, rel=0.01) for s in scratchpads.SIZES)

    def test_the_ledgers_ratio_of_a_model_to_the_die(self):
        assert scratchpads_page.on_chip() == 52 * 2**20 and len(scratchpads_page.held()) >= 20


class TestGeneralGpu:
    @QUICK
    @given(one_of(general_gpu.MODELS), one_of(general_gpu.LINKS.values()), one_of(general_gpu.SEQUENCES), one_of(general_gpu.PROMPTS))
    def test_bars_are_the_times_and_a_faster_link_never_hurts(self, model, link, sequences, prompt):
        found, fast = (general_gpu.shared(model, one, sequences, prompt) for one in (link, "nvlink4"))
        for s, f in zip(found, fast, strict=True):
            assert sum(ms for _, ms, _ in s.prompt_parts) == pytest.approx(float(s.prompt) * 1e3) and sum(ms for _, ms, _ in s.step_parts) == pytest.approx(float(s.step) * 1e3)
            assert f.prompt <= s.prompt * (1 + 1e-9) and (s.cards > 1 or s.links_share == 0)
        assert general_gpu.view(model, link, sequences, prompt).readout

    def test_over_pcie_cards_help_a_step_and_hardly_a_long_prompt(self):
        first, *_, last = general_gpu.shared()
        assert first.step / last.step > 5 and first.prompt / last.prompt < 1.5

    def test_the_ridge_is_the_highest_of_the_chips_named(self):
        assert float(general_gpu_page.ridge()) == pytest.approx(419, abs=0.5) and all(general_gpu_page.ridge() > general_gpu_page.ridge(c) for c in general_gpu_page.OTHERS)

    def test_four_cards_were_measured_beside_four_with_nvlink(self):
        assert len(general_gpu_page.held()) >= 9 and len(general_gpu_page.rivals()) >= 6 and all(a > s for *_, s, a in general_gpu_page.rivals())


class TestFewerBits:
    @QUICK
    @given(one_of(fewer_bits.CHIPS), one_of(fewer_bits.MODELS), one_of(fewer_bits.SEQUENCES), one_of(fewer_bits.CONTEXTS))
    def test_fewer_bits_never_slow_a_step_and_never_gain_more_than_their_bytes(self, chip, model, sequences, context):
        wide, eight, four = (s.machine.step for s in fewer_bits.widths(chip, model, sequences, context))
        assert wide >= eight - 1e-12 and wide / eight <= 2 + 1e-9 and wide >= four - 1e-12 and wide / four <= 4 + 1e-9
        assert fewer_bits.view(chip, model, sequences, context).readout

    def test_no_card_beats_what_bytes_alone_allow(self):
        assert len(fewer_bits_page.pairs()) >= 8 and all(1 < p.faster < fewer_bits_page.bytes_alone() for p in fewer_bits_page.pairs())

    def test_the_perplexities_are_those_of_the_file(self):
        found = dict((name, more) for _, more, name in fewer_bits_page.perplexities())
        assert found["Q8_0"] == 0.03 and found["IQ1_S"] == 248.51 and "F16" not in found


class TestContinuousBatching:
    @QUICK
    @given(one_of(continuous_batching.RATES), one_of(continuous_batching.LIMITS), one_of(continuous_batching.SPREADS), one_of(continuous_batching.ANSWERS))
    def test_no_reachable_state_fails(self, rate, limit, spread, answer):
        assert continuous_batching.view(rate, limit, spread, answer).readout

    def test_pieces_of_a_request_touch_and_end_where_it_ends(self):
        pair = continuous_batching.serve()
        for run in (pair.static, pair.continuous):
            for row, each in zip(continuous_batching.rows_of(run), run.served[continuous_batching.SKIP :], strict=False):
                pieces = row[2]
                assert pieces[0][1] == each.request.arrival and pieces[-1][2] == pytest.approx(each.end)
                assert all(a[2] == pytest.approx(b[1]) for a, b in zip(pieces, pieces[1:], strict=False))

    def test_the_sentence_says_what_the_simulator_says(self):
        pair = continuous_batching.serve()
        said = continuous_batching.view().readout
        assert all(draw.quantity(float(v), "s") in said for v in (pair.static.ttft_p99_s, pair.continuous.ttft_p99_s, pair.static.tpot_p50_s))


class TestGuessAndCheck:
    @QUICK
    @given(one_of(guess_and_check.ACCEPTANCES), one_of(guess_and_check.GUESSES), one_of(guess_and_check.BATCHES), one_of(guess_and_check.PAIRS.values()))
    def test_no_round_yields_more_than_was_guessed_and_none_is_faster_than_free_checking(self, acceptance, guesses, batch, pair):
        s = guess_and_check.guessing(acceptance, guesses, batch, pair).said
        assert 1 <= s.accepted_tokens <= guesses + 1 and s.speedup <= s.speedup_if_free * (1 + 1e-9) and s.round_s > s.verify_s >= s.step_s * (1 - 1e-9)
        assert ("of the speed without" in guess_and_check.view(acceptance, guesses, batch, pair).readout) == (not s.pays)

    def test_more_right_guesses_never_hurt_and_company_never_helps(self):
        gains = [guess_and_check.guessing(acceptance=a).said.speedup for a in guess_and_check.ACCEPTANCES]
        crowds = [guess_and_check.guessing(batch=b).said.speedup for b in guess_and_check.BATCHES]
        assert gains == sorted(gains) and crowds == sorted(crowds, reverse=True) and crowds[-1] < 1 < crowds[0]

    def test_the_panel_says_what_the_library_says(self):
        from hwlib.designs import ServingDesign
        from hwlib.speculative import estimate_speculative

        design = ServingDesign(model="llama3.1-405b", accelerator="h100-sxm", chips_per_replica=8, replicas=1, batch_limit=256, weight_bits=8)
        said = estimate_speculative(design, draft_model="llama3.1-70b", acceptance=0.8, draft_tokens=3, batch=16, context_tokens=guess_and_check.CONTEXT)
        assert guess_and_check.guessing(0.8, 3, 16, "405-70").said.figures() == said.figures()

    def test_no_published_run_gained_more_than_the_formula_allows(self):
        known = [r for r in guess_page.RUNS if r.share]
        assert len(known) >= 2 and all(1 < r.faster < r.says and abs(r.guesses - 4) < 0.2 for r in known)

    def test_the_pairs_share_a_family_and_fit_together(self):
        from hwlib import catalogue
        from hwlib.transformer import shape_of

        for large, small, chips in guess_and_check.MODELS.values():
            assert large.split("-")[0] == small.split("-")[0]
            assert float(shape_of(large).params + shape_of(small).params) < 0.85 * chips * float(catalogue.chip(guess_and_check.CHIP).mem_bytes)


class TestPagedMemory:
    @QUICK
    @given(one_of(paged_memory.STEPS), one_of(paged_memory.BLOCKS), one_of(paged_memory.RESERVED), one_of(paged_memory.SPREADS))
    def test_the_picture_shows_the_pool_that_was_played(self, step, block, reserved, spread):
        s = paged_memory.shown(step, block, reserved, spread)
        assert len(s.pieces.running) <= paged_memory.POOL // reserved and s.paged.finished >= s.pieces.finished
        view = paged_memory.view(step, block, reserved, spread)
        (said,) = set(labels(view))
        assert f"Paged: {draw.num(s.paged.held)} of {draw.num(s.paged.taken_tokens)} tokens taken" in said and f"Contiguous: {draw.num(s.pieces.held)} of" in said

    def test_moving_the_step_moves_the_blocks(self):
        maps = [paged_memory.shown(step=step).paged.blocks for step in paged_memory.STEPS]
        assert len(set(maps)) == len(maps)

    def test_letters_name_one_answer_at_a_time(self):
        for spread in paged_memory.SPREADS:
            running = [paged_memory.letter(r) for r, _ in paged_memory.shown(step=240, block=4, spread=spread).paged.running]
            assert len(set(running)) == len(running)

    def test_the_measured_shares_are_those_of_the_ledger(self):
        from hwlib.catalogue import claim

        said = claim("S3-44").correction
        assert all(f"{100 * share:.1f}" in said for share in paged_page.MEASURED.values()) and f"under {100 * paged_page.LOST_PAGED:.0f}%" in said


class TestPercentile:
    @settings(max_examples=15, deadline=None)
    @given(one_of(percentile.RATES), one_of(percentile.PROMPTS), one_of(percentile.SPREADS), one_of(percentile.LIMITS))
    def test_the_unlucky_never_wait_less_than_the_median(self, rate, prompt, spread, limit):
        p = percentile.point(rate, prompt, spread, limit)
        assert 0 < p.median <= p.p99 and percentile.view(rate, prompt, spread, limit).readout

    def test_the_knee_stands_where_it_was_measured(self):
        for loads in percentile_page.sweeps().values():
            rates = [x.rate for x in loads]
            assert percentile_page.knee([x.said for x in loads], rates) == percentile_page.knee([x.seen for x in loads], rates)

    def test_little_counts_those_inside(self):
        assert percentile_page.solutions()["p2_flight"] == "36"
