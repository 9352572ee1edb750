"""Work on several processes, with results in the order of the work: how many there are never shows in what comes out."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing import get_context, parent_process
from types import TracebackType
from typing import Any, Self, TypeVar

from healthcrawl.errors import HealthcrawlError

_AHEAD = 2  # pieces of work done or being done ahead of the one that is waited for, per process
_PER_PROCESS = 200  # pieces after which a process makes room for a fresh one, so that no leak of a library adds up

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Workers of the caller's: an executor, how much it does at once, and what it raises when it has lost them."""

    executor: Executor
    size: int
    lost: tuple[type[BaseException], ...] = (BrokenExecutor,)


def in_order(work: Callable[[T], R], items: Iterable[T], workers: int | Crew) -> Iterator[R]:
    """Do `work` on every item, on so many processes (at 1 or less in this one), or by a crew of the caller's.

    Items are taken up as results are asked for, so neither may be many at a time.

    Raises:
        HealthcrawlError: a process was killed, or those of a crew that took up the same item were.
    """
    if isinstance(workers, Crew):
        try:
            yield from _queued(lambda item: workers.executor.submit(work, item), items, workers.size * _AHEAD)
        except workers.lost as error:
            raise HealthcrawlError(f"the cluster has lost its workers: {error}; run the same command again") from error
    elif workers <= 1:
        yield from map(work, items)
    else:
        try:
            with _Processes(workers, work) as processes:
                yield from _queued(processes.submit, items, workers * _AHEAD)
        except BrokenProcessPool as error:
            raise HealthcrawlError(
                "a worker process was killed, most likely for want of memory; run the same command again, with fewer --workers"
            ) from error


def _queued(submit: "Callable[[T], Future[R]]", items: Iterable[T], ahead: int) -> Iterator[R]:
    queue = iter(items)
    waiting: deque[Future[R]] = deque(submit(item) for item in islice(queue, ahead))
    try:
        while waiting:
            done = waiting.popleft().result()
            waiting.extend(submit(item) for item in islice(queue, 1))
            yield done
    finally:
        for future in waiting:
            future.cancel()


class _Processes:
    """So many processes; all are replaced from time to time.

    The executor's own `max_tasks_per_child` can leave it without a process and waiting for ever (CPython issue 115634), so a
    fresh executor takes the work that comes while the former one finishes what it has.
    """

    def __init__(self, workers: int, work: Callable[[Any], Any]) -> None:
        self._workers = workers
        self._work = work
        # Forked from a server that has imported what the work needs, a process begins at once; nothing of this one is copied.
        self._context = get_context("forkserver")
        function = work.func if isinstance(work, partial) else work
        self._context.set_forkserver_preload([function.__module__])
        self._submitted = 0
        self._present: ProcessPoolExecutor | None = None
        self._former: ProcessPoolExecutor | None = None

    def submit(self, item: Any) -> "Future[Any]":
        """Have an item worked on."""
        if self._present is None or self._submitted == self._workers * _PER_PROCESS:
            if self._former:
                self._former.shutdown()
            if self._present:
                self._present.shutdown(wait=False)
            self._former, self._submitted = self._present, 0
            self._present = ProcessPoolExecutor(self._workers, mp_context=self._context, initializer=_begin)
        self._submitted += 1
        return self._present.submit(self._work, item)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in (self._former, self._present):
            if pool:
                pool.shutdown()


def _begin() -> None:
    """Ctrl-C reaches all processes of a terminal: it is for the first to end the others. Nor does one outlive a first that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent:
        parent.join()
    os._exit(1)
