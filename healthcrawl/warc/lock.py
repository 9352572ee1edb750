"""One process per site: a lock that the kernel drops when its holder dies, and that says who holds it."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from healthcrawl.disk import disk_errors
from healthcrawl.errors import SiteLockedError

LOCK_NAME = ".lock"


@contextmanager
def hold(folder: Path, now: datetime) -> Iterator[None]:
    """Hold the lock of a site's WARC folder.

    Raises:
        SiteLockedError: another process holds it; the message names that process.
        ArchiveError: the lock file can't be made.
    """
    path = folder / LOCK_NAME
    with disk_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read().strip() or "a process that is just starting"
            raise SiteLockedError(
                f"{folder.name} is being crawled by {who} (lock file {path}); try again when that one is through"
            ) from None
        with disk_errors(path):
            file.truncate(0)
            file.write(f"{holder(now)}\n")
            file.flush()
        yield
        file.truncate(0)


def holder(now: datetime) -> str:
    """How this process is told to others."""
    return f"process {os.getpid()} on {socket.gethostname()} since {now:%Y-%m-%d %H:%M:%S} UTC"
