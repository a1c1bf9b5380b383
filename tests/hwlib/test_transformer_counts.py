"""The catalogue's models, counted from their dimensions, against what their publishers state."""

import pytest

from hwlib import catalogue
from hwlib.formula import defined
from hwlib.transformer import shape_of

PUBLISHED = catalogue.transformer_ids()
ROUNDED = {"megatron-1.7b": 0.03, "megatron-3.6b": 0.011}
"""Stated counts that are themselves rounded to two digits ("1.7 billion" for 1.652), and how far that may take them."""
ROUNDED_ACTIVE = {"deepseek-v3": 0.02, "kimi-k2": 0.03, "qwen3-30b-a3b": 0.02, "qwen3-235b-a22b": 0.01, "mixtral-8x7b": 0.005, "gpt-oss-20b": 0.17, "gpt-oss-120b": 0.12}
"""Active counts are stated to one to three digits; those of gpt-oss leave the input embedding out, 0.58 billion."""


def test_there_are_at_least_39_models_with_dimensions():
    assert len(PUBLISHED) >= 39


@pytest.mark.parametrize("id", PUBLISHED)
def test_parameters_follow_from_the_dimensions_within_half_a_percent(id):
    stated = catalogue.transformer(id).params_stated
    assert abs(shape_of(id).params / stated - 1) <= ROUNDED.get(id, 0.005)


def test_a_rounded_count_is_rounded_as_far_as_its_digits_say():
    for id in ROUNDED:
        stated = catalogue.transformer(id).params_stated
        counted = shape_of(id).params
        assert abs(counted / stated - 1) > 0.005, "listed without need"
        assert round(counted / 1e9, 1) == round(stated / 1e9, 1), "the same at the digits that were printed"


@pytest.mark.parametrize("id", [i for i in PUBLISHED if catalogue.transformer(i).is_moe])
def test_active_parameters_of_a_mixture_are_a_small_part_and_near_the_stated_count(id):
    model, shape = catalogue.transformer(id), shape_of(id)
    assert shape.active_params < shape.params / 2
    assert shape.matmul_params < shape.active_params
    assert abs(shape.active_params / model.params_active_stated - 1) <= ROUNDED_ACTIVE[id]


def test_a_dense_model_multiplies_with_all_its_layers():
    shape = shape_of("llama2-70b")
    assert shape.active_params is None
    assert shape.matmul_params == shape.attention_params + shape.feed_forward_params + shape.vocab * shape.hidden


def test_latent_attention_keeps_576_values_a_token_and_layer_and_not_the_heads():
    two = defined(2.0, "16 bits")
    latent = shape_of("deepseek-v3").cache_bytes_per_token(two)
    assert latent == 61 * 576 * 2
    assert shape_of("deepseek-v3", "mha").cache_bytes_per_token(two) > 40 * latent


def test_the_cache_of_grouped_attention_does_not_follow_from_the_width():
    """A wrong answer seen in peers: keys and values of the whole width for a model with eight key-value heads."""
    shape = shape_of("llama2-70b")
    two = defined(2.0, "16 bits")
    assert shape.cache_bytes_per_token(two) * 8 == 2 * shape.layers * shape.hidden * 2


def test_a_window_bounds_what_a_layer_looks_back_on():
    shape, short, long = shape_of("gemma3-27b"), defined(512.0, "x"), defined(131072.0, "x")
    assert shape.attended_tokens(short) == short, "a window that is not full costs as much as none"
    full = long * 10 / 62
    assert full < shape.attended_tokens(long) < full + 1024
    assert shape_of("llama3-8b").attended_tokens(long) == long


def test_tied_embeddings_are_counted_once_and_plain_blocks_have_two_matrices():
    gpt = shape_of("gpt3-175b")
    assert (gpt.embeddings, gpt.ffn_matrices) == (1, 2)
    assert shape_of("llama2-7b").embeddings == 2
