"""`python -m tutor`: what it prints and how it ends."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tutor.__main__ import main

FOLDER = Path(__file__).parents[2] / "lessons" / "designs"


def run(*args, capsys, stdin=""):
    old, sys.stdin = sys.stdin, io.StringIO(stdin)
    try:
        code = main([str(a) for a in args])
    finally:
        sys.stdin = old
    out = capsys.readouterr()
    return code, out.out, out.err


def test_review_in_text(capsys):
    code, out, err = run("review", FOLDER / "serve-70b-flawed-saturated.toml", capsys=capsys)
    assert code == 0 and not err
    assert "Three of five targets met." in out and "saturated-at-peak" in out and "Score" in out and "change" in out


def test_review_in_json(capsys):
    code, out, _ = run("review", FOLDER / "train-100b-starter.toml", "--json", capsys=capsys)
    data = json.loads(out)
    assert code == 0 and data["brief"] == "train-100b"
    assert {"score", "criteria", "targets", "findings", "headline", "next_question", "repair"} <= set(data)
    assert {"rule", "severity", "evidence", "question"} <= set(data["findings"][0])
    assert data["repair"]["fewest"]["changes"]


def test_repair_in_text_and_json(capsys):
    code, out, _ = run("repair", FOLDER / "train-100b-starter.toml", capsys=capsys)
    assert code == 0 and "change" in out
    code, out, _ = run("repair", FOLDER / "train-100b-starter.toml", "--lock", "zero_stage", "--json", capsys=capsys)
    data = json.loads(out)
    assert code == 0 and (data["fewest"] is None or "zero_stage" not in data["fewest"]["changes"])


@pytest.mark.parametrize(("text", "says"), [
    ("brief = ", "not valid TOML"), ("", "names no brief"), ('brief = "serve-70b"\n[design]\naccelerator = "h10"\nchips_per_replica = 4\nbatch_limit = 8\nreplicas = 2\n', "h10"),
    ('brief = "serve-70b"\n[design]\naccelerator = "l40s"\nchips_per_replica = -4\nbatch_limit = 8\nreplicas = 2\n', "-4"),
    ('brief = "train-100b"\n[design]\naccelerator = "h100-sxm"\nnodes = 2\ntensor_parallel = 3\n', "make the two equal"),
])
@pytest.mark.parametrize("command", ["review", "repair"])
def test_bad_designs_end_in_one_sentence(command, text, says, tmp_path, capsys):
    path = tmp_path / "d.toml"
    path.write_text(text)
    code, out, err = run(command, path, capsys=capsys)
    assert code == 2 and not out
    assert says in err and err.count("\n") == 1 and "Traceback" not in err


def test_discuss_a_line_in_a_line_out(capsys):
    lines = ["hi", "decode is bound by bandwidth", "", "idk"]
    code, out, _ = run("discuss", "serve-7b", "--json", stdin="\n".join(lines) + "\n", capsys=capsys)
    turns = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and len(turns) == len(lines)
    for turn in turns:
        assert {"act", "slots", "claims", "expectations", "misconceptions", "move", "reply", "understood"} <= set(turn)


def test_independent_lines_meet_a_fresh_discussion(capsys):
    _, out, _ = run("discuss", "serve-7b", "--json", "--independent", stdin="idk\nidk\n", capsys=capsys)
    first, second = out.splitlines()
    assert first == second
    _, out, _ = run("discuss", "serve-7b", "--json", stdin="idk\nidk\n", capsys=capsys)
    first, second = out.splitlines()
    assert first != second


def test_discuss_refuses_a_design_of_another_brief(capsys):
    code, _, err = run("discuss", "serve-7b", "--design", FOLDER / "serve-70b-good.toml", capsys=capsys)
    assert code == 2 and "serve-70b" in err


def test_it_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "tutor", "review", "nowhere.toml"], capture_output=True, text=True)
    assert done.returncode == 2 and "nowhere.toml" in done.stderr and "Traceback" not in done.stderr
