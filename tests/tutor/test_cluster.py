"""The same work on a real Dask cluster of two workers, of which one is killed on the way."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tutor.handins import design, payload, write
from tests.tutor.instructor import tree, validate
from tutor import cluster

ROOT = Path(__file__).resolve().parents[2]
distributed = pytest.importorskip("distributed", reason="--dask is optional: pip install distributed")


def spawn(*words: object) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__ADMIN__LOG_FORMAT": "", "DASK_LOGGING__DISTRIBUTED": "critical"}
    return subprocess.Popen([sys.executable, "-m", "distributed.cli.dask_" + str(words[0]), *map(str, words[1:])], env=environment, cwd=ROOT,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def two_workers(tmp_path):
    """The address of a scheduler on this machine, and the processes of its two workers, which nobody starts again."""
    scheduler = spawn("scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", tmp_path / "scheduler.json")
    workers = [spawn("worker", "--scheduler-file", tmp_path / "scheduler.json", "--nthreads", 1, "--no-nanny", "--no-dashboard", "--local-directory", tmp_path) for _ in range(2)]
    try:
        with distributed.Client(scheduler_file=str(tmp_path / "scheduler.json"), timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            yield client.scheduler.address, workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def a_class(folder: Path, count: int = 60) -> Path:
    for n in range(count):
        write(folder / f"{n}.submission.json", payload(student=f"s-{n}", brief="serve-7b", design=design(replicas=5 + n)))
    write(folder / "bad.ipynb", b"")
    return folder


def test_one_of_two_workers_is_killed_and_nothing_is_lost_and_nothing_done_twice(two_workers, tmp_path, capsys, monkeypatch):
    address, workers = two_workers
    inbox, out = a_class(tmp_path / "in"), tmp_path / "out"
    assert validate(inbox, out=tmp_path / "alone") == 3
    kept: list[str] = []
    from tutor.ledger import Ledger

    count = Ledger.graded

    def counted(self, work, result):
        kept.append(work)
        if len(kept) == 12:
            workers[0].send_signal(signal.SIGKILL)
        return count(self, work, result)

    monkeypatch.setattr(Ledger, "graded", counted)
    assert validate(inbox, out=out, dask=address) == 3
    assert workers[0].wait(10) == -signal.SIGKILL and workers[1].poll() is None
    assert len(kept) == len(set(kept)) == 60
    assert tree(out) == tree(tmp_path / "alone")
    with sqlite3.connect(out / "gradebook.sqlite") as base:
        assert base.execute("select count(*), count(distinct work) from results").fetchone() == (60, 60)


def test_a_cluster_that_goes_away_is_one_sentence_and_the_next_run_goes_on(two_workers, tmp_path, capsys, monkeypatch):
    address, workers = two_workers
    inbox, out = a_class(tmp_path / "in", 30), tmp_path / "out"
    monkeypatch.setattr(cluster, "PATIENCE_S", 5)
    from tutor.ledger import Ledger

    count, kept = Ledger.graded, []

    def counted(self, work, result):
        kept.append(work)
        if len(kept) == 5:
            for process in workers:
                process.send_signal(signal.SIGKILL)
        return count(self, work, result)

    monkeypatch.setattr(Ledger, "graded", counted)
    assert validate(inbox, out=out, dask=address) == 2
    said = capsys.readouterr().err
    assert "the cluster went away" in said and "Traceback" not in said
    assert validate(inbox, out=out) == 3
    assert len(kept) == len(set(kept)) == 30, "what had come back is not done again"


def test_no_scheduler_there_is_one_sentence(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE_S", 1)
    write(tmp_path / "in" / "1.submission.json", payload())
    assert validate(tmp_path / "in", out=tmp_path / "out", dask="tcp://127.0.0.1:1") == 2
    said = capsys.readouterr().err
    assert "no scheduler answers there" in said


def test_without_the_package_one_sentence_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    write(tmp_path / "in" / "1.submission.json", payload())
    assert validate(tmp_path / "in", out=tmp_path / "out", dask="tcp://127.0.0.1:1") == 2
    said = capsys.readouterr().err
    assert "pip install" in said and said.count("\n") == 1


def test_nothing_else_loads_the_package():
    code = "import sys, tutor.validate, tutor.regrade, tutor.grading; tutor.grading.warm(); print('distributed' in sys.modules or 'dask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip() == "False"
