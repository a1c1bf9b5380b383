"""The same work on an existing Dask cluster, for classes beyond one machine. `distributed` is imported here and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from typing import Any

from hwlib.errors import BadInput
from tutor.pool import Lost, Task
from tutor.versions import grader_hash

AHEAD = 8
"""Tasks under way for each worker of the cluster."""
PATIENCE_S = 10
GONE = "--dask: the cluster went away; what it had finished is kept, and a second run goes on from there"


class Cluster:
    """An existing Dask cluster, by the address of its scheduler. It must hold the same course: its hash is compared.

    A worker that dies loses its tasks to the others; Dask gives one up when several workers died over it.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise BadInput('--dask needs the package distributed; install it with: pip install "hardware-that-learns[cluster]"', field="dask") from None
        try:
            self.client = Client(address, timeout=PATIENCE_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError, TypeError) as error:
            raise BadInput(f"--dask {address}: no scheduler answers there ({type(error).__name__}); start one with: dask scheduler", field="dask") from None

    def __enter__(self) -> Cluster:
        try:
            there = set(self.client.run(grader_hash).values())
            if not there:
                raise BadInput("--dask: the cluster has no workers; start one with: dask worker ADDRESS", field="dask")
            if there != {grader_hash()}:
                raise BadInput("--dask: the cluster's workers hold another version of the course; install the same one on all of them", field="dask")
        except BadInput:
            self.client.close()
            raise
        except Exception as error:
            self.client.close()
            raise BadInput(f"--dask: the cluster's workers cannot run the course ({type(error).__name__}); install it on all of them", field="dask") from None
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def map(self, tasks: Iterable[Task]) -> Iterator[tuple[Any, Any]]:
        from distributed import as_completed

        tasks = iter(tasks)
        keys: dict[str, Any] = {}
        done = as_completed(loop=self.client.loop)

        def add() -> None:
            task = next(tasks, None)
            if task is not None:
                future = self.client.submit(task.do, *task.given, pure=False)
                keys[future.key] = task.key
                done.add(future)

        for _ in range(AHEAD * max(1, self._workers())):
            add()
        while keys:
            self._wait(done)
            for future in done.next_batch(block=False):
                yield keys.pop(future.key), self._answer(future)
                future.release()
                add()

    def _answer(self, future: Any) -> Any:
        """What a task came to. An answer that died with its worker is computed again elsewhere, as long as there is one."""
        if future.status not in ("finished", "error"):
            raise BadInput(GONE, field="dask")
        while True:
            try:
                return future.result(timeout=PATIENCE_S)
            except TimeoutError:
                if not self._workers():
                    raise BadInput(GONE, field="dask") from None
            except CancelledError:
                raise BadInput(GONE, field="dask") from None
            except Exception as error:
                return Lost(f"the cluster failed on it ({type(error).__name__}); the others were not touched")

    def _wait(self, done: Any) -> None:
        """Until something is there; a cluster without any worker for a while is gone."""
        since = time.monotonic()
        while not done.has_ready():
            time.sleep(0.005)
            if time.monotonic() - since > PATIENCE_S:
                since = time.monotonic()
                if not self._workers():
                    raise BadInput(GONE, field="dask")

    def _workers(self) -> int:
        """How many workers the scheduler knows; none when it is not there any more."""
        if self.client.status != "running":
            return 0
        try:
            return len(self.client.nthreads())
        except (OSError, TimeoutError):
            return 0
