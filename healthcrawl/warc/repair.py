"""Making a damaged WARC file readable again without moving what is whole in it.

Index, catalog, journal and revisits name records by their offset. So what can't be read is replaced by one record of the same
length that says so, and everything behind it stays where it was. A torn tail has nothing behind it. A place too small for that
record is smaller than any of ours, so it is something that came in between: left out, it puts what lies behind back where it was.
The file as it was found stays beside the new one.
"""

import os
import uuid
import zlib
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from healthcrawl.disk import disk_errors, sync_folder
from healthcrawl.errors import ArchiveError
from healthcrawl.warc import records
from healthcrawl.warc.members import Span, whole_spans
from healthcrawl.warc.scan import Record

DAMAGED_SUFFIX = ".damaged"  # of a file as it was found
_LOST = "unreadableBytes"  # the field of a filling record that says how many bytes it stands for
_GZIP_HEAD = b"\x1f\x8b\x08\x10" + bytes(5) + b"\xff"  # with a comment, which takes up what the record itself does not
_COPY_SIZE = 1 << 20


def repair(path: Path, moment: datetime) -> Path:
    """Replace a damaged `.warc.gz` by one of its whole records; give the path of the copy of what it was.

    The caller holds the site's lock.

    Raises:
        ArchiveError: nothing in it is whole, a copy of an earlier repair is in the way, or the disk does not let us.
    """
    kept = path.with_name(path.name + DAMAGED_SUFFIX)
    new = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with disk_errors(path):
        if kept.exists() and kept.samefile(path):  # a repair was killed before it could put the new file there
            kept.unlink()
        if kept.exists():
            raise ArchiveError(f"{kept}: the copy of an earlier repair; move it away first")
        try:
            with path.open("rb") as source, new.open("xb") as target:
                _write(source, target, [*whole_spans(path)], moment)
                if target.tell() == 0:
                    raise ArchiveError(f"{path}: not one record in it is whole; restore it from a copy")
                target.flush()
                os.fsync(target.fileno())
            kept.hardlink_to(path)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
        sync_folder(path.parent)
    return kept


def filling(start: int, end: int, moment: datetime) -> bytes:
    """A gzip member exactly as long as the bytes from `start` to `end`, with a record that tells of them; empty if it can't fit.

    >>> from datetime import UTC
    >>> len(filling(1000, 1500, datetime(2026, 3, 1, tzinfo=UTC))), filling(0, 9, datetime(2026, 3, 1, tzinfo=UTC))
    (500, b'')
    """
    block = records.dump_fields({_LOST: str(end - start)})
    head = (
        f"{records.VERSION}\r\nWARC-Type: metadata\r\n"
        f"WARC-Record-ID: <urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f'{start} {end} {moment.isoformat()}')}>\r\n"
        f"WARC-Date: {records.warc_date(moment)}\r\nContent-Type: {records.WARC_FIELDS}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    data = head.encode() + block + b"\r\n\r\n"
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush() + zlib.crc32(data).to_bytes(4, "little")
    packed += len(data).to_bytes(4, "little")
    spare = end - start - len(_GZIP_HEAD) - len(packed) - 1
    return b"" if spare < 0 else _GZIP_HEAD + b" " * spare + b"\0" + packed


def gap_of(record: Record) -> tuple[int, int] | None:
    """The (start, end) of the place that a filling record stands for; None for any other record."""
    if record.type != "metadata" or _LOST.encode() not in record.block:
        return None
    said = records.load_fields(record.block).get(_LOST, "")
    is_one = said == str(record.location.length)
    return (record.location.offset, record.location.offset + record.location.length) if is_one else None


def _write(source: BinaryIO, target: BinaryIO, spans: list[Span], moment: datetime) -> None:
    gaps = [Span(0, spans[0].start)] if spans else []
    gaps += [Span(before.end, after.start) for before, after in pairwise(spans)]
    for gap, span in zip(gaps, spans, strict=True):
        target.write(filling(gap.start, gap.end, moment) if gap.end > gap.start else b"")
        target.writelines(_pieces(source, span))


def _pieces(source: BinaryIO, span: Span) -> Iterator[bytes]:
    source.seek(span.start)
    left = span.end - span.start
    while left and (piece := source.read(min(left, _COPY_SIZE))):
        yield piece
        left -= len(piece)
