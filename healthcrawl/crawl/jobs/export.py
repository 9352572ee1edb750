"""`scrapy export`: the corpus as a data set for others."""

import argparse
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from scrapy.settings import BaseSettings

from healthcrawl import __version__
from healthcrawl.corpus.catalog import open_catalog
from healthcrawl.corpus.export import Row, Wanted, count, rows
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Store, count_documents
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import archive_layout, moment, normal_form, size
from healthcrawl.crawl.progress import track
from healthcrawl.dataset import Card, write
from healthcrawl.errors import UsageError

_LANGUAGES = {"simplified": "zh-Hans", "traditional": "zh-Hant", "keep": "zh"}


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Write the data set."""
    if args:
        raise UsageError(f"export takes no names: {args[0]}; --site names a site")
    if not opts.out:
        raise UsageError("--out: name a new or empty folder to write into")
    layout = archive_layout(settings)
    if not layout.manifest.exists():
        raise UsageError(
            f"{layout.manifest}: no corpus there; crawl first, or `scrapy replay` makes it from WARC files"
        )
    wanted = Wanted(
        site=opts.site,
        since=moment(opts.since, "--since"),
        until=moment(opts.until, "--until"),
        changed_since=moment(opts.changed_since, "--changed-since"),
    )
    language = _LANGUAGES[normal_form(settings).script]
    catalog = open_catalog(layout)
    try:
        with Store(layout.corpus, Manifest(layout.manifest), catalog).writing():  # the catalog knows all of the journal
            pass
        total = count_documents(catalog, opts.site or None)
        seen = _Newest()
        found = seen.watch(rows(catalog, layout.corpus, wanted, language))
        with track(found, total, "documents", size(settings, "PROGRESS_SECONDS")) as tracked:
            made = write(
                Path(opts.out),
                tracked,
                opts.format,
                lambda: Card(
                    title="Texts of Chinese health bureaus",
                    language=language,
                    newest=seen.day,
                    selection=_said(wanted),
                    counts=count(catalog, opts.site),
                    version=__version__,
                ),
            )
    finally:
        catalog.close()
    print(f"{sum(one.rows for one in made):,} documents in {opts.out}", file=sys.stderr)
    return DONE


class _Newest:
    """The day of the latest capture among rows that went by."""

    def __init__(self) -> None:
        self.day = ""

    def watch(self, found: Iterator[Row]) -> Iterator[Row]:
        for row in found:
            self.day = max(self.day, row["captured_at"][:10])
            yield row


def _said(wanted: Wanted) -> str:
    """What was selected, in words."""

    def day(at: datetime) -> str:
        return at.isoformat(timespec="minutes")

    told = [f"of the site {wanted.site}"] if wanted.site else []
    told += [f"captured since {day(wanted.since)}"] if wanted.since else []
    told += [f"captured before {day(wanted.until)}"] if wanted.until else []
    told += [f"whose text was first seen since {day(wanted.changed_since)}"] if wanted.changed_since else []
    return f"Only documents {', '.join(told)}." if told else "All documents of the corpus."
