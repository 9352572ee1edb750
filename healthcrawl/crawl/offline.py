"""Crawling the archive instead of the web, for work on spiders and rules.

`OFFLINE=1` puts these two in the places of the recording handler and the archivist. Requests are answered from captures, no
network handler is built, and nothing of the archive is written to: journal, catalog and frontier of the crawl are its own and
vanish with it, and the texts go into `OFFLINE_OUT`, if that is set, under the numbers that the archive's journal gave them.
So a changed rule shows what it changes by comparing two folders.
"""

import logging
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from scrapy import Request, signals
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import NotConfigured, ResponseDataLossError
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from healthcrawl.core import message
from healthcrawl.core.expect import Breach, Vitals
from healthcrawl.corpus.captures import CaptureRow, closest, robots_files
from healthcrawl.corpus.catalog import Catalog, catalog_exists, open_catalog
from healthcrawl.corpus.frontier import Frontier
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.runs import begin_run
from healthcrawl.crawl.archivist import CONTEXT, INGESTED, Archivist
from healthcrawl.crawl.options import offline_moment
from healthcrawl.crawl.targets import Targets
from healthcrawl.errors import DamagedRecordError, NotArchivedError, UsageError
from healthcrawl.ingest import Ingested
from healthcrawl.model import Capture, Context
from healthcrawl.replay import refuse_used, store_beside
from healthcrawl.rules import Rules, Site
from healthcrawl.warc import records
from healthcrawl.warc.read import read_capture
from healthcrawl.warc.write import OPEN_SUFFIX

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)


class OfflineArchivist(Archivist):
    """The archivist of a crawl that only reads the archive.

    Raises:
        UsageError: there is no archive to read, or a setting is wrong.
        ArchiveError: the catalog can't be read, or `OFFLINE_OUT` can't be written.
    """

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        """Take the site and its rules from the spider; nobody is asked, so nobody has to be waited for."""
        site, rules = getattr(crawler.spider, "site", None), getattr(crawler.spider, "rules", None)
        if not isinstance(site, Site) or not isinstance(rules, Rules):
            raise NotConfigured("only spiders of a site file can crawl the archive")
        crawler.settings.set("DOWNLOAD_DELAY", 0, priority="cmdline")
        archivist = cls(crawler, site, rules, Targets({}, contact=""))
        crawler.signals.connect(archivist.close, signal=signals.spider_closed)
        return archivist

    @property
    def places(self) -> dict[str, str]:
        """What people may want to look at after the crawl, and where it is."""
        kept = str(self._out) if self._out else "not kept; OFFLINE_OUT names a folder for them"
        return {"texts": kept, "archive": f"{self._folder} (only read)"}

    def seed(self) -> None:
        """Make known what a crawl begins with; which sitemaps robots.txt names, those tell that are in the archive."""
        super().seed()
        for url in robots_files(self._archived, self.site.name):
            try:
                self.answer(url, Context(role="robots"))
            except (NotArchivedError, DamagedRecordError) as error:
                logger.info("%s", error)

    def answer(self, url: str, context: Context) -> tuple[Capture, Ingested]:
        """The capture of an address, read in the context that the present crawl has, and what became of it.

        Raises:
            NotArchivedError: there is none.
            DamagedRecordError: its record can't be read.
        """
        row = closest(self._archived, self.site.name, url, self._moment)
        if row is None:
            self.tally.failures[NotArchivedError.__name__] += 1
            logger.info("not in the archive: %s", url)
            raise NotArchivedError(f"{url}: the archive of {self.site.name} has no capture of it")
        capture = read_capture(self._path_of(row), row.location.offset, records.fold_context(context))
        return capture, self._ingest(capture, row.location)

    def _open(self, settings: "BaseSettings", stack: ExitStack) -> None:
        """Open the archive's catalog, and a scratch one for what this crawl finds."""
        self._moment = offline_moment(settings)
        self._out = Path(settings["OFFLINE_OUT"]) if settings["OFFLINE_OUT"] else None
        if not catalog_exists(self.layout):
            raise UsageError(
                f"OFFLINE: no catalog in {self.layout.root}; crawl first, or `scrapy replay` makes it from the WARC files"
            )
        self._archived = open_catalog(self.layout)
        stack.callback(self._archived.close)
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="healthcrawl-")))
        self.catalog = Catalog(scratch / "catalog.sqlite")
        stack.callback(self.catalog.close)
        if self._out:
            refuse_used(self._out)
        self._store = store_beside(self._out or scratch / "corpus", Manifest(self.layout.manifest), self.catalog)
        self.run = begin_run(self.catalog, self.site.name, self.clock())
        self.frontier = Frontier(self.catalog, self.site.name, self.run.id, self.site.revisit, files=False)

    def _read_vitals(self) -> Vitals:
        """Nothing: what an old day's lists lead to says nothing of how the site is."""
        return Vitals()

    def _judge(self, vitals: Vitals) -> tuple[Breach, ...]:
        return ()

    def _path_of(self, row: CaptureRow) -> Path:
        path = self._folder / row.location.warc_file
        return path if path.exists() else path.with_name(path.name + OPEN_SUFFIX)


class OfflineHandler(BaseDownloadHandler):
    """Answers http and https requests from the archive."""

    def __init__(self, crawler: "Crawler", archivist: OfflineArchivist) -> None:
        super().__init__(crawler)
        self._archivist = archivist

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        """A handler for a site's spider; there is none for spiders of another kind, which have no archive."""
        archivist = crawler.get_extension(OfflineArchivist)
        if archivist is None:
            raise NotConfigured("OFFLINE: only spiders of a site file can crawl the archive")
        return cls(crawler, archivist)

    async def download_request(self, request: Request) -> Response:
        """The archived answer.

        Raises:
            NotArchivedError: there is none.
            DamagedRecordError: its record can't be read.
            ResponseDataLossError: it was cut off when it was recorded.
        """
        context = request.meta.get(CONTEXT, Context())
        capture, request.meta[INGESTED] = self._archivist.answer(request.url.partition("#")[0], context)
        parsed = message.parse(capture.response)
        if capture.truncated or not parsed.status:
            raise ResponseDataLossError(f"{request.url}: cut off when it was recorded")
        headers = Headers()
        for name, value in parsed.headers:
            headers.appendlist(name, value.encode("latin-1"))
        kind = responsetypes.from_args(headers=headers, url=request.url, body=parsed.payload[:5000])
        return kind(url=request.url, status=parsed.status, headers=headers, body=parsed.payload, request=request)
