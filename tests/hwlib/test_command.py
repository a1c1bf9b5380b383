"""The command line of the library: each command is listed, explains itself, runs, and says in one sentence what is wrong."""

import json
import subprocess
import sys

import pytest

from hwlib.__main__ import RUN, main, parser

DESIGN = '[design]\naccelerator = "h100-sxm"\nnodes = 2\nglobal_batch_tokens = 1048576\n[assumptions]\nlayers = 32\nhidden = 4096\nffn = 14336\nheads = 32\nkv_heads = 8\n'


@pytest.mark.parametrize("name", RUN)
def test_each_command_stands_in_the_help_and_has_a_help_of_its_own(name, capsys):
    main([])
    assert f"\n    {name} " in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0 and len(capsys.readouterr().out) > 300


def test_search_prints_the_front_and_as_json(tmp_path, capsys):
    path = tmp_path / "design.toml"
    path.write_text(DESIGN)
    assert main(["search", str(path), "--rows", "3", "--tensor-parallel", "1,2,4,8"]) == 0
    assert "on the front" in capsys.readouterr().out
    assert main(["search", str(path), "--json", "--micro-batch", "1,2"]) == 0
    assert json.loads(capsys.readouterr().out)["front"]


@pytest.mark.parametrize(("options", "words"), [(["--nodes", "two"], "nodes"), (["--accelerator", "h10"], "did you mean"), (["--pipeline-parallel", "7"], "no layout divides")])
def test_search_refuses_in_one_sentence(tmp_path, capsys, options, words):
    path = tmp_path / "design.toml"
    path.write_text(DESIGN)
    assert main(["search", str(path), *options]) == 2
    said = capsys.readouterr().err.strip()
    assert words in said and "\n" not in said


def test_measure_prints_rates_and_predictions_beside_measurements(capsys):
    assert main(["measure", "--seconds", "0.005", "--rounds", "1", "--largest", "128", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["gemm"][0]["per_s"] > 0 and all(p["predicted_s"] > 0 and p["measured_s"] > 0 for p in found["phases"])


def test_measure_refuses_a_time_that_is_none(capsys):
    assert main(["measure", "--seconds", "nan"]) == 2
    assert "nan" in capsys.readouterr().err


def test_an_unknown_command_is_an_error_and_no_command_is_help(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["guess"])
    assert ended.value.code == 2
    assert main([]) == 0


def test_the_package_runs_as_a_program():
    said = subprocess.run([sys.executable, "-m", "hwlib", "--help"], capture_output=True, text=True, check=True).stdout
    assert all(name in said for name in RUN) and parser().prog == "python -m hwlib"
