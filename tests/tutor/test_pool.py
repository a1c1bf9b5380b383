"""The pool: a worker that dies, hangs or takes too much costs one task its result, and no other."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.tutor.handins import design, payload, write
from tests.tutor.instructor import grades, tree, validate
from tutor import grading, pool
from tutor.pool import Lost, Task, Workers

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the stand-ins reach the workers by fork")


def double(n: int) -> int:
    return 2 * n


def crash(n: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return n


def hang(n: int) -> int:
    time.sleep(60)
    return n


def hoard(n: int) -> int:
    return len(bytearray(8 * 2**30))


def big(n: int) -> bytes:
    return b"x" * n


def tasks(count: int, odd: dict[int, object] | None = None, lane: str = ""):
    return (Task(n, (odd or {}).get(n, double), (n,), lane) for n in range(count))


@pytest.mark.parametrize("lane", ["", "one"])
def test_every_task_is_answered_once(lane):
    with Workers(2) as workers:
        found = list(workers.map(tasks(500, lane=lane)))
    assert sorted(found) == [(n, 2 * n) for n in range(500)]


def test_a_crash_costs_one_task_its_result():
    with Workers(2) as workers:
        found = dict(workers.map(tasks(60, {7: crash, 41: crash})))
    assert {n: value for n, value in found.items() if n not in (7, 41)} == {n: 2 * n for n in range(60) if n not in (7, 41)}
    assert all(isinstance(found[n], Lost) and "died, twice; the others were not touched" in found[n].reason for n in (7, 41))
    assert workers.killed == 4


def test_a_worker_that_gives_no_answer_is_killed(monkeypatch):
    monkeypatch.setattr(pool, "HARD_S", 0.7)
    with Workers(2) as workers:
        found = dict(workers.map(tasks(20, {3: hang})))
    assert isinstance(found[3], Lost) and "gave no answer" in found[3].reason
    assert all(found[n] == 2 * n for n in range(20) if n != 3)


def test_a_worker_may_not_take_all_memory():
    with Workers(1) as workers:
        found = dict(workers.map(tasks(5, {2: hoard})))
    assert isinstance(found[2], Lost) and "more than the 2 GiB" in found[2].reason
    assert all(found[n] == 2 * n for n in range(5) if n != 2) and workers.killed == 0


def test_large_tasks_and_large_answers_do_not_wait_for_each_other():
    """Both sides of a pipe that is full would wait for ever."""
    with Workers(2) as workers:
        found = dict(workers.map(Task(n, len, (b"x" * 3_000_000,)) if n % 2 else Task(n, big, (3_000_000,)) for n in range(40)))
    assert all(found[n] == 3_000_000 if n % 2 else len(found[n]) == 3_000_000 for n in range(40))


def test_tasks_are_fetched_as_they_are_needed_not_all_at_once():
    fetched = 0

    def counted():
        nonlocal fetched
        for task in tasks(1_000):
            fetched += 1
            yield task

    with Workers(2) as workers:
        answers = workers.map(counted())
        next(answers)
        assert fetched < 40
        answers.close()


def test_no_worker_outlives_the_pool():
    with Workers(3) as workers:
        list(workers.map(tasks(30)))
        processes = [worker.process for worker in workers.workers]
    assert processes and not any(process.is_alive() for process in processes)


def test_a_hand_in_that_crashes_its_worker_is_one_ungradable_file(tmp_path, monkeypatch, capsys):
    real = grading.grade
    monkeypatch.setattr(grading, "grade", lambda s, **more: crash(0) if s.entry.title == "crash" else real(s, **more))
    for n in range(6):
        write(tmp_path / "in" / f"{n}.submission.json", payload(student=f"s-{n}", title="crash" if n == 3 else "", design=design(replicas=10 + n)))
    assert validate(tmp_path / "in", out=tmp_path / "out", jobs=2) == 3
    rows = grades(tmp_path / "out")
    assert [row["state"] for row in rows] == ["graded"] * 3 + ["ungradable"] + ["graded"] * 2
    assert "died, twice" in rows[3]["reason"] and rows[3]["score"] == ""


def test_processes_give_the_same_bytes_as_one_process(tmp_path, capsys):
    for n in range(12):
        write(tmp_path / "in" / f"{n}.submission.json", payload(student=f"s-{n}", design=design(replicas=10 + n % 5)))
    write(tmp_path / "in" / "bad.ipynb", b"")
    for jobs in (0, 1, 3):
        assert validate(tmp_path / "in", out=tmp_path / f"out{jobs}", jobs=jobs) == 3
    assert tree(tmp_path / "out0") == tree(tmp_path / "out1") == tree(tmp_path / "out3")
