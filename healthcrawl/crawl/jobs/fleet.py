"""The job of `scrapy fleet`."""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings

from healthcrawl.cluster import cluster
from healthcrawl.corpus.catalog import open_catalog
from healthcrawl.corpus.condition import condition_of
from healthcrawl.corpus.engines import database
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.crawl.exits import BROKEN_EXPECTATION, DONE, FAILED, LOCKED, WRONG_USE
from healthcrawl.crawl.fleet import Crawled, Order, crawl_all, worst
from healthcrawl.crawl.options import all_sites, archive_layout, size
from healthcrawl.crawl.terminal import printable
from healthcrawl.errors import UsageError

_WORDS = {
    DONE: "done",
    FAILED: "failed",
    WRONG_USE: "wrong use",
    BROKEN_EXPECTATION: "expectation broken",
    LOCKED: "held by another",
}
_LATE = 5  # seconds after which a dead crawl's lease has surely run out
_ROWS = 20  # of sites at work that a terminal shows


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Send the crawls out, tell how each ends, then sum up."""
    layout = archive_layout(settings)
    if not opts.cluster:
        raise UsageError("--cluster: name a Dask scheduler, tcp://HOST:8786, or local:N processes of this machine")
    if bool(args) == opts.due:
        raise UsageError("name sites, or give --due for all that have a page to visit now")
    shared = bool(layout.catalog_url) and database(layout.catalog_url).is_shared
    if not shared and not opts.cluster.startswith("local:"):
        raise UsageError(
            "machines must share a catalog: set CATALOG_URL to postgresql://USER@HOST/DATABASE, here and for the workers"
        )
    sites, patience = all_sites(settings), size(settings, "LEASE_SECONDS", least=3) + _LATE
    orders = [
        Order(site=name, server=sites[name].manners.installation, settings=_given(settings), patience=patience)
        for name in (_due(settings, layout, sites) if opts.due else _known(sites, args))
    ]
    if not orders:
        print("scrapy fleet: no site is due", file=sys.stderr)
        return DONE
    ended: list[Crawled] = []
    with ExitStack() as stack:
        crew = stack.enter_context(cluster(opts.cluster))
        view = stack.enter_context(_View(len(orders), crew.dashboard))
        for one in crawl_all(crew, orders, view.watch):
            ended.append(one)
            view.tell(one)
            if opts.json:
                print(json.dumps(asdict(one), ensure_ascii=False), flush=True)
    counts = Counter(_word(one) for one in ended)
    seconds = sum(one.seconds for one in ended)
    told = ", ".join(f"{number} {word}" for word, number in sorted(counts.items()))
    print(f"scrapy fleet: {len(ended)} sites: {told}; {seconds:,.0f} seconds of crawling", file=sys.stderr)
    return worst(one.status for one in ended)


def _known(sites: Collection[str], names: list[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if name not in sites:
            raise UsageError(f"no site {name!r}; `scrapy list` shows the sites there are")
        yield name


def _due(settings: BaseSettings, layout: ArchiveLayout, sites: Collection[str]) -> Iterator[str]:
    """The sites that have a page to visit now, those that wait longest first; not the demo's."""
    now, found = datetime.now(UTC).isoformat(), []
    catalog = open_catalog(layout)
    try:
        for name in set(sites) - settings.getdict("SITE_SPIDERS").keys():
            condition = condition_of(catalog, name)
            if condition.due_at <= now:
                found.append((condition.due_at, condition.started_at, name))
    finally:
        catalog.close()
    yield from (name for *_, name in sorted(found))


def _given(settings: BaseSettings) -> tuple[tuple[str, str], ...]:
    """The settings of the command line; those of settings files each machine has its own of."""
    names = (name for name in settings if settings.getpriority(name) == SETTINGS_PRIORITIES["cmdline"])
    return tuple((name, str(settings[name])) for name in sorted(names) if isinstance(settings[name], str))


class _View:
    """What people see of the fleet: a table on a terminal, lines elsewhere; both on standard error."""

    def __init__(self, total: int, dashboard: str) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._total, self._dashboard = total, dashboard
        self._since: dict[tuple[str, str], float] = {}  # by site and worker
        self._ended: list[Crawled] = []
        self._live = Live(console=self._console, transient=True, get_renderable=self._table)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        elif self._dashboard:
            self._line(f"dashboard: {self._dashboard}")
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def watch(self, places: Mapping[str, str]) -> None:
        """See which worker crawls which site."""
        now = time.monotonic()
        for place in places.items():
            if place not in self._since and not self._console.is_terminal:
                self._line(f"{place[0]}: on {place[1]}")
        self._since = {place: self._since.get(place, now) for place in places.items()}

    def tell(self, one: Crawled) -> None:
        """Tell how a crawl ended."""
        self._ended.append(one)
        again = f", begun {one.tries} times" if one.tries > 1 else ""
        self._line(f"{one.site}: {_word(one)} after {one.seconds:,.0f} seconds{again}")
        for line in one.said if one.status else ():
            self._line(f"    {line}")

    def _line(self, text: str) -> None:
        self._console.print(printable(text), markup=False, soft_wrap=True)

    def _table(self) -> Table:
        counts = Counter(_word(one) for one in self._ended)
        told = [f"{number} {word}" for word, number in counts.items()]
        waiting = self._total - len(self._ended) - len(self._since)
        title = ", ".join([*told, f"{len(self._since)} at work", f"{waiting} waiting"])
        table = Table("site", "worker", "seconds", title=title, caption=self._dashboard or None, box=None)
        now = time.monotonic()
        for (site, worker), since in sorted(self._since.items(), key=lambda item: item[1])[:_ROWS]:
            table.add_row(site, worker, f"{now - since:,.0f}")
        return table


def _word(one: Crawled) -> str:
    return _WORDS.get(one.status, _WORDS[FAILED])
