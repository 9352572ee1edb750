"""`scrapy replay`: the corpus again from the archive, without a network."""

import argparse
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from scrapy.settings import BaseSettings

from healthcrawl.cluster import cluster
from healthcrawl.comparison import changed_parts, differences, rehearsal
from healthcrawl.corpus.catalog import open_catalog
from healthcrawl.corpus.layout import ArchiveLayout, begun
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Store
from healthcrawl.crawl.clock import Clock, load_clock
from healthcrawl.crawl.exits import DONE, FAILED
from healthcrawl.crawl.files import read_now
from healthcrawl.crawl.monitor import summary_rows
from healthcrawl.crawl.options import all_sites, archive_files, archive_layout, moment, normal_form, one_site, size
from healthcrawl.crawl.progress import track
from healthcrawl.crawl.report import Report
from healthcrawl.crawl.results import as_json as outcome_as_json
from healthcrawl.crawl.tally import Tally
from healthcrawl.errors import UsageError
from healthcrawl.processes import Crew
from healthcrawl.replay import Job, Replayed, Selection, beside, jobs, parts, read_all, replay, stored_jobs
from healthcrawl.rules import Pattern


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Replay, then tell what came of it."""
    if opts.workers < 0:
        raise UsageError("--workers: expected a number of processes, 0 or more (0: one per core)")
    layout = archive_layout(settings)
    todo = _jobs(settings, args, opts, layout)
    if opts.out is None:
        _refuse_strangers([job.path for job in todo if not job.store], layout, opts.site)
    if opts.cluster and opts.workers:
        raise UsageError("--cluster and --workers: the scheduler's workers are as many as there are, or local:N says")
    processes = opts.workers or os.cpu_count() or 1
    with ExitStack() as stack:
        workers = stack.enter_context(cluster(opts.cluster)).crew() if opts.cluster else processes
        if opts.compare:
            return _compare(settings, todo, opts, layout, workers)
        store = stack.enter_context(_store(layout, opts.out, load_clock(settings)))
        reads = read_all(parts(todo, None if opts.force else store), workers)
        tally, failed = _tell(settings, replay(reads, store), todo, as_json=opts.json)
    seconds = size(settings, "PROGRESS_SECONDS")
    troubles = [] if opts.out else _read_files(layout, opts.site, processes, seconds)
    for name, number, note in summary_rows(tally):
        print(f"{name:20} {number:>9}  {note}".rstrip(), file=sys.stderr)
    print(f"the text files are in {opts.out or layout.corpus}", file=sys.stderr)
    return FAILED if failed or troubles or tally.rejections["fault"] else DONE


def _compare(
    settings: BaseSettings, todo: list[Job], opts: argparse.Namespace, layout: ArchiveLayout, workers: int | Crew
) -> int:
    """Tell what a replay would change."""
    if opts.out:
        raise UsageError("--compare looks at the corpus of ARCHIVE_DIR and writes nothing: leave --out away")
    with rehearsal(layout) as rehearsed:
        reads = read_all(parts(todo, None if opts.force else rehearsed.store), workers)
        tally, failed = _tell(settings, replay(reads, rehearsed.store), todo, as_json=False)
        print(f"captures read: {tally.captures:,}; unchanged: {tally.unread:,}", file=sys.stderr)
        if changed := changed_parts(rehearsed):
            print(f"what decides and has changed: {', '.join(changed)}", file=sys.stderr)
        report = Report(opts.samples)
        for difference in differences(rehearsed):
            report.add(difference)
            if opts.json:
                print(json.dumps(asdict(difference), ensure_ascii=False))
    print("\n".join(report.lines(with_diffs=not opts.json)), file=sys.stderr if opts.json else sys.stdout)
    return FAILED if failed or tally.rejections["fault"] else DONE


def _jobs(settings: BaseSettings, args: list[str], opts: argparse.Namespace, layout: ArchiveLayout) -> list[Job]:
    """What the options select."""
    site = one_site(settings, opts.site) if opts.site else None
    chosen = Selection(since=moment(opts.since, "--since"), until=moment(opts.until, "--until"), url=_pattern(opts.url))
    paths = archive_files(args) if args else layout.warc_files(opts.site)
    sites, form = all_sites(settings), normal_form(settings)
    todo = list(jobs(paths, sites, form, layout, site, chosen))
    if layout.store_url and not args:
        stored = (
            job for job in stored_jobs(layout, sites, form, chosen) if not site or job.path.parent.name == site.name
        )
        todo = sorted([*todo, *stored], key=lambda job: begun(job.path))
    if not todo:
        where = layout.warc(opts.site) if opts.site else layout.root / "warc"
        raise UsageError(f"no WARC files in {where}; crawl first, or name files")
    return [job for job in todo if not (args and site) or job.site == site]


def _tell(
    settings: BaseSettings, done: Iterator[Replayed], todo: Sequence[Job], *, as_json: bool
) -> tuple[Tally, bool]:
    """Count what became of captures, and print it where that is asked for; say whether something could not be read."""
    tally, failed = Tally(), False
    seconds, total = size(settings, "PROGRESS_SECONDS"), sum(job.state().size for job in todo)
    with track(done, total, "bytes of WARC", seconds, lambda one: one.read.part.size) as tracked:
        for replayed in tracked:
            for examined, ingested in replayed:
                tally.add(examined.context.role, ingested)
                if as_json:
                    name = ingested.change.name if ingested.change else ""
                    print(json.dumps(outcome_as_json(ingested.document or ingested.outcome, name), ensure_ascii=False))
            tally.unread += replayed.read.unchanged
            for rejection in replayed.read.unreadable:
                failed = True
                tally.rejections[rejection.reason] += 1
                print(f"scrapy replay: {rejection.detail}", file=sys.stderr)
                if as_json:
                    print(json.dumps(outcome_as_json(rejection), ensure_ascii=False))
    return tally, failed


def _read_files(layout: ArchiveLayout, site: str, workers: int, seconds: float) -> list[str]:
    catalog = open_catalog(layout)
    try:
        troubles = read_now(catalog, layout, site, workers, seconds)
    finally:
        catalog.close()
    for trouble in troubles:
        print(f"scrapy replay: {trouble}", file=sys.stderr)
    return troubles


def _pattern(text: str) -> Pattern | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise UsageError(f"--url: expected a regular expression, got {text!r} ({error})") from error


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
    catalog = open_catalog(layout)
    try:
        yield Store(layout.corpus, manifest, catalog)
    finally:
        catalog.close()
