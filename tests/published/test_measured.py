"""The models against published measurements: how far they are off, by family, on rows that they were and were not fitted on."""

import statistics
from collections import defaultdict

import pytest

from hwlib.calibrate import fit_serving, fit_training
from hwlib.cases import (
    decode_cases,
    error,
    predict_decode,
    predict_saturated,
    predict_training,
    saturated_cases,
    training_cases,
)
from hwlib.step import tokens_per_s_from_hours

# Bounds stand a little above what was measured when they were written, to catch a model that gets worse.
# They are not goals: the goals are in the issue on calibration.
FAMILIES = {
    "saturated": (saturated_cases, predict_saturated, 0.11, 100),
    "decode on AWS chips": (lambda: (c for c in decode_cases() if c.metric == "tpot_ms"), predict_decode, 0.17, 40),
    "training above 6 billion parameters": (training_cases, predict_training, 0.09, 100),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_median_error_of_a_family_stays_where_it_was(name):
    cases, predict, bound, least = FAMILIES[name]
    errors = [error(predict(c), c.observed) for c in cases()]
    print(f"{name}: {len(errors)} rows, median {statistics.median(errors):.1%}, mean {statistics.mean(errors):.1%}")
    assert len(errors) >= least and statistics.median(errors) < bound


def test_a_fit_without_a_group_still_predicts_that_group():
    """Leave one group out: constants fitted on the other training runs of the same chip."""
    groups = defaultdict(list)
    for case in training_cases():
        if case.chip == "a100-80-sxm":
            groups[case.group].append(case)
    bloom = groups.pop("bloom-grid")
    others = [c for cases in groups.values() for c in cases]
    efficiency, _ = fit_training(others)
    held_out = statistics.median(error(predict_training(c, compute_efficiency=efficiency), c.observed) for c in bloom)
    print(f"bloom-grid held out: median {held_out:.1%}")
    assert held_out < 0.35


def test_fitted_constants_are_physical():
    cases = [c for c in saturated_cases() if c.chip == "a100-80-sxm"]
    memory, compute, _ = fit_serving(cases, predict_saturated)
    assert 0.3 <= memory <= 0.95 and 0.3 <= compute <= 0.95


def test_llama_2_70b_read_645_875_tokens_a_second():
    """Touvron et al. (2023), table 2: 1,720,320 GPU-hours; the source text's 3.3 million tokens/s is five times that."""
    assert round(tokens_per_s_from_hours(train_tokens=2e12, chip_hours=1_720_320, n_chips=2000, hour_s=3600)) == 645_875


@pytest.mark.parametrize("model", ["llama2-7b", "llama2-13b", "llama2-70b", "llama3-8b", "llama3-70b", "llama3.1-405b", "gpt3-175b", "mistral-7b", "qwen3-8b"])
def test_parameters_recomputed_from_dimensions_match_the_stated_count(model):
    from hwlib import catalogue
    from hwlib.transformer import shape_of

    assert shape_of(model).params == pytest.approx(catalogue.transformer(model).params_stated, rel=0.005)
