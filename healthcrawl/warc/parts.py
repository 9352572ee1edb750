"""Cutting an archive file into parts that can be read one by one, and give together what the whole file gives.

A cut lies right behind a capture, so that what stands before a capture is in its part. Where captures end is told by the file's
index; of a file without one, or whose index does not fit it, by reading it through.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from healthcrawl.disk import disk_errors
from healthcrawl.errors import ArchiveError
from healthcrawl.warc.read import is_capture
from healthcrawl.warc.scan import Record, scan
from healthcrawl.warc.stretch import ArchiveFile

CAPTURES = 128  # of a part, about
_BYTES = 1 << 23  # of a part, as they lie in the file, about


def cuts(path: Path, index: Path | None = None) -> Iterator[int]:
    """Where to cut a file, in order; `index` is its CDXJ file. Nothing for a small file, or for what can't be read.

    The cuts depend on file and index only.
    """
    with suppress(OSError):
        if path.stat().st_size <= _BYTES and index is None:
            return
        ends = _ends(path, index) if index and index.exists() else None
        yield from _spaced(_read_ends(path) if ends is None else iter(ends))


def _spaced(ends: Iterator[int]) -> Iterator[int]:
    """Of the ends of captures, those where a part is full."""
    last, captures = 0, 0
    for end in ends:
        captures += 1
        if captures >= CAPTURES or end - last >= _BYTES:
            yield end
            last, captures = end, 0


def _ends(path: Path, index: Path) -> list[int] | None:
    """Where the captures end that an index names; None if it can't be that file's."""
    try:
        rows = [json.loads(line.split(" ", 2)[2]) for line in index.read_text("utf-8").splitlines()]
        places = sorted((int(row["offset"]), int(row["length"])) for row in rows if row["filename"] == path.name)
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None
    ends = [offset + length for offset, length in places]
    starts = [offset for offset, _ in places]
    in_order = all(end <= start for end, start in zip(ends, starts[1:], strict=False))
    if len(places) < len(rows) or not in_order or not all(length > 0 for _, length in places):
        return None
    return ends if _fit(path, ends) else None


def _fit(path: Path, ends: list[int]) -> bool:
    """Whether something begins in the file at each of its cuts."""
    try:
        with disk_errors(path), path.open("rb") as stream:
            source = ArchiveFile(stream)
            if ends and ends[-1] > source.size:
                return False
            is_gzip = path.name.endswith(".gz")
            at_cuts = (end for end in _spaced(iter(ends)) if end < source.size)
            return all(source.stretch(end, is_gzip=is_gzip) is not None for end in at_cuts)
    except ArchiveError:
        return False


def _read_ends(path: Path) -> Iterator[int]:
    """Where the records begin that follow captures, by reading the file."""
    capture_at = -1  # of the last one, if nothing came behind it yet
    with suppress(ArchiveError):
        for found in scan(path):
            if not isinstance(found, Record):
                continue
            if -1 < capture_at < found.location.offset:
                yield found.location.offset
                capture_at = -1
            if is_capture(found):
                capture_at = found.location.offset
