"""The spider that every site file gets: it asks for what the frontier says is due, a few pages at a time.

It decides nothing: what a page is and what it leads to was settled when its capture was kept. The frontier in the catalog is the
queue; Scrapy's holds no more than one batch of it, so that a list of many thousand rows costs no memory and the newest
discovery can go first.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request, Spider, signals
from scrapy.exceptions import CloseSpider, DontCloseSpider, IgnoreRequest

from healthcrawl.corpus.queues import PageRow
from healthcrawl.crawl.archivist import CONTEXT, INGESTED, OVER_BUDGET, PAGE, Archivist
from healthcrawl.crawl.options import budget, is_full, normal_form
from healthcrawl.crawl.results import as_json
from healthcrawl.crawl.robots import ForbiddenByRobotsError, RobotsUnknownError
from healthcrawl.errors import ArchiveError, HealthcrawlError
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Document
from healthcrawl.rules import Rules, Site

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

BATCH = 50
FILES = 5  # a batch of them


class SiteSpider(Spider):
    """Crawls one site; the loader makes a subclass with `site` set for each site file. Items are documents as JSON.

    With `full`, every page that is known is visited in this run.
    """

    site: Site
    rules: Rules

    def __init__(self, site: Site, *, full: bool = False) -> None:
        super().__init__()
        self.site = site
        self._columns = {column.name: column.url for column in site.columns}
        self.full = full
        self._asked = 0
        self._began = monotonic()
        self._batch: dict[str, PageRow] = {}

    @classmethod
    def from_crawler(cls, crawler: "Crawler", *args: Any, **kwargs: Any) -> Self:
        """Load the rules that settings ask for; arguments change the site's budget for one run.

        Raises:
            UsageError: an argument is not known.
        """
        full = is_full(kwargs.pop("full", "0"))
        limits = budget(crawler.settings, [*map(str, args)], kwargs, cls.site.budget)
        spider = super().from_crawler(crawler, replace(cls.site, budget=limits), full=full)
        form = normal_form(crawler.settings)
        spider.rules = load_rules(spider.site, script=form.script, width=form.width)
        crawler.signals.connect(spider.go_on, signal=signals.spider_idle)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """The first pages that are due."""
        requests: list[Request] = []
        with self._ending_where_the_archive_fails():
            self._archivist().seed()
            requests = self._next()
        for request in requests:
            yield request

    def go_on(self) -> None:
        """Ask for the next pages that are due, now that those before are done with.

        Raises:
            DontCloseSpider: there are some.
            CloseSpider: there are some, but the budget is used up.
        """
        requests: list[Request] = []
        with self._ending_where_the_archive_fails():
            self._look_after()
            requests = self._next()
        if requests:
            assert self.crawler.engine is not None
            for request in requests:
                self.crawler.engine.crawl(request)
            raise DontCloseSpider
        if self._archivist().over_budget:
            raise CloseSpider(OVER_BUDGET)

    def parse(self, response: "Response", **_: Any) -> Iterator[dict[str, Any]]:
        """The document that a page holds.

        Raises:
            CloseSpider: the budget is used up.
        """
        ingested, page = response.meta[INGESTED], response.meta[PAGE]
        self._batch.pop(page.address, None)
        if ingested.outcome.address != page.address:  # the rules for addresses have changed since it was found
            with self._ending_where_the_archive_fails():
                self._archivist().frontier.forget(page.address)
        if isinstance(ingested.outcome, Document) and ingested.document:
            yield as_json(ingested.document)
        if self._is_over_budget():
            raise CloseSpider(OVER_BUDGET)

    def failed(self, failure: "Failure") -> None:
        """Note what was not asked for because of robots.txt; failures to fetch were recorded when they happened."""
        request: Any = failure.request  # type: ignore[attr-defined]
        page, archivist = request.meta[PAGE], self._archivist()
        if isinstance(failure.value, ForbiddenByRobotsError):
            with self._ending_where_the_archive_fails():
                archivist.skip(page, "forbidden", "forbidden by robots.txt")
        elif isinstance(failure.value, RobotsUnknownError):
            with self._ending_where_the_archive_fails():
                archivist.skip(page, "failed", str(failure.value))
        elif not isinstance(failure.value, IgnoreRequest | HealthcrawlError) and INGESTED not in request.meta:
            # Not a failure to fetch: a fault of ours, which must not pass unseen.
            self.logger.error("%s: %r", page.url, failure.value, exc_info=failure.value)
            assert self.crawler.stats is not None
            self.crawler.stats.inc_value("spider_exceptions/count")

    @contextmanager
    def _ending_where_the_archive_fails(self) -> Iterator[None]:
        """Scrapy would log an error raised here as a fault of ours, and go on or call the run finished."""
        try:
            yield
        except ArchiveError as error:
            self._archivist().stop(error)

    def _archivist(self) -> Archivist:
        archivist = self.crawler.get_extension(Archivist)
        assert archivist is not None, "the add-on installs it"
        return archivist

    def _next(self) -> list[Request]:
        """Requests for the next pages that are due, as many as the budget allows."""
        if self._is_over_budget():
            return []
        self._limit_files()
        left = self.site.budget.pages - self._asked
        pages = self._archivist().frontier.due(min(BATCH, left + 1), self._archivist().clock())
        if pages and not left:
            self._archivist().over_budget = "pages"
        files = [page for page in pages if page.context.role == "attachment"]  # they come last, and each may be large
        most = min(FILES, self.site.attachments.files - self._archivist().tally.files)
        pages = files[:most] if files == pages else pages[: len(pages) - len(files)]
        self._batch = {page.address: page for page in pages[:left]}
        self._asked += len(self._batch)
        return [self._request(page) for page in self._batch.values()]

    def _limit_files(self) -> None:
        """Ask for no more files in this run when their budget is used up."""
        archivist, limits = self._archivist(), self.site.attachments
        tally, frontier = archivist.tally, archivist.frontier
        if frontier.asks_for_files and (
            tally.files >= limits.files or tally.file_bytes >= limits.megabytes * 1_000_000
        ):
            frontier.asks_for_files = False
            self.logger.info("%s: the budget of attachments is used up; the next run goes on with them", self.site.name)

    def _is_over_budget(self) -> bool:
        archivist, limits = self._archivist(), self.site.budget
        if archivist.tally.received > limits.megabytes * 1_000_000:
            archivist.over_budget = "megabytes"
        elif monotonic() - self._began > limits.seconds:
            archivist.over_budget = "seconds"
        return bool(archivist.over_budget)

    def _look_after(self) -> None:
        """What was asked for but never came to a visit must not be asked for again and again."""
        archivist = self._archivist()
        if archivist.broken is None:
            archivist.frontier.give_up(self._batch.values(), archivist.clock())
        self._batch = {}

    def _request(self, page: PageRow) -> Request:
        headers = {}
        if (
            page.context.role == "list" and page.context.hops
        ):  # some answer a list's later pages only to who comes from it
            headers["Referer"] = self._columns.get(page.context.column, page.context.via)
        # Where a list tells of a change, "not modified" would be no answer.
        if page.captured_at and page.signal != "list":
            if page.etag:
                headers["If-None-Match"] = page.etag
            if page.last_modified:
                headers["If-Modified-Since"] = page.last_modified
        meta = {CONTEXT: page.context, PAGE: page, "dont_redirect": True}
        if page.context.role == "attachment":
            most = self.site.attachments.file_megabytes * 1_000_000
            meta["download_maxsize"] = min(most, self.settings.getint("DOWNLOAD_MAXSIZE") or most)
        return Request(
            page.url,
            headers=headers,
            callback=self.parse,
            errback=self.failed,
            # The frontier knows what was asked for, and decides whether a redirect is followed.
            dont_filter=True,
            meta=meta,
        )
