"""The whole corpus in one folder: other grades do not move, nothing is written elsewhere, and nobody calls home."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.corpus import ALL, BOOK
from tests.tutor.handins import code, design, notebook, payload, write

WATCH = '''
import json, os, sys
out, log = os.path.realpath(sys.argv[1]), []
def seen(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)) and (isinstance(args[1], str) and set(args[1]) & set("wax+") or isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
        path = os.path.realpath(os.fsdecode(args[0]))
        if path != os.devnull and not path.startswith(out + os.sep) and not path.endswith(".pyc") and "__pycache__" not in path:
            log.append([event, path])
    elif event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "tempfile.mkstemp", "tempfile.mkdtemp", "shutil.rmtree"):
        for path in args[:2]:
            if isinstance(path, (str, bytes)):
                path = os.path.realpath(os.fsdecode(path))
                if path != out and not path.startswith(out + os.sep) and "__pycache__" not in path:
                    log.append([event, path])
    elif event.startswith(("socket.connect", "socket.bind", "socket.getaddrinfo", "urllib.", "http.", "ftplib.", "smtplib.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "pty.", "webbrowser.", "pickle.find_class", "ctypes.dlopen")):
        log.append([event, repr(args)[:200]])
import argparse
from tutor import validate
parser = argparse.ArgumentParser()
validate.add_arguments(parser)
args = parser.parse_args(sys.argv[2:] + ["--out", sys.argv[1], "--jobs", "1", "--no-repairs"])
import tutor.report.pages, tutor.rules, hwlib.serving, hwlib.training, sqlite3, numpy  # what is loaded may load its libraries
os.makedirs(out, exist_ok=True)
sys.addaudithook(seen)
code = validate.run(args)
print("\\nWATCHED " + json.dumps({"code": code, "log": log}))
'''


def watched(inbox: Path, out: Path) -> dict:
    done = subprocess.run([sys.executable, "-c", WATCH, str(out), str(inbox)], capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=600)
    assert "WATCHED" in done.stdout, done.stderr[-2000:]
    return json.loads(done.stdout.rpartition("WATCHED ")[2]) | {"err": done.stderr}


def grades(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((out / "grades.csv").read_bytes().decode("utf-8"), newline="")))


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> tuple[Path, Path, Path]:
    """The good alone, and the good among all that is hostile."""
    folder = tmp_path_factory.mktemp("whole")
    for inbox in ("good", "messy"):
        for number, student in enumerate(("g-1", "g-2", "g-3")):
            write(folder / inbox / f"{student}.submission.json", payload(student=student, design=design(replicas=16 + number)))
        write(folder / inbox / "g-4.ipynb", notebook(payload(student="g-4"), cells=[code("import os; os.system('touch owned'); open('owned', 'w'); __import__('socket').create_connection(('example.org', 80))")]))
    for place, (make, _) in enumerate(ALL.values()):
        home = folder / "messy" / f"h{place:03}"
        home.mkdir()
        make(home)
    return folder, folder / "good", folder / "messy"


@pytest.mark.slow
def test_the_whole_corpus_moves_no_grade_writes_nowhere_else_and_calls_nobody(runs):
    folder, good, messy = runs
    before = sorted(str(path) for path in messy.rglob("*"))
    assert watched(good, folder / "out1")["code"] == 0
    seen = watched(messy, folder / "out2")
    assert seen["code"] == 3 and seen["log"] == [] and "Traceback" not in seen["err"]
    clean = {row["student"]: row["score"] for row in grades(folder / "out1")}
    rows = grades(folder / "out2")
    assert {row["student"]: row["score"] for row in rows if row["student"] in clean and row["score"]} == clean
    refused = [row for row in rows if row["state"] != "graded"]
    assert len(refused) >= len(ALL) and all(row["score"] == "" and row["reason"] for row in refused)
    assert not any("our fault" in row["reason"] for row in rows)
    assert sorted(str(path) for path in messy.rglob("*")) == before
    assert sorted(path.name for path in folder.iterdir()) == ["good", "messy", "out1", "out2"]


def test_the_watch_would_see_a_write_and_a_call(tmp_path):
    """The net of the test above has no hole: what it should catch is caught."""
    evil = WATCH.replace("code = validate.run(args)", f"open({str(tmp_path / 'elsewhere')!r}, 'w').close(); os.mkdir({str(tmp_path / 'made')!r}); import socket\ntry: socket.create_connection(('127.0.0.1', 9), 0.01)\nexcept OSError: pass\ncode = 0")
    done = subprocess.run([sys.executable, "-c", evil, str(tmp_path / "out"), str(tmp_path)], capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=60)
    events = {event for event, _ in json.loads(done.stdout.rpartition("WATCHED ")[2])["log"]}
    assert {"open", "os.mkdir", "socket.connect"} <= events


def test_a_page_for_every_hostile_text_has_no_script_and_no_hidden_order(tmp_path):
    import argparse

    from tests.hostile.test_survived import BOMBS
    from tutor import validate

    for number, text in enumerate(BOMBS.values()):
        write(tmp_path / "in" / f"{number}.submission.json", payload(student=f"t-{number}", rationale=text[:5_000], title=text[:150].replace("\n", " "), assumptions={"think_time_s": 25}, reasons={"think_time_s": text[:1500]}))
    write(tmp_path / "in" / BOOK, b"")
    parser = argparse.ArgumentParser()
    validate.add_arguments(parser)
    assert validate.run(parser.parse_args([str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--jobs", "1", "--no-repairs"])) == 3
    pages = list((tmp_path / "out" / "report").glob("t-*.html"))
    assert len(pages) == len(BOMBS)
    for page in pages:
        shown = page.read_text("utf-8")
        assert "<script" not in shown and "49" not in shown.partition("{{ 7 * 7 }}")[2][:5]
        assert not any(character in shown for character in "\u202e\u200b\u2066")
