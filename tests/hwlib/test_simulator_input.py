"""Whatever is given, the simulator runs or says in one sentence what is wrong."""

import io
import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwlib.designs import ServingDesign, ServingLoad
from hwlib.errors import BadInput
from hwlib.simulator import (
    Costs,
    Fleet,
    Policy,
    Request,
    Requests,
    day_profile,
    diurnal_requests,
    poisson_requests,
    read_trace,
    run_requests,
    simulate,
)

GOOD = Costs(0.01, 0.01, 1e-7, 1e-4, 0, 0, 0.005, 0.01, 1e-4, 0, 0, 1e5)
ONE = Requests.of([Request(0.0, 10, 5)])
ODD = st.one_of(
    st.floats(), st.integers(-10, 10), st.integers(-(10**20), 10**20), st.none(), st.text(max_size=5), st.booleans(),
    st.sampled_from([math.nan, math.inf, -math.inf, 0, -0.0, 1e300, 5e-324, 10**310]),
)
FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def one_sentence(error: BadInput, name: str) -> None:
    text = str(error)
    assert name in text and "\n" not in text and len(text) < 500


@FUZZ
@given(st.sampled_from([f.name for f in fields(Costs)]), ODD)
def test_costs(name, value):
    try:
        run = run_requests(replace(GOOD, **{name: value}), ONE)
    except BadInput as error:
        one_sentence(error, name)
    else:
        assert math.isfinite(run.end[0]) and run.end[0] >= run.first[0]


@FUZZ
@given(st.sampled_from([f.name for f in fields(Policy)]), ODD)
def test_policies(name, value):
    try:
        policy = Policy(**{name: value})
    except BadInput as error:
        one_sentence(error, name)
        return
    try:
        run = run_requests(GOOD, ONE, policy)
    except BadInput as error:
        assert "holds none" in str(error)
    else:
        assert math.isfinite(run.end[0])


@FUZZ
@given(st.sampled_from([f.name for f in fields(Fleet)]), ODD)
def test_fleets(name, value):
    try:
        fleet = Fleet(**{name: value})
    except BadInput as error:
        one_sentence(error, name)
    else:
        assert math.isfinite(run_requests(GOOD, ONE, fleet=fleet).end[0])


@FUZZ
@given(st.sampled_from(["rate", "count", "seed", "longest", "prefix_share", "prefixes", "prefix_tokens"]), ODD, st.booleans())
def test_draws(name, value, diurnal):
    draw = diurnal_requests if diurnal else poisson_requests
    if name == "count" and isinstance(value, int | float) and not isinstance(value, bool) and 10**5 < value <= 5e7:
        return  # allowed, and too many for a test
    try:
        drawn = draw(ServingLoad(), **{"rate": 1.0, "count": 5, "seed": 1, "prefix_share": 0.5, "prefix_tokens": 10, name: value})
    except BadInput as error:
        one_sentence(error, "requests" if name == "count" else "longest" if "longest" in str(error) else name)
    else:
        assert drawn.check() is drawn and (drawn.prompt + drawn.output).max() <= (value if name == "longest" else 4096)


@FUZZ
@given(st.lists(st.tuples(ODD, ODD, ODD), min_size=1, max_size=4))
def test_traces(rows):
    text = "arrival_s,prompt_tokens,output_tokens\n" + "\n".join(",".join(str(v) for v in row) for row in rows)
    try:
        read = read_trace(io.StringIO(text))
    except BadInput as error:
        one_sentence(error, "trace")
    else:
        assert read.check() is read


@FUZZ
@given(st.text(max_size=80))
def test_a_file_of_anything(text):
    try:
        assert len(read_trace(io.StringIO(text)))
    except BadInput as error:
        one_sentence(error, "trace")


def test_every_bad_row_of_a_trace_is_named():
    text = "arrival_s,prompt_tokens,output_tokens,x\n0,10,5,\n1,0,5,\n2,ten,5,\n1.5,9,9,\n3,10\n0.5,1,1,\n"
    with pytest.raises(BadInput, match=r"4 bad rows: line 3: prompt_tokens = '0' .*; line 4: prompt_tokens = 'ten' is not a number; line 6: output_tokens = '' .*; …"):
        read_trace(io.StringIO(text))


def test_a_good_trace_is_read_as_it_stands(tmp_path):
    path = tmp_path / "trace.csv"
    path.write_text("\ufeffoutput_tokens, prompt_tokens,arrival_s\n5,10,0.25\n6,11,0.5\n", "utf8")
    read = read_trace(path)
    assert (read.arrival.tolist(), read.prompt.tolist(), read.output.tolist()) == ([0.25, 0.5], [10, 11], [5, 6])
    assert run_requests(GOOD, read).served == 2
    with pytest.raises(BadInput, match="'none.csv' cannot be read"):
        read_trace(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("requests", "says"),
    [
        (Requests(np.array([]), np.array([], int), np.array([], int)), "at least one"),
        (Requests(np.array([1.0, 0.5]), np.array([1, 1]), np.array([1, 1])), r"requests\[1\].arrival = 0.5 must not come before"),
        (Requests(np.array([math.nan]), np.array([1]), np.array([1])), r"requests\[0\].arrival = nan"),
        (Requests(np.array([0.0]), np.array([0]), np.array([1])), r"requests\[0\].prompt = 0 must be between 1 and"),
        (Requests(np.array([0.0]), np.array([1]), np.array([10**9])), r"requests\[0\].output"),
        (Requests(np.array([0.0]), np.array([1.5]), np.array([1])), "requests.prompt is an array of float64"),
        (Requests(np.array([[0.0]]), np.array([1]), np.array([1])), "requests.arrival is an array of float64 with 2 axes"),
        (Requests(np.array([0.0]), np.array([5], np.int32), np.array([1], np.int32), np.array([0], np.int16), 5), "prefix_tokens = 5"),
    ],
)
def test_requests_that_cannot_be(requests, says):
    with pytest.raises(BadInput, match=says):
        run_requests(GOOD, requests)


@pytest.mark.parametrize("changes", [{"allocation": "contiguous", "admission": "prompt"}, {"allocation": "contiguous", "prefix_reuse": True}, {"draft_tokens": 2, "admission": "prompt"}, {"oversized": "alone", "admission": "prompt"}])
def test_what_does_not_go_together_is_said(changes):
    with pytest.raises(BadInput, match="does not go with the rest"):
        Policy(**changes)


@pytest.mark.parametrize("given", [{"requests": 0}, {"requests": -1}, {"requests": 2.5}, {"peak": "much"}, {"peak": math.nan}, {"peak": 0.0}, {"peak": math.inf}, {"seed": -1}])
def test_a_design_is_not_simulated_with_nonsense(given):
    design = ServingDesign(model="llama3.1-8b", accelerator="l40s", chips_per_replica=1, replicas=1, batch_limit=16)
    with pytest.raises(BadInput, match=next(iter(given))):
        simulate(design, ServingLoad(daily_users=1000), **given)


def test_a_day_without_a_peak_is_flat_and_nonsense_is_refused():
    assert max(day_profile(1.0)) == pytest.approx(1.0)
    for profile in ([], [0.0, 0.0], [1.0, math.nan], [-1.0, 2.0]):
        with pytest.raises(BadInput, match="profile"):
            diurnal_requests(ServingLoad(), rate=1.0, count=3, profile=profile)


def test_percentiles_ask_for_what_is_there():
    run = run_requests(GOOD, ONE)
    for bad in (lambda: run.percentile("speed", 0.5), lambda: run.percentile("ttft", 0.0), lambda: run.percentile("ttft", 0.5, warmup=1.0)):
        with pytest.raises(BadInput):
            bad()
    assert math.isnan(run.interval("ttft", 0.5)[0])
