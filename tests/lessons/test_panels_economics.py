"""Panels of the section on economics: views say what hwlib says, and never fail on inputs that their controls can reach."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from hwlib import catalogue
from lessons.pages import levers as levers_page
from lessons.pages import long_context as long_context_page
from lessons.pages import market as market_page
from lessons.panels import (
    break_even,
    levers,
    long_context,
    market,
    portfolios,
    tokens_to_dollars,
)
from tests.lessons.panel_kit import QUICK, one_of


class TestTokensToDollars:
    @QUICK
    @given(one_of(tokens_to_dollars.TOKENS), one_of(tokens_to_dollars.PRICES), one_of(tokens_to_dollars.RUNS), one_of(tokens_to_dollars.SHARES))
    def test_no_reachable_state_fails(self, tokens, price, run, share):
        assert tokens_to_dollars.view(tokens, price, run, share).readout

    def test_the_chain_ends_in_the_ledgers_corrected_value_never_in_the_claims(self):
        view = tokens_to_dollars.view()
        assert "$730,000 a year" in view.readout and "730 million" not in view.readout + tokens_to_dollars.chain(tokens_to_dollars.bill())
        assert "730 thousand" in catalogue.claim("S4-10").correction


class TestBreakEven:
    @settings(max_examples=40, deadline=None)
    @given(one_of(break_even.TOKENS), one_of(break_even.GROWTHS), one_of(break_even.RUNS), one_of(break_even.EVERY))
    def test_the_crossing_is_where_serving_first_equals_training(self, tokens, growth, run, every):
        r = break_even.race(tokens, growth, run, every)
        level = lambda month: float(r.campaign_usd) * (min(month, break_even.HORIZON - 1) // every + 1)  # noqa: E731
        if r.crossing is None:
            assert all(usd < level(int(month) - 1) for month, usd in r.serving[1:])
        else:
            month, usd = break_even.draw_at(r)
            assert usd >= level(int(month)) * (1 - 1e-9)
            assert all(earlier < level(max(int(m) - 1, 0)) for m, earlier in r.serving[1:] if m <= int(month))
        assert "nan" not in str(break_even.view(tokens, growth, run, every)).lower()

    def test_one_run_without_experiments_and_growth_is_the_usual_sum(self):
        r = break_even.race(growth=0.0, every=break_even.HORIZON)
        assert r.crossing == pytest.approx(float(r.naive_months) * (1 + float(break_even.EXPERIMENTS)), rel=1e-6)

    def test_more_tokens_meet_earlier_and_more_runs_later(self):
        assert break_even.race(tokens=1e12).crossing < break_even.race(tokens=1e11).crossing
        often, seldom = break_even.race(every=12).crossing, break_even.race(every=24).crossing
        assert seldom <= often and break_even.race(every=6).crossing is None


class TestLevers:
    @settings(max_examples=20, deadline=None)
    @given(one_of(levers.TOKENS), one_of(levers.CHIPS), one_of(levers.TARGETS), one_of(levers.WEEKS))
    def test_the_shares_add_up_to_what_all_save(self, tokens, chip, target, weeks):
        e = levers.plan(tokens, chip, target, weeks)
        assert sum(float(v) for v in levers.shares(e).values()) == pytest.approx(float(e.saving_all), rel=1e-9, abs=1e-3)
        assert levers.view(tokens, chip, target, weeks).readout

    def test_two_levers_that_overlap_share_by_shapley(self):
        assert levers_page.solutions()["p2_share"] == "$42.50"


class TestLongContext:
    @QUICK
    @given(one_of(long_context.CONTEXTS), one_of(long_context.CHIPS), one_of((16, 8)), one_of(long_context.PLACES.values()))
    def test_what_fits_fits_and_one_more_does_not(self, context, chips, bits, place):
        s = long_context.session(context, chips, bits, place)
        taken = float(s.weights + s.reserve)
        assert taken + float(s.fit) * float(s.cache) <= s.room * (1 + 1e-12) < taken + (float(s.fit) + 1) * float(s.cache)
        assert not re.search(r"\bnan\b", str(long_context.view(context, chips, bits, place)).lower())

    def test_a_cache_of_half_the_bits_is_back_in_half_the_time(self):
        assert float(long_context.session(bits=16).fetch_s / long_context.session(bits=8).fetch_s) == pytest.approx(2, rel=1e-3)

    def test_what_is_put_aside_is_estimated_by_the_library_and_not_here(self):
        from hwlib.designs import ServingDesign
        from hwlib.offload import estimate_offload

        design = ServingDesign(model=long_context.MODEL, accelerator=long_context.CHIP, chips_per_replica=8, batch_limit=1, replicas=1, context_tokens=65536, kv_bits=8)
        said = estimate_offload(design, tokens=65536, store="nvme", store_bytes=long_context.STORE, drives=long_context.DRIVES, host_link=long_context.DRIVE_LINK)
        assert long_context.session(65536, 8, 8, "drives").aside.figures() == said.figures()

    def test_drives_are_the_slowest_place_and_still_beat_reading_again(self):
        waits = {place: long_context.session(place=place).fetch_s for place in long_context.PLACES.values()}
        assert max(waits, key=waits.get) == "drives" and max(waits.values()) < long_context.session().again_s

    def test_the_claims_of_the_page_are_those_of_the_ledger(self):
        assert float(long_context_page.cache_bytes("llama2-70b")) == pytest.approx(42.9e9, rel=0.01)
        assert float(long_context_page.cache_bytes("llama2-70b", attention="mha")) == pytest.approx(343.6e9, rel=0.01)


class TestPortfolios:
    @settings(max_examples=25, deadline=None)
    @given(one_of(portfolios.RATES[:5]), one_of(portfolios.PROMPTS[:4]), one_of(portfolios.NIGHTS), one_of(portfolios.HAD))
    def test_trying_all_counts_finds_what_the_solver_proves(self, rate, prompt, night, had):
        from hwlib.mix import cheapest_mix

        f = portfolios.find(rate, prompt, night, had)
        proved = cheapest_mix(f.kinds, f.day, utilisation=portfolios.BUSY)
        assert f.best.usd_per_day == pytest.approx(float(proved.usd_per_day), rel=1e-6) and float(f.bill) == pytest.approx(f.best.usd_per_day)
        assert proved.gap <= 1e-6

    def test_no_mix_costs_more_than_the_best_single_kind(self):
        for had in portfolios.HAD:
            f = portfolios.find(had=had)
            assert f.best.usd_per_day <= min(one.usd_per_day for one in f.alone.values() if one) + 1e-9

    def test_what_cannot_be_carried_is_said(self):
        f = portfolios.find(rate=80, had=0)
        assert f.alone["H100"] is None and "H100 cannot carry it" in portfolios.sentence(f)
        assert portfolios.cheapest((portfolios.kind("H100", 1024, 1),), portfolios.parts(80, 1024, 1.0)) is None


class TestMarket:
    @pytest.mark.parametrize("chip", market.CHIPS)
    def test_every_offer_has_a_date_and_none_is_remembered(self, chip):
        o = market.offers(chip)
        assert o.offers and all(p.date and p.usd_per_hour.origin.checked for p in o.offers)
        assert list(o.made) == sorted(o.made) and market.view(chip).readout

    def test_every_firm_s_claims_are_shown_with_their_verdicts(self):
        assert list(market_page.FIRMS) == ["Meta", "Google", "Microsoft", "OpenAI", "Anthropic", "AWS"]
        for name, ids in market_page.FIRMS.items():
            html = market_page.firm(name).html
            assert all(f"#claim-{claim}" in html for claim in ids)
