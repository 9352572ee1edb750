"""robots.txt by RFC 9309: a server that can't tell its rules forbids everything, one that has none allows everything.

Scrapy's own middleware goes ahead when robots.txt answers 5xx and reads error pages as rules; here a host whose robots.txt
is unreachable or broken is left alone for the run. Its Crawl-delay counts where it is longer than the site file's. Rules hold for a
day; every run asks for them anew, which the archive keeps.
"""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred

from healthcrawl.crawl.archivist import Archivist
from healthcrawl.crawl.politeness import EndingError, HostLeftAloneError
from healthcrawl.errors import ArchiveError

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

_LONGEST_DELAY = 300.0  # seconds; a longer one would hold the site's lock for ever
_LARGEST = 512_000  # bytes that are read, as RFC 9309 asks at least; what follows could only be there to keep us busy
_VALID = timedelta(hours=24)


class ForbiddenByRobotsError(IgnoreRequest):
    """robots.txt forbids the page."""


class RobotsUnknownError(IgnoreRequest):
    """The host could not tell its rules, so nothing is asked of it in this run."""


class _Unknown(RobotParser):
    """The rules of a host that could not tell its rules; `why` says how that came, `error` is what its pages end with."""

    def __init__(self, why: str, error: IgnoreRequest | None = None) -> None:
        self.why = why
        self.error = error or RobotsUnknownError(f"robots.txt {why}")

    @classmethod
    def from_crawler(cls, crawler: object, robotstxt_body: bytes) -> "_Unknown":
        """There is nothing to read."""
        return cls("is empty")

    def allowed(self, url: str | bytes, user_agent: str | bytes) -> bool:
        """Nothing is."""
        return False


class RobotsMiddleware(RobotsTxtMiddleware):
    """Obeys robots.txt as RFC 9309 asks."""

    def __init__(self, crawler: "Crawler") -> None:
        super().__init__(crawler)
        # It writes a traceback when robots.txt can't be fetched; `_shut` says so in a line.
        logging.getLogger(RobotsTxtMiddleware.__module__).setLevel(logging.CRITICAL)
        self._read_at: dict[str, datetime] = {}

    async def robot_parser(self, request: "Request") -> RobotParser | None:
        """The rules of the request's host.

        Of several requests that wait for them, Scrapy tells only the first one; the others would go ahead without rules.
        """
        netloc, now = urlparse_cached(request).netloc, self._archivist.clock()
        if netloc in self._read_at and now - self._read_at[netloc] > _VALID:
            del self._read_at[netloc], self._parsers[netloc]
        await super().robot_parser(request)
        parser = self._parsers[netloc]
        assert isinstance(parser, RobotParser)
        return parser

    def process_request_2(self, rp: RobotParser | None, request: "Request") -> None:
        """Refuse what the rules forbid."""
        if isinstance(rp, _Unknown):
            self._archivist.politeness.check_ending()
            raise rp.error
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest as error:
            raise ForbiddenByRobotsError from error

    async def _parse_robots(self, response: "Response", netloc: str, request: "Request") -> None:
        if response.status >= 500 or response.status == 429:
            self._shut(netloc, f"answered {response.status}")
            return
        body = response.body[:_LARGEST] if 200 <= response.status < 300 else b""
        await super()._parse_robots(response.replace(body=body, status=200), netloc, request)
        self._read_at[netloc] = self._archivist.clock()
        self._slow_down(request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        told = isinstance(exc, EndingError | HostLeftAloneError | ArchiveError)  # or will be, at the end
        left_alone = exc if isinstance(exc, HostLeftAloneError) else None
        self._shut(netloc, f"can't be fetched ({exc})", left_alone, warn=not told)

    @property
    def _archivist(self) -> Archivist:
        archivist = self.crawler.get_extension(Archivist)
        assert archivist is not None, "the add-on installs it"
        return archivist

    def _shut(self, netloc: str, why: str, error: IgnoreRequest | None = None, *, warn: bool = True) -> None:
        if warn:
            logger.warning("robots.txt of %s %s: the host is left alone in this run", netloc, why)
        waiting = self._parsers[netloc]
        assert isinstance(waiting, Deferred)
        self._parsers[netloc] = unknown = _Unknown(why, error)
        waiting.callback(unknown)

    def _slow_down(self, request: "Request") -> None:
        host = urlparse_cached(request).hostname or ""
        parser = self._parsers[urlparse_cached(request).netloc]
        assert isinstance(parser, RobotParser)
        delay = parser.crawl_delay(self._robotstxt_useragent or self._default_useragent)
        if not delay:
            return
        if delay > _LONGEST_DELAY:
            logger.warning(
                "robots.txt of %s asks for %g s between requests; %g s are kept", host, delay, _LONGEST_DELAY
            )
            delay = _LONGEST_DELAY
        self._archivist.politeness.turns.slow_down(host, delay)
