"""Where the work is done: in a pool of processes that isolates, on an existing Dask cluster, or in this process.

All three take the same tasks and yield (key, result) as they come, each key once. A task whose worker dies is given to
a fresh worker; if that one dies too, the task's result is the sentence that says so, and no other task is touched. At
most a few tasks are under way, so that memory does not grow with the class.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection, get_all_start_methods, get_context
from typing import Any, NamedTuple


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
QUEUED, LANE = 3, 16
"""Tasks that a worker has at hand, so that it need not wait for the next; and at most of one lane."""
AHEAD_BYTES = 48 * 1024
"""What may lie in a busy worker's pipe. More could fill it, and then each side would wait for the other to read."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The result of a task whose workers died."""

    reason: str


class Here:
    """This process, one task after the other, without isolation."""

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, tasks: Iterable[Task]) -> Iterator[tuple[Any, Any]]:
        for task in tasks:
            yield task.key, task.do(*task.given)


@dataclass(slots=True)
class _Sent:
    task: Task
    data: bytes
    deaths: int = 0


@dataclass(slots=True)
class _Worker:
    process: Any
    pipe: Any
    tasks: deque[_Sent] = field(default_factory=deque)
    since: float = 0.0


class Workers:
    """A pool of processes that are watched and replaced. ``warm`` is called once before the first is forked."""

    def __init__(self, count: int, warm: Callable[[], None] | None = None) -> None:
        self.count, self.warm = count, warm
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
        waiting: deque[_Sent] = deque()
        finished = False
        while True:
            while not finished and len(waiting) < self.count * (LANE if waiting and waiting[-1].task.lane else 1):
                task = next(tasks, None)
                if task is None:
                    finished = True
                else:
                    waiting.append(_Sent(task, pickle.dumps((task.do, task.given), pickle.HIGHEST_PROTOCOL)))
            if waiting and not self.workers:
                if self.warm:
                    self.warm()
                self.workers = [self._start() for _ in range(self.count)]
            for worker in sorted(self.workers, key=lambda worker: len(worker.tasks)):
                self._feed(worker, waiting)
            busy = [worker for worker in self.workers if worker.tasks]
            if busy:
                yield from self._hear(busy, waiting)
            elif finished and not waiting:
                return

    def _start(self) -> _Worker:
        context = get_context("fork" if "fork" in get_all_start_methods() else "spawn")
        ours, theirs = context.Pipe()
        inherited = [worker.pipe for worker in self.workers] + [ours]
        process = context.Process(target=_serve, args=(theirs, inherited), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _feed(self, worker: _Worker, waiting: deque[_Sent]) -> None:
        """Give a worker something to do, and something to do next where that surely fits into its pipe."""
        while waiting:
            sent = waiting[0]
            if worker.tasks:
                ahead = sum(len(other.data) for other in worker.tasks) + len(sent.data)
                same = bool(sent.task.lane) and sent.task.lane == worker.tasks[-1].task.lane
                if len(worker.tasks) >= (LANE if same else QUEUED) or ahead > AHEAD_BYTES:
                    return
            else:
                worker.since = time.monotonic()
            worker.tasks.append(waiting.popleft())
            with suppress(OSError):  # a worker that has died is noticed when it is heard
                worker.pipe.send_bytes(sent.data)

    def _hear(self, busy: list[_Worker], waiting: deque[_Sent]) -> Iterator[tuple[Any, Any]]:
        ready = connection.wait([worker.pipe for worker in busy], timeout=0.5)
        for worker in busy:
            if worker.pipe in ready:
                try:
                    good, result = worker.pipe.recv()
                except (EOFError, OSError, ValueError, pickle.UnpicklingError):
                    yield from self._bury(worker, waiting, "died")
                    continue
                sent = worker.tasks.popleft()
                worker.since = time.monotonic()
                yield sent.task.key, result if good else Lost(result)
            elif time.monotonic() - worker.since > HARD_S:
                worker.process.kill()
                yield from self._bury(worker, waiting, f"gave no answer in {HARD_S:.0f} s")

    def _bury(self, worker: _Worker, waiting: deque[_Sent], how: str) -> Iterator[tuple[Any, Any]]:
        """Replace a dead worker; the task it was at is tried once more, those that waited behind it go back unharmed."""
        self.killed += 1
        worker.process.join(5)
        worker.pipe.close()
        first, *rest = worker.tasks
        waiting.extendleft(reversed(rest))
        self.workers.remove(worker)
        self.workers.append(self._start())
        if first.deaths:
            yield first.task.key, Lost(f"the process that worked on it {how}, twice; the others were not touched")
        else:
            first.deaths = 1
            waiting.appendleft(first)


def _serve(pipe: Any, inherited: list[Any]) -> None:
    """A worker: it computes, answers, and ends when nobody is there any more."""
    for other in inherited:  # held open, they would keep a brother alive after its parent's death
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # what was loaded before stays; looking through it again and again costs a sixth of the time
    gc.set_threshold(50_000, 20, 20)
    _limit_memory()
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            do, given = pickle.loads(pipe.recv_bytes())
            try:
                answer = (True, do(*given))
            except MemoryError:
                answer = (False, f"it needs more than the {MEMORY_BYTES / 2**30:.0f} GiB that a worker may take")
            except Exception as error:
                answer = (False, f"the tutor failed on it, which is our fault and not the learner's ({type(error).__name__}: {error})"[:240])
            pipe.send(answer)
    os._exit(0)  # nothing that this process inherited may be closed a second time


def _limit_memory() -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(hard, MEMORY_BYTES)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def place(jobs: int, dask: str = "", warm: Callable[[], None] | None = None) -> Any:
    """Where to work: on a cluster when one is named, in this process for no job, else in a pool."""
    if dask:
        from tutor.cluster import Cluster

        return Cluster(dask)
    return Workers(jobs, warm) if jobs else Here()
