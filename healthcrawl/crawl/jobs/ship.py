"""The job of `scrapy ship`."""

import argparse
import json
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import asdict

from scrapy.settings import BaseSettings

from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.crawl.clock import Clock, load_clock
from healthcrawl.crawl.exits import DONE, FAILED
from healthcrawl.crawl.options import archive_layout, flag
from healthcrawl.crawl.shipping import warc_store
from healthcrawl.errors import SiteLockedError, UsageError
from healthcrawl.stored import ship_all
from healthcrawl.warc import lock
from healthcrawl.warc.write import recover


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Ship what is left, and tell what was."""
    layout, store, keep = archive_layout(settings), warc_store(settings), flag(settings, "STORE_KEEP")
    if strange := [name for name in args if name not in layout.sites]:
        raise UsageError(f"{', '.join(strange)}: no WARC files in {layout.root / 'warc'}")
    counts: Counter[str] = Counter()
    for site in args or layout.sites:
        _close_left(layout, site, load_clock(settings))
        for one in ship_all(layout, store, site, keep=keep):
            counts[one.state] += 1
            if opts.json:
                print(json.dumps({**asdict(one), "path": str(one.path)}, ensure_ascii=False))
            elif one.state == "left":
                print(f"scrapy ship: {one.path} is kept here: {one.detail}", file=sys.stderr)
            elif one.state == "shipped":
                print(f"{one.path.name}: {one.size:,} bytes, read back")
    told = ", ".join(f"{counts[state]} {words}" for state, words in _WORDS.items() if counts[state])
    print(f"{store.url}: {told or 'nothing to ship'}", file=sys.stderr)
    return FAILED if counts["left"] else DONE


_WORDS = {"shipped": "shipped", "there": "there already", "left": "left here"}


def _close_left(layout: ArchiveLayout, site: str, clock: Clock) -> None:
    """Close what a killed crawl of a site left open, unless another is at it."""
    with suppress(SiteLockedError), lock.hold(layout.warc(site), clock()):
        recover(layout.warc(site), layout.index(site))
