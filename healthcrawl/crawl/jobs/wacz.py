"""`scrapy wacz`: a site's archive as one file that opens in a browser."""

import argparse
import sys

from scrapy.settings import BaseSettings

from healthcrawl.corpus.catalog import catalog_exists, open_catalog
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import archive_layout, moment, one_site, output_file, size
from healthcrawl.crawl.progress import track
from healthcrawl.errors import ArchiveError, UsageError
from healthcrawl.packing import pack, plan


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Write the file, then say what is in it."""
    if len(args) != 1:
        raise UsageError("expected the name of one site; `scrapy list` shows them")
    path, site = output_file(opts.output, "demo.wacz"), one_site(settings, args[0])
    if path.exists() and not opts.force:
        raise UsageError(f"-o {path}: there already; --force replaces it")
    since = moment(opts.since, "--since")
    layout = archive_layout(settings)
    if not layout.warc_files(site.name):
        raise ArchiveError(f"{site.name}: no WARC files in {layout.warc(site.name)}; crawl it first")
    if not catalog_exists(layout):
        raise ArchiveError(f"{layout.catalog}: not there; `scrapy replay` makes it anew")
    catalog = open_catalog(layout)
    try:
        packing = plan(layout, catalog, site.name, site.title, since)
        total = len(packing.warcs)
        seconds = size(settings, "PROGRESS_SECONDS")
        with track(pack(packing, catalog, path), total, "WARC files", seconds) as packed:
            for _ in packed:
                pass
    finally:
        catalog.close()
    left_out = len(list(layout.warc(site.name).glob("*.warc.gz.open")))
    if left_out:
        print(f"scrapy wacz: {left_out} files that are still being written were left out", file=sys.stderr)
    print(f"{path}: {total} WARC files, {path.stat().st_size:,} bytes")
    return DONE
