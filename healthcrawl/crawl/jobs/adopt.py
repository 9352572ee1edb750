"""`scrapy adopt DIR`: keep the numbers of an existing corpus."""

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from scrapy.settings import BaseSettings

from healthcrawl.cleaning import clean_files
from healthcrawl.corpus.adoption import Adopted, adopt, own_names
from healthcrawl.corpus.catalog import catalog_exists, open_catalog
from healthcrawl.corpus.cleaned import number_of, shown
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Store
from healthcrawl.crawl.clock import load_clock
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import archive_layout, normal_form, size
from healthcrawl.crawl.progress import track
from healthcrawl.crawl.terminal import printable
from healthcrawl.errors import UsageError
from healthcrawl.ingest import decided_by

_FEW = 32  # files that one process has cleaned before a second one has started


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Register every file; tell what is not as it should be, and sum up."""
    if len(args) != 1 or not Path(args[0]).is_dir():
        raise UsageError(f"give one folder of text files, got {' '.join(args) or 'nothing'}")
    if opts.workers < 0:
        raise UsageError("--workers: expected a number of processes, 1 or more")
    folder, layout = Path(args[0]), archive_layout(settings)
    inside = folder.resolve() == layout.corpus.resolve()
    paths = sorted(folder.glob("*.txt"), key=lambda path: (number_of(path.name) or 0, path.name))
    if not paths:
        raise UsageError(f"{folder}: no *.txt files there")
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        store = _store(settings, layout, stack, dry=opts.dry_run)
        own = own_names(store) if inside else frozenset[str]()
        paths = [path for path in paths if path.name not in own]
        workers = 1 if len(paths) <= _FEW else opts.workers or os.cpu_count() or 1
        cleaned = clean_files(paths, normal_form(settings), workers)
        results = adopt(cleaned, store, inside=inside, decided_by=decided_by(), dry=opts.dry_run)
        for one in stack.enter_context(track(results, len(paths), "files", size(settings, "PROGRESS_SECONDS"))):
            counts[one.state] += 1
            for line in _told(one, as_object=opts.json):
                print(line)
    counted = ", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "nothing to do"
    print(f"{shown(folder)}: {counted}{'; nothing was written' if opts.dry_run else ''}", file=sys.stderr)
    return DONE


def _store(settings: BaseSettings, layout: ArchiveLayout, stack: ExitStack, *, dry: bool) -> Store:
    """The archive's store; to try things where there is no archive, one that vanishes."""
    if dry and not catalog_exists(layout):
        layout = ArchiveLayout(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="healthcrawl-"))))
    catalog = open_catalog(layout)
    stack.callback(catalog.close)
    return Store(layout.corpus, Manifest(layout.manifest, load_clock(settings)), catalog)


def _told(one: Adopted, *, as_object: bool) -> Iterator[str]:
    """What is said of a file: all of it to a program, to a person only what is not as it should be."""
    file = shown(one.path)
    if as_object:
        told = {"file": file, "number": one.number, "state": one.state, "detail": one.detail}
        yield json.dumps(told, ensure_ascii=False)
    elif one.detail:
        yield printable(f"{one.state}: {file}: {one.detail}")
