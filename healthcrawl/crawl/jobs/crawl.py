"""`scrapy crawl NAME`: crawl a site, with exit statuses that cron can use."""

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import SETTINGS_PRIORITIES, Settings

from healthcrawl.core.hours import in_china
from healthcrawl.corpus.catalog import open_catalog
from healthcrawl.crawl.aftermath import Ending, tell
from healthcrawl.crawl.archivist import OVER_BUDGET, Archivist
from healthcrawl.crawl.checks import check_settings
from healthcrawl.crawl.exits import BROKEN_EXPECTATION, DONE, FAILED, WRONG_USE, status_of
from healthcrawl.crawl.files import read_now
from healthcrawl.crawl.loader import SiteSpiderLoader
from healthcrawl.crawl.monitor import Monitor
from healthcrawl.crawl.options import flag, is_offline
from healthcrawl.crawl.shipping import warc_store
from healthcrawl.errors import HealthcrawlError, UsageError
from healthcrawl.stored import ship_all

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

_MOST_NAMED = 40  # lists in a line
_ADVICE = "Run it again later; if a column has moved or is gone, mend its address in the site file"


def prepare(settings: Settings, args: Sequence[str]) -> None:
    """Check the command's words and settings, and keep the frameworks' chatter out of the log, unless a level was asked for.

    Raises:
        SystemExit: something is wrong; a line says what.
    """
    wrong = "" if len(args) == 1 else "give the name of one site; `scrapy list` shows them"
    if strange := next((arg for arg in args if arg.startswith("-")), ""):  # Scrapy takes it for a name
        wrong = f"no such option: {strange}; --help shows those there are"
    try:
        check_settings(settings)
        SiteSpiderLoader.from_settings(settings)
    except UsageError as error:
        wrong = str(error)
    if wrong:
        print(f"scrapy crawl: {wrong}", file=sys.stderr)
        sys.exit(WRONG_USE)
    if _is_quiet(settings):  # a level would not survive Scrapy's own configuration
        logging.getLogger("scrapy.utils.log").addFilter(lambda record: record.levelno > logging.INFO)


def work(process: AsyncCrawlerProcess, settings: Settings, name: str, arguments: Mapping[str, str]) -> int:
    """Crawl, and give the exit status."""
    if _is_quiet(settings):
        logging.getLogger("scrapy").setLevel(logging.WARNING)
    try:
        crawler = process.create_crawler(name)
    except KeyError as error:
        print(f"scrapy crawl: {error.args[0]}", file=sys.stderr)
        return WRONG_USE
    task = process.crawl(crawler, **arguments)
    assert isinstance(task, asyncio.Task), "the asyncio reactor is Scrapy's default"
    process.start()
    if not task.done():  # interrupted twice: nothing was waited for
        print(f"scrapy crawl: {name}: stopped at once; the same command goes on from here", file=sys.stderr)
        return FAILED
    failure = task.exception()
    if isinstance(failure, HealthcrawlError):
        print(f"scrapy crawl: {failure}", file=sys.stderr)
        return status_of(failure)
    if failure is not None:
        raise failure
    archivist = crawler.get_extension(Archivist)
    assert archivist is not None
    ending = _judge(crawler, archivist)
    lines = [ending.complaint] if is_offline(settings) else tell(ending, archivist, settings)
    for line in filter(None, lines):
        print(f"scrapy crawl: {line}", file=sys.stderr)
    if crawler.stats.get_value("finish_reason") == "shutdown":
        return ending.status
    status = _read_files(crawler, archivist) or ending.status
    if settings["STORE_URL"] and not is_offline(settings):
        return _ship(settings, archivist) or status
    return status


def _ship(settings: Settings, archivist: Archivist) -> int:
    """Ship the files that the crawl has closed; the exit status if one is left, else 0."""
    shipped = ship_all(archivist.layout, warc_store(settings), archivist.site.name, keep=flag(settings, "STORE_KEEP"))
    left = [one for one in shipped if one.state == "left"]
    for one in left:
        print(f"scrapy crawl: {one.path} is kept here: {one.detail}", file=sys.stderr)
    return FAILED if left else 0


def _is_quiet(settings: Settings) -> bool:
    return settings.getpriority("LOG_LEVEL") != SETTINGS_PRIORITIES["cmdline"]


def _read_files(crawler: "Crawler", archivist: Archivist) -> int:
    """Read the texts of files that the crawl has brought; the exit status if that fails, else 0."""
    monitor = crawler.get_extension(Monitor)
    if monitor is None or archivist.broken or not archivist.frontier.lists_files:
        return 0
    seconds = inf if monitor.silent else crawler.settings.getfloat("PROGRESS_SECONDS")
    catalog = open_catalog(archivist.layout)
    try:
        troubles = read_now(catalog, archivist.layout, archivist.site.name, 1, seconds)
    except HealthcrawlError as error:
        troubles = [str(error)]
    finally:
        catalog.close()
    for trouble in troubles:
        print(f"scrapy crawl: {trouble}", file=sys.stderr)
    return FAILED if troubles else 0


def _judge(crawler: "Crawler", archivist: Archivist) -> Ending:
    name = archivist.site.name
    if archivist.broken is not None:
        return Ending(status=FAILED, complaint=f"{name}: {archivist.broken}")
    if crawler.stats.get_value("finish_reason") == OVER_BUDGET:
        print(f"scrapy crawl: {name}: {_over_budget(archivist)}", file=sys.stderr)
        return Ending(status=DONE)
    if archivist.paused:
        logger.info("%s: %s; the same command goes on from here", name, archivist.paused)
        return Ending(status=DONE)
    if complaint := _complaint(crawler, archivist):
        return Ending(status=FAILED, complaint=complaint)
    return Ending(status=BROKEN_EXPECTATION if archivist.breaches else DONE)


def _complaint(crawler: "Crawler", archivist: Archivist) -> str:
    """What went wrong with a run, if it did."""
    name, tally = archivist.site.name, archivist.tally
    reason = crawler.stats.get_value("finish_reason")
    if reason != "finished":
        return f"{name}: stopped ({reason}); the same command goes on from here"
    if crawler.stats.get_value("spider_exceptions/count") or tally.rejections["fault"]:
        return (
            f"{name}: some pages could not be read for a fault of healthcrawl's own; the log has it for a report, the archive has the "
            "pages, and `scrapy replay` reads them again once it is mended"
        )
    if resting := archivist.resting:
        told = "; ".join(f"{server} ({rest.why}) until {in_china(rest.until)}" for server, rest in resting.items())
        return (
            f"{name}: asked to be left alone, and nothing was asked of it: {told}; the same command goes on after that"
        )
    if left := archivist.left_alone:
        return (
            f"{name}: {', '.join(left)} refused or failed too often and was left alone ({'; '.join(left.values())}); "
            f"{tally.skipped['left-alone']} pages were not asked for: try again later, or raise the site file's delay"
        )
    unread = [*map(str, archivist.unread)]
    named = ", ".join(unread[:_MOST_NAMED]) + (f" and {len(unread) - _MOST_NAMED} more" if unread[_MOST_NAMED:] else "")
    if not tally.lists_read and not archivist.run.resumed:
        return f"{name}: no list page could be read: {named or 'none was asked for'}. {_ADVICE}"
    return (
        f"{name}: {len(unread)} of its list pages could not be read: {named}; all else was kept. {_ADVICE}"
        if unread
        else ""
    )


def _over_budget(archivist: Archivist) -> str:
    name = archivist.over_budget
    return (
        f"its budget of {getattr(archivist.site.budget, name):,} {name} for one run is used up; the same command goes on "
        f"from here, `-a {name}=NUMBER` or budget.{name} in the site file allows more"
    )
