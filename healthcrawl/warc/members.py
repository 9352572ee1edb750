"""Which gzip members of a WARC file are whole: found and checked without reading what they hold.

One record is one member, and a member carries its own checksum, so what is damaged and what is not can be told byte by byte.
Behind a damaged place the next member is looked for by its first bytes.
"""

import mmap
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from healthcrawl.disk import disk_errors

_MAGIC = b"\x1f\x8b\x08"
_RECORD = b"WARC/"
_PIECE = 1 << 18  # bytes looked at in one go, packed or unpacked


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a file from `start` to before `end` that are whole gzip members and nothing else."""

    start: int
    end: int


def whole_spans(path: Path) -> Iterator[Span]:
    """The longest runs of whole gzip members in a file, in order; one that covers the file if nothing is damaged.

    Raises:
        ArchiveError: the file can't be read.
    """
    with disk_errors(path), path.open("rb") as file:
        if not (size := os.fstat(file.fileno()).st_size):
            return
        with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as data:
            yield from _spans(data, size)


def whole_members(path: Path) -> int:
    """The offset behind the last whole gzip member before any damage.

    Raises:
        ArchiveError: the file can't be read.
    """
    first = next(whole_spans(path), None)
    return first.end if first and first.start == 0 else 0


def _spans(data: mmap.mmap, size: int) -> Iterator[Span]:
    start = at = 0
    while at < size:
        end = _end_of_member(data, at)
        if end:
            at = end
            continue
        if at > start:
            yield Span(start, at)
        start = at = _next_member(data, at + 1, size)
    if at > start:
        yield Span(start, at)


def _next_member(data: mmap.mmap, at: int, size: int) -> int:
    """Where the next bytes lie that may be a record's member; the file's size if there are none."""
    while (at := data.find(_MAGIC, at)) >= 0:
        try:
            begun = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data[at : at + 256], len(_RECORD))
        except zlib.error:
            begun = b""
        if begun == _RECORD:
            return at
        at += 1
    return size


def _end_of_member(data: mmap.mmap, at: int) -> int:
    """The offset behind the gzip member at `at`; 0 if it is damaged or cut off."""
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        while piece := data[at : at + _PIECE]:
            at += len(piece)
            decoder.decompress(piece, _PIECE)
            while decoder.unconsumed_tail and not decoder.eof:
                decoder.decompress(decoder.unconsumed_tail, _PIECE)
            if decoder.eof:
                return at - len(decoder.unused_data)
    except zlib.error:
        pass
    return 0
