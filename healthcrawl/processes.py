"""Work on several processes, with results in the order of the work: how many there are never shows in what comes out."""

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import TypeVar

from healthcrawl.errors import HealthcrawlError

_AHEAD = 2  # pieces of work done or being done ahead of the one that is waited for, per process
_PER_PROCESS = 50  # pieces after which a process makes room for a fresh one, so that no leak of a library adds up

T = TypeVar("T")
R = TypeVar("R")


def in_order(work: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[R]:
    """Do `work` on every item, on so many processes; at 1 or less in this one.

    Items are taken up as results are asked for, so neither may be many at a time.

    Raises:
        HealthcrawlError: a process was killed.
    """
    if workers <= 1:
        yield from map(work, items)
        return
    queue = iter(items)
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_leave_interrupts, max_tasks_per_child=_PER_PROCESS
    ) as pool:
        waiting: deque[Future[R]] = deque(pool.submit(work, item) for item in islice(queue, workers * _AHEAD))
        try:
            while waiting:
                done = waiting.popleft().result()
                waiting.extend(pool.submit(work, item) for item in islice(queue, 1))
                yield done
        except BrokenProcessPool as error:
            raise HealthcrawlError(
                "a worker process was killed, most likely for want of memory; run the same command again, with fewer --workers"
            ) from error
        finally:
            for future in waiting:
                future.cancel()


def _leave_interrupts() -> None:
    """Ctrl-C reaches all processes of a terminal; it is for the first to end the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
