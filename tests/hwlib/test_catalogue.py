"""The catalogue holds what was read, no more: every figure equals the research table, and says where it comes from."""

from __future__ import annotations

import csv
import re
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from hwlib import catalogue
from hwlib.catalogue.reading import FIGURE_KEYS
from hwlib.errors import NotSupported, Unknown
from hwlib.formula import Figure
from hwlib.sources import Choice, Source

HERE = Path(__file__).parents[1]
FOLDER = HERE.parent / "hwlib" / "catalogue"
KINDS = {"vendor", "paper", "benchmark", "filing", "press", "estimate", "definition", "fitted", "assumption"}
GIB = 2**30


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / "data" / "catalogue" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def times(text: str, factor: object) -> float:
    """The table's text times a factor, rounded once: no tolerance is needed afterwards."""
    return float(Decimal(text) * Decimal(str(factor)))


def bib_keys() -> set[str]:
    text = (HERE.parent / "book" / "references.bib").read_text(encoding="utf-8")
    return set(re.findall(r"^@\w+\{([^,]+),", text, re.M))


def entries(node: object):
    """Every figure of a TOML file, however deep."""
    if isinstance(node, dict):
        if "as_printed" in node:
            yield node
        for value in node.values():
            yield from entries(value)
    elif isinstance(node, list):
        for value in node:
            yield from entries(value)


TOML = sorted(FOLDER.rglob("*.toml"))
BY_ID = {name: {r["id"]: r for r in rows(name)} for name in ("accelerators.csv", "models.csv", "interconnects.csv")}
each_chip = pytest.mark.parametrize("id", sorted(BY_ID["accelerators.csv"]))
each_model = pytest.mark.parametrize("id", sorted(BY_ID["models.csv"]))
each_link = pytest.mark.parametrize("id", sorted(BY_ID["interconnects.csv"]))


@pytest.mark.parametrize("path", TOML, ids=lambda p: "/".join(p.parts[-2:]))
def test_every_figure_of_a_file_has_its_keys_a_known_kind_and_a_source_in_the_bibliography(path):
    keys = bib_keys()
    for entry in entries(tomllib.loads(path.read_text(encoding="utf-8"))):
        assert set(FIGURE_KEYS) <= set(entry), entry
        assert entry["kind"] in KINDS
        assert re.fullmatch(r"(\d{4}-\d{2}-\d{2})?", entry["checked"]), entry
        if entry["kind"] == "assumption":
            assert entry["note"], "an assumption gives its reason"
        else:
            assert entry["source"] in keys, entry["source"]


def test_model_ids_are_the_models_that_can_be_computed_with():
    assert set(catalogue.transformer_ids()) == {m.id for m in catalogue.transformers() if m.complete and not m.estimate}


def test_the_folders_hold_every_row_of_the_tables():
    assert set(catalogue.chip_ids()) == set(BY_ID["accelerators.csv"])
    assert {m.id for m in catalogue.transformers()} == set(BY_ID["models.csv"])
    assert set(catalogue.link_ids()) == set(BY_ID["interconnects.csv"])


PEAKS = {"fp32": "fp32", "tf32": "tf32", "bf16": "bf16", "fp16": "fp16", "fp8": "fp8", "int8": "int8_tops", "fp4": "fp4"}


@each_chip
def test_peaks_equal_the_table(id):
    row, chip = BY_ID["accelerators.csv"][id], catalogue.chip(id)
    assert {fmt: float(chip.peak(fmt)) for fmt in chip.formats} == {
        fmt: times(row[column], 1e12) for fmt, column in PEAKS.items() if row[column]
    }


@each_chip
def test_memory_equals_the_table(id):
    row, chip = BY_ID["accelerators.csv"][id], catalogue.chip(id)
    if row["mem_usable_gib"]:
        expected = times(row["mem_usable_gib"], GIB)
    elif row["mem_label_unit"].startswith("GiB") or "=GiB" in row["mem_label_unit"]:
        expected = times(row["mem_label"], GIB)
    else:
        expected = times(row["mem_label"], 10**9)
    assert chip.mem_bytes == expected
    assert chip.mem_bytes.origin.note, "the note says how the label was read"
    assert chip.mem_bytes_per_s == times(row["mem_bw_gbs"], 10**9)
    if row["onchip_sram_mb"]:
        unit = 2**20 if chip.sram_bytes.origin.as_printed.endswith("MiB") else 10**6
        assert chip.sram_bytes == times(row["onchip_sram_mb"], unit)
    else:
        assert chip.sram_bytes is None


@each_chip
def test_links_network_and_power_equal_the_table(id):
    row, chip = BY_ID["accelerators.csv"][id], catalogue.chip(id)
    if row["scaleup_gbs_per_dir"]:
        assert chip.link_bytes_per_s == times(row["scaleup_gbs_per_dir"], 10**9)
        assert "direction" in chip.link_bytes_per_s.origin.note or "printed rate" in chip.link_bytes_per_s.origin.note
    elif chip.link_bytes_per_s is not None:  # read off the link's own row
        assert chip.link_bytes_per_s == catalogue.link(chip.link_id).bytes_per_s
    assert (chip.domain is None) == (not row["scaleup_domain"])
    if row["scaleup_domain"]:
        assert chip.domain == int(re.match(r"\d+", row["scaleup_domain"])[0])
    assert chip.nic_bytes_per_s == (times(row["nic_gbps_per_accel"], "0.125e9") if row["nic_gbps_per_accel"] else None)
    assert chip.power_w == (float(row["tdp_w"]) if row["tdp_w"] else None)
    assert str(chip.year) == row["year"]
    assert chip.link_id is None or chip.link_id in catalogue.link_ids()


@each_chip
def test_what_the_table_calls_remembered_has_no_date(id):
    row, chip = BY_ID["accelerators.csv"][id], catalogue.chip(id)
    fields = row["memory_fields"]
    for word, figure in {"nic": chip.nic_bytes_per_s, "fp32": chip.peaks.get("fp32"), "L2": chip.sram_bytes}.items():
        if re.search(rf"\b{word}\b", fields) and figure is not None and "assumed" not in figure.origin.note:
            assert figure.origin.remembered, (word, figure.origin)
    if "all compute" in fields:
        assert all(chip.peak(fmt).origin.remembered for fmt in chip.formats)
    if not fields and row["source_checked"] == "yes":
        assert not any(chip.peak(fmt).origin.remembered for fmt in chip.formats)


def test_a_chip_that_is_only_announced_may_not_be_graded():
    announced = [c for c in catalogue.chips() if c.announced]
    assert {"rubin-vr200", "tpu-8t", "tpu-8i", "mi455x", "b100", "groq3-lp30"} <= {c.id for c in announced}
    assert not any(c.graded for c in announced)
    assert {"h100-sxm", "l40s", "tpu-v5e", "inferentia2", "groq-lpu-v1"} <= set(catalogue.chip_ids(graded=True))


def test_facts_that_texts_get_wrong():
    nvl = catalogue.chip("h100-nvl")
    assert nvl.mem_bytes == 94e9 and nvl.mem_type == "HBM3"
    assert catalogue.chip("inferentia2").link_bytes_per_s.origin.note.startswith("direction not stated")
    assert catalogue.chip("tpu-v4").link_bytes_per_s == 300e9
    assert catalogue.chip("h100-sxm").mem_bytes == 80 * GIB


MODEL_COLUMNS = {
    name: name
    for name in (
        "layers", "hidden", "ffn", "heads", "kv_heads", "head_dim", "vocab", "moe_experts", "moe_topk", "moe_shared", "moe_ffn",
        "moe_dense_first_layers", "train_tokens",
    )
} | {"params_stated": "params_total_stated", "params_active_stated": "params_active_stated"}  # fmt: skip


@each_model
def test_models_equal_the_table(id):
    row, model = BY_ID["models.csv"][id], catalogue.transformer(id)
    for name, column in MODEL_COLUMNS.items():
        assert getattr(model, name) == (float(row[column]) if row[column] else None), name
    assert model.context == float(re.match(r"\d+", row["context"])[0])
    assert model.ffn_gated == (row["ffn_gated"] == "True")
    assert model.tied_embeddings == (row["tied_embeddings"] == "True")
    assert model.estimate == (row["status"] == "estimate") == (not model.complete)
    if model.complete and row["train_device_hours"]:
        assert model.train_device_hours == float(row["train_device_hours"])
    if row["stated_count_basis"] == "memory":
        assert model.params_stated.origin.remembered


@each_link
def test_links_equal_the_table(id):
    row, link = BY_ID["interconnects.csv"][id], catalogue.link(id)
    assert link.level == row["level"]
    assert link.bytes_per_s == times(row["gbs_per_dir_per_accel"], 10**9)
    assert link.launch_s == (times(row["launch_us"], "1e-6") if row["launch_us"] else None)
    if row["per_step_us"]:
        assert link.step_s == times(row["per_step_us"], "1e-6")
    elif link.step_s is not None:  # no fit: one hop's time stands in
        assert link.step_s == times(row["alpha_us"], "1e-6")
    assert link.efficiency == (float(row["efficiency_large_msg"]) if row["efficiency_large_msg"] else None)


def test_prices_equal_the_table():
    held = {p.id: p for chip in catalogue.priced_chip_ids() for p in catalogue.prices(chip)}
    table = {r["id"]: r for r in rows("prices.csv") if r["usd_per_accel_hour"]}
    assert set(held) == set(table)
    for id, row in table.items():
        price = held[id]
        assert (price.chip, price.provider, price.kind) == (row["accelerator"], row["provider"], row["kind"])
        assert price.usd_per_hour == float(row["usd_per_accel_hour"])
        assert price.accelerators == int(row["accels"])
        assert price.remembered == (row["checked"] == "memory")


def test_the_price_of_a_design_is_an_offer_that_was_read():
    assert catalogue.price("l40s") == 1.55
    assert catalogue.price("h100-sxm") in {p.usd_per_hour for p in catalogue.prices("h100-sxm")}
    assert not catalogue.price("inferentia2").origin.remembered, "the cheaper offer is remembered and does not count"
    assert catalogue.price("l4").origin.remembered, "there is nothing else, and the figure says so"
    assert catalogue.price("h100-sxm", "reserved") == 2.35, "the newest contract"
    with pytest.raises(NotSupported, match="no on-demand price of AWS Trainium2 .* reserved and spot"):
        catalogue.price("trainium2")


def test_single_figures_equal_the_tables():
    get = catalogue.constant
    for row in rows("token_prices.csv"):
        assert get(f"token_price.{row['id']}.in") == float(row["usd_per_1M_in"])
        assert get(f"token_price.{row['id']}.out") == float(row["usd_per_1M_out"])
    for row in rows("effective.csv"):
        if match := re.fullmatch(r"mamf-(bf16|fp8)-(.+)", row["id"]):
            kind = "" if match[1] == "bf16" else "_fp8"
            assert get(f"matmul_efficiency{kind}.{match[2]}") == float(row["ratio"])
        if row["id"].startswith("impl-"):
            assert get(f"implied_utilisation.{row['id'][5:]}") == float(row["ratio"])
    power = {r["id"]: r for r in rows("power.csv")}
    for id in ("dgx-a100", "dgx-h100", "dgx-b200", "mi300x-8", "nvl72", "gb300-rack", "cs3", "sn40l-16", "optic-400g"):
        assert get(f"power.{id}") == float(power[id]["value"])
    for id, name in {"pue-google": "google", "pue-ms": "microsoft-design", "pue-nrel": "nrel", "pue-uptime-25": "survey-2025"}.items():
        assert get(f"pue.{name}") == float(power[id]["value"])
    for id in (i for i in power if i.startswith("grid-")):
        assert get(f"grid.{id[5:]}") == float(power[id]["value"])
    assert get("energy.gpt3-175b") == times(power["e-gpt3"]["value"], "3.6e9")
    capital = {r["id"]: r for r in rows("capital_and_energy.csv")}
    named = {
        "buy-h100": "buy.h100-sxm", "buy-h200": "buy.h200-sxm", "buy-b200": "buy.b200-sxm", "buy-a100": "buy.a100-80-sxm",
        "buy-mi300x": "buy.mi300x", "buy-gaudi3": "buy.gaudi3", "buy-dgx-h100": "server.dgx-h100", "buy-nvl72": "server.nvl72",
        "buy-cs3": "server.cs3", "allin-h100": "all_in.h100-sxm", "elec-us-ind": "electricity.us-industrial",
        "elec-us-com": "electricity.us-commercial", "elec-teach": "electricity.teaching", "train-gpt4": "training_usd.gpt-4",
        "train-gpt3": "training_usd.gpt3-175b",
    }  # fmt: skip
    assert set(named) == set(capital)
    for id, name in named.items():
        low, high = Decimal(capital[id]["usd_low"]), Decimal(capital[id]["usd_high"])
        assert get(name) == float((low + high) / 2)
        if low != high:
            assert (get(f"{name}.low"), get(f"{name}.high")) == (float(low), float(high))
    assert get("runtime_reserve_bytes") == 3.5 * GIB
    assert get("mem_bandwidth_efficiency") == 0.8
    assert get("kernel_s") == 3e-6


def test_every_number_knows_where_it_comes_from():
    for constant in catalogue.constants():
        assert isinstance(constant.figure, Figure)
        assert isinstance(constant.figure.origin, Source | Choice)
    assert catalogue.constant("pue").origin.words().startswith("assumed: ")
    assert len(set(catalogue.constant_ids())) == len(catalogue.constant_ids())


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: catalogue.chip("h100"), "accelerator = 'h100' is not in the catalogue; did you mean "),
        (lambda: catalogue.transformer("llama2"), "model = 'llama2' is not in the catalogue; did you mean llama2-7b"),
        (lambda: catalogue.link("nvlink9"), "link = 'nvlink9' is not in the catalogue; did you mean nvlink"),
        (lambda: catalogue.constant("hours"), "constant = 'hours' is not in the catalogue"),
        (lambda: catalogue.prices("x1"), "accelerator = 'x1' is not in the catalogue"),
        (lambda: catalogue.price("l40s", "stolen"), "price kind = 'stolen' is not known; it can be on-demand, reserved or spot"),
    ],
)
def test_an_unknown_name_gets_one_sentence(ask, sentence):
    with pytest.raises(Unknown) as caught:
        ask()
    assert str(caught.value).startswith(sentence)


def test_nothing_is_read_at_import():
    import subprocess
    import sys

    code = "import hwlib.catalogue.reading as r, hwlib.catalogue; print(r.table.cache_info().currsize)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "0"


def test_the_catalogue_can_be_read_from_a_zip(tmp_path):
    import subprocess
    import sys
    import zipfile

    archive = tmp_path / "hwlib.zip"
    root = FOLDER.parents[1]
    with zipfile.ZipFile(archive, "w") as bundle:
        for path in (root / "hwlib").rglob("*"):
            if path.suffix in (".py", ".toml"):
                bundle.write(path, path.relative_to(root))
    code = (
        f"import sys; sys.path.insert(0, {str(archive)!r})\n"
        "from hwlib import catalogue as c; import hwlib\n"
        "assert '.zip' in hwlib.__file__, hwlib.__file__\n"
        "print(len(c.chips()), len(c.claims()), c.price('l40s'))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert run.stdout.split() == [str(len(catalogue.chips())), "153", "1.55"], run.stderr


@each_link
def test_every_link_has_a_launch_a_step_and_an_efficiency_measured_or_assumed_in_words(id):
    """Not every vendor or study gives them; what stands in says that it is an assumption."""
    from hwlib.training import wire

    link, seen = catalogue.link(id), wire(id)
    for name, figure in (("launch_s", seen.launch_s), ("step_s", seen.hop_s), ("efficiency", seen.link_efficiency)):
        assert 0 < figure < 1
        if getattr(link, name) is None:
            assert isinstance(figure.origin, Choice) and figure.origin.by == "assumption" and figure.origin.reason, figure.origin
        else:
            assert figure is getattr(link, name)


def test_every_price_has_its_date_or_says_that_it_is_remembered():
    for chip in catalogue.priced_chip_ids():
        for price in catalogue.prices(chip):
            assert price.remembered or re.match(r"\d{4}(-\d{2}){0,2}", price.date), price.id


def test_chips_whose_figures_do_not_suffice_are_kept_out_of_graded_work():
    for chip in catalogue.chips():
        if chip.graded:
            assert chip.mem_bytes is not None and chip.mem_bytes_per_s is not None and chip.formats, chip.id


def test_disagreements_between_sources_stand_on_the_page_for_chips_and_links():
    from lessons import reference

    assert "reference.chip_disagreements()" in (HERE.parent / "book" / "reference" / "catalogue.md").read_text(encoding="utf-8")
    shown = str(reference.chip_disagreements())
    for kind, things in (("chip", catalogue.chips()), ("link", catalogue.links())):
        assert sum(len(t.disagreements) for t in things) > 10
        for each in things:
            for k in range(len(each.disagreements)):
                assert f'id="disagree-{kind}-{each.id}-{k + 1}"' in shown, each.id
