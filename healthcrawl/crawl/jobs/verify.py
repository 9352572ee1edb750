"""`scrapy verify`: do archive, index, corpus and catalog agree?"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from scrapy.settings import BaseSettings

from healthcrawl.corpus.catalog import open_catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Store, follow
from healthcrawl.crawl.clock import load_clock
from healthcrawl.crawl.exits import DONE, FAILED
from healthcrawl.crawl.options import all_sites, archive_files, archive_layout, normal_form, size
from healthcrawl.crawl.progress import track
from healthcrawl.errors import UsageError
from healthcrawl.replay import jobs, parts, read_all, replay
from healthcrawl.verify import Verdict, count_files, forget_lost, repair, verify, verify_files


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Print what is wrong, and how much is well."""
    if args:
        if opts.repair:
            raise UsageError("--repair works on the archive of ARCHIVE_DIR, not on single files")
        files = archive_files(args)
        return _tell(settings, verify_files(files), len(files), "the files given", "", as_json=opts.json)
    layout = archive_layout(settings)
    if not layout.sites and not layout.manifest.exists():
        raise UsageError(f"{layout.root}: no archive there; ARCHIVE_DIR names it")
    follow(layout)  # being behind is no damage
    advice = "`scrapy verify --repair` mends what can be mended"
    if opts.repair:
        _repair(settings, layout, as_json=opts.json)
        advice = "what is left can't be mended from what is there: restore it from a copy"
    return _tell(settings, verify(layout), count_files(layout), str(layout.root), advice, as_json=opts.json)


def _tell(
    settings: BaseSettings, verdicts: Iterator[Verdict], total: int, what: str, advice: str, *, as_json: bool
) -> int:
    counts: Counter[str] = Counter()
    damaged = False
    with track(verdicts, total, "files", size(settings, "PROGRESS_SECONDS")) as tracked:
        for verdict in tracked:
            counts[verdict.state] += 1
            damaged |= verdict.is_damage
            _print(verdict, as_json=as_json)
    summary = f"{what}: " + ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
    summary += f"; {advice}" if damaged and advice else ""
    print(summary, file=sys.stderr if as_json else sys.stdout)
    return FAILED if damaged else DONE


def _repair(settings: BaseSettings, layout: ArchiveLayout, *, as_json: bool) -> None:
    """Repair files, then replay those whose captures the catalog or the corpus lacks."""
    clock = load_clock(settings)
    with track(verify(layout), count_files(layout), "files", size(settings, "PROGRESS_SECONDS")) as tracked:
        found = [verdict for verdict in tracked if verdict.remedy]
    sources = {Path(verdict.source) for verdict in found if verdict.remedy == "replay" and verdict.source}
    if any(verdict.remedy == "replay" and not verdict.source for verdict in found):
        sources |= set(layout.warc_files())
    salvaged = []
    for verdict in repair(found, layout, clock()):
        _print(verdict, as_json=as_json)
        if verdict.source:
            sources.add(Path(verdict.source))
        if verdict.source == verdict.file:
            salvaged.append(Path(verdict.file))
    todo = [path for path in layout.warc_files() if path in sources]
    if not todo:
        return
    _replay(settings, todo, salvaged, layout)
    for path in todo:
        _print(Verdict(file=str(path), state="repaired", detail="replayed"), as_json=as_json)


def _replay(settings: BaseSettings, todo: list[Path], salvaged: list[Path], layout: ArchiveLayout) -> None:
    catalog = open_catalog(layout)
    try:
        for path in salvaged:
            if lost := forget_lost(path, catalog):
                print(
                    f"scrapy verify: {path}: {lost} captures are lost; the next crawl gets them anew",
                    file=sys.stderr,
                )
        store = Store(layout.corpus, Manifest(layout.manifest, load_clock(settings)), catalog)
        work = jobs(todo, all_sites(settings), normal_form(settings), layout)
        for replayed in replay(read_all(parts(work), 1), store):
            for rejection in replayed.read.unreadable:
                print(f"scrapy verify: {rejection.detail}", file=sys.stderr)
    finally:
        catalog.close()


def _print(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(verdict), ensure_ascii=False))
    elif verdict.state != "ok":
        print(f"{verdict.state}: {verdict.file}: {verdict.detail}")
