"""`scrapy clean FILE…`: the text stages on text files that exist already."""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from scrapy.settings import BaseSettings

from healthcrawl.cleaning import clean_files, text_files
from healthcrawl.corpus.cleaned import Cleaned, CleanedFolder, number_of, shown
from healthcrawl.corpus.store import Change
from healthcrawl.crawl.exits import DONE, FAILED
from healthcrawl.crawl.options import normal_form, size
from healthcrawl.crawl.progress import track
from healthcrawl.crawl.results import as_json, as_text
from healthcrawl.errors import UsageError
from healthcrawl.ingest import decided_by
from healthcrawl.model import Rejection

_FEW = 32  # files that one process has cleaned before a second one has started


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Show, and with --out write, the outcome of every file; then sum up."""
    if opts.workers < 0:
        raise UsageError("--workers: expected a number of processes, 0 or more (0: one per core)")
    form, seconds = normal_form(settings), size(settings, "PROGRESS_SECONDS")
    out = Path(opts.out) if opts.out else None
    named = _named(args, out)
    leave_out = out.resolve() if out else None
    total, highest = _count(text_files(named, leave_out))
    if not total:
        raise UsageError(f"no *.txt files in {' '.join(args)}")
    workers = 1 if total <= _FEW else min(opts.workers or os.cpu_count() or 1, total)
    summary = _Summary()
    with ExitStack() as stack:
        folder = stack.enter_context(CleanedFolder.opened(out, highest, decided_by())) if out else None
        outcomes = clean_files(text_files(named, leave_out), form, workers)
        results = folder.keep(outcomes) if folder else ((cleaned, None) for cleaned in outcomes)
        try:
            for cleaned, change in stack.enter_context(track(results, total, "files", seconds)):
                summary.add(cleaned, change)
                print(_told(cleaned, change, as_object=opts.json))
        except KeyboardInterrupt:
            print("scrapy clean: interrupted; the same command goes on from here", file=sys.stderr)
            return FAILED
    if folder or total > 1:
        print("\n".join(summary.rows(opts.out)), file=sys.stderr)
    return FAILED if summary.reasons["fault"] else DONE


class _Summary:
    """What became of all files."""

    def __init__(self) -> None:
        self.files = 0
        self.reasons: Counter[str] = Counter()
        self.changes: Counter[str] = Counter()
        self.findings: Counter[str] = Counter()

    def add(self, cleaned: Cleaned, change: Change | None) -> None:
        """Count a file."""
        self.files += 1
        if isinstance(cleaned.outcome, Rejection):
            self.reasons[cleaned.outcome.reason] += 1
        elif change:
            self.changes[change.kind] += 1
        self.findings.update({finding.kind for finding in cleaned.outcome.findings})

    def rows(self, out: str | None) -> Iterator[str]:
        """The summary, a row for each thing that happened."""
        rejected = self.reasons.total()
        yield f"{self.files} files: {self.files - rejected} documents, {rejected} rejected"
        for title, counted in (("rejected", self.reasons), ("files with", self.findings), ("written", self.changes)):
            if counted:
                yield f"{title}: " + ", ".join(f"{number} {name}" for name, number in sorted(counted.items()))
        if out:
            yield f"the text files are in {out}"


def _told(cleaned: Cleaned, change: Change | None, *, as_object: bool) -> str:
    file, outcome = shown(cleaned.path), cleaned.outcome
    if as_object:
        return json.dumps(as_json(outcome, file), ensure_ascii=False)
    if change and not isinstance(outcome, Rejection):
        return f"{file} -> {change.name}"
    return as_text(outcome, file)


def _named(args: list[str], out: Path | None) -> list[Path]:
    paths = [Path(arg) for arg in args]
    if not paths:
        raise UsageError("give at least one file or folder")
    if not any(os.path.lexists(path) for path in paths):
        raise UsageError(f"no text files: {' '.join(args)}")
    if out is not None:
        if out.exists() and not out.is_dir():
            raise UsageError(f"--out {out}: not a folder")
        for path in paths:
            if out.resolve() == (path if path.is_dir() else path.parent).resolve():
                raise UsageError(f"--out {out}: the originals are there and are never changed; name another folder")
    return paths


def _count(paths: Iterator[Path]) -> tuple[int, int]:
    """How many files there are, and the highest number that one of them has (-1: none has one)."""
    total, highest = 0, -1
    for path in paths:
        total += 1
        number = number_of(path.name)
        highest = max(highest, -1 if number is None else number)
    return total, highest
