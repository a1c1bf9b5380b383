"""Fuzzing in bounds: whatever is done to a file, a reader gives a value or one sentence. `python tools/fuzz.py` goes on for longer."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile.fuzzing import READERS, mutated, seeds

bounded = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("kind", READERS)
def test_the_seeds_are_read(kind):
    assert all(READERS[kind](data) for data in seeds(kind))


@pytest.mark.parametrize("kind", READERS)
@bounded
@given(st.integers(0, 2**32), st.integers(0, 7))
def test_a_mutated_file_is_read_or_refused_in_one_sentence(kind, seed, which):
    READERS[kind](mutated(random.Random(seed), seeds(kind)[which % len(seeds(kind))]))


@pytest.mark.parametrize("kind", READERS)
@bounded
@given(st.binary(max_size=400))
def test_any_bytes_are_refused_in_one_sentence(kind, data):
    assert not READERS[kind](data)


def test_mutations_reach_both_sides_of_the_gate():
    """A fuzzer that only breaks, or never breaks, tells nothing."""
    rng = random.Random(1)
    for kind, reader in READERS.items():
        read = sum(reader(mutated(rng, seeds(kind)[n % len(seeds(kind))])) for n in range(600))
        assert 0 < read < 600, (kind, read)
