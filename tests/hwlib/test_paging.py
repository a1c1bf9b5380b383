"""Blocks of the cache: none is lost, none is shared, and what is played agrees with what is computed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib import why
from hwlib.errors import BadInput
from hwlib.formula import given as figure
from hwlib.paging import contiguous_used_share, paged_held_tokens, paged_used_share, play

LENGTHS = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=20)


@settings(max_examples=80, deadline=None)
@given(LENGTHS, st.sampled_from([1, 4, 16, 32]), st.integers(0, 150), st.sampled_from([0, 128]))
def test_every_token_lies_in_one_block_and_every_block_belongs_to_one_answer(requests, block, steps, reserved):
    pool = play(requests, blocks=512 // block, block_tokens=block, steps=steps, reserved_tokens=reserved)
    inside: dict[int, int] = {}
    for one in filter(None, pool.blocks):
        inside[one[0]] = inside.get(one[0], 0) + one[1]
        assert 0 <= one[1] <= block
    assert inside == dict(pool.running) and sum(inside.values()) == pool.held <= pool.taken_tokens <= 512
    assert pool.finished + len(pool.running) <= len(requests)
    assert all(held <= sum(requests[r]) for r, held in pool.running)


@settings(max_examples=40, deadline=None)
@given(LENGTHS, st.integers(0, 150))
def test_blocks_never_write_fewer_answers_than_reservations(requests, steps):
    blocks, pieces = (play(requests, blocks=32, block_tokens=16, steps=steps, reserved_tokens=r) for r in (0, 128))
    assert blocks.finished + len(blocks.running) >= pieces.finished + len(pieces.running)


def test_everybody_is_served_in_the_end_and_memory_is_free_again():
    pool = play([(20, 30), (5, 50), (60, 1)], blocks=8, block_tokens=16, steps=500)
    assert pool.finished == 3 and not pool.running and pool.taken_tokens == 0 and set(pool.blocks) == {None} and pool.share == 1


def test_a_block_that_was_freed_is_taken_again():
    """The second answer lies where the first one did, so that the map has holes and no order."""
    pool = play([(16, 1), (16, 40), (16, 40)], blocks=8, block_tokens=16, steps=3)
    assert pool.finished == 1 and pool.blocks[0] is not None and pool.blocks[0][0] == 2


def test_half_a_block_is_lost_on_average():
    """Over all phases of its last block, an answer of a whole number of blocks loses exactly what the formula says."""
    tokens = range(1600, 1616)
    taken = sum(-(-t // 16) * 16 for t in tokens) / 16
    mean = sum(tokens) / 16
    assert taken == pytest.approx(paged_held_tokens(live_tokens=mean, block_tokens=16), rel=0.001)


def test_the_shares_know_where_they_come_from():
    held = paged_held_tokens(live_tokens=figure(600.0), block_tokens=figure(16.0))
    for share in (contiguous_used_share(live_tokens=figure(600.0), reserved_tokens=figure(2048.0)), paged_used_share(live_tokens=figure(600.0), held_tokens=held)):
        assert 0 < share < 1 and why(share).text()


@pytest.mark.parametrize("bad", [{"blocks": 0}, {"block_tokens": 0}, {"steps": -1}, {"steps": 1.5}, {"reserved_tokens": -1}])
def test_what_is_no_pool_is_refused_by_name(bad):
    with pytest.raises(BadInput, match=f"^{next(iter(bad))} = "):
        play([(1, 1)], **({"blocks": 8, "block_tokens": 16, "steps": 1} | bad))
