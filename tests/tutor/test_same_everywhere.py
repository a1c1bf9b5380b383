"""A grade is the same in any order of files, under any hash seed, in any process, and on every supported Python."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tutor.instructor import tree, validate
from tutor.briefs import brief_ids
from tutor.sample_class import write

ROOT = Path(__file__).resolve().parents[2]
OTHERS = ("3.11", "3.12", "3.13")


@pytest.fixture(scope="module")
def a_class(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    write(folder / "c", 24, brief_ids(), 5)
    return folder / "c"


@pytest.fixture(scope="module")
def here(a_class, tmp_path_factory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("here")
    assert validate(a_class / "handed-in", out=out, roster=a_class / "roster.csv", policy=a_class / "policy.toml") in (0, 3)
    return tree(out)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_files_written_in_another_order_and_handed_over_in_parts_give_the_same_bytes(a_class, here, seed, tmp_path, capsys):
    files = sorted((a_class / "handed-in").iterdir())
    random.Random(seed).shuffle(files)
    for file in files:
        (tmp_path / "in").mkdir(exist_ok=True)
        shutil.copyfile(file, tmp_path / "in" / file.name)
    paths = [tmp_path / "in" / file.name for file in files] if seed == 3 else [tmp_path / "in"]
    assert validate(*paths, out=tmp_path / "out", roster=a_class / "roster.csv", policy=a_class / "policy.toml") in (0, 3)
    assert tree(tmp_path / "out") == here


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_the_hash_seed_changes_nothing(a_class, here, seed, tmp_path):
    assert elsewhere(sys.executable, a_class, tmp_path / "out", PYTHONHASHSEED=seed) == here


@pytest.mark.parametrize("version", OTHERS)
def test_another_python_gives_the_same_bytes(a_class, here, version, tmp_path):
    """On a machine that has it with numpy and jinja2: on the path, or named as PYTHON_3_13."""
    python = other(version)
    if python is None:
        pytest.skip(f"no Python {version} with numpy and jinja2 here")
    assert elsewhere(python, a_class, tmp_path / "out") == here


def other(version: str) -> str | None:
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    for python in filter(None, (os.environ.get(f"PYTHON_{version.replace('.', '_')}"), shutil.which(f"python{version}"))):
        check = f"import sys, numpy, jinja2; sys.exit(sys.version_info[:2] != {tuple(map(int, version.split('.')))})"
        try:
            if subprocess.run([python, "-c", check], capture_output=True).returncode == 0:
                return python
        except OSError:
            continue
    return None


def elsewhere(python: str, a_class: Path, out: Path, **environment: str) -> dict[str, bytes]:
    words = ["-m", "tutor", "validate", a_class / "handed-in", "--out", out, "--roster", a_class / "roster.csv", "--policy", a_class / "policy.toml", "--jobs", "2"]
    done = subprocess.run([python, *map(str, words)], cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)} | environment)
    assert done.returncode in (0, 3), done.stderr
    return tree(out)
