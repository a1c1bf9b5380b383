"""Where the work is done: in this process, in a pool that isolates, or on an existing Dask cluster.

All three take the same tasks, (key, function, arguments), and yield (key, result) as they come, each key once. A task
whose worker dies is given to a fresh worker; if that one dies too, the task's result is the sentence that says so, and
no other task is touched. At most a few tasks are under way, so that memory does not grow with the class.
"""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection, get_all_start_methods, get_context
from typing import Any, NamedTuple

from hwlib.errors import BadInput


class Task(NamedTuple):
    """A piece of work: its name, what to do, with what, and a lane whose tasks gain from meeting the same worker."""

    key: Any
    do: Callable[..., Any]
    given: tuple[Any, ...]
    lane: str = ""


MEMORY_BYTES = 2 * 2**30
"""Of address space that a worker may take; what is asked beyond raises MemoryError in it."""
HARD_S = 30.0
"""A worker that has not answered after this long is killed: its own deadline of 20 s did not reach it."""
QUEUED = 3
"""Tasks that a worker has at hand, so that it need not wait for the next."""
SMALL = 16
"""Tasks that are done here before the pool is started: a handful is not worth it."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The result of a task whose workers died."""

    reason: str


class Here:
    """This process, one task after the other."""

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, tasks: Iterable[Task]) -> Iterator[tuple[Any, Any]]:
        for key, do, given, _ in tasks:
            yield key, do(*given)


@dataclass(slots=True)
class _Worker:
    process: Any
    pipe: Any
    tasks: deque[tuple[Task, int]] = field(default_factory=deque)
    since: float = 0.0


class Workers:
    """A pool of processes that are watched and replaced."""

    def __init__(self, count: int, *, small: int = SMALL) -> None:
        self.count, self.small = count, small
        self.workers: list[_Worker] = []
        self.killed = 0
        """Workers that died with work in hand."""

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            with suppress(OSError):
                worker.pipe.close()
            if worker.tasks:
                worker.process.kill()
        for worker in self.workers:
            worker.process.join(5)
        self.workers = []

    def map(self, tasks: Iterable[Task]) -> Iterator[tuple[Any, Any]]:
        tasks = iter(tasks)
        if not self.workers:
            for _, (key, do, given, _) in zip(range(self.small), tasks, strict=False):
                yield key, do(*given)
        waiting: deque[tuple[Task, int]] = deque()
        finished = False
        while True:
            while not finished and len(waiting) < QUEUED * self.count:
                task = next(tasks, None)
                if task is None:
                    finished = True
                else:
                    waiting.append((task, 0))
            if waiting and not self.workers:
                self.workers = [self._start() for _ in range(self.count)]
            for worker in self.workers:
                self._feed(worker, waiting)
            busy = [worker for worker in self.workers if worker.tasks]
            if not busy:
                if finished and not waiting:
                    return
                continue
            yield from self._hear(busy, waiting)

    def _start(self) -> _Worker:
        context = get_context("fork" if "fork" in get_all_start_methods() else "spawn")
        ours, theirs = context.Pipe()
        inherited = [worker.pipe for worker in self.workers] + [ours]
        process = context.Process(target=_serve, args=(theirs, inherited), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _feed(self, worker: _Worker, waiting: deque[tuple[Task, int]]) -> None:
        while waiting and len(worker.tasks) < QUEUED:
            task, deaths = waiting.popleft()
            if not worker.tasks:
                worker.since = time.monotonic()
            worker.tasks.append((task, deaths))
            with suppress(OSError):  # a worker that has died is noticed when it is heard
                worker.pipe.send((task.do, task.given))

    def _hear(self, busy: list[_Worker], waiting: deque[tuple[Task, int]]) -> Iterator[tuple[Any, Any]]:
        ready = connection.wait([worker.pipe for worker in busy], timeout=0.5)
        for worker in busy:
            if worker.pipe in ready:
                try:
                    good, result = worker.pipe.recv()
                except (EOFError, OSError, ValueError):
                    yield from self._bury(worker, waiting, "died")
                    continue
                task, _ = worker.tasks.popleft()
                worker.since = time.monotonic()
                yield task.key, result if good else Lost(result)
            elif time.monotonic() - worker.since > HARD_S:
                worker.process.kill()
                yield from self._bury(worker, waiting, f"gave no answer in {HARD_S:.0f} s")

    def _bury(self, worker: _Worker, waiting: deque[tuple[Task, int]], how: str) -> Iterator[tuple[Any, Any]]:
        """Replace a dead worker; the task it was at is tried once more, those that waited behind it go back unharmed."""
        self.killed += 1
        worker.process.join(5)
        worker.pipe.close()
        (task, deaths), *rest = worker.tasks
        waiting.extendleft(reversed(rest))
        self.workers.remove(worker)
        self.workers.append(self._start())
        if deaths:
            yield task.key, Lost(f"the process that worked on it {how}, twice; the others were not touched")
        else:
            waiting.appendleft((task, 1))


def _serve(pipe: Any, inherited: list[Any]) -> None:
    """A worker: it computes, answers, and ends when nobody is there any more."""
    for other in inherited:  # held open, they would keep a brother alive after its parent's death
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(ImportError, ValueError, OSError):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(hard, MEMORY_BYTES)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            do, given = pipe.recv()
            try:
                answer = (True, do(*given))
            except Exception as error:
                answer = (False, f"the tutor failed on it, which is our fault and not the learner's ({type(error).__name__}: {error})"[:240])
            pipe.send(answer)
    os._exit(0)  # nothing that this process inherited may be closed a second time


class Cluster:
    """An existing Dask cluster, by the address of its scheduler. It must hold the same course: its hash is compared."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise BadInput('--dask needs the package distributed; install it with: pip install "hardware-that-learns[cluster]"', field="dask") from None
        try:
            self.client = Client(address, timeout=10, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise BadInput(f"--dask {address}: no scheduler answers there ({type(error).__name__}); start one with: dask scheduler", field="dask") from None

    def __enter__(self) -> Cluster:
        from tutor.gradebook import grader_hash

        there = set(self.client.run(grader_hash).values())
        if not there:
            self.client.close()
            raise BadInput("--dask: the cluster has no workers; start one with: dask worker ADDRESS", field="dask")
        if there != {grader_hash()}:
            self.client.close()
            raise BadInput("--dask: the cluster's workers hold another version of the course; install the same one on all of them", field="dask")
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def map(self, tasks: Iterable[Task]) -> Iterator[tuple[Any, Any]]:
        from distributed import as_completed

        tasks = iter(tasks)
        keys: dict[str, Any] = {}
        done = as_completed()
        window = 8 * max(1, len(self.client.scheduler_info()["workers"]))

        def add() -> None:
            task = next(tasks, None)
            if task is not None:
                key, do, given, _ = task
                future = self.client.submit(do, *given, pure=False, retries=2)
                keys[future.key] = key
                done.add(future)

        for _ in range(window):
            add()
        for future in done:
            key = keys.pop(future.key)
            error = future.exception() if future.status == "error" else None
            yield key, future.result() if error is None else Lost(f"the cluster's worker failed on it ({type(error).__name__})")
            future.release()
            add()


def place(jobs: int, dask: str = "") -> Here | Workers | Cluster:
    """Where to work: on a cluster when one is named, in this process for one job, else in a pool."""
    return Cluster(dask) if dask else Here() if jobs == 1 else Workers(jobs)
