"""CONTRIBUTING.md, performed: each walk's steps on a copy of the repository, then the checks that it names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WALKS = {title: body for title, body in re.findall(r"^## (Add a \w+)\n(.*?)(?=^## Add a |\Z)", GUIDE, re.DOTALL | re.MULTILINE)}
STEP = re.compile(
    r"^(?:(?P<how>Create|Append to|In) `(?P<path>[^`]+)`(?:, before `(?P<mark>[^`]+)`)?:\n\n)?(?P<fence>`{3,})(?P<kind>\w+)\n(?P<text>.*?)^(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)
LEAST = {"Add a chip": 300, "Add a formula": 100, "Add a rule": 300, "Add a page": 20}
"""Checks that must have run: one that selects nothing would be green, too."""


def steps(walk: str) -> list[re.Match]:
    """The code blocks of a walk, each with the words before it that say what to do with it."""
    return list(STEP.finditer(WALKS[walk]))


def perform(step: re.Match, copy: Path) -> None:
    """Do to the copy what one step says."""
    how, path, mark, text = step["how"], copy / step["path"], step["mark"], step["text"]
    if how == "Create":
        assert not path.exists(), f"{step['path']} is there already"
        path.write_text(text, encoding="utf-8")
        return
    before = path.read_text(encoding="utf-8")
    if how == "Append to":
        path.write_text(before + text, encoding="utf-8")
        return
    lines = before.splitlines(keepends=True)
    (place,) = [n for n, line in enumerate(lines) if mark in line]
    path.write_text("".join([*lines[:place], text, *lines[place:]]), encoding="utf-8")


def run(command: str, copy: Path) -> str:
    """Run one line of a walk inside the copy, with the copy's own packages; what it printed."""
    inside = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    inside |= {"PYTHONPATH": str(copy), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(["bash", "-c", command], cwd=copy, env=inside, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture
def copy(tmp_path) -> Path:
    """The files that git tracks or would track, elsewhere."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True)
    if listed.returncode:
        pytest.skip("not a git checkout: there is no list of the repository's own files")
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def test_there_are_four_walks_and_every_block_says_what_to_do_with_it():
    assert set(WALKS) == set(LEAST)
    for walk in WALKS:
        done = steps(walk)
        assert done[-1]["kind"] == "bash" and len(done) >= 2, walk
        assert all(bool(s["how"]) != (s["kind"] == "bash") for s in done), walk
        assert all(bool(s["mark"]) == (s["how"] == "In") for s in done), walk


@pytest.mark.slow
@pytest.mark.parametrize("walk", WALKS)
def test_the_walk_ends_green(walk, copy):
    shown = ""
    for step in steps(walk):
        if step["kind"] == "bash":
            shown += "".join(run(line, copy) for line in step["text"].splitlines() if line)
        else:
            perform(step, copy)
    assert sum(map(int, re.findall(r"(\d+) passed", shown))) >= LEAST[walk], shown


@pytest.mark.slow
def test_the_checks_notice_a_step_that_was_left_out(copy):
    """A walk that stays green whatever is typed would prove nothing: without its row in the table the chip is refused."""
    for step in steps("Add a chip"):
        if step["kind"] in ("bibtex", "toml"):
            perform(step, copy)
    with pytest.raises(AssertionError, match="test_the_folders_hold_every_row_of_the_tables"):
        run("python -m pytest -q tests/hwlib/test_catalogue.py -k 'folders or example'", copy)
