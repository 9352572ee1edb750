"""One crawl of one site: holds its lock, keeps every exchange, and knows what became of it.

The recording handler hands over each exchange as soon as it is over; when `keep` returns, the exchange is on disk, its
outcome is in corpus and catalog, and the frontier knows what it leads to.
"""

import logging
import os
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.defer import deferred_from_coro

from healthcrawl import __version__
from healthcrawl.core.expect import Breach, Vitals, breaches
from healthcrawl.core.urls import canonical
from healthcrawl.corpus import leases
from healthcrawl.corpus.captures import newest_capture
from healthcrawl.corpus.catalog import Catalog, open_catalog
from healthcrawl.corpus.frontier import Frontier
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.queues import PageRow, Visit
from healthcrawl.corpus.rests import Rest
from healthcrawl.corpus.runs import Run, begin_run, end_run
from healthcrawl.corpus.store import Store, count_documents
from healthcrawl.corpus.vitals import earlier_runs, read_vitals, standing_problems
from healthcrawl.corpus.withdrawals import note_withdrawals
from healthcrawl.crawl.clock import MOST_AHEAD, load_clock, not_before
from healthcrawl.crawl.columns import UnreadLists
from healthcrawl.crawl.options import archive_layout, connect_to, flag, revisit_scope, size
from healthcrawl.crawl.politeness import Politeness
from healthcrawl.crawl.revisits import Revisits
from healthcrawl.crawl.tally import Tally
from healthcrawl.crawl.targets import Targets
from healthcrawl.errors import ArchiveError, UsageError
from healthcrawl.ingest import Ingested, examine, is_ingested, keep, settle
from healthcrawl.model import Capture, Context, Exchange, Location
from healthcrawl.rules import Rules, Site
from healthcrawl.warc import lock, records
from healthcrawl.warc.read import read_captures
from healthcrawl.warc.scan import Damage
from healthcrawl.warc.write import Writer, recover

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)

# Keys of a request's meta.
CONTEXT = "context"  # Context: why the page is asked for
PAGE = "page"  # PageRow: what the frontier knows of it
INGESTED = "ingested"  # Ingested: what became of the answer

OVER_BUDGET = "budget"  # why a spider is closed whose budget is used up


class Archivist:
    """The Scrapy extension that keeps what a site's spider fetches.

    Raises:
        UsageError: a setting is wrong or missing.
        SiteLockedError: another process crawls the site.
        ArchiveError: archive, journal or catalog can't be used.
    """

    catalog: Catalog
    frontier: Frontier
    run: Run
    _store: Store
    _writer: Writer | None = None
    _politeness: Politeness | None = None

    def __init__(self, crawler: "Crawler", site: Site, rules: Rules, targets: Targets) -> None:
        settings = crawler.settings
        self.site = site
        self.rules = rules
        self.full = bool(getattr(crawler.spider, "full", False))  # every known page is to be visited
        self.targets = targets
        self.layout = archive_layout(settings)
        self.clock = load_clock(settings)
        self.tally = Tally()
        self.unread = UnreadLists()
        self.broken: ArchiveError | None = None
        self.over_budget = ""  # the limit that was reached
        self.paused = ""  # why the crawl was ended before it was through, if that was meant to be
        self.ended = False
        self.breaches: tuple[Breach, ...] = ()  # expectations that are broken, known at the end
        self.documents = 0  # of the site and of all sites, known at the end
        self.documents_in_all = 0
        self._crawler = crawler
        self._folder = self.layout.warc(site.name)
        with ExitStack() as stack:
            self._open(settings, stack)
            self._stack = stack.pop_all()

    def _open(self, settings: "BaseSettings", stack: ExitStack) -> None:
        """Take the site's lock and open all that is written to; `stack` closes it."""
        max_bytes, sync = size(settings, "WARC_MAX_BYTES"), flag(settings, "WARC_SYNC")
        scope = revisit_scope(settings)
        site, index_folder = self.site, self.layout.index(self.site.name)
        stack.enter_context(lock.hold(self._folder, self.clock()))
        recovered = recover(self._folder, index_folder)
        self.catalog = open_catalog(self.layout)
        stack.callback(self.catalog.close)
        if self.catalog.is_shared:
            seconds, holder = size(settings, "LEASE_SECONDS", least=3), lock.holder(datetime.now(UTC))
            stack.enter_context(leases.hold(self.catalog, site.name, holder, seconds, self._lose))
        self._store = Store(self.layout.corpus, Manifest(self.layout.manifest, self.clock), self.catalog)
        self._politeness = Politeness(
            settings,
            site,
            layout=self.layout,
            catalog=self.catalog,
            clock=self.clock,
            pause=self.pause,
            is_ending=self._is_ending,
        )
        stack.callback(self._politeness.turns.close)
        self.run = begin_run(self.catalog, site.name, self.clock())
        files = site.attachments.fetch and flag(settings, "ATTACHMENTS")
        self.frontier = Frontier(self.catalog, site.name, self.run.id, site.revisit, full=self.full, files=files)
        if self.run.resumed:
            self.frontier.retry_failed()
        self._revisits = Revisits(self.catalog, site.name, self._folder, scope)
        self._set_clock()
        if self.run.resumed or recovered:
            self._catch_up(recovered)
        self._writer = Writer(
            self._folder,
            index_folder,
            site=site.name,
            worker=f"{socket.gethostname().partition('.')[0][:20]}.{os.getpid()}",
            clock=self.clock,
            info={
                "software": f"healthcrawl/{__version__}",
                "format": "WARC File Format 1.1",
                "operator": settings["CONTACT"] or "",
                "http-header-user-agent": settings["USER_AGENT"],
                "robots": "obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
                "isPartOf": site.name,
            },
            max_bytes=max_bytes,
            sync=sync,
        )
        stack.callback(self._writer.close)

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        """Take the site and its rules from the spider."""
        site, rules = getattr(crawler.spider, "site", None), getattr(crawler.spider, "rules", None)
        if not isinstance(site, Site) or not isinstance(rules, Rules):
            raise NotConfigured("only spiders of a site file are archived")
        settings = crawler.settings
        ports = [port for _, port in map(_host_and_port, site.domains)]
        targets = Targets(connect_to(settings), contact=settings["CONTACT"] or "", ports=ports)
        if not settings["CONTACT"] and not all(targets.mapped(*_host_and_port(domain)) for domain in site.domains):
            raise UsageError(
                f"{site.name}: set CONTACT to a mail address or URL where its webmaster can reach you "
                "(-s CONTACT=you@example.org, or in settings.py); it is sent as part of the User-Agent"
            )
        archivist = cls(crawler, site, rules, targets)
        crawler.signals.connect(archivist.close, signal=signals.spider_closed)
        return archivist

    @property
    def politeness(self) -> Politeness:
        """What says whether a request may be made now."""
        assert self._politeness is not None, "who only reads the archive asks nobody"
        return self._politeness

    @property
    def left_alone(self) -> Mapping[str, str]:
        """The servers that were left alone for the rest of the run, and why."""
        return self._politeness.left_alone if self._politeness else {}

    @property
    def resting(self) -> Mapping[str, Rest]:
        """The servers that had asked to be left alone before this run, and so were."""
        return self._politeness.resting if self._politeness else {}

    @property
    def bytes_written(self) -> int:
        """Bytes of WARC written in this process."""
        return self._writer.bytes_written if self._writer else 0

    @property
    def places(self) -> dict[str, str]:
        """What people may want to look at after the crawl, and where it is."""
        return {"corpus": str(self.layout.corpus), "archive": str(self._folder)}

    def keep(self, exchange: Exchange, page: PageRow | None) -> Ingested | None:
        """Keep an exchange and read what it brought; None for a failure, which brought nothing.

        Raises:
            ArchiveError: it can't be kept; the crawl is being stopped, since nothing it does would last.
        """
        try:
            return self._keep(exchange, page)
        except ArchiveError as error:
            self.stop(error)
            raise

    def note(self, exchange: Exchange) -> None:
        """Write down an attempt without an answer that is being repeated: it counts for nothing.

        Raises:
            ArchiveError: as `keep`.
        """
        assert self._writer is not None
        try:
            self._writer.write(exchange, records.new_record_id())
        except ArchiveError as error:
            self.stop(error)
            raise

    def stop(self, error: ArchiveError) -> None:
        """End the crawl because the archive can't take more."""
        if self.broken is None:
            self.broken = error
            logger.error("%s; the crawl stops and will go on from here when it is run again", error)
            self._close_spider("archive-error")

    def pause(self, why: str) -> None:
        """End the crawl in order; what is left waits for the next one."""
        if not self.paused:
            self.paused = why
            self._close_spider("paused")

    def seed(self) -> None:
        """Make the site's columns, sitemaps and feeds known to the frontier."""
        with self.catalog.writing() as tx:
            self.frontier.begin(tx, self.clock())
            for column in self.site.columns:
                context = Context(role="list", column=column.name)
                address = canonical(column.url, self.rules)
                self.frontier.discover(tx, address, column.url, context, self.clock(), head=True)
                self.frontier.ask(tx, address)
            for url in (*self.site.sitemaps, *self.site.feeds):
                address = canonical(url, self.rules)
                self.frontier.discover(tx, address, url, Context(role="sitemap"), self.clock())
                self.frontier.ask(tx, address)

    def skip(self, page: PageRow, state: Literal["forbidden", "failed"], why: str) -> None:
        """Note that a page was not asked for: robots.txt forbids it, or could not be read."""
        self.tally.skipped[state] += 1
        self.unread.fail(page.context, page.address, page.url, why)
        visit = Visit(url=page.url, at=self.clock(), state=state)
        with self.catalog.writing() as tx:
            self.frontier.visited(tx, page.address, visit, page.context)

    def close(self, reason: str) -> None:
        """Close files, end the run (unless it was cut short and is to be resumed), let the lock go."""
        try:
            with self._stack:
                if self._writer:
                    self._writer.close()
                if reason == "finished" and self.broken is None:
                    settle(self._store, self.site.name)
                self.documents = count_documents(self.catalog, self.site.name)
                self.documents_in_all = count_documents(self.catalog, None)
                if reason == "finished" and self.broken is None:
                    for change in note_withdrawals(self._store, self.site.name):
                        self.tally.documents[change.kind] += 1
                    self.frontier.learn(self.clock())
                    vitals = self._read_vitals()
                    self.breaches = self._judge(vitals)
                    counts = self.tally.counts() | vitals.counts()
                    end_run(self.catalog, self.run, self.clock(), reason, counts, self.breaches)
                    self.ended = True
        except ArchiveError as error:
            self.broken = self.broken or error
            logger.error("%s; the next crawl of the site puts it in order", error)  # noqa: TRY400  # it says all

    def _read_vitals(self) -> Vitals:
        """What this run showed; lists that it did not read in full are as they were."""
        columns = {column.name: column.url for column in self.site.columns}
        before = earlier_runs(self.catalog, self.site.name, self.run.id)
        last = before[0].entries if before else {}
        entries = {name: number for name, number in last.items() if name in columns} | self.tally.entries
        return read_vitals(self.catalog, self.site.name, self.run.id, self.clock(), entries, columns)

    def _judge(self, vitals: Vitals) -> tuple[Breach, ...]:
        """What the site file expects, or the runs before this one let expect, and is not so."""
        site, run = self.site.name, self.run.id
        before, standing = earlier_runs(self.catalog, site, run), standing_problems(self.catalog, site, run)
        return breaches(self.site.expect, vitals, before, self.clock().date(), standing)

    def _keep(self, exchange: Exchange, page: PageRow | None) -> Ingested | None:
        assert self._writer is not None
        record_id = records.new_record_id()
        self.tally.received += len(exchange.response)
        if exchange.context.role == "attachment":
            self.tally.file_bytes += len(exchange.response)
        revisit = self._revisits.find(exchange, page) if exchange.response else None
        location = self._writer.write(exchange, record_id, revisit)
        if location is None:
            self.tally.failures[exchange.error.partition(":")[0]] += 1
            self._note_failure(exchange)
            return None
        capture = Capture(
            url=exchange.url,
            response=exchange.response,
            captured_at=exchange.started_at,
            context=records.fold_context(exchange.context),
            record_id=record_id,
            truncated=exchange.truncated,
            refers_to=revisit.url if revisit else "",
        )
        return self._ingest(capture, location)

    def _ingest(self, capture: Capture, location: Location) -> Ingested:
        examined = examine(capture, self.rules)
        if examined.links is not None and examined.context.role == "list" and not examined.context.hops:
            self.tally.entries[examined.context.column] = len(examined.links.rows)
        ingested = keep(examined, location, self.rules, self._store, self.frontier)
        self.tally.add(capture.context.role, ingested)
        self.unread.note(capture.context, capture.url, ingested)
        for decision in ingested.decisions:
            logger.debug("%s: %s", decision.text or capture.url, decision.detail)
        return ingested

    def _note_failure(self, exchange: Exchange) -> None:
        if exchange.context.role == "robots":
            return
        address = canonical(exchange.url, self.rules)
        self.unread.fail(exchange.context, address, exchange.url, exchange.error)
        with self.catalog.writing() as tx:
            visit = Visit(url=exchange.url, at=exchange.started_at, state="failed")
            self.frontier.visited(tx, address, visit, exchange.context)

    def _lose(self, why: str) -> None:
        """End the crawl: another may crawl the site now. Called by the thread that renews the lease."""
        from twisted.internet import reactor  # noqa: PLC0415  # importing it installs one

        reactor.callFromThread(self.stop, ArchiveError(why))

    def _set_clock(self) -> None:
        """Go on from the newest capture; what a wrong clock dated far ahead does not count, but people should know of it."""
        limit = self.clock() + MOST_AHEAD
        newest = newest_capture(self.catalog, self.site.name)
        if newest is not None and newest > limit:
            logger.warning(
                "%s: the archive has captures of %s, which is yet to come: a clock was wrong. New captures get the present date, "
                "but what those pages held then stays in the corpus until that day, even if it has changed",
                self.site.name,
                f"{newest:%Y-%m-%d}",
            )
        self.clock = not_before(self.clock, newest_capture(self.catalog, self.site.name, limit))

    def _close_spider(self, reason: str) -> None:
        engine = self._crawler.engine
        assert engine is not None
        if not self._is_closing():
            deferred_from_coro(engine.close_spider_async(reason=reason))

    def _is_closing(self) -> bool:
        engine = self._crawler.engine
        slot = engine._slot if engine else None
        return slot is None or slot.closing is not None

    def _is_ending(self) -> bool:
        return bool(self.broken or self.paused) or self._is_closing()

    def _catch_up(self, recovered: tuple[Path, ...]) -> None:
        """Read captures that a killed crawl kept on disk but did not come to read."""
        paths = {*recovered, *self.layout.warc_files(self.site.name)[-1:]}
        for path in sorted(paths):
            for capture, location in read_captures(path, _warn):
                if not is_ingested(self._store, capture.record_id, location):
                    self._ingest(capture, location)


def _warn(damage: Damage) -> None:
    logger.warning("%s; the rest of the file was read, `scrapy verify` tells more", damage)


def _host_and_port(domain: str) -> tuple[str, int]:
    host, _, port = domain.partition(":")
    return host, int(port or 80)
