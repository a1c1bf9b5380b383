"""The constants of hwlib/calibration.toml are those that the command fits, and say how well."""

import statistics

import pytest

from hwlib.calibrate import by_chip, fit_sharded_overlap, fit_training
from hwlib.calibration import _entries, calibrated
from hwlib.cases import error, predict_training, sharded, training_cases

TRAINING = by_chip(training_cases())


def test_every_fitted_constant_says_its_cases_and_its_error_and_is_physical():
    for name, entry in _entries().items():
        for chip, each in {"": entry, **entry.get("chips", {})}.items():
            if each.get("kind", "estimate") != "fitted":
                assert not each.get("cases"), f"{name} {chip}: what counts cases was fitted"
                continue
            assert each["cases"] >= 4 and 0 < each.get("median_error", each.get("mean_error")) < 0.3, (name, chip)
            assert (0 if name.endswith("overlap_share") else 0.3) <= each["value"] <= 0.95
            assert f"{each['cases']} cases" in calibrated(name, chip).origin.note


def test_the_training_constants_are_those_of_the_fit():
    share, _ = fit_sharded_overlap([c for cases in TRAINING.values() for c in cases])
    assert calibrated("sharded_overlap_share") == share
    for chip, cases in TRAINING.items():
        if len(cases) >= 4:
            value, median = fit_training(cases, sharded_overlap_share=share)
            stored = _entries()["training_compute_efficiency"]["chips"][chip]
            assert stored["value"] == pytest.approx(value) and stored["median_error"] == pytest.approx(median, abs=5e-4)


def test_the_error_that_the_file_states_is_the_one_that_the_estimate_makes():
    cases = TRAINING["h100-sxm"]
    median = statistics.median(error(predict_training(c), c.observed) for c in cases)
    assert median == pytest.approx(_entries()["training_compute_efficiency"]["chips"]["h100-sxm"]["median_error"], abs=5e-4)


def test_sharded_runs_over_nodes_are_predicted_as_well_as_those_inside_one():
    """Every network card of a node carries its share; through one card the larger runs would come out at less than half."""
    ratios = {n: [predict_training(c) / c.observed for c in TRAINING["h100-sxm"] if sharded(c) and c.row["recompute"] == "none" and int(c.row["n_chips"]) // 8 in n] for n in ((1,), (2, 4, 8))}
    inside, across = (statistics.mean(r) for r in ratios.values())
    assert across == pytest.approx(inside, rel=0.15)
