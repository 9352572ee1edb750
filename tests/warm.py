"""Scrapy commands in processes that need not be started: they are forked from one that has loaded everything.

A command does all it would do on the command line; only its first seconds, in which libraries and rules are loaded, are saved.
The process that forks has no threads and no reactor.
"""

import contextlib
import os
import sys
from multiprocessing import get_context
from pathlib import Path

import scrapy.cmdline

import healthcrawl.crawl.archivist
import healthcrawl.crawl.jobs.sites
import healthcrawl.spiders.bureau  # noqa: F401  # what every command will load
from healthcrawl.knowledge.load import load_rules
from tests.conftest import ROOT, Done, scrapy_command

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.warm"])
load_rules()


def warm_scrapy(archive: Path, *args: str, **settings: str) -> Done:
    """As `run_scrapy`."""
    words = scrapy_command(*args, settings={"ARCHIVE_DIR": str(archive), "BACKOFF_SECONDS": "0.01", **settings})[2:]
    out, err = (archive.parent / f"{archive.name}.{name}" for name in ("out", "err"))
    process = _FORKS.Process(target=_execute, args=(words, out, err))
    process.start()
    process.join(110)
    if process.is_alive():
        process.kill()
        process.join()
    return Done(process.exitcode or 0, out.read_text("utf-8"), err.read_text("utf-8"))


def _execute(words: list[str], out: Path, err: Path) -> None:
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", buffering=1) for number in (1, 2))
    with contextlib.ExitStack() as stack:
        stack.callback(sys.stdout.flush)
        scrapy.cmdline.execute(words)
