"""A run may be killed, interrupted, locked out or left without disk at any moment: nothing is lost but time."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tutor.handins import design, payload, write
from tests.tutor.instructor import command, grades, tree, validate
from tutor import output
from tutor.gradebook import Gradebook

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")


def start(*words: object, limit: int = 0, **environment: str) -> subprocess.Popen[str]:
    def before() -> None:
        if limit:
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen([sys.executable, "-m", "tutor", *map(str, words)], cwd=ROOT, env=os.environ | environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=before if limit else None)


@pytest.fixture
def inbox(tmp_path) -> Path:
    for n in range(40):
        write(tmp_path / "in" / f"{n}.submission.json", payload(student=f"s-{n}", design=design(replicas=8 + n)))
    return tmp_path / "in"


@posix
def test_kills_at_random_moments_leave_no_trace_in_the_exports():
    """The whole twenty: python tools/kill_validate.py --kills 20."""
    done = subprocess.run([sys.executable, "tools/kill_validate.py", "--kills", "4", "--students", "24", "--seed", "7"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every export, page and row identical" in done.stdout


@posix
def test_an_interrupt_ends_with_130_one_sentence_and_a_run_that_can_go_on(inbox, tmp_path):
    out = tmp_path / "out"
    for n in range(40, 120):  # enough that it is still at work when the signal comes
        write(inbox / f"{n}.submission.json", payload(student=f"s-{n}", design=design(replicas=8 + n)))
    process = start("validate", inbox, "--out", out, "--jobs", "2", "--repairs", "all")
    limit = time.monotonic() + 60
    while not (out / "gradebook.sqlite-wal").exists() and time.monotonic() < limit:
        time.sleep(0.02)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.count("\n") == 1 and "a second run goes on" in err
    assert validate(inbox, out=out, repairs="all") == 0
    assert validate(inbox, out=tmp_path / "fresh", repairs="all") == 0
    assert tree(out) == tree(tmp_path / "fresh")


@posix
def test_no_process_is_left_behind_by_a_run_that_was_killed(inbox, tmp_path):
    process = start("validate", inbox, "--out", tmp_path / "out", "--jobs", "2", "--repairs", "all", HW_MARK="left-behind")
    limit = time.monotonic() + 60
    while not (children := _children(process.pid)) and time.monotonic() < limit:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    limit = time.monotonic() + 20
    while any(_alive(child) for child in children) and time.monotonic() < limit:
        time.sleep(0.05)
    assert children and not any(_alive(child) for child in children)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_full_disk_is_one_sentence_and_the_last_whole_report_stands(inbox, tmp_path, capsys):
    out = tmp_path / "out"
    write(tmp_path / "few" / "1.submission.json", payload(student="s-1"))
    assert validate(tmp_path / "few", out=out) == 0
    before = tree(out)
    process = start("validate", inbox, "--out", out, "--jobs", "2", "--repairs", "none", limit=150_000)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2, err
    assert err.count("\n") == 1 and "cannot be written" in err and "Traceback" not in err
    assert tree(out) == before
    assert validate(inbox, out=out, repairs="none") == 0
    assert len(grades(out)) == 40


def test_a_disk_that_fills_while_pages_are_written_leaves_the_last_whole_report(inbox, tmp_path, capsys, monkeypatch):
    out = tmp_path / "out"
    write(tmp_path / "few" / "1.submission.json", payload(student="s-1"))
    assert validate(tmp_path / "few", out=out) == 0
    before = tree(out)
    real, written = Path.write_bytes, []

    def full(self, data):
        written.append(self)
        if len(written) > 10:
            raise OSError(28, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert validate(inbox, out=out, repairs="none") == 2
    said = capsys.readouterr().err
    assert "no space left on device; the last whole report stands" in said and said.count("\n") == 1
    assert tree(out) == before


def test_a_locked_gradebook_is_one_sentence(inbox, tmp_path, capsys):
    out = tmp_path / "out"
    assert validate(inbox, out=out, repairs="none") == 0
    other = sqlite3.connect(out / "gradebook.sqlite", isolation_level=None)
    other.execute("begin exclusive")
    try:
        assert validate(inbox, out=out, repairs="none") == 2
        assert command("override", "s-1", "serve-7b", out=out, points=1, because="x") == 2
    finally:
        other.close()
    said = capsys.readouterr().err
    assert said.count("\n") == 2 and said.count("database is locked") == 2 and said.count("another program uses it") == 2
    assert validate(inbox, out=out, repairs="none") == 0


@posix
def test_two_runs_at_once_do_not_meet(inbox, tmp_path, capsys):
    out = tmp_path / "out"
    process = start("validate", inbox, "--out", out, "--jobs", "1", "--repairs", "all")
    limit = time.monotonic() + 60
    while not (out / "gradebook.sqlite").exists() and time.monotonic() < limit:
        time.sleep(0.02)
    assert validate(inbox, out=out) == 2
    assert "is in use by another run" in capsys.readouterr().err
    process.communicate(timeout=120)
    assert process.returncode == 0


@pytest.mark.parametrize("damage", ["head", "middle", "cut"])
def test_a_damaged_gradebook_ends_in_a_sentence_or_in_the_right_grades_and_never_in_others(inbox, tmp_path, capsys, damage):
    out = tmp_path / "out"
    assert validate(inbox, out=out, repairs="none") == 0
    want = (out / "grades.csv").read_bytes()
    path = out / "gradebook.sqlite"
    data = bytearray(path.read_bytes())
    if damage == "head":
        data[:100] = b"\x00" * 100
    elif damage == "middle":
        data[len(data) // 3: len(data) // 2] = os.urandom(len(data) // 2 - len(data) // 3)
    else:
        del data[len(data) // 2:]
    path.write_bytes(data)
    code = validate(inbox, out=out, repairs="none")
    said = capsys.readouterr().err
    assert code in (0, 2) and "Traceback" not in said
    assert said.count("\n") == (code == 2)
    assert (out / "grades.csv").read_bytes() == want


def test_an_output_folder_that_cannot_be_written_is_one_sentence(inbox, tmp_path, capsys, monkeypatch):
    write(tmp_path / "file", "x")
    assert validate(inbox, out=tmp_path / "file" / "out") == 2
    assert "cannot be made" in capsys.readouterr().err
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(output.os, "access", lambda *_: False)
    assert validate(inbox, out=tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert "cannot be written to" in said and said.count("\n") == 1
    assert list((tmp_path / "out").iterdir()) == []


def test_what_a_killed_run_left_is_cleared_away(inbox, tmp_path, capsys):
    out = tmp_path / "out"
    assert validate(inbox, out=out, repairs="none") == 0
    want = tree(out)
    (out / "report").rename(out / ".report-x-old")  # killed between the two renames
    (out / ".report-y").mkdir()
    write(out / ".new-z", "half")
    assert validate(inbox, out=out, repairs="none") == 0
    assert tree(out) == want and not list(out.glob(".report-*")) and not list(out.glob(".new-*"))


def test_the_gradebook_keeps_what_it_had_finished(inbox, tmp_path, capsys, monkeypatch):
    from tutor import grading

    out, done = tmp_path / "out", []
    real = grading.grade

    def third(submission, **more):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(submission.student)
        return real(submission, **more)

    monkeypatch.setattr(grading, "grade", third)
    assert validate(inbox, out=out, repairs="none") == 130
    with Gradebook.existing(out) as book:
        assert book.base.execute("select count(*) from results").fetchone()[0] == 3 and book.runs() == []
