"""Speculative decoding: the known expectation, gains with bounds, and the batch at which it stops paying."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib import why
from hwlib.designs import ServingDesign
from hwlib.errors import BadInput
from hwlib.speculative import accepted_tokens, estimate_speculative, speedup_at_cost

DESIGN = ServingDesign(model="llama2-70b", accelerator="h100-sxm", chips_per_replica=4, replicas=1, batch_limit=32)


def at(**changes):
    return estimate_speculative(DESIGN, **{"draft_model": "llama2-7b", "acceptance": 0.8, "draft_tokens": 4, "batch": 1, **changes})


@given(st.floats(0, 0.999), st.integers(1, 100))
def test_a_round_yields_one_token_at_least_and_all_guesses_and_one_at_most(a, k):
    tokens = accepted_tokens(acceptance=a, draft_tokens=k)
    assert 1 - 1e-9 <= tokens <= k + 1 + 1e-9
    assert tokens <= accepted_tokens(acceptance=a, draft_tokens=k + 1) * (1 + 1e-12)
    assert tokens == pytest.approx(sum(a**i for i in range(k + 1)))


def test_the_expectation_is_what_throwing_the_dice_gives():
    dice, a, k, rounds = random.Random(1), 0.7, 5, 40_000
    total = 0
    for _ in range(rounds):
        right = 0
        while right < k and dice.random() < a:
            right += 1
        total += right + 1
    assert total / rounds == pytest.approx(accepted_tokens(acceptance=a, draft_tokens=k), rel=0.01)


def test_the_published_example():
    """Leviathan et al.: with guesses that cost nothing, four of them at 0.8 give 3.36 tokens a step."""
    assert accepted_tokens(acceptance=0.8, draft_tokens=4) == pytest.approx(3.3616)
    assert speedup_at_cost(accepted_tokens=3.3616, draft_tokens=4, draft_ratio=0.0) == pytest.approx(3.3616)


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 0.999), st.integers(1, 20), st.integers(1, 2000))
def test_nothing_gains_more_than_free_guesses_and_a_better_guesser_never_less(a, k, batch):
    e = at(acceptance=a, draft_tokens=k, batch=batch)
    assert e.speedup <= e.speedup_if_free * (1 + 1e-9) <= e.accepted_tokens * (1 + 1e-9)
    better = at(acceptance=min(0.999, a + 0.05), draft_tokens=k, batch=batch)
    assert better.speedup >= e.speedup * (1 - 1e-12)
    assert e.verify_s >= e.step_s * (1 - 1e-12), "checking several tokens takes no less than making one"


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 0.95), st.integers(1, 8))
def test_once_it_stops_paying_it_never_pays_again(a, k):
    pays = [at(acceptance=a, draft_tokens=k, batch=b).pays for b in (1, 4, 16, 64, 128, 256, 512, 1024, 4096)]
    assert pays == sorted(pays, reverse=True)


def test_guesses_that_are_always_wrong_never_pay():
    assert not at(acceptance=0.0).pays


def test_the_break_even_batch_is_near_where_the_whole_estimate_turns():
    """The closed form leaves caches, links and launches out; with short contexts it is a good guide."""
    guide = at(context_tokens=16).break_even_batch
    turns = next(b for b in range(1, 4096) if not at(batch=b, context_tokens=16).pays)
    assert 0.5 * guide < turns < 2 * guide


def test_a_model_that_guesses_as_slowly_as_it_checks_never_pays():
    e = at(draft_model="llama2-70b", acceptance=0.9)
    assert e.draft_ratio == pytest.approx(1.0) and not e.pays


def test_every_figure_answers_why_down_to_a_source():
    for name, figure in at().figures().items():
        assert why(figure).text(), name
        assert not [leaf.name for leaf in figure.origin.leaves() if leaf.bare], name


@pytest.mark.parametrize(("name", "bad"), [(n, b) for n in ("acceptance", "draft_tokens", "batch", "context_tokens") for b in (-1, float("nan"), float("inf"), "x", None, True, 10**9)] + [("acceptance", 1.0), ("draft_tokens", 0), ("batch", 2.5)])
def test_a_value_that_cannot_be_is_named(name, bad):
    with pytest.raises(BadInput, match=f"^{name} = "):
        at(**{name: bad})


def test_an_unknown_guesser_is_refused():
    with pytest.raises(BadInput, match="did you mean"):
        at(draft_model="llama2-8b")
    with pytest.raises(BadInput, match="weight_bits"):
        estimate_speculative(replace(DESIGN, weight_bits=3), draft_model="llama2-7b", acceptance=0.5, draft_tokens=2, batch=1)
