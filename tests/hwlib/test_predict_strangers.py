"""Predictions of rows that nobody has seen: measured columns blank, papers, stacks, chips and models renamed, optional cells empty."""

from functools import cache

import pytest

import hwlib
from hwlib.predict import all_families, family_of, predict_rows
from hwlib.predict.cases import measured
from hwlib.predict.families.cards import card_of
from hwlib.predict.families.model_names import COLUMNS

MEASURED = {
    "tokens_per_s", "tokens_per_s_per_chip", "s_per_step", "tflops_per_chip", "mfu_pct", "hfu_pct", "mem_gib_peak", "mem_gb_peak", "time_to_train_min", "params_opt_gib",
    "activations_gib", "achieved_bw_gbs_per_chip", "achieved_bw_gbs", "tpot_ms", "ttft_ms", "prefill_tokens_per_s", "out_tokens_per_s", "out_tokens_per_s_per_chip",
    "tpot_mean_ms", "ttft_mean_ms", "tpot_median_ms", "ttft_median_ms", "tpot_p99_ms", "ttft_p99_ms", "e2e_mean_ms", "time_us", "algbw_gbs", "busbw_gbs", "tflops", "efficiency_pct",
}  # fmt: skip
SYNONYMS = {
    "H100-SXM-80GB": "NVIDIA H100 80GB HBM3", "A100-SXM-80GB": "nvidia a100-sxm4-80gb", "H200-SXM-141GB": "H200 SXM", "B200-180GB": "NVIDIA B200", "4090 24GB": "GeForce RTX 4090",
    "3090 24GB": "RTX 3090", "L40S": "NVIDIA L40S 48GB", "TPU v5e": "TPU v5 lite", "Inferentia2": "inf2.48xlarge", "Trainium1": "trn1.32xlarge",
}  # fmt: skip
STRANGERS = {"H100-SXM-80GB": "H150", "A100-SXM-80GB": "A120", "4090 24GB": "RTX 4290", "B200-180GB": "B250", "TPU v5e": "TPU v8", "Trainium1": "Trainium7"}
OPTIONAL = {"vocab", "n_kv_heads", "act_bits", "dp", "intra_link", "software", "date", "params_b", "dtype", "chips_per_node", "source_title", "notes", "split", "metric_kind"}
SANE = {"plain": 2.0, "synonyms": 2.0, "papers": 3.5, "strangers": 6.0, "models": 3.0, "optional": 5.0}
"""How far (as a factor) nine predictions in ten may lie from what was measured: far above the errors, far below a slip of units."""


@cache
def scored():
    found = []
    for family in all_families():
        rows = [r for r in measured(family.file) if r.family in family.names and not r.text("exclude_from_scoring")]
        found += [r for r in rows if any(family.observed(r, m) for m in family.metrics_of(r))][::3]
    return found


def changed(row, how):
    cells = {k: "" if k in MEASURED else v for k, v in row.cells.items()}
    chip = cells.get("chip", "")
    if how == "synonyms":
        cells["chip"] = SYNONYMS.get(chip, chip)
    if how == "strangers":
        cells["chip"] = STRANGERS.get(chip, chip)
    if how == "papers":
        cells |= {"group": "a paper of tomorrow", "software": "ServeWell 0.1" if "software" in cells else ""}
    if how == "models":
        cells["model"] = "nobody-30b" if cells.get("model") else ""
    if how == "optional":
        cells |= dict.fromkeys(OPTIONAL & set(cells), "")
    return cells


@pytest.mark.parametrize("how", SANE)
def test_every_row_is_answered_within_a_sane_factor_of_what_was_measured(how):
    refused, factors = [], []
    for row in scored():
        family = family_of(row)
        for p in predict_rows([changed(row, how)]):
            seen = family.observed(row, p.metric)
            if seen is None:
                continue
            if p.refused:
                refused.append((p.case_id, p.refused))
                continue
            assert p.low < p.predicted < p.high
            if "ttft" not in p.metric or row.family == "prefill":  # a wait in a queue is not foretold
                factors.append(max(p.predicted / seen, seen / p.predicted))
    assert len(refused) <= 0.01 * (len(factors) + len(refused)), refused[:5]
    assert sorted(factors)[int(0.9 * len(factors))] < SANE[how]


def test_a_chip_that_another_stands_for_is_named_and_gets_a_wider_interval():
    row = next(r for r in scored() if r.family == "decode_bs1" and r.text("chip") == "4090 24GB" and r.group.startswith("llama"))
    known, other = (predict_rows([changed(row, how)])[0] for how in ("plain", "strangers"))
    assert "RTX 4290 is unknown here: predicted with rtx-4090" in other.note and not known.note
    assert other.high / other.low > known.high / known.low


def test_an_unknown_chip_is_predicted_from_the_figures_of_its_row():
    cells = {"case_id": "x", "family": "gemm", "group": "g", "chip": "Abacus 3000", "precision": "bf16", "m": "8192", "n": "8192", "k": "8192", "peak_tflops_used": "500", "peak_bw_gbs": "3000"}
    said = predict_rows([cells])[0]
    assert 150 < said.predicted < 500 and "Abacus 3000 is unknown here: predicted with the peak that the row states" in said.note
    assert predict_rows([cells | {"peak_tflops_used": ""}])[0].refused.startswith("chip = 'Abacus 3000' is neither")


def test_an_unknown_link_counts_as_the_measured_one_nearest_in_rate():
    cells = {"case_id": "x", "family": "collectives", "group": "g", "chip": "Abacus 3000", "op": "all_reduce", "n_ranks": "8", "payload_bytes": "1e9", "link": "superlink", "link_gbs_unidir": "450"}
    said, like = (predict_rows([cells | more])[0] for more in ({}, {"link": "NVLink4+NVSwitch", "chip": "H100-SXM-80GB"}))
    assert said.predicted == pytest.approx(like.predicted) and not said.refused


def test_blank_dimensions_come_from_the_catalogues_model_of_that_name():
    row = next(r for r in scored() if r.family == "saturated_throughput" and r.text("model") == "llama3-70b")
    blank = changed(row, "plain") | dict.fromkeys(COLUMNS, "") | {"gated_mlp": "", "params_b": ""}
    whole, found = (predict_rows([c])[0].predicted for c in (changed(row, "plain"), blank))
    assert found == pytest.approx(whole, rel=1e-6)
    assert "n_layers is missing" in predict_rows([blank | {"model": "nobody-70b"}])[0].refused


@pytest.mark.parametrize(("name", "id"), [("TPU v9", "tpu-v7x"), ("RTX 5050", "rtx-5070"), ("MI400X", "mi355x"), ("B400", "b300-sxm"), ("M9 Max", "m4-max")])
def test_the_nearest_of_a_line_stands_for_an_unknown_number(name, id):
    assert (card_of(name).id, card_of(name).stands_for) == (id, name)


# --- why


def test_a_prediction_says_what_its_time_goes_to_and_which_constants_decide(tmp_path, capsys):
    from hwlib.__main__ import main

    path = str(hwlib.predict.cases.FOLDER / "3_decode_batch1.csv")
    assert main(["predict", path, "--explain", "3-gpt-fast-0000"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("3-gpt-fast-0000, tokens_per_s = ") and "products:" in text and "memory = " in text and "fitted on" in text
    assert main(["predict", path, "--explain", "3-gpt-fast-000"]) == 2
    assert "did you mean" in capsys.readouterr().err


def test_the_terms_of_a_prediction_add_up_to_it():
    from hwlib.predict import constants_of
    from hwlib.predict.explain import terms_of

    for family, turn in (("decode_bs1", lambda s, r: 1 / s), ("prefill", lambda s, r: 1e3 * s), ("static_throughput", lambda s, r: r.number("batch") * r.number("output_len") / s)):
        row = next(r for r in scored() if r.family == family)
        model = family_of(row)
        metric = {"prefill": "ttft_ms"}.get(family) or model.metrics_of(row)[0]
        whole = sum(terms_of(model, row, constants_of(model)).values())
        said = next(p for p in predict_rows([row]) if p.metric == metric)
        assert turn(whole, row) == pytest.approx(said.predicted, rel=1e-6)


def test_why_explains_every_family_and_a_rising_constant_moves_the_value_as_it_says():
    from hwlib.predict import constants_of
    from hwlib.predict.explain import used

    for family in all_families():
        row = next(r for r in scored() if r.family in family.names)
        said = next(p for p in predict_rows([row]) if not p.refused)
        assert said.case_id in str(hwlib.why(said)) and float(said) == said.predicted
        for u in used(family, row, constants_of(family), said.metric):
            assert -0.5 < u.effect < 0.5
