"""A first look at a site: its home page, some lists, some articles, with all manners of a crawl and nothing kept.

The look is a crawl of a provisional site, so that robots.txt, delays, safe targets and recording are those of any other; its
archive is a folder that vanishes with it.
"""

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider, signals

from healthcrawl.core.decode import decode
from healthcrawl.core.survey import Candidate, ListReading, Survey, moved_to, read_list, survey
from healthcrawl.core.urls import host_of
from healthcrawl.crawl.archivist import CONTEXT, INGESTED, Archivist
from healthcrawl.knowledge.draft import Look, Sample, site_name
from healthcrawl.knowledge.load import load_column_names, load_rules
from healthcrawl.model import Capture, Context, Document, Page
from healthcrawl.rules import Column, Rules, Site

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

MOST_LISTS = 12
MOST_ARTICLES = 4
_LIST_FIRST = {"list": 10, "article": 0}


class ProbeSpider(Spider):
    """Looks at a home page, at most MOST_LISTS lists that it links to, and one article of each of the first few.

    `look` is what it found, None as long as the home page has not been read; `trouble` says why not.
    """

    name = "probe"
    custom_settings: dict[str, Any] | None = {"DOWNLOAD_DELAY": 3.0}  # noqa: RUF012  # Scrapy's own type; asked slowly
    site: Site
    rules: Rules

    def __init__(self, url: str) -> None:
        super().__init__()
        self.trouble = "it was not asked for"
        self._url = url
        self._moves = 1
        self._survey: Survey | None = None
        self._lists: dict[Candidate, ListReading | None] = {}
        self._samples: dict[str, Sample | None] = {}
        self._sitemaps: tuple[str, ...] = ()

    @classmethod
    def from_crawler(cls, crawler: "Crawler", *args: Any, **kwargs: Any) -> Self:
        """Make the provisional site of the address."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        parts = urlsplit(spider._url)
        port = f":{parts.port}" if parts.port and parts.port not in {80, 443} else ""
        spider.site = Site(
            name=site_name(spider._url),
            title=host_of(spider._url),
            kind="bureau",
            status="unverified",
            domains=(f"{host_of(spider._url)}{port}",),
            columns=(Column(name="home", url=spider._url),),
        )
        spider.rules = load_rules(spider.site)
        crawler.signals.connect(spider._fault, signal=signals.spider_error)
        return spider

    @property
    def look(self) -> Look | None:
        """What was found."""
        if self._survey is None:
            return None
        samples = tuple(sample for sample in self._samples.values() if sample is not None)
        lists = tuple(self._lists.items())
        return Look(url=self._url, survey=self._survey, lists=lists, samples=samples, sitemaps=self._sitemaps)

    async def start(self) -> AsyncIterator[Request]:
        """The home page."""
        yield self._request(self._url, "list", self._read_home)

    def _read_home(self, response: "Response") -> Iterator[Request]:
        page = self._page(response)
        if page is None:
            self.trouble = f"it answered {response.status}, nothing that can be read"
            return
        found = survey(page, self.rules, load_column_names())
        target = moved_to(page)
        if target and not found.candidates and self._moves:
            self._moves -= 1
            yield self._request(target, "list", self._read_home)
            return
        if response.status >= 400:
            self.trouble = f"it answered {response.status}"
            return
        self._survey = found
        archivist = self.crawler.get_extension(Archivist)
        assert archivist is not None, "the add-on installs it"
        self._sitemaps = archivist.frontier.sitemaps()  # robots.txt was read before the home page
        # A portal has many columns, of which those that speak of health are wanted.
        ranked = sorted(found.candidates, key=lambda one: found.kind == "municipal" and not one.health)
        for candidate in ranked[:MOST_LISTS]:
            self._lists[candidate] = None
            yield self._request(candidate.url, "list", self._read_list, candidate=candidate)

    def _read_list(self, response: "Response", candidate: Candidate, *, further: bool = True) -> Iterator[Request]:
        page = self._page(response)
        if page is None or response.status >= 400:
            return
        reading = read_list(page, self.rules)
        self._lists[candidate] = reading
        if not reading.entries and reading.next_page and further:  # a page whose list is asked for by a script
            yield self._request(reading.next_page, "list", self._read_list, candidate=candidate, further=False)
        for url in reading.articles[:1]:
            if len(self._samples) < MOST_ARTICLES and url not in self._samples:
                self._samples[url] = None
                yield self._request(url, "article", self._read_article, asked=url)

    def _read_article(self, response: "Response", asked: str) -> None:
        outcome = response.meta[INGESTED].outcome
        if not isinstance(outcome, Document):
            self._samples[asked] = Sample(url=asked, family=outcome.family, rejected=outcome.reason)
            return
        metadata = outcome.metadata
        has = {"title": metadata.title, "date": metadata.published, "text": outcome.text}
        missing = tuple(name for name, value in has.items() if not value)
        self._samples[asked] = Sample(url=asked, family=outcome.family, missing=missing)

    def _failed(self, failure: Any) -> None:
        if failure.request.callback == self._read_home:
            self.trouble = str(failure.value) or type(failure.value).__name__

    def _fault(self, failure: Any, response: "Response") -> None:
        self.trouble = f"reading {response.url} failed for a fault of healthcrawl's own: {failure.value!r}"

    def _page(self, response: "Response") -> Page | None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: " + (response.headers.get("Content-Type") or b"") + b"\r\n\r\n"
        capture = Capture(url=response.url, response=head + response.body, context=Context(role="list"))
        page = decode(capture, self.rules.max_chars)
        return page if isinstance(page, Page) else None

    def _request(self, url: str, role: Any, callback: Any, **arguments: Any) -> Request:
        return Request(
            url,
            callback=callback,
            errback=self._failed,
            cb_kwargs=arguments,
            priority=_LIST_FIRST[role],
            meta={CONTEXT: Context(role=role)},
        )
