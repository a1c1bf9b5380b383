"""The README: its figures are those of the stored results, its picture and its commands exist, and it can be cited."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from lessons.reference import front

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf8")


def test_every_figure_of_the_readme_is_that_of_the_stored_results():
    assert front.filled(README) == README, "run tools/readme.py"
    for name in front.BLOCKS:
        assert f"<!-- {name}: tools/readme.py -->" in README


def test_a_figure_that_changed_is_noticed():
    stale = README.replace("times as fast", "times as quick", 1)
    assert stale != README and front.filled(stale) == README


def test_what_it_shows_and_links_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).is_file(), target
    picture = re.search(r"!\[([^\]]+)\]\((\S+)\)", README)
    assert len(picture[1]) > 60, "words for those who do not see it"
    assert (ROOT / picture[2]).stat().st_size < 600_000


def test_the_targets_and_modules_that_it_names_exist():
    makefile = (ROOT / "Makefile").read_text("utf8")
    for target in re.findall(r"^make (\w+)|`make (\w+)", README, re.M):
        assert re.search(rf"^{target[0] or target[1]}:", makefile, re.M), target
    for tool in re.findall(r"tools/\w+\.py", README):
        assert (ROOT / tool).is_file(), tool


def test_the_stopwatch_types_what_the_readme_says(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import stopwatch

    for line in ("make serve", *stopwatch.CLASS):
        assert line in README


def test_a_newcomer_brings_no_home_and_no_secrets(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import stopwatch

    monkeypatch.setenv("SOME_SECRET", "x")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    found = stopwatch.newcomer(tmp_path)
    assert found["HOME"] == str(tmp_path) and not {"SOME_SECRET", "PYTHONPATH", "VIRTUAL_ENV"} & set(found)


@pytest.mark.parametrize("field", ["title", "version"])
def test_the_citation_says_what_the_package_says(field):
    cited = re.search(rf'^{field}: "?([^"\n]+)"?$', (ROOT / "CITATION.cff").read_text("utf8"), re.M)[1]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    assert cited == (project["version"] if field == "version" else project["description"].partition(":")[0])
    assert cited in README
