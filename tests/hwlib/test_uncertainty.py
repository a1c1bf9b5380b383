"""Monte Carlo and Sobol' indices: known answers met, estimates run again the same, nonsense refused."""

import math
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib.designs import ServingDesign, ServingLoad, TcoDesign, TcoLoad, TrainingDesign, TrainingLoad
from hwlib.economics import estimate_tco
from hwlib.errors import BadInput
from hwlib.serving import estimate_serving
from hwlib.training import estimate_training
from hwlib.uncertainty import (
    LogNormal,
    Replay,
    Triangular,
    Uniform,
    around,
    of_estimate,
    of_figures,
    points,
    study,
)

SERVE, LOAD = ServingDesign(model="llama2-70b", accelerator="h100-sxm", chips_per_replica=4, replicas=4, batch_limit=32), ServingLoad(daily_users=50_000)
PLAN = TcoDesign(tokens_per_day=1e9, quantise=True, continuous_batching=True)
TRAIN = TrainingDesign(accelerator="h100-sxm", nodes=128, tensor_parallel=8, pipeline_parallel=8, data_parallel=16)
A, B = 7.0, 0.1


def ishigami(v):
    return {"y": np.sin(v["x1"]) + A * np.sin(v["x2"]) ** 2 + B * v["x3"] ** 4 * np.sin(v["x1"])}


def ishigami_indices():
    """First-order and total indices, from the integrals."""
    pi = math.pi
    v1, v2, v13 = 0.5 * (1 + B * pi**4 / 5) ** 2, A**2 / 8, B**2 * pi**8 * (1 / 18 - 1 / 50)
    v = v1 + v2 + v13
    return (v1 / v, v2 / v, 0.0), ((v1 + v13) / v, v2 / v, v13 / v)


@pytest.mark.parametrize("seed", [1, 2])
def test_ishigamis_known_indices_are_met_and_lie_in_the_intervals(seed):
    spread = study(ishigami, {f"x{i}": Uniform(-math.pi, math.pi) for i in (1, 2, 3)}, samples=4096, seed=seed, level=0.99)["y"]
    for got, want in zip((spread.first, spread.total), ishigami_indices(), strict=True):
        for index, exact in zip(got.values(), want, strict=True):
            assert index.value == pytest.approx(exact, abs=0.02) and index.low - 0.01 <= exact <= index.high + 0.01
    assert spread.mean == pytest.approx(A / 2, abs=0.02)


def test_without_scipy_seeded_random_points_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    spread = study(ishigami, {f"x{i}": Uniform(-math.pi, math.pi) for i in (1, 2, 3)}, samples=8192)["y"]
    for index, exact in zip(spread.total.values(), ishigami_indices()[1], strict=True):
        assert index.value == pytest.approx(exact, abs=0.05)


@pytest.mark.parametrize(
    ("distribution", "mean", "quantile", "at"),
    [(Uniform(2, 6), 4, 3, 0.25), (Triangular(0, 3, 6), 3, 3, 0.5), (Triangular(1, 1, 4), 2, 4 - 3 * math.sqrt(0.5), 0.5), (LogNormal(10, 0.5), 10 * math.exp(0.125), 10, 0.5)],
)
def test_samples_follow_their_distribution(distribution, mean, quantile, at):
    shares = points(2**14, 1, seed=4)[:, 0]
    values = distribution.at(shares)
    assert values.mean() == pytest.approx(mean, rel=5e-3) and np.quantile(values, at) == pytest.approx(quantile, rel=5e-3)


@given(st.lists(st.floats(0.1, 5), min_size=2, max_size=4), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_a_sum_splits_its_variance_among_its_terms(weights, seed):
    inputs = {f"x{i}": Uniform(0, 1) for i in range(len(weights))}
    spread = study(lambda v: {"s": sum(w * v[f"x{i}"] for i, w in enumerate(weights))}, inputs, samples=1024, seed=seed, bootstrap=0)["s"]
    whole = sum(w * w for w in weights)
    for i, w in enumerate(weights):
        assert spread.first[f"x{i}"].value == pytest.approx(w * w / whole, abs=0.05) and spread.total[f"x{i}"].value == pytest.approx(w * w / whole, abs=0.05)


def test_an_input_that_does_nothing_and_an_output_that_does_not_vary():
    spread = study(lambda v: {"y": v["x"], "c": np.full_like(v["x"], 3.0)}, {"x": Uniform(0, 1), "idle": Uniform(0, 1)}, samples=64)
    assert spread["y"].total["idle"].value == 0 and spread["y"].tornado[-1].width == 0
    assert spread["c"].first["x"].value == 0 and spread["c"].sd == 0


def test_a_seed_repeats_and_another_differs():
    one, again, other = (study(ishigami, {f"x{i}": Uniform(-3, 3) for i in (1, 2, 3)}, samples=64, seed=s)["y"] for s in (5, 5, 6))
    assert (one.values == again.values).all() and one.first == again.first and not (one.values == other.values).all()


ESTIMATES = {
    "serving": (estimate_serving, SERVE, LOAD, ("step_s", "tpot_s", "utilisation", "usd_per_mtoken")), "tco": (estimate_tco, PLAN, TcoLoad(), ("total_usd", "usd_per_mtoken", "saving_quantise")),
    "training": (estimate_training, TRAIN, TrainingLoad(), ("step_s", "days", "usd", "mfu")),
}  # fmt: skip


@pytest.mark.parametrize("name", ESTIMATES)
def test_running_an_estimate_again_with_its_own_leaves_changes_nothing(name):
    estimate, design, load, outputs = ESTIMATES[name]
    figures = {o: getattr(estimate(design, load), o) for o in outputs}
    again = Replay(figures)
    for leaf in again.names:
        try:
            value = again.value(leaf)
        except BadInput as several:
            assert "several values" in str(several)
            continue
        got = again({leaf: np.array([value, value])})
        for output, figure in figures.items():
            assert got[output] == pytest.approx([float(figure)] * 2, rel=1e-12)


@given(st.floats(0.3, 3), st.floats(0.3, 3))
@settings(max_examples=30, deadline=None)
def test_run_again_equals_estimated_again_where_nothing_is_decided(users, network):
    load = replace(LOAD, daily_users=LOAD.daily_users * users, network_s=LOAD.network_s * network)
    e = estimate_serving(SERVE, LOAD)
    got = Replay({"utilisation": e.utilisation, "ttft": e.ttft_floor_s})({"daily_users": np.array([load.daily_users]), "network_s": np.array([load.network_s])})
    want = estimate_serving(SERVE, load)
    assert got["utilisation"][0] == pytest.approx(float(want.utilisation), rel=1e-9) and got["ttft"][0] == pytest.approx(float(want.ttft_floor_s), rel=1e-9)


def test_the_tco_by_its_fields_and_by_its_leaves_agree():
    inputs = {"utilisation": Triangular(0.3, 0.5, 0.7), "growth_per_year": Uniform(0.2, 1.0), "experiments_share": LogNormal(1.0, 0.3)}
    called = of_estimate(estimate_tco, PLAN, TcoLoad(), inputs, ["total_usd"], samples=64)["total_usd"]
    replayed = of_figures({"total_usd": estimate_tco(PLAN, TcoLoad()).total_usd}, inputs, samples=64)["total_usd"]
    assert called.values == pytest.approx(replayed.values, rel=1e-9)
    assert called.p05 < called.p50 < called.p95 and called.tornado[0].width == max(b.width for b in called.tornado)
    assert max(called.total, key=lambda n: called.total[n].value) == called.tornado[0].input


def test_constants_and_catalogue_values_of_a_serving_estimate_may_vary():
    e = estimate_serving(SERVE, LOAD)
    spread = of_figures({"step_s": e.step_s}, {"memory_efficiency": around(float(Replay({"s": e.step_s}).value("memory_efficiency")), 0.2), "mem_bytes_per_s": Uniform(3e12, 3.4e12)}, samples=256)["step_s"]
    assert spread.p05 < e.step_s < spread.p95
    assert spread.first["memory_efficiency"].value > spread.first["mem_bytes_per_s"].value > 0


def test_a_percentile_says_that_it_was_simulated_and_with_which_seed():
    spread = of_figures(estimate_serving(SERVE, LOAD).step_s, {"memory_efficiency": Uniform(0.5, 0.8)}, samples=64, seed=9)["figure"]
    assert spread.p95.origin.seed == 9 and "95th percentile" in spread.p95.origin.words()


def test_samples_that_the_model_refuses_are_counted_and_left_out():
    spread = of_estimate(estimate_tco, PLAN, TcoLoad(), {"design.utilisation": Uniform(0.9, 1.02)}, ["total_usd"], samples=64)["total_usd"]
    assert 0.2 < spread.refused_share < 0.45 and np.isfinite(spread.values).all()
    with pytest.raises(BadInput, match="narrow the inputs"):
        of_estimate(estimate_tco, PLAN, TcoLoad(), {"design.utilisation": Uniform(2, 3)}, ["total_usd"], samples=16)


def test_counted_fields_are_rounded():
    spread = of_estimate(estimate_serving, SERVE, LOAD, {"replicas": Uniform(1.6, 4.4)}, ["n_chips"], samples=64)["n_chips"]
    assert set(spread.values) == {8.0, 12.0, 16.0}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Uniform(1, 1), "must lie below"), (lambda: Uniform(math.nan, 1), "finite"), (lambda: Triangular(0, 3, 2), "must rise"), (lambda: LogNormal(0, 1), "above 0"), (lambda: LogNormal(1, "x"), "finite"),
        (lambda: study(ishigami, {}), "inputs is empty"), (lambda: study(ishigami, {"x1": 3}), "must be Uniform"), (lambda: study(ishigami, {"x1": Uniform(0, 1)}, samples=100), "power of two"),
        (lambda: study(ishigami, {"x1": Uniform(0, 1)}, level=1), "level"), (lambda: study(ishigami, {"x1": Uniform(0, 1)}, seed=-1), "seed"),
        (lambda: of_estimate(estimate_tco, PLAN, TcoLoad(), {"utilization": Uniform(0, 1)}, ["total_usd"]), "did you mean design.utilisation"),
        (lambda: of_estimate(estimate_tco, PLAN, TcoLoad(), {"load.utilisation": Uniform(0, 1)}, ["total_usd"]), "not a field"),
        (lambda: of_estimate(estimate_tco, PLAN, TcoLoad(), {"financing": Uniform(0, 1)}, ["total_usd"]), "no number"), (lambda: of_estimate(estimate_tco, PLAN, TcoLoad(), {"pue": Uniform(1, 2)}, ["cost"]), "not a figure"),
        (lambda: of_estimate(estimate_tco, PLAN, TcoLoad(), {"pue": Uniform(1, 2)}, []), "outputs is empty"), (lambda: Replay({}), "figures is empty"), (lambda: Replay({"x": 3.0}), "not a computed figure"),
        (lambda: of_figures(estimate_serving(SERVE, LOAD).step_s, {"memory_eficiency": Uniform(0, 1)}), "did you mean memory_efficiency"),
        (lambda: of_figures(estimate_training(TRAIN, TrainingLoad()).step_s, {"link_bytes_per_s": Uniform(1, 2)}), "several values"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(make, words):
    with pytest.raises(BadInput, match=words) as refused:
        make()
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 400


@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(allow_nan=True, allow_infinity=True), st.floats(allow_nan=True, allow_infinity=True))
@settings(max_examples=200, deadline=None)
def test_any_distribution_is_one_or_is_refused(low, mode, high):
    for make in (lambda: Uniform(low, high), lambda: Triangular(low, mode, high), lambda: LogNormal(low, high)):
        try:
            made = make()
        except BadInput:
            continue
        assert not np.isnan(made.at(np.array([0.1, 0.5, 0.9]))).any()
