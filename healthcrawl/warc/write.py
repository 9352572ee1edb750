"""Writing the exchanges of one site into WARC files, so that a crash at any moment loses only what was in flight.

A file grows as `NAME.warc.gz.open` and takes its name when it is closed; its index is then made from what is on disk. An
exchange is one write of whole gzip members, synced to disk before anybody is told that it was kept. Only the holder of the
site's lock writes; the next holder cuts what a crash left behind back to its last whole record.
"""

import os
import re
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from healthcrawl.disk import TEMPORARY, disk_errors, sync_folder
from healthcrawl.model import Exchange, Location
from healthcrawl.warc import index, records

OPEN_SUFFIX = ".open"
_READ_SIZE = 1 << 20


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
        self.bytes_written = 0

    def write(
        self, exchange: Exchange, record_id: str, refers_to: tuple[str, datetime] | None = None
    ) -> Location | None:
        """Keep an exchange on disk; say where its response lies (None for a failure, which has none).

        Raises:
            ArchiveError: the disk did not take it; nothing of it stays in the file.
        """
        before, response = records.exchange_members(exchange, record_id, refers_to)
        with disk_errors(self._path):
            file = self._file or self._open()
            offset = self._append(file, before + response)
        if response and offset + len(before) + len(response) >= self._max_bytes:
            self.close()
        if not response:
            return None
        return Location(
            warc_file=self._path.name.removesuffix(OPEN_SUFFIX), offset=offset + len(before), length=len(response)
        )

    def close(self) -> None:
        """Close the present file, give it its name, index it. Does nothing where none is open.

        Raises:
            ArchiveError: the disk did not take it; the next holder of the lock finishes the work.
        """
        if self._file is None:
            return
        file, self._file = self._file, None
        with disk_errors(self._path):
            with file:
                os.fsync(file.fileno())
            finish(self._path, self._index_folder)

    def _open(self) -> BinaryIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._serial += 1
        now = self._clock()
        name = f"{self._site}-{now:%Y%m%d%H%M%S}-{self._serial:05}-{self._worker}.warc.gz"
        self._path = self._folder / (name + OPEN_SUFFIX)
        file = self._path.open("xb", buffering=0)
        self._file = file
        self._append(file, records.warcinfo(name, now, self._info))
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


def finish(path: Path, index_folder: Path) -> Path:
    """Give a complete `.open` file its name and write its index; return the new path."""
    final = path.with_name(path.name.removesuffix(OPEN_SUFFIX))
    path.rename(final)
    index.write(final, index_folder)
    sync_folder(final.parent)
    return final


def recover(folder: Path, index_folder: Path) -> tuple[Path, ...]:
    """Close what a killed crawl left open: cut back to the last whole record, name, index. Needs the site's lock.

    A file without a single whole record is removed: nothing was ever said to be in it. Files that were closed but not
    indexed get their index too.

    Raises:
        ArchiveError: the disk does not let us.
    """
    recovered = []
    with disk_errors(folder):
        for path in index_folder.glob(TEMPORARY):
            path.unlink()
        for path in sorted(folder.glob(f"*.warc.gz{OPEN_SUFFIX}")):
            end = whole_members(path)
            if end == 0:
                path.unlink()
                continue
            with path.open("r+b") as file:
                file.truncate(end)
                os.fsync(file.fileno())
            recovered.append(finish(path, index_folder))
        for path in sorted(folder.glob("*.warc.gz")):
            if not index.path_for(path, index_folder).exists():
                index.write(path, index_folder)
                recovered.append(path)
    return tuple(recovered)


def whole_members(path: Path) -> int:
    """The offset behind the last gzip member that is complete and passes its own checksum."""
    end = 0
    decoder = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    with path.open("rb") as file:
        position = 0
        while chunk := file.read(_READ_SIZE):
            position += len(chunk)
            while chunk:
                try:
                    while decoder.decompress(chunk, _READ_SIZE):
                        chunk = decoder.unconsumed_tail
                        if decoder.eof or not chunk:
                            break
                except zlib.error:
                    return end
                if not decoder.eof:
                    break
                chunk = decoder.unused_data
                end = position - len(chunk)
                decoder = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    return end
