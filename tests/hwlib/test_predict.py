"""The contract of `python -m hwlib predict | validate | calibrate`, and what it does with bad files and absurd values."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import tomllib
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwlib.__main__ import main
from hwlib.errors import BadInput
from hwlib.predict import Prediction, all_families, constants_of, predict_rows
from hwlib.predict.cases import FOLDER, HEADER, measured, read, written
from hwlib.predict.constants import PATH as FITTED
from hwlib.predict.constants import Constant, Constants
from hwlib.predict.crossval import fold_of, held_out, predicted
from hwlib.predict.family import Family
from hwlib.predict.fit import Observation, fit, observations
from hwlib.predict.goals import coverage, goals
from hwlib.predict.intervals import quantiles, table
from hwlib.predict.row import Refused, Row
from hwlib.predict.store import entry_of, text_of
from hwlib.predict.validation import PATH as HELD
from hwlib.predict.validation import lines, results_of, stored_results

METRICS = {
    "training": ("tokens_per_s_per_chip", "s_per_step", "tflops_per_chip"), "memory": ("params_opt_gib", "activations_gib"), "decode_bs1": ("tokens_per_s",),
    "static_throughput": ("out_tokens_per_s",), "saturated_throughput": ("out_tokens_per_s",), "neuron_decode": ("tpot_ms",),
    "prefill": ("prefill_tokens_per_s", "ttft_ms"), "serving_concurrency_sweep": ("tpot_mean_ms", "ttft_mean_ms", "out_tokens_per_s"),
    "serving_qps_sweep": ("tpot_mean_ms", "ttft_mean_ms", "out_tokens_per_s"), "serving_slo": ("out_tokens_per_s",), "collectives": ("time_us",), "gemm": ("tflops",),
}  # fmt: skip
"""As the contract lists them."""
MEASURED = {
    "tokens_per_s_per_chip", "s_per_step", "tflops_per_chip", "mfu_pct", "hfu_pct", "tokens_per_s_total", "samples_per_s", "params_opt_gib", "activations_gib", "tokens_per_s",
    "out_tokens_per_s", "tpot_ms", "prefill_tokens_per_s", "ttft_ms", "tpot_mean_ms", "ttft_mean_ms", "time_us", "algbw_gbs", "busbw_gbs", "tflops", "efficiency_pct", "achieved_bw_gbs",
}  # fmt: skip
FILES = sorted(p.name for p in FOLDER.glob("[1-8]_*.csv"))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def sample(name: str, every: int = 7) -> list[Row]:
    return list(measured(name))[::every]


# The contract


def test_every_family_of_the_contract_has_a_model_with_its_metrics():
    found = {name: family.metrics[name] for family in all_families() for name in family.names}
    assert {k: set(v) for k, v in found.items()} == {k: set(v) for k, v in METRICS.items()}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_cases_gives_one_line_for_each_case_and_metric(name, tmp_path):
    out = tmp_path / "out.csv"
    assert main(["predict", str(FOLDER / name), "--out", str(out), "--quiet"]) == 0
    text = out.read_text("utf8")
    assert text.splitlines()[0] == "case_id,metric,predicted,low,high,refused"
    said = defaultdict(list)
    for line in rows_of(text):
        said[line["case_id"]].append(line)
    for row in measured(name):
        lines_ = said[row.id]
        if row.family in METRICS:
            assert [x["metric"] for x in lines_] == list(METRICS[row.family]) or {x["metric"] for x in lines_} == set(METRICS[row.family])
        else:
            assert len(lines_) == 1 and "no model" in lines_[0]["refused"]
        for x in lines_:
            if x["refused"]:
                assert not (x["predicted"] or x["low"] or x["high"])
            else:
                assert 0 < float(x["low"]) < float(x["predicted"]) < float(x["high"]) < math.inf


@pytest.mark.parametrize("name", FILES)
def test_measured_columns_are_never_read(name):
    rows = sample(name)
    blank = [Row({k: "" if k in MEASURED else v for k, v in row.cells.items()}) for row in rows]
    assert predict_rows(rows) == predict_rows(blank)


def test_unknown_columns_are_ignored():
    row = sample("8_gemm_micro.csv")[0]
    plain = predict_rows([row])
    assert predict_rows([Row(row.cells | {"weather": "rain", "": "x", "tflops_2": "nan"})]) == plain


def test_a_missing_input_is_named():
    row = sample("8_gemm_micro.csv")[0]
    (said,) = predict_rows([Row({k: v for k, v in row.cells.items() if k != "k"})])
    assert said.refused == "k is missing" and said.predicted is None


def test_a_bad_row_does_not_stop_the_others():
    good = sample("8_gemm_micro.csv")[0]
    said = predict_rows([{"family": "gemm"}, {}, {"case_id": "x", "family": "weather"}, good])
    assert [bool(p.refused) for p in said] == [True, True, True, False]


def test_a_stranger_is_predicted_and_said_to_be_one():
    row = Row(sample("8_gemm_micro.csv")[0].cells | {"chip": "RTX 4090", "peak_tflops_used": "", "precision": "fp16"})
    (said,) = predict_rows([row])
    assert said.predicted and "no fitted case" in said.note
    known = predict_rows([sample("8_gemm_micro.csv", 30)[1]])[0]
    assert said.high / said.low >= known.high / known.low


def test_coverage_of_the_public_cases_is_at_least_95_percent():
    found = [p for name in FILES for p in predict_rows([r for r in measured(name) if r.family in METRICS and not r.text("exclude_from_scoring")])]
    assert sum(not p.refused for p in found) >= 0.95 * len(found)


# Files


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "no column case_id"), (b"\x89PNG\r\n\x1a\n\0\0\0", "not a CSV"), (b"a,b\n1,2\n", "no column case_id"), (b"case_id,family\n\0,gemm\n", "zero bytes"), (b"\xff\xfe\x00", "UTF-8")],
)
def test_a_file_that_is_none_is_one_sentence_and_exit_2(data, words, tmp_path, capsys):
    path = tmp_path / "cases.csv"
    path.write_bytes(data)
    out = tmp_path / "out.csv"
    assert main(["predict", str(path), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1 and not out.exists()


def test_a_file_that_is_not_there_is_one_sentence_and_exit_2(tmp_path, capsys):
    assert main(["predict", str(tmp_path / "nothing.csv")]) == 2
    assert main(["predict", str(tmp_path)]) == 2
    assert main(["predict", str(FOLDER / "8_gemm_micro.csv"), "--out", str(tmp_path / "no" / "out.csv")]) == 2
    assert capsys.readouterr().err.count("\n") >= 3


def test_nothing_half_written_stays_behind(tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("before")
    assert main(["predict", str(FOLDER / "2_training_memory.csv"), "--out", str(out), "--quiet"]) == 0
    assert out.read_text("utf8").startswith("case_id,") and list(tmp_path.iterdir()) == [out]


def test_a_byte_order_mark_and_ragged_lines_are_read(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_bytes("\ufeffcase_id,family,m,n,k\na,gemm\nb,gemm,1,2,3,4,5\n".encode())
    assert [r.id for r in read(path)] == ["a", "b"]


def test_an_opening_without_a_command_prints_help(capsys):
    assert main([]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("predict", "validate", "calibrate"))


def test_validate_prints_the_table_as_text_json_and_csv(capsys, tmp_path):
    assert main(["validate"]) == 0
    text = capsys.readouterr().out
    assert main(["validate", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert main(["validate", "--csv", str(tmp_path / "t.csv"), "--json"]) == 0
    assert len(rows_of((tmp_path / "t.csv").read_text("utf8"))) == len(data)
    assert {x["family"] for x in data} == set(METRICS)
    assert all(f"{x['family']} · {x['metric']}" in text for x in data)
    assert {"median", "mean", "p90", "bias", "coverage", "rank", "group_mean", "datasheet_mean", "cases"} <= set(data[0])


# Absurd values

ABSURD = st.sampled_from(["nan", "inf", "-inf", "0", "-1", "1e308", "-1e308", "1e-308", "many", "8,", "١٢", "0x10", "None", "1e5000", "\u2028", "9" * 60, "0.5", "7"])


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_absurd_values_are_refused_or_predicted_but_never_stop(name, data):
    row = data.draw(st.sampled_from(list(measured(name))))
    columns = [c for c in row.cells if c not in ("case_id", "family")]
    changed = {c: data.draw(ABSURD) for c in data.draw(st.lists(st.sampled_from(columns), min_size=1, max_size=4))}
    removed = data.draw(st.sets(st.sampled_from(columns), max_size=3))
    cells = {k: v for k, v in (row.cells | changed).items() if k not in removed}
    found = predict_rows([Row(cells)])
    assert len(found) == len(METRICS.get(row.family, ("",)))
    for p in found:
        if p.refused:
            assert p.predicted is None and "\n" not in p.refused
        else:
            assert 0 < p.low < p.predicted < p.high < math.inf
    assert rows_of(written(found))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=12), st.text(max_size=30), max_size=8), st.sampled_from(sorted(METRICS)))
def test_any_row_of_text_is_answered(cells, family):
    found = predict_rows([cells | {"family": family}])
    assert len(found) == len(METRICS[family]) and all(p.refused or p.predicted for p in found)


# Fit, folds, intervals


def test_a_constant_is_its_base_times_known_factors_within_bounds():
    declared = {"e": Constant(name="e", start=0.5, low=0.3, high=0.95, meaning="share")}
    k = Constants(declared, {"e": math.log(0.6), "e|fast": math.log(1.2), "e|absurd": math.log(100)})
    assert k.get("e") == pytest.approx(0.6)
    assert k.get("e", "fast", "unknown", "") == pytest.approx(0.72)
    assert k.get("e", "absurd") == 0.95


def toy() -> Family:
    """y = a · x: a is 2, and 3 for the level "b"."""
    return Family(
        title="toy", names=("toy",), file="", metrics={"toy": ("y",)}, constants={"a": Constant(name="a", start=1.0, low=0.1, high=10.0, meaning="slope", spread=0.5)},
        predict=lambda row, k: {"y": row.number("x") * k.get("a", row.text("level"))}, datasheet=lambda row: {"y": row.number("x")}, levels=lambda row: (row.text("level"),),
    )  # fmt: skip


def toy_rows(count: int = 40) -> list[Row]:
    return [
        Row({"case_id": f"t{i}", "family": "toy", "group": f"g{i % 4}", "level": "ab"[i % 2], "x": str(1 + i), "y": str((2 + i % 2) * (1 + i))}) for i in range(count)
    ]


def test_the_fit_finds_the_constants_that_made_the_cases():
    family = toy()
    k = fit(family, observations(family, toy_rows()))
    assert k.get("a", "a") == pytest.approx(2, rel=0.01) and k.get("a", "b") == pytest.approx(3, rel=0.01)


def test_one_wild_case_does_not_turn_the_fit():
    family, rows = toy(), toy_rows()
    rows[0] = Row(rows[0].cells | {"y": "100000"})
    assert fit(family, observations(family, rows)).get("a", "b") == pytest.approx(3, rel=0.02)


def test_nothing_is_fitted_to_a_single_row():
    family, rows = toy(), toy_rows()
    rows[0] = Row(rows[0].cells | {"level": "alone"})
    assert not any("alone" in key for key in fit(family, observations(family, rows)).values)


def test_a_factor_that_a_source_names_holds_until_cases_say_otherwise():
    family = toy()
    told = {"a": dataclasses.replace(family.constants["a"], known={"b": 1.5, "far": 0.5})}
    assert Constants(told, {}).get("a", "far") == pytest.approx(0.5 * Constants(told, {}).get("a"))
    k = fit(dataclasses.replace(family, constants=told), observations(family, toy_rows()))
    assert k.get("a", "b") == pytest.approx(3, rel=0.01)  # forty cases outweigh the source
    assert k.get("a", "far") == pytest.approx(0.5 * k.get("a"))


def test_a_calibration_run_twice_writes_the_same_bytes():
    family = next(f for f in all_families() if f.key == "collectives")
    seen = observations(family, measured(family.file))
    once, again = (text_of({family.key: entry_of(family, seen, fit(family, seen), (), ())}) for _ in range(2))
    assert once == again and "[collectives.constants.launch_s]" in once


def test_no_stored_factor_rests_on_fewer_than_four_cases():
    stored = tomllib.loads(FITTED.read_text("utf8"))
    factors = [x for entry in stored.values() for c in entry.get("constants", {}).values() for x in c.get("levels", {}).values()]
    assert factors and min(x["cases"] for x in factors) >= 4


def test_stored_constants_lie_within_their_bounds_and_say_what_they_are():
    for entry in tomllib.loads(FITTED.read_text("utf8")).values():
        for name, c in entry.get("constants", {}).items():
            assert c["low"] <= c["value"] <= c["high"], name
            assert c["meaning"] and c["kind"] in ("fitted", "estimate") and (c["cases"] > 0) == (c["kind"] == "fitted")


def test_a_held_out_case_is_not_seen():
    """A group that follows another law must be predicted by the law of the others."""
    family = toy()
    rows = [Row(r.cells | ({"y": str(10 * float(r.text("y")))} if r.group == "g0" else {})) for r in toy_rows()]
    seen = observations(family, rows)
    for held in held_out(family, seen, "group"):
        if held.at.row.group == "g0":
            assert held.predicted < 0.2 * held.at.value


def test_folds_are_stable_and_even():
    counts = [0] * 5
    for row in measured("7_collectives.csv"):
        counts[fold_of(row.id)] += 1
    assert fold_of("8-mamf-0000") == fold_of("8-mamf-0000")
    assert min(counts) > sum(counts) / 10


def test_an_interval_holds_about_its_share_and_a_stranger_gets_the_wider_one():
    near = [(x / 100, f"g{x % 5}", "") for x in range(-50, 51)]
    far = [(3 * r, g, w) for r, g, w in near]
    found = table(near, far)
    low, high = (math.log(v) for v in found["seen"])
    assert 0.78 <= sum(low <= r <= high for r, _, _ in near) / len(near) <= 0.9
    assert found["unseen"][0] < found["seen"][0] and found["unseen"][1] > found["seen"][1]


def test_quantiles_of_few_residuals_reach_to_their_ends():
    assert quantiles([-0.3, 0.4]) == (-0.3, 0.4)


# What is stored


def test_stored_results_hold_every_public_case():
    stored = {(r.case_id, r.metric) for r in stored_results()}
    for family in all_families():
        assert {(at.row.id, at.metric) for at in observations(family, measured(family.file))} == {x for x in stored if x[0] in {r.id for r in measured(family.file) if r.family in family.names}}


def test_stored_results_are_current():
    """The small families again, from the data: what the page shows is what the code gives."""
    stored = {(r.case_id, r.metric): r for r in stored_results()}
    for key in ("memory", "gemm"):
        family = next(f for f in all_families() if f.key == key)
        for r in results_of(family)[3]:
            was = stored[r.case_id, r.metric]
            assert (r.fold, r.group_out, r.datasheet) == pytest.approx((was.fold, was.group_out, was.datasheet), rel=1e-3)
            assert (r.fold_low, r.fold_high) == pytest.approx((was.fold_low, was.fold_high), rel=1e-3)


@pytest.mark.parametrize("family", all_families(), ids=lambda f: f.key)
def test_stored_constants_belong_to_the_code(family):
    """Fitted on all cases they must do at least as well on them as the stored held-out predictions, which never saw them."""
    seen = observations(family, measured(family.file))
    errors = [abs(math.log(h.predicted / h.at.value)) for h in predicted(family, seen, constants_of(family), known={}) if h.predicted and family.weight(h.at.metric)]
    out = [abs(math.log(r.fold / r.measured)) for r in stored_results() if r.family in family.names and r.fold and family.weight(r.metric)]
    assert sum(errors) / len(errors) <= sum(out) / len(out) * 1.02 + 1e-9


def test_intervals_hold_75_to_90_percent_of_what_they_have_not_seen():
    fold, group, said = coverage(stored_results())
    assert 0.75 <= fold <= 0.90
    assert 0.75 <= group <= 0.97
    assert said >= 0.95


def test_calibration_beats_the_datasheet_in_every_family():
    """Half of all cases come out nearer; an offered load that is served (serving_slo) needs no model at all."""
    for x in lines(stored_results(), groups=False):
        assert x.median < x.datasheet_median or x.family == "serving_slo" and x.median < 0.02, (x.family, x.metric)


BOUNDS = {"matrix products, mean": 0.065, "collectives from 16 MiB up, mean": 0.08, "collectives at all sizes, mean": 0.13}
"""A little above what was measured, to catch a model that gets worse; not the goals, which stand in hwlib.predict.goals."""


@pytest.mark.parametrize("what", BOUNDS)
def test_errors_stay_where_they_were(what):
    assert next(g for g in goals(stored_results()) if g.what == what).fold < BOUNDS[what]


def test_refused_is_an_error_a_person_can_read():
    with pytest.raises(Refused, match="chip is missing"):
        next(f for f in all_families() if f.key == "gemm").predict(Row({"m": "1", "n": "1", "k": "1", "precision": "fp16"}), Constants({}, {}))
    assert issubclass(Refused, BadInput)


def test_a_prediction_is_frozen_and_the_header_is_the_contracts():
    assert HEADER == ("case_id", "metric", "predicted", "low", "high", "refused")
    with pytest.raises(AttributeError):
        Prediction("a", "b").predicted = 1.0  # type: ignore[misc]
    assert isinstance(Observation(Row({}), "y", 1.0).value, float) and HELD.exists()
