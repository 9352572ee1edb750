"""Writing the exchanges of one site into WARC files, so that a crash at any moment loses only what was in flight.

A file grows as `NAME.warc.gz.open`; when it is closed it takes its name, and its index is written. An exchange is one write of
whole gzip members, synced to disk before anybody is told that it was kept. Only the holder of the site's lock writes; the
next holder puts in order what a crash left behind: every whole record stays, wherever it lies.
"""

import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from healthcrawl.disk import TEMPORARY, disk_errors, sync_folder
from healthcrawl.model import Exchange, Location, Revisit
from healthcrawl.warc import index, records
from healthcrawl.warc.members import Span, whole_spans
from healthcrawl.warc.repair import repair

logger = logging.getLogger(__name__)

OPEN_SUFFIX = ".open"


class Writer:
    """Writes one site's WARC files into `folder` and their indexes into `index_folder`.

    `worker` names this process in file names, `info` goes into every warcinfo record, a file is closed when it is larger
    than `max_bytes`, `sync` waits for the disk after every exchange.
    """

    def __init__(
        self,
        folder: Path,
        index_folder: Path,
        *,
        site: str,
        worker: str,
        clock: Callable[[], datetime],
        info: Mapping[str, str],
        max_bytes: int,
        sync: bool = True,
    ) -> None:
        self._folder = folder
        self._index_folder = index_folder
        self._site = site
        self._worker = re.sub(r"[^A-Za-z0-9.]", "", worker) or "worker"
        self._clock = clock
        self._info = info
        self._max_bytes = max_bytes
        self._sync = sync
        self._serial = 0
        self._file: BinaryIO | None = None
        self._path = folder
        self._lines: list[str] = []
        self.bytes_written = 0

    def write(self, exchange: Exchange, record_id: str, revisit: Revisit | None = None) -> Location | None:
        """Keep an exchange on disk; say where its response lies (None for a failure, which has none).

        With `revisit` the response becomes a revisit record; for an equal payload it is kept without its body.

        Raises:
            ArchiveError: the disk did not take it; nothing of it stays in the file.
        """
        before, response = records.exchange_members(exchange, record_id, revisit)
        with disk_errors(self._path):
            file = self._file or self._open()
            offset = self._append(file, before + response) + len(before)
        if not response:
            return None
        name = self._path.name.removesuffix(OPEN_SUFFIX)
        location = Location(warc_file=name, offset=offset, length=len(response))
        self._lines.append(index.line_of(exchange, revisit, location))
        if offset + len(response) >= self._max_bytes:
            self.close()
        return location

    def close(self) -> None:
        """Close the present file, give it its name, index it. Does nothing where none is open.

        Raises:
            ArchiveError: the disk did not take it; the next holder of the lock finishes the work.
        """
        if self._file is None:
            return
        file, self._file = self._file, None
        known, self._lines = self._lines, []
        with disk_errors(self._path):
            with file:
                os.fsync(file.fileno())
            finish(self._path, self._index_folder, known)

    def _open(self) -> BinaryIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._serial += 1
        now = self._clock()
        name = f"{self._site}-{now:%Y%m%d%H%M%S}-{self._serial:05}-{self._worker}.warc.gz"
        self._path = self._folder / (name + OPEN_SUFFIX)
        file = self._path.open("xb", buffering=0)
        try:
            sync_folder(self._folder)  # a synced file without its name would be lost all the same
            self._append(file, records.warcinfo(name, now, self._info))
        except OSError:  # to be closed later it would be a WARC file without a record
            file.close()
            self._path.unlink()
            raise
        self._file = file
        return file

    def _append(self, file: BinaryIO, data: bytes) -> int:
        offset = file.tell()
        try:
            view = memoryview(data)
            while view:  # an unbuffered write may take less than it was given
                view = view[file.write(view) :]
            if self._sync:
                os.fsync(file.fileno())
        except OSError:
            file.seek(offset)
            file.truncate()
            raise
        self.bytes_written += len(data)
        return offset


def finish(path: Path, index_folder: Path, known: Iterable[str] | None = None) -> Path:
    """Give a complete `.open` file its index (made of its lines where they are known) and its name; return the new path."""
    final = path.with_name(path.name.removesuffix(OPEN_SUFFIX))
    path.rename(final)
    sync_folder(final.parent)
    index.write(final, index_folder, known)
    return final


def recover(folder: Path, index_folder: Path) -> tuple[Path, ...]:
    """Close what a killed crawl left open: keep its whole records, name it, index it. Needs the site's lock.

    A torn end is cut off: nobody was ever told that it was kept. Where whole records lie behind a damaged place, the file is
    repaired: they stay where they are, and the file as it was found is kept beside it. A file without a single whole record is
    removed. Files that were closed but not indexed get their index too.

    Raises:
        ArchiveError: the disk does not let us.
    """
    recovered = []
    with disk_errors(folder):
        for path in (*index_folder.glob(TEMPORARY), *folder.glob(TEMPORARY)):
            path.unlink()
        for path in sorted(folder.glob(f"*.warc.gz{OPEN_SUFFIX}")):
            spans = tuple(whole_spans(path))
            if not spans:
                path.unlink()
                continue
            _keep_only(path, spans)
            recovered.append(finish(path, index_folder))
        for path in sorted(folder.glob("*.warc.gz")):
            if not index.path_for(path, index_folder).exists():
                index.write(path, index_folder)
                recovered.append(path)
    return tuple(recovered)


def _keep_only(path: Path, spans: Sequence[Span]) -> None:
    """Reduce a file to its whole records. Only a torn end is cut off in place."""
    if len(spans) > 1 or spans[0].start > 0:
        damaged = repair(path, datetime.fromtimestamp(path.stat().st_mtime, UTC))
        logger.warning("%s was damaged: its whole records are kept, as it was found it is %s", path, damaged)
        return
    with path.open("r+b") as file:
        file.truncate(spans[0].end)
        os.fsync(file.fileno())
