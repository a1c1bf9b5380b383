"""The page for instructors cannot go stale: each command on it runs, in order, and says what the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lessons.reference import instructors
from tests.book.test_reference import Outline, cells

PAGE = Path(__file__).parents[2] / "book" / "reference" / "instructors.md"


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> dict[str, str]:
    """What each cell shows; the commands run in a folder of this test's own."""
    folder = tmp_path_factory.mktemp("instructors")
    patch = pytest.MonkeyPatch()
    patch.setattr(instructors, "workplace", lambda: folder)
    try:
        names: dict[str, object] = {}
        found = {}
        for code in cells("instructors"):
            *before, last = code.strip().split("\n")
            exec("\n".join(before), names)
            found[last] = str(eval(last, names))
        return found
    finally:
        patch.undo()


def test_the_way_from_tickets_to_uploaded_grades_is_walked(shown):
    order = [re.search(r"python -m tutor (\S+)", cell)[1] for cell in shown if "python -m tutor" in cell]
    assert [name for place, name in enumerate(order) if name not in order[:place]] == ["sample-class", "validate", "tickets", "explain", "override", "regrade", "diff", "duplicates", "export"]


def test_what_a_command_said_stands_under_it(shown):
    told = "\n".join(shown.values())
    for words in ("60 synthetic learners", "graded designs meet every target", "(exit code 3)", "A new key was written", "same hand-in", "every other cell is as you exported it", "one folder for each brief and student"):
        assert words in told, words
    assert "Traceback" not in told


def test_no_folder_of_this_machine_stands_on_the_page(shown):
    assert not re.search(r"/tmp/|/root|/home", "\n".join(cell for name, cell in shown.items()))


def test_every_command_and_every_option_on_the_page_exists(capsys):
    """Also those in the prose, which are not run."""
    from tutor.__main__ import main

    for line in set(re.findall(r"python -m tutor ([a-z-]+)", PAGE.read_text("utf-8"))):
        with pytest.raises(SystemExit) as end:
            main([line, "--help"])
        assert end.value.code == 0
    said = capsys.readouterr().out
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE.read_text("utf-8"))):
        assert option in said, option


def test_the_whole_help_can_be_printed(capsys):
    from tutor.__main__ import main

    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0 and "validate" in capsys.readouterr().out


def test_its_tables_are_whole(shown):
    outline = Outline("\n".join(shown.values()))
    assert not outline.open and outline.tables and all(t["caption"] == 1 for t in outline.tables) and outline.unscoped == 0


def test_the_points_of_the_rubric_are_a_hundred(shown):
    assert "<b>100</b>" in shown["instructors.rubric()"]


def test_a_command_that_ends_otherwise_breaks_the_build():
    with pytest.raises(RuntimeError, match="ended with 2, not 0"):
        instructors.shell("python -m tutor export --format csv --out nowhere")


def test_the_schema_on_the_page_is_the_one_that_the_types_give(shown):
    import base64
    import json

    from tutor.schema import schema

    address = re.search(r'href="data:application/schema\+json;base64,([^"]+)"', shown["instructors.schema()"])[1]
    assert json.loads(base64.b64decode(address)) == schema()


def test_what_was_measured_is_shown_with_its_spread_and_what_was_not_says_why(tmp_path, monkeypatch):
    import json

    found = {"date": "2027-01-01", "python": "3.11", "cores": 2, "load": 1.5, "rounds": 3, "nbgrader": "0.9.6", "otter": "7.0.0", "missing": {"otter": "no such command"},
             "seconds": {"nbgrader": {"median": 1.25, "low": 1.2, "high": 1.4, "processors": 1.0}, "ours": {"median": 0.005, "low": 0.004, "high": 0.006, "processors": 0.008}},
             "ratios": {"nbgrader / ours": {"median": 250.0, "low": 200.0, "high": 300.0}}}
    (tmp_path / "graders.json").write_text(json.dumps(found))
    monkeypatch.setattr(instructors, "PATH", tmp_path / "graders.json")
    shown = instructors.measured()
    assert "250 times (200 to 300)" in shown and "not measured: no such command" in shown and "load of 1.5" in shown
    assert not Outline(shown).open
    monkeypatch.setattr(instructors, "PATH", tmp_path / "nowhere.json")
    assert "make bench" in instructors.measured()


def test_the_bench_counts_a_ratio_only_where_both_were_measured(monkeypatch):
    import importlib

    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "tools"))
    bench = importlib.import_module("bench_graders")
    made = bench.ratios({"nbgrader": [1.2, 1.4, 1.3], "ours": [0.01, 0.007, 0.0065]}, {"otter": "missing"})
    assert list(made) == ["nbgrader / ours"] and made["nbgrader / ours"] == {"median": 185.7, "low": 120.0, "high": 200.0}
