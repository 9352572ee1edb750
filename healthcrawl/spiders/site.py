"""The spider that every site file gets: it asks for what the frontier says is due, and for what lists lead to.

It decides nothing: what a page is and what it leads to was settled when its capture was kept.
"""

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest

from healthcrawl.corpus.frontier import PageRow
from healthcrawl.crawl.archivist import CONTEXT, INGESTED, PAGE, Archivist
from healthcrawl.crawl.options import normal_form
from healthcrawl.crawl.results import as_json
from healthcrawl.crawl.robots import ForbiddenByRobotsError, RobotsUnknownError
from healthcrawl.errors import HealthcrawlError, UsageError
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Document
from healthcrawl.rules import Rules, Site

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

# Lists first: what they lead to decides how long the crawl takes.
_PRIORITY = {"list": 10}


class SiteSpider(Spider):
    """Crawls one site; the loader makes a subclass with `site` set for each site file. Items are documents as JSON."""

    site: ClassVar[Site]
    rules: Rules

    @classmethod
    def from_crawler(cls, crawler: "Crawler", *args: Any, **kwargs: Any) -> Self:
        """Load the rules that settings ask for.

        Raises:
            UsageError: an argument is not known.
        """
        if args or kwargs:
            raise UsageError(f"spider argument not known: {', '.join([*map(str, args), *kwargs])}")
        spider = super().from_crawler(crawler)
        form = normal_form(crawler.settings)
        spider.rules = load_rules(cls.site, script=form.script, width=form.width)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Everything that is due, lists first."""
        archivist = self._archivist()
        archivist.seed()
        for page in archivist.frontier.due():
            yield self._request(page)

    def parse(self, response: "Response", **_: Any) -> Iterator[Request | dict[str, Any]]:
        """What the answer leads to, and its document."""
        ingested = response.meta[INGESTED]
        for page in ingested.pages:
            yield self._request(page)
        if isinstance(ingested.outcome, Document):
            yield as_json(ingested.outcome)

    def failed(self, failure: "Failure") -> None:
        """Note what was not asked for because of robots.txt; other failures were recorded when they happened."""
        page = failure.request.meta[PAGE]  # type: ignore[attr-defined]
        if isinstance(failure.value, ForbiddenByRobotsError):
            self._archivist().skip(page, "forbidden")
        elif isinstance(failure.value, RobotsUnknownError):
            self._archivist().skip(page, "failed")
        elif not isinstance(failure.value, IgnoreRequest | HealthcrawlError) and INGESTED not in failure.request.meta:  # type: ignore[attr-defined]
            # Not a failure to fetch: a fault of ours, which must not pass unseen.
            self.logger.error("%s: %r", page.url, failure.value, exc_info=failure.value)
            assert self.crawler.stats is not None
            self.crawler.stats.inc_value("spider_exceptions/count")

    def _archivist(self) -> Archivist:
        archivist = self.crawler.get_extension(Archivist)
        assert archivist is not None, "the add-on installs it"
        return archivist

    def _request(self, page: PageRow) -> Request:
        headers = {}
        if page.captured_at and page.etag:
            headers["If-None-Match"] = page.etag
        if page.captured_at and page.last_modified:
            headers["If-Modified-Since"] = page.last_modified
        return Request(
            page.url,
            headers=headers,
            callback=self.parse,
            errback=self.failed,
            priority=_PRIORITY.get(page.context.role, 0),
            meta={CONTEXT: page.context, PAGE: page},
        )
