"""Every hostile file ends with a named reason, in under a second of work, and nothing is written."""

from __future__ import annotations

import os
import re
import time

import pytest

from tests.hostile.corpus import ALL, ARCHIVES, FILES, IDENTITIES, NEW, NOTEBOOKS, TEXTS, VALUES
from tests.tutor.handins import payload, write
from tutor.grading import candidates
from tutor.intake import gather


def test_every_class_has_many_cases():
    assert len(ALL) >= 200
    for cases in (FILES, ARCHIVES, NOTEBOOKS, VALUES, TEXTS, IDENTITIES):
        assert len(cases) >= 10


@pytest.mark.parametrize("name", NEW)
def test_a_hostile_hand_in_has_a_named_reason_within_a_second(name, tmp_path):
    make, reason = NEW[name]
    inbox = tmp_path / "in"
    inbox.mkdir()
    make(inbox)
    before = sorted(str(path) for path in inbox.rglob("*"))
    start = time.process_time()
    found = list(candidates(gather([inbox])))
    assert time.process_time() - start < 1, "seconds of this process, so that a busy machine does not count"
    assert found and all(one.submission is None for one in found), found
    for one in found:
        assert re.search(reason, one.reason), one.reason
        assert "our fault" not in one.reason
        assert len(one.reason) <= 240 and "\n" not in one.reason and one.reason.isprintable()
        assert "\x1b" not in one.file and "\u202e" not in one.file and len(one.file.splitlines()) == 1
    assert sorted(str(path) for path in inbox.rglob("*")) == before
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_the_instructor_may_name_a_link_but_the_folder_may_hold_none(tmp_path):
    write(tmp_path / "real" / "x.submission.json", payload())
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert next(iter(candidates(gather([tmp_path / "link"])))).submission is not None
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "real")
    assert "links are not followed" in next(iter(candidates(gather([tmp_path / "in"])))).reason


@pytest.mark.parametrize("when", [1, 2, 3])
def test_a_file_that_another_takes_the_place_of_while_it_is_read_is_never_followed(tmp_path, monkeypatch, when):
    """Between the look and the reading the file becomes a pipe, a link, or something longer."""
    path = write(tmp_path / "in" / "x.submission.json", payload())
    secret = write(tmp_path / "secret.json", payload(student="s-9999"))
    real, calls = os.stat, []

    def looking(target, *given, **more):
        found = real(target, *given, **more)
        if str(target) == str(path):
            calls.append(target)
            path.unlink()
            {1: lambda: os.mkfifo(path), 2: lambda: path.symlink_to(secret), 3: lambda: path.mkdir()}[when]()
        return found

    monkeypatch.setattr(os, "stat", looking)
    found = list(candidates(gather([tmp_path / "in"])))
    assert calls and all(one.submission is None and one.reason for one in found)


def test_stray_files_that_nobody_meant_to_hand_in_are_passed_over(tmp_path):
    for name in ("essay.pdf", "data.csv.gz", "notes.json", "package.whl", ".DS_Store", "x.py"):
        write(tmp_path / name, b"x")
    assert list(candidates(gather([tmp_path]))) == []


def test_an_archive_that_windows_made_is_read(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("class\\s-1\\serve-7b.submission.json"), __import__("json").dumps(payload()))
    assert [one.student for one in candidates(gather([tmp_path])) if one.submission] == ["s-0031"]
