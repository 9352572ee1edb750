"""`scrapy attachments`: the files that articles link to, with their texts."""

import argparse
import json
import os
import sys
from typing import Any

from scrapy.settings import BaseSettings

from healthcrawl.corpus.attachments import FileRow, files
from healthcrawl.corpus.catalog import catalog_exists, open_catalog
from healthcrawl.crawl.exits import DONE, FAILED
from healthcrawl.crawl.files import read_now
from healthcrawl.crawl.options import archive_layout, one_site, size
from healthcrawl.errors import UsageError


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Read, then list."""
    if args:
        raise UsageError(f"no arguments are known, got {' '.join(args)}")
    if opts.workers < 0:
        raise UsageError("--workers: expected a number of processes, 1 or more")
    if opts.site:
        one_site(settings, opts.site)
    layout = archive_layout(settings)
    if not catalog_exists(layout):
        raise UsageError(f"no catalog in {layout.root}; crawl first, or `scrapy replay` makes it from the WARC files")
    catalog = open_catalog(layout)
    try:
        seconds = size(settings, "PROGRESS_SECONDS")
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
