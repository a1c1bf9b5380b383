"""Caches outside the chip: conserved bytes, a break-even that is one, and refusals."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib import why
from hwlib.designs import ServingDesign
from hwlib.errors import BadInput
from hwlib.offload import STORES, break_even_tokens, estimate_offload
from hwlib.serving import ServingLoad, estimate_serving

DESIGN = ServingDesign(model="llama2-70b", accelerator="h100-sxm", chips_per_replica=4, replicas=1, batch_limit=32)
OLD = ServingDesign(model="llama2-7b", accelerator="h100-sxm", chips_per_replica=1, replicas=1, batch_limit=32)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10**6), st.sampled_from(STORES), st.floats(1e6, 1e15))
def test_a_longer_conversation_weighs_more_takes_longer_and_leaves_room_for_fewer(tokens, store, room):
    one, two = (estimate_offload(DESIGN, tokens=n, store=store, store_bytes=room) for n in (tokens, 2 * tokens))
    assert two.session_bytes == pytest.approx(2 * one.session_bytes) and two.fetch_s > one.fetch_s and two.sessions_held <= one.sessions_held
    assert one.sessions_held * one.session_bytes <= room
    assert one.fetch_s >= one.session_bytes / one.store_bytes_per_s


def test_the_cache_is_that_of_the_serving_estimate():
    token = estimate_serving(DESIGN, ServingLoad(concurrent_users=1)).kv_bytes_per_token
    assert estimate_offload(DESIGN, tokens=1000).session_bytes == pytest.approx(1000 * token)
    assert estimate_offload(replace(DESIGN, kv_bits=8), tokens=1000).session_bytes == pytest.approx(500 * token)


@settings(max_examples=60, deadline=None)
@given(st.integers(64, 100_000), st.sampled_from(STORES), st.sampled_from([DESIGN, OLD]))
def test_bringing_back_wins_exactly_above_the_break_even_rate(tokens, store, design):
    e = estimate_offload(design, tokens=tokens, store=store)
    assert e.pays == (e.store_bytes_per_s > e.break_even_bytes_per_s)
    assert e.pays == (e.fetch_gain > 1)


def test_drives_are_slower_than_memory_and_more_of_them_help_up_to_the_links():
    memory = estimate_offload(DESIGN, tokens=8192)
    few, many, more = (estimate_offload(DESIGN, tokens=8192, store="nvme", drives=n) for n in (1, 8, 1000))
    assert memory.fetch_s < many.fetch_s < few.fetch_s
    assert more.store_bytes_per_s == memory.store_bytes_per_s


def test_multi_head_caches_on_one_drive_are_computed_again_and_grouped_ones_are_brought_back():
    """Half a MiB a token for seven billion parameters against a third of one for seventy."""
    assert not estimate_offload(OLD, tokens=1024, store="nvme", drives=1).pays
    assert estimate_offload(DESIGN, tokens=1024, store="nvme", drives=1).pays


def test_the_break_even_prompt_is_where_long_prompts_change_sides():
    at = estimate_offload(OLD, tokens=1024, store="nvme", drives=1).break_even_tokens
    assert at > 1024
    below, above = (estimate_offload(OLD, tokens=round(at * k), store="nvme", drives=1) for k in (0.5, 2.0))
    assert not below.pays and above.pays


@given(st.floats(1e-9, 1.0), st.floats(1e-9, 1.0), st.floats(1e-15, 1e-3))
def test_a_break_even_is_a_length_and_none_is_negative(fetch, token, square):
    at = break_even_tokens(fetch_token_s=fetch, token_s=token, token_square_s=square)
    assert at >= 0
    if at > 0:
        assert at * fetch == pytest.approx(at * token + square * at**2, rel=1e-6)


def test_every_figure_answers_why_down_to_a_source():
    for name, figure in estimate_offload(DESIGN, tokens=4096, store="nvme").figures().items():
        assert why(figure).text(), name
        assert not [leaf.name for leaf in figure.origin.leaves() if leaf.bare], name


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf"), "8", None, True, 10**12])
@pytest.mark.parametrize("name", ["tokens", "store_bytes", "drives"])
def test_an_amount_that_is_none_is_named(name, bad):
    if name == "store_bytes" and bad == 10**12:
        return
    with pytest.raises(BadInput, match=f"^{name} = "):
        estimate_offload(DESIGN, **{"tokens": 10, name: bad})


def test_an_unknown_store_and_a_link_between_chips_are_refused():
    with pytest.raises(BadInput, match="store = 'tape'"):
        estimate_offload(DESIGN, tokens=10, store="tape")
    with pytest.raises(BadInput, match="host_link = 'nvlink4' does not join a chip to its host"):
        estimate_offload(DESIGN, tokens=10, host_link="nvlink4")
    with pytest.raises(BadInput, match="weight_bits"):
        estimate_offload(replace(DESIGN, weight_bits=5), tokens=10)
