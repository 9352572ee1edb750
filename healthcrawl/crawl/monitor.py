"""What people see of a crawl: a live line on a terminal, plain log lines elsewhere, a summary at the end."""

import logging
import sys
from time import monotonic
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text
from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from healthcrawl.crawl.archivist import Archivist
from healthcrawl.crawl.tally import Tally
from healthcrawl.rules import Site

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

_TALKATIVE = frozenset({"DEBUG", "INFO", "NOTSET", logging.DEBUG, logging.INFO, logging.NOTSET})

_TOLD = frozenset({"not-modified", "attachment"})  # by lines of their own

_UNVERIFIED = (
    "%s: its site file is unverified: no look at the site has confirmed it yet (`scrapy sites check NAME --live` does)"
)
# What becomes of an address by the name of the decision; by any other, it is not followed.
_SCOPE = {"health": "followed", "session id": "same page"}


class Monitor:
    """The Scrapy extension that shows the archivist's tally."""

    def __init__(self, crawler: "Crawler") -> None:
        self._crawler = crawler
        self._console = Console(stderr=True)
        self._began = monotonic()
        self._live: Live | None = None
        settings = crawler.settings
        self.silent = not settings.getbool("LOG_ENABLED") or settings["LOG_LEVEL"] not in _TALKATIVE
        self._loop = create_looping_call(self._log)

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> Self:
        """Watch the crawl of a site."""
        if not isinstance(getattr(crawler.spider, "site", None), Site):
            raise NotConfigured
        monitor = cls(crawler)
        crawler.signals.connect(monitor.start, signal=signals.spider_opened)
        crawler.signals.connect(monitor.stop, signal=signals.engine_stopped)
        return monitor

    @property
    def archivist(self) -> Archivist:
        """The one who keeps what is counted here."""
        archivist = self._crawler.get_extension(Archivist)
        assert archivist is not None, "the add-on installs it"
        return archivist

    def start(self) -> None:
        """Begin to show progress."""
        site = self.archivist.site
        if site.status == "unverified":
            logger.info(_UNVERIFIED, site.name)
        if self.archivist.run.resumed:
            logger.info("%s: going on with the run that was cut off", site.name)
        if self.silent:
            return
        if self._console.is_terminal:
            self._live = Live(get_renderable=self._line, console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
            _redirect_logs()
        else:
            self._loop.start(self._crawler.settings.getfloat("PROGRESS_SECONDS"), now=False)

    def stop(self) -> None:
        """Stop showing progress and print the summary."""
        if self._live is not None:
            self._live.stop()
            self._live = None
            _redirect_logs()
        if self._loop.running:
            self._loop.stop()
        if not self.silent:
            self._console.print(self._summary())
            for name, path in self.archivist.places.items():
                self._console.print(f"{name}: {path}", soft_wrap=True, highlight=False, markup=False)

    def _log(self) -> None:
        logger.info("%s", self._line().plain)

    def _line(self) -> Text:
        tally = self.archivist.tally
        seconds = max(monotonic() - self._began, 0.001)
        documents = sum(tally.documents.values())
        return Text(
            f"{self.archivist.site.name}: {tally.captures} pages, {documents} documents, {tally.revisits} not modified, "
            f"{tally.rejected} rejected, {self.archivist.frontier.count_due()} to visit, {tally.captures / seconds:.1f} pages/s"
        )

    def _summary(self) -> Table:
        archivist = self.archivist
        table = Table(title=f"{archivist.site.title} ({archivist.site.name})", title_justify="left", show_header=False)
        table.add_column(style="bold")
        table.add_column(justify="right")
        table.add_column(style="dim", overflow="fold")
        for name, number, note in summary_rows(archivist.tally):
            table.add_row(name, number, Text(note))  # as it is: addresses look like markup
        table.add_row("archived", f"{archivist.bytes_written:,}", "bytes of WARC")
        table.add_row("in the corpus", f"{archivist.documents_in_all:,}", "documents of all sites")
        table.add_row("seconds", f"{monotonic() - self._began:.1f}", "")
        return table


def summary_rows(tally: Tally) -> list[tuple[str, str, str]]:
    """Name, number and note of the summary's lines."""
    rows = [("captures", f"{tally.captures:,}", f"{tally.lists_read:,} list pages, {tally.revisits:,} not modified")]
    if tally.unread:
        rows.append(("captures unchanged", f"{tally.unread:,}", "not read again; --force reads them"))
    rows += [
        (f"documents {kind}", f"{tally.documents[kind]:,}", "")
        for kind in ("new", "changed", "unchanged", "alias", "withdrawn")
        if tally.documents[kind] or kind == "new"
    ]
    if tally.files:
        rows.append(("attachments", f"{tally.files:,}", f"{tally.file_bytes:,} bytes" if tally.file_bytes else ""))
    groups = (("no document", tally.rejections), ("failed", tally.failures), ("finding", tally.findings))
    for group, counter in groups:
        rows += [(group, f"{number:,}", name) for name, number in sorted(counter.items()) if name not in _TOLD]
    rows += [
        (_SCOPE.get(name, "not followed"), f"{number:,}", f"{name}, such as {tally.examples[name]}")
        for name, number in sorted(tally.scope.items())
    ]
    notes = {
        "forbidden": "by robots.txt",
        "failed": "robots.txt could not be read",
        "left-alone": "their host refused or failed too often",
    }
    rows += [("not asked for", f"{number:,}", notes[state]) for state, number in sorted(tally.skipped.items())]
    return rows


def _redirect_logs() -> None:
    """Send the log where stderr goes now: a live display puts itself in front of it."""
    for handler in logging.root.handlers:
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            handler.setStream(sys.stderr)
