"""Scrapy commands in processes that need not be started: they are forked from one that has loaded everything.

A command does all it would do on the command line; only its first seconds, in which libraries and rules are loaded, are saved.
The process that forks has no threads and no reactor.
"""

import os
import shutil
import sys
import time
import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import mkdtemp
from types import MappingProxyType

ROOT = Path(__file__).resolve().parent.parent
_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.loaded"])


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str


def scrapy_command(*args: str, settings: Mapping[str, str]) -> list[str]:
    """The words of a scrapy call with settings."""
    named = [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]
    return [sys.executable, "-m", "scrapy", *args, *named]


class Warm:
    """A command that runs in the project, with an archive of the test's own and variables of its own in its environment."""

    def __init__(
        self, archive: Path, *args: str, environment: Mapping[str, str] = MappingProxyType({}), **settings: str
    ) -> None:
        command = scrapy_command(*args, settings={"ARCHIVE_DIR": str(archive), "BACKOFF_SECONDS": "0.01", **settings})
        folder = Path(mkdtemp())  # not beside the archive: a full disk is the command's trouble alone
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._out, self._err = folder / "out", folder / "err"
        given = (command[2:], self._out, self._err, {**os.environ, **environment})
        self._process = _FORKS.Process(target=_execute, args=given)
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


def _execute(words: list[str], out: Path, err: Path, environment: Mapping[str, str]) -> None:
    from scrapy.cmdline import execute  # noqa: PLC0415  # loaded already where this runs; not needed where it is called

    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", buffering=1) for number in (1, 2))
    with ExitStack() as stack:
        stack.callback(sys.stdout.flush)
        execute(words)
