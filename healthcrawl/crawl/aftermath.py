"""What comes after a crawl: the judgement on it, and who is told of it."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from healthcrawl.core.expect import Breach
from healthcrawl.corpus.catalog import catalog_exists, open_catalog
from healthcrawl.corpus.condition import condition_of, crawled_sites
from healthcrawl.corpus.vitals import FAILED as FAILED_RUN
from healthcrawl.corpus.vitals import Problem, note_problems, problems_of
from healthcrawl.crawl import metrics
from healthcrawl.crawl.exits import BROKEN_EXPECTATION, FAILED
from healthcrawl.crawl.notify import Notice, notify, receivers
from healthcrawl.crawl.terminal import printable
from healthcrawl.errors import ArchiveError

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

    from healthcrawl.crawl.archivist import Archivist

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a crawl ended: the exit status, and for a failure why."""

    status: int
    complaint: str = ""


def tell(ending: Ending, archivist: "Archivist", settings: "BaseSettings") -> Iterator[str]:
    """Keep what went wrong with a crawl, bring the metrics up to date and tell who wants to know; give the lines for people."""
    lines = [ending.complaint] if ending.complaint else []
    try:
        lines += _keep(ending, archivist, settings)
    except ArchiveError as error:
        yield f"the archive's metrics could not be written: {error}"
    yield from lines
    if ending.status in {FAILED, BROKEN_EXPECTATION} and lines:
        notice = Notice(site=archivist.site.name, status=ending.status, text="\n".join(lines))
        yield from (f"nobody was told: {why}" for why in notify(notice, receivers(settings)))


def _keep(ending: Ending, archivist: "Archivist", settings: "BaseSettings") -> list[str]:
    """Note the problems of the run and write the metrics; the broken expectations in words."""
    site, run = archivist.site.name, archivist.run.id
    if not catalog_exists(archivist.layout):  # a new one in its place would know of nothing
        raise ArchiveError(f"{archivist.layout.catalog}: gone since the crawl began; put it back and run this again")
    catalog = open_catalog(archivist.layout)
    try:
        with catalog.writing() as tx:
            failure = [Breach(name=FAILED_RUN, what=ending.complaint, advice="")] if ending.complaint else []
            note_problems(tx, run, [*archivist.breaches, *failure])
            problems = problems_of(tx, site, run)
        path = Path(settings["METRICS_FILE"]) if settings["METRICS_FILE"] else archivist.layout.metrics
        metrics.write((condition_of(catalog, name) for name in crawled_sites(catalog)), path)
    finally:
        catalog.close()
    return [*_in_words(site, archivist.breaches, problems)]


def _in_words(site: str, broken: Sequence[Breach], problems: Sequence[Problem]) -> Iterator[str]:
    """What is broken, where, since when, with an example: one line each."""
    known = {problem.name: problem for problem in problems}
    for breach in broken:
        since = f"since {known[breach.name].since[:16].replace('T', ' ')} UTC" if breach.name in known else ""
        runs = known[breach.name].runs if breach.name in known else 1
        told = f"{since} ({runs} runs)" if runs > 1 else f"{since} (this run)"
        example = f"; see {breach.example}" if breach.example else ""
        yield printable(f"{site}: {breach.what}, {told}{example}; {breach.advice}")
