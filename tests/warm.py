"""Scrapy commands in processes that need not be started: they are forked from one that has loaded everything.

A command does all it would do on the command line; only its first seconds, in which libraries and rules are loaded, are saved.
The process that forks has no threads and no reactor.
"""

import contextlib
import importlib
import os
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType

import scrapy.cmdline
from scrapy.utils.misc import walk_modules_iter

import healthcrawl.spiders.bureau  # noqa: F401  # what every command will load
from healthcrawl.knowledge.load import load_rules
from tests.conftest import ROOT, Done, scrapy_command

# What Scrapy loads by name when a command begins; it takes a second.
for _folder in ("healthcrawl.crawl", "scrapy.commands"):
    for _module in walk_modules_iter(_folder):
        pass
for _name in (
    "healthcrawl.settings",
    "scrapy.core.downloader.handlers.http11",
    "scrapy.core.engine",
    "scrapy.extensions.remote_control",
):
    importlib.import_module(_name)
assert "twisted.internet.reactor" not in sys.modules
_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.warm"])
load_rules()


def warm_scrapy(archive: Path, *args: str, **settings: str) -> Done:
    """As `run_scrapy`."""
    return Warm(archive, *args, environment={}, **settings).wait()


class Warm:
    """A command that runs, with variables of its own in its environment."""

    def __init__(
        self, archive: Path, *args: str, environment: Mapping[str, str] = MappingProxyType({}), **settings: str
    ) -> None:
        words = scrapy_command(*args, settings={"ARCHIVE_DIR": str(archive), "BACKOFF_SECONDS": "0.01", **settings})
        self._out, self._err = (archive.parent / f"{archive.name}.{name}" for name in ("out", "err"))
        self._process = _FORKS.Process(target=_execute, args=(words[2:], self._out, self._err, dict(environment)))
        self._process.start()

    def wait(self, seconds: float = 110) -> Done:
        """How it ended; a command that takes longer is killed."""
        self._process.join(seconds)
        if self._process.is_alive():
            self.kill()
        return Done(self._process.exitcode or 0, self._out.read_text("utf-8"), self._err.read_text("utf-8"))

    def kill(self) -> None:
        """End it at once, as `kill -9` does; what has ended already is left alone."""
        self._process.kill()
        self._process.join()


def _execute(words: list[str], out: Path, err: Path, environment: dict[str, str]) -> None:
    os.chdir(ROOT)
    os.environ.update(environment)
    sys.path.insert(0, str(ROOT))
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", buffering=1) for number in (1, 2))
    with contextlib.ExitStack() as stack:
        stack.callback(sys.stdout.flush)
        scrapy.cmdline.execute(words)
