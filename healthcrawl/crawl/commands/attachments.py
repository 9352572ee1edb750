"""`scrapy attachments`: the files that articles link to, with their texts."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from healthcrawl.corpus.attachments import FileRow, files
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.crawl.command import PlainCommand
from healthcrawl.crawl.exits import DONE, FAILED
from healthcrawl.crawl.files import read_now
from healthcrawl.crawl.options import one_site, size
from healthcrawl.errors import UsageError


class Command(PlainCommand):
    """The attachments command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Read the archived attachments that were not read yet, and list all"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "List the archived files that articles link to: type by their own bytes, size, digest, pages, and what reading their text "
            "came to. Those that were not read yet are read first, each in a process of its own with limits; a crawl and a replay do "
            "the same at their end. Exit status: 0 done, 1 the archive does not give a file any more."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--site", metavar="S", default="", help="only this site's files")
        parser.add_argument("--workers", metavar="N", type=int, default=0, help="processes (default: one per core)")
        parser.add_argument("--json", action="store_true", help="print one object a file, with its text")

    def work(self, args: list[str], opts: argparse.Namespace) -> int:
        """Read, then list."""
        assert self.settings is not None
        if args:
            raise UsageError(f"no arguments are known, got {' '.join(args)}")
        if opts.workers < 0:
            raise UsageError("--workers: expected a number of processes, 1 or more")
        if opts.site:
            one_site(self.settings, opts.site)
        layout = ArchiveLayout(Path(self.setting("ARCHIVE_DIR")))
        if not layout.catalog.exists():
            raise UsageError(
                f"no catalog in {layout.root}; crawl first, or `scrapy replay` makes it from the WARC files"
            )
        catalog = Catalog(layout.catalog)
        try:
            seconds = size(self.settings, "PROGRESS_SECONDS")
            troubles = read_now(catalog, layout, opts.site, opts.workers or os.cpu_count() or 1, seconds)
            for row in files(catalog, opts.site):
                print(json.dumps(_as_json(row), ensure_ascii=False) if opts.json else _as_line(row))
        finally:
            catalog.close()
        for trouble in troubles:
            print(f"scrapy attachments: {trouble}", file=sys.stderr)
        return FAILED if troubles else DONE


def _as_json(row: FileRow) -> dict[str, Any]:
    text = row.text
    return {
        "site": row.site,
        "url": row.url,
        "article": row.via,
        "name": row.name,
        "type": row.type,
        "size": row.size,
        "sha256": row.sha256,
        "warc_file": row.location.warc_file,
        "warc_offset": row.location.offset,
        "state": text.state if text else "unread",
        "detail": text.detail if text else "",
        "pages": text.pages if text else 0,
        "text": text.text if text else "",
    }


def _as_line(row: FileRow) -> str:
    text = row.text
    state = text.state if text else "unread"
    told = [row.type, f"{row.size:,} bytes", *([f"{text.pages} pages"] if text and text.pages else []), state]
    return f"{row.site}  {row.name}  ({', '.join(told)})  {row.url}{f'  {text.detail}' if text and text.detail else ''}"
