"""`scrapy duplicates`: which documents are nearly the same."""

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Store, count_documents
from healthcrawl.crawl.command import PlainCommand
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import size
from healthcrawl.crawl.progress import track
from healthcrawl.duplicates import find, note
from healthcrawl.errors import UsageError


class Command(PlainCommand):
    """The duplicates command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Find documents that are nearly the same"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Compare the texts of all documents and note in journal and catalog which are nearly the same: the same notice on several "
            "sites, or published again with small edits. Of each cluster the document with the lowest number stands for all. Texts "
            "that differ in a year or a number are not the same. No file is dropped or changed."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print every cluster, one object a line")

    def work(self, args: list[str], opts: argparse.Namespace) -> int:
        """Find clusters, note what is news, tell them."""
        assert self.settings is not None
        if args:
            raise UsageError(f"duplicates compares the whole corpus of ARCHIVE_DIR, it takes no names: {args[0]}")
        layout = ArchiveLayout(Path(self.setting("ARCHIVE_DIR")))
        if not layout.manifest.exists():
            raise UsageError(
                f"{layout.manifest}: no corpus there; crawl first, or `scrapy replay` makes it from WARC files"
            )
        catalog = Catalog(layout.catalog)
        try:
            store = Store(layout.corpus, Manifest(layout.manifest), catalog)
            with store.writing():  # so that the catalog knows all of the journal
                pass
            members: dict[int, list[int]] = defaultdict(list)
            titles: dict[int, str] = {}
            total = count_documents(catalog, None)
            with track(find(catalog), total, "documents", size(self.settings, "PROGRESS_SECONDS")) as tracked:
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
