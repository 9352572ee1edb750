"""Crawls of many sites on the workers of a cluster: each is a task, done by a process of its own.

Which machine crawls a site is for Dask to choose; that only one does is for the lease of the site (or, on one machine, its lock). A task that finds a site
held waits for as long as a dead crawl's lease may last: so a crawl whose worker was lost is taken up by the next one, and goes on from
where it was.
"""

import subprocess
import sys
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from healthcrawl.cluster import Cluster
from healthcrawl.crawl.exits import BROKEN_EXPECTATION, DONE, FAILED, LOCKED, WRONG_USE

_WARDED = "healthcrawl.crawl.warded"
_BY_WEIGHT = (DONE, LOCKED, BROKEN_EXPECTATION, WRONG_USE, FAILED)  # the last is the worst
_LOOK = 0.5  # seconds between looks at where the tasks are
_TRY_AGAIN = 4  # times within a lease that a held site is tried
_SAID = 12  # lines of a crawl's messages that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A site to crawl, the settings to crawl it with, and for how many seconds to wait for one that is held.

    Sites with the same `server` are crawled one after the other: turns at a server are taken within a machine only.
    """

    site: str
    server: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    patience: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawled:
    """How the crawl of a site ended: its exit status, seconds, how often it was begun, and the last it said."""

    site: str
    status: int
    seconds: float = 0
    tries: int = 1
    said: tuple[str, ...] = ()


def crawl(order: Order) -> Crawled:
    """Crawl a site in a process of its own, on this machine."""
    words = [word for name, value in order.settings for word in ("-s", f"{name}={value}")]
    command = [sys.executable, "-m", _WARDED, "crawl", order.site, *words]
    begun, tries = time.monotonic(), 0
    while True:
        tries += 1
        with subprocess.Popen(  # noqa: S603  # our own command, and words that are no shell's
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            assert process.stderr is not None
            said = tuple(line.rstrip() for line in deque(process.stderr, _SAID))
        seconds = time.monotonic() - begun
        if process.returncode != LOCKED or seconds >= order.patience:
            return Crawled(site=order.site, status=process.returncode, seconds=seconds, tries=tries, said=said)
        time.sleep(order.patience / _TRY_AGAIN)


def crawl_all(
    cluster: Cluster, orders: Iterable[Order], watch: Callable[[Mapping[str, str]], None]
) -> Iterator[Crawled]:
    """Crawl sites on a cluster, as they end; `watch` is told again and again where each site is being crawled that is.

    A site whose workers were lost again and again counts as failed.

    Raises:
        HealthcrawlError: the scheduler is lost.
    """
    fleet, waiting = uuid.uuid4().hex[:8], {}
    queues: dict[str, deque[Order]] = defaultdict(deque)
    for order in orders:
        queues[order.server or order.site].append(order)

    def begin(queue: deque[Order]) -> None:
        if queue:
            key = f"crawl-{queue[0].site}-{fleet}"
            waiting[key] = (queue, cluster.submit(crawl, queue[0], key=key))

    for queue in queues.values():
        begin(queue)
    try:
        while waiting:
            ended = [key for key, (_, future) in waiting.items() if future.done()]  # type: ignore[no-untyped-call]
            for key in ended:
                queue, future = waiting.pop(key)
                lost, site = cluster.loss(future), queue.popleft().site
                yield Crawled(site=site, status=FAILED, said=(lost,)) if lost else future.result()
                begin(queue)
            places = cluster.places()
            watch({queue[0].site: places[key] for key, (queue, _) in waiting.items() if key in places})
            if waiting and not ended:
                time.sleep(_LOOK)
    finally:
        for _, future in waiting.values():
            future.cancel()  # type: ignore[no-untyped-call]


def worst(statuses: Iterable[int]) -> int:
    """The exit status of many: what went most wrong.

    >>> worst([DONE, LOCKED, DONE]), worst([LOCKED, BROKEN_EXPECTATION, -9]), worst([])
    (75, 1, 0)
    """
    known = [status if status in _BY_WEIGHT else FAILED for status in statuses]
    return max(known, key=_BY_WEIGHT.index, default=DONE)
