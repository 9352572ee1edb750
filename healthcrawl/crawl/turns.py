"""One request at a time to a server, whichever process asks, and a pause between two.

A turn is a locked file in the archive's folder `turns`, named after the host, or after the installation where the site file
names one: several sites may live on one CMS server. The kernel drops the lock of a process that dies. The file says who had
the turn last, and when the next one may begin; that is told in the system's time, since pauses are between real requests,
whatever clock the crawl plays.
"""

import asyncio
import fcntl
import logging
import os
import random
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from healthcrawl.disk import disk_errors

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 3600.0  # seconds; a longer one in a file comes from a clock that was wrong
_JITTER = 0.5  # of the delay, on top of it: never less than was asked for
_GLANCE = 0.25  # seconds between two looks at whether the crawl is to stop
_PATIENCE = 30.0  # seconds after which a wait for another process is told


@dataclass(slots=True)
class Turn:
    """A turn that is being held; `rest` are seconds to leave the server alone after it, beyond the usual pause."""

    rest: float = 0.0


class Turns:
    """The turns of one crawl.

    `delay` are the seconds between two requests, `name` tells other processes whose turn it is, and `check` raises when
    nothing more is to be asked of the server of a key, however long it would have to wait.
    """

    def __init__(
        self, folder: Path, *, name: str, installation: str, delay: float, check: Callable[[str], None]
    ) -> None:
        self._folder = folder
        self._holder = f"{name}, process {os.getpid()} on {socket.gethostname()}"
        self._installation = installation
        self._delay = delay
        self._check = check
        self._slower: dict[str, float] = {}
        self._lanes: dict[str, asyncio.Lock] = {}
        self._files: dict[str, BinaryIO] = {}

    def key(self, host: str) -> str:
        """What a host's turn is named after."""
        return self._installation or host

    def slow_down(self, host: str, delay: float) -> None:
        """Leave at least this many seconds between two requests to a host."""
        key = self.key(host)
        self._slower[key] = max(delay, self._slower.get(key, 0.0))

    @asynccontextmanager
    async def take(self, host: str) -> AsyncIterator[Turn]:
        """Wait for a host's turn and hold it.

        Raises:
            ArchiveError: the turn's file can't be used.
            Exception: what `check` raises.
        """
        key = self.key(host)
        path = self._folder / f"{key}.turn"
        async with self._lanes.setdefault(key, asyncio.Lock()):
            with disk_errors(path):
                file = self._files.get(key) or self._open(key, path)
            pause = max(self._delay, self._slower.get(key, 0.0))
            await self._wait(key, file)
            turn = Turn()
            try:
                with disk_errors(path):
                    self._write(file, pause)
                yield turn
            finally:
                try:
                    with disk_errors(path):
                        self._write(file, max(pause * random.uniform(1, 1 + _JITTER), turn.rest))  # noqa: S311
                finally:
                    fcntl.flock(file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let the files go."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _open(self, key: str, path: Path) -> BinaryIO:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._files[key] = path.open("r+b" if path.exists() else "w+b", buffering=0)
        return self._files[key]

    async def _wait(self, key: str, file: BinaryIO) -> None:
        """Return with the lock, when the pause of whoever had it last is over."""
        patience = time.monotonic() + _PATIENCE
        while True:
            self._check(key)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > patience:
                    patience = float("inf")
                    logger.info(
                        "waiting for a turn at %s, which is held by %s", key, _read(file)[1] or "another process"
                    )
                await asyncio.sleep(random.uniform(_GLANCE / 10, _GLANCE / 2))  # noqa: S311
                continue
            rest = _read(file)[0] - time.time()
            if not 0 < rest <= LONGEST_PAUSE:
                return
            fcntl.flock(file, fcntl.LOCK_UN)
            await asyncio.sleep(min(rest, _GLANCE))

    def _write(self, file: BinaryIO, pause: float) -> None:
        line = f"{time.time() + pause:.3f} {self._holder}\n".encode()
        file.seek(0)
        file.write(line)
        file.truncate(len(line))


def _read(file: BinaryIO) -> tuple[float, str]:
    """When the next turn may begin (seconds since 1970, 0 if nothing tells), and who had the last."""
    file.seek(0)
    moment, _, holder = file.read(1000).decode("utf-8", "replace").strip().partition(" ")
    with suppress(ValueError):
        return float(moment), holder
    return 0.0, ""
