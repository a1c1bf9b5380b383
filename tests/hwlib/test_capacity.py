"""Capacity first: memory decides the number of chips, and what it decides is enough and no more."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib import catalogue, why
from hwlib.capacity import MOST_CHIPS, estimate_capacity
from hwlib.designs import ServingDesign
from hwlib.errors import BadInput, NotSupported
from hwlib.serving import ServingLoad, estimate_serving, reserve_of

LPU = "groq-lpu-v1"


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["llama2-7b", "llama2-70b", "llama3-8b"]), st.sampled_from([LPU, "h100-sxm", "l40s", "tpu-v5e"]), st.sampled_from([16, 8, 4]), st.integers(1, 64), st.integers(1, 8192))
def test_the_chips_hold_it_and_one_fewer_does_not(model, chip, bits, sequences, context):
    part = catalogue.chip(chip)
    usable = float(part.mem_bytes) - float(reserve_of(part))
    try:
        e = estimate_capacity(model, chip, weight_bits=bits, sequences=sequences, context_tokens=context)
    except BadInput as refused:
        assert "chips of" in str(refused)
        return
    assert (e.n_chips - 1) * usable < e.held_bytes <= e.n_chips * usable


def test_seventy_billion_parameters_take_hundreds_of_lpus_and_one_gpu():
    lpu, gpu = (estimate_capacity("llama2-70b", chip) for chip in (LPU, "h100-sxm"))
    assert 290 < lpu.n_chips < 350 and gpu.n_chips == 1
    assert lpu.tokens_per_s_per_user > 5 * gpu.tokens_per_s_per_user, "what hundreds of chips buy is speed for one reader"
    assert lpu.chip_power_w > 50 * gpu.chip_power_w


def test_the_chips_it_asks_for_are_those_that_the_serving_estimate_accepts():
    e = estimate_capacity("llama2-70b", LPU, sequences=1, context_tokens=512)
    load = ServingLoad(concurrent_users=1, prompt_tokens=100, output_tokens=50)
    enough, short = (
        estimate_serving(ServingDesign(model="llama2-70b", accelerator=LPU, chips_per_replica=int(n), weight_bits=8, batch_limit=1, replicas=1), load) for n in (e.n_chips, e.n_chips * 0.9)
    )
    assert enough.fits and not short.fits


def test_more_sequences_and_more_bits_never_need_fewer_chips():
    chips = [estimate_capacity("llama2-70b", LPU, weight_bits=b, sequences=s).n_chips for b, s in ((4, 1), (8, 1), (8, 16), (16, 16))]
    assert chips == sorted(chips)


def test_a_token_passes_every_stage():
    e = estimate_capacity("llama2-70b", LPU)
    assert e.stages == -(-e.n_chips // e.tensor_ranks) and e.hops_s > 0 and e.step_s > e.step_memory_s


def test_every_figure_answers_why_down_to_a_source():
    for name, figure in estimate_capacity("llama2-70b", LPU).figures().items():
        assert why(figure).text() and not [leaf.name for leaf in figure.origin.leaves() if leaf.bare], name


@pytest.mark.parametrize("bad", [0, -1, 2.5, float("nan"), float("inf"), "8", None, True])
@pytest.mark.parametrize("name", ["sequences", "context_tokens"])
def test_an_amount_that_is_none_is_named(name, bad):
    with pytest.raises(BadInput, match=f"^{name} = "):
        estimate_capacity("llama2-70b", LPU, **{name: bad})


def test_what_cannot_be_laid_out_is_refused():
    with pytest.raises(BadInput, match=f"at most {MOST_CHIPS:,}"):
        estimate_capacity("llama3.1-405b", LPU, weight_bits=16, sequences=512, context_tokens=8192)
    with pytest.raises(BadInput, match="weight_bits = 5"):
        estimate_capacity("llama2-70b", LPU, weight_bits=5)
    with pytest.raises(BadInput, match="did you mean"):
        estimate_capacity("llama2-70b", "groq")
    without = next(c.id for c in catalogue.chips() if c.mem_bytes is None or not c.formats)
    with pytest.raises(NotSupported):
        estimate_capacity("llama2-70b", without)
