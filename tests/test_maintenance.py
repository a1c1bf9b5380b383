"""Licences, advisories and pins: the tools say what is so, and notice what is not."""

from __future__ import annotations

import importlib.util
import json
import re
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def tool(name: str):
    """A script of tools/ as a module."""
    import sys

    spec = importlib.util.spec_from_file_location(f"tool_{name}", ROOT / "tools" / f"{name}.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


licences, audit, update = tool("licences"), tool("audit"), tool("update")
LEGAL = (ROOT / "book" / "_ext" / "livebook" / "static" / "livebook.LEGAL.txt").read_text("utf-8")
LOCK = json.loads((ROOT / "book" / "_ext" / "livebook" / "package-lock.json").read_text("utf-8"))


class TestLicences:
    def test_everything_that_is_installed_or_shipped_fits(self):
        rows = licences.table()
        assert {r.where for r in rows} == {"Python", "bundle", "page"} and len(rows) > 100
        assert [(r.name, r.licence, r.fault) for r in rows if r.fault] == []

    @pytest.mark.parametrize("said", ["GPL-3.0-only", "AGPL-3.0-or-later", "MIT AND GPL-2.0-only", "CC-BY-NC-4.0", "Proprietary", "", "MIT AND", "(MIT"])
    def test_what_would_bind_the_whole_or_is_not_known_does_not_fit(self, said):
        assert licences.Row("x", "1", said, "Python").fault

    @pytest.mark.parametrize("said", ["MIT", "MPL-2.0", "GPL-2.0-only OR MIT", "(Apache-2.0 OR GPL-3.0-only) AND BSD-3-Clause"])
    def test_permissive_ones_and_a_choice_with_one_fit(self, said):
        assert not licences.Row("x", "1", said, "Python").fault

    def test_the_list_of_the_bundle_names_what_the_bundle_was_made_of(self):
        rows = list(licences.bundled(LEGAL, LOCK))
        assert len(rows) == len(re.findall(r"^\S.* — ", LEGAL, re.M)) > 20 and not any(r.fault for r in rows)
        first = rows[0]
        (changed, *_) = licences.bundled(LEGAL.replace(f"{first.name} {first.version}", f"{first.name} 0.0.1", 1), LOCK)
        assert changed.fault and first.version in changed.note

    def test_a_package_with_a_licence_that_is_not_known_is_told_by_name(self, monkeypatch):
        monkeypatch.setitem(licences.READ, "pytest", ("LicenseRef-Unheard-Of", ""))
        assert [r.name for r in licences.installed() if r.fault] == ["pytest"]

    def test_the_part_of_docutils_that_would_not_fit_is_not_installed(self):
        assert not any(str(file).endswith(".el") for file in metadata.files("docutils"))


class TestAudit:
    FOUND = {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}, {"name": "b", "version": "1", "vulns": []}]}

    def test_an_advisory_is_told_with_the_release_that_mends_it_and_fails(self):
        code, words = audit.verdict(json.dumps(self.FOUND), "")
        assert code == 1 and "a 1: PYSEC-1, mended in 2" in words and "2 packages" in words

    def test_nothing_found_is_only_said_of_what_was_asked(self):
        clean = {"dependencies": [{"name": "b", "version": "1", "vulns": []}, {"name": "c", "skip_reason": "not on PyPI"}]}
        assert audit.verdict(json.dumps(clean), "") == (0, "No advisory against any of 1 packages. Not told about: c.")

    @pytest.mark.parametrize("output", ["", "null", json.dumps({"dependencies": [{"name": "c", "skip_reason": "x"}]})])
    def test_no_answer_is_never_called_clean(self, output):
        code, words = audit.verdict(output, "Traceback\nConnectionError: no route")
        assert code == 0 and words.startswith("Not checked") and "No advisory" not in words

    def test_without_pip_audit_it_says_so_in_one_sentence(self, monkeypatch, capsys):
        monkeypatch.setattr(audit, "find_spec", lambda name: None)
        assert audit.main() == 0 and capsys.readouterr().out == audit.MISSING + "\n"


class TestUpdate:
    def test_pins_are_read_without_comments_and_options(self):
        assert [p.name for p in update.pins("# x\na==1  # why\n-e .\nb>=2,<3\n")] == ["a", "b"]
        assert {"numpy", "jupyter-book", "ipywidgets"} <= {p.name for p in update.pins((ROOT / "requirements.txt").read_text("utf-8"))}

    def test_a_newer_release_is_told_inside_and_outside_the_pin(self):
        numpy = metadata.version("numpy")
        said = update.lines(update.pins("numpy>=2,<3"), ask=lambda name: "2.999")
        assert numpy in said[0] and said[0].endswith("newer, inside the pin")
        assert update.lines(update.pins("numpy>=2,<3"), ask=lambda name: "99")[0].endswith("newer, outside the pin")
        assert update.lines(update.pins("numpy>=2,<3"), ask=lambda name: numpy)[0].endswith("current")

    def test_a_registry_that_does_not_answer_is_one_sentence(self):
        assert update.lines(update.pins("numpy\nscipy"), ask=lambda name: None) == ["Not checked further: the Python package registry did not answer for numpy."]

    def test_the_way_names_targets_that_exist(self):
        targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.M))
        assert set(re.findall(r"`make ([a-z]+)`", update.HOW)) <= targets and {"licences", "audit", "update", "site"} <= targets
