"""`scrapy duplicates`: which documents are nearly the same."""

import argparse
import json
import sys
from collections import defaultdict

from scrapy.settings import BaseSettings

from healthcrawl.corpus.catalog import open_catalog
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Store, count_documents
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import archive_layout, size
from healthcrawl.crawl.progress import track
from healthcrawl.duplicates import find, note
from healthcrawl.errors import UsageError


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Find clusters, note what is news, tell them."""
    if args:
        raise UsageError(f"duplicates compares the whole corpus of ARCHIVE_DIR, it takes no names: {args[0]}")
    layout = archive_layout(settings)
    if not layout.manifest.exists():
        raise UsageError(
            f"{layout.manifest}: no corpus there; crawl first, or `scrapy replay` makes it from WARC files"
        )
    catalog = open_catalog(layout)
    try:
        store = Store(layout.corpus, Manifest(layout.manifest), catalog)
        with store.writing():  # so that the catalog knows all of the journal
            pass
        members: dict[int, list[int]] = defaultdict(list)
        titles: dict[int, str] = {}
        total = count_documents(catalog, None)
        with track(find(catalog), total, "documents", size(settings, "PROGRESS_SECONDS")) as tracked:
            for text, cluster in tracked:
                members[cluster].append(text.number)
                if text.number == cluster:
                    titles[cluster] = text.title
        fresh = note(((number, cluster) for cluster, some in members.items() for number in some), store)
    finally:
        catalog.close()
    clusters = {cluster: some for cluster, some in sorted(members.items()) if len(some) > 1}
    for cluster, some in clusters.items():
        if opts.json:
            told = {"cluster": cluster, "title": titles[cluster], "numbers": sorted(some)}
            print(json.dumps(told, ensure_ascii=False))
    alike = sum(map(len, clusters.values()))
    print(
        f"{total:,} documents, {alike:,} of them in {len(clusters):,} clusters; {fresh:,} changes noted",
        file=sys.stderr,
    )
    return DONE
