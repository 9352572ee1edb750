"""`scrapy replay`: the corpus again from the archive, without a network."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Store
from healthcrawl.crawl.clock import Clock, load_clock
from healthcrawl.crawl.command import PlainCommand
from healthcrawl.crawl.exits import DONE, FAILED
from healthcrawl.crawl.files import read_now
from healthcrawl.crawl.monitor import summary_rows
from healthcrawl.crawl.options import all_sites, archive_files, normal_form, one_site, size
from healthcrawl.crawl.progress import track
from healthcrawl.crawl.results import as_json
from healthcrawl.crawl.tally import Tally
from healthcrawl.errors import UsageError
from healthcrawl.model import Rejection
from healthcrawl.replay import beside, jobs, read_all, replay


class Command(PlainCommand):
    """The replay command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options] [WARC…]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Make the corpus again from the archive, without a network"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Read every capture of the archive (or of the WARC and ARC files and folders given) through the same code again. Without "
            "--out, which only files of the archive can be, the corpus is brought up to date; with --out the documents are written into that folder, with the numbers of "
            "the archive's journal, and the corpus is left alone. Files that others wrote are read by general rules, or by those of "
            "--site. What can't be read is told, and the rest goes on. Exit status: 0 done, 1 a file could not be read in full."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument(
            "--site", metavar="S", default="", help="only this site's files; files of others by its rules"
        )
        parser.add_argument("--out", metavar="DIR", help="write into this new or empty folder, with a manifest.jsonl")
        parser.add_argument("--workers", metavar="N", type=int, default=0, help="processes (default: one per core)")
        parser.add_argument("--json", action="store_true", help="print every outcome, one object a line")

    def work(self, args: list[str], opts: argparse.Namespace) -> int:
        """Replay, then tell what came of it."""
        assert self.settings is not None
        if opts.workers < 0:
            raise UsageError("--workers: expected a number of processes, 0 or more (0: one per core)")
        layout = ArchiveLayout(Path(self.setting("ARCHIVE_DIR")))
        site = one_site(self.settings, opts.site) if opts.site else None
        paths = archive_files(args) if args else layout.warc_files(opts.site)
        if not paths:
            where = layout.warc(opts.site) if opts.site else layout.root / "warc"
            raise UsageError(f"no WARC files in {where}; crawl first, or name files")
        if opts.out is None:
            _refuse_strangers(paths, layout, opts.site)
        todo = jobs(paths, all_sites(self.settings), normal_form(self.settings), layout, site)
        if args and site:
            todo = (job for job in todo if job.site == site)
        workers = min(opts.workers or os.cpu_count() or 1, len(paths))
        tally, failed = Tally(), False
        seconds = size(self.settings, "PROGRESS_SECONDS")
        done = track(read_all(todo, workers), len(paths), "WARC files", seconds)
        with _store(layout, opts.out, load_clock(self.settings)) as store, done as reads:
            for result in replay(reads, store):
                if isinstance(result, Rejection):
                    failed = True
                    tally.rejections[result.reason] += 1
                    print(f"scrapy replay: {result.detail}", file=sys.stderr)
                    if opts.json:
                        print(json.dumps(as_json(result), ensure_ascii=False))
                    continue
                examined, ingested = result
                tally.add(examined.context.role, ingested)
                if opts.json:
                    name = ingested.change.name if ingested.change else ""
                    print(json.dumps(as_json(ingested.document or ingested.outcome, name), ensure_ascii=False))
        troubles = [] if opts.out else _read_files(layout, opts.site, workers, seconds)
        _tell(tally, opts.out or layout.corpus)
        return FAILED if failed or troubles or tally.rejections["fault"] else DONE


def _tell(tally: Tally, folder: str | Path) -> None:
    for name, number, note in summary_rows(tally):
        print(f"{name:20} {number:>9}  {note}".rstrip(), file=sys.stderr)
    print(f"the text files are in {folder}", file=sys.stderr)


def _read_files(layout: ArchiveLayout, site: str, workers: int, seconds: float) -> list[str]:
    catalog = Catalog(layout.catalog)
    try:
        troubles = read_now(catalog, layout, site, workers, seconds)
    finally:
        catalog.close()
    for trouble in troubles:
        print(f"scrapy replay: {trouble}", file=sys.stderr)
    return troubles


def _refuse_strangers(paths: Iterable[Path], layout: ArchiveLayout, site: str) -> None:
    """No text comes into the corpus whose capture the archive does not hold."""
    stranger = next((path for path in paths if not layout.site_of(path)), None)
    if stranger is not None:
        raise UsageError(
            f"{stranger}: not a closed WARC file of the archive, so its texts can't go into {layout.corpus}. Give --out DIR "
            f"to have them in a folder of their own; or make the file one of the archive's, with `warcio recompress {stranger} "
            f"{layout.warc(site or 'SITE') / stranger.name.partition('.')[0]}.warc.gz`, and replay that"
        )


@contextmanager
def _store(layout: ArchiveLayout, out: str | None, clock: Clock) -> Iterator[Store]:
    manifest = Manifest(layout.manifest, clock)
    if out is not None:
        with beside(Path(out), manifest) as store:
            yield store
        return
    catalog = Catalog(layout.catalog)
    try:
        yield Store(layout.corpus, manifest, catalog)
    finally:
        catalog.close()
