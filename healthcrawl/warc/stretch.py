"""The bytes of an archive file as stretches, each readable from its own beginning: gzip members, or bytes as they lie there.

Whoever reads asks for what he needs and may push back what turned out to be something else. Damage ends a stretch early (its
`damage` says why; what was decompressed before is still given), and `next_start` finds where reading may begin again.
Re-reading is rationed, so that no file, by whatever hand, takes more than a fixed multiple of the time that a whole one of its
size takes.
"""

import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from zlib_ng import zlib_ng

GZIP = b"\x1f\x8b\x08"
_ZSTANDARD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
_PIECE = 1 << 15  # bytes handed to a decoder at once: what lies behind its end is copied each time
_READ_SIZE = 1 << 20
_STEP = 1 << 16  # bytes of a plain file at once
_PROBE = 1 << 12  # compressed bytes that must show a record's first line
_PATIENCE = 8  # times a file's size that may be read again
_PATIENCE_FLOOR = 1 << 26
_ZLIB_ERROR: type[Exception] = zlib_ng.error  # type: ignore[assignment]  # its stub says an instance
# A record's first line in an uncompressed file or a decompressed member: WARC's, or that of an ARC record, which has nothing but
# five or ten words, of which the third is a time and the last a length.
ARC_LINE = (
    rb"(?P<url>[A-Za-z][A-Za-z0-9+.-]{1,15}:[^\r\n]{1,4096}?) (?P<ip>[0-9A-Fa-f.:]{2,45}|-) (?P<date>\d{12,17}) "
    rb"(?:(?P<rest>[^\r\n]{1,1024}?) )?(?P<length>\d{1,15})\r?\n"
)
_WARC_LINE = rb"WARC/[01]\.\d{1,2}\r?\n"
RECORD_START = re.compile(_WARC_LINE + rb"|" + ARC_LINE)
# The same where it has to be found: what was cut off before it may have taken the line's end along.
NEXT_RECORD = re.compile(_WARC_LINE + rb"(?=[A-Za-z-]{3,40}:)|(?<=[\n\0])" + ARC_LINE)
_MEMBER_START = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")  # the other flags are reserved
LONGEST_START = 8192


class ArchiveFile:
    """An open file, read where asked. `at_record_start` and `next_start` look for where a stretch begins."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, 2)
        self._piece = memoryview(b"")
        self._piece_at = 0
        self._patience = _PATIENCE * self.size + _PATIENCE_FLOOR

    def bytes_at(self, at: int, count: int) -> memoryview:
        """Up to `count` bytes from there on; fewer, but some, unless the file ends there."""
        start = at - self._piece_at
        if not 0 <= start < len(self._piece):
            self._file.seek(at)
            self._piece, self._piece_at, start = memoryview(self._file.read(_READ_SIZE)), at, 0
        return self._piece[start : start + count]

    def spend(self, count: int) -> bool:
        """Whether that many bytes may be read once more."""
        self._patience -= count
        return self._patience >= 0

    def stretch(self, at: int, *, is_gzip: bool) -> "Stretch | None":
        """The stretch that begins there; None if nothing readable does. `is_gzip`: gzip members are what the file is made of."""
        if self._head(at, len(GZIP)) == GZIP and (is_gzip or self._opens_record(at)):
            return Stretch(self, at, is_gzip=True)
        if RECORD_START.match(self._head(at, LONGEST_START)) or not self._head(at, 1).strip(b"\r\n"):
            return Stretch(self, at, is_gzip=False)
        return None

    def is_zstandard(self) -> bool:
        """Whether the file is compressed in a way that is not read here."""
        return _ZSTANDARD.match(self._head(0, 4)) is not None

    def next_start(self, at: int, *, is_gzip: bool) -> int:
        """Where, from `at` (above 0) on, a gzip member with a record in it (or else a plain record) begins.

        The file's size if nowhere. The two are never looked for at once: a damaged one may hold whole ones of the other kind,
        which are none of the file's own records.
        """
        pattern = _MEMBER_START if is_gzip else NEXT_RECORD
        step = 2 * LONGEST_START
        while at < self.size:
            window = self._head(at - 1, step + LONGEST_START)  # with the line end before it
            limit = len(window) if at - 1 + len(window) >= self.size else step
            for match in pattern.finditer(window, 1):
                if match.start() < limit and self._opens_record(at - 1 + match.start()):
                    return at - 1 + match.start()
            at += limit - 1
            step = min(4 * step, _READ_SIZE)
        return self.size

    def _opens_record(self, at: int) -> bool:
        head = self._head(at, _PROBE)
        if not head.startswith(GZIP):
            return True
        decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            return RECORD_START.match(decoder.decompress(head, LONGEST_START)) is not None
        except zlib.error:
            return False

    def _head(self, at: int, count: int) -> bytes:
        head = bytes(self.bytes_at(at, count))
        while len(head) < count and (more := self.bytes_at(at + len(head), count - len(head))):
            head += more
        return head


class Stretch:
    """The bytes from `start` on: of a gzip member what it holds, else what lies there up to the file's end.

    `end` is the offset in the file behind a gzip member; it is known (and the member's checksum found right) when it is
    `exhausted` without `damage`.
    """

    def __init__(self, source: ArchiveFile, start: int, *, is_gzip: bool) -> None:
        self.start = start
        self.is_gzip = is_gzip
        self.end = start
        self.exhausted = False
        self.damage = ""
        self._source = source
        self._data = b""
        self._at = 0
        self._mark = 0
        self._chunks = self._member() if is_gzip else self._plain()

    @property
    def position(self) -> int:
        """Where in the file the next byte lies; within a gzip member: where the member begins."""
        return self.start if self.is_gzip else self.end - (len(self._data) - self._at)

    def peek(self, count: int) -> bytes:
        """The next bytes, which stay where they are; fewer at the end."""
        if len(self._data) - self._at < count and not self.exhausted:
            self._need(count)
        return self._data[self._at : self._at + count]

    def take(self, count: int) -> bytes:
        """The next bytes; fewer at the end."""
        taken = self.peek(count)
        self._at += len(taken)
        return taken

    def take_up_to(self, pattern: re.Pattern[bytes], limit: int) -> bytes:
        """The bytes before the next match, or all up to the end; at most `limit`."""
        wanted = LONGEST_START
        while True:
            ahead = self.peek(min(wanted, limit))
            match = pattern.search(ahead)
            if match or len(ahead) < wanted:
                return self.take(match.start() if match else len(ahead))
            wanted *= 4

    def mark(self) -> None:
        """Keep what comes from here on, until the next mark."""
        self._mark = self._at

    def back_to_mark(self) -> None:
        """What came since the mark comes again."""
        self._at = self._mark

    def skip_to_record(self) -> None:
        """Pass over bytes up to the next line that opens a record; to the end if there is none."""
        step = LONGEST_START
        while True:
            self.mark()
            self._need(step + LONGEST_START)
            window_end = len(self._data) if self.exhausted else self._at + step
            match = NEXT_RECORD.search(self._data, self._at)
            if match and match.start() < window_end:
                self._at = match.start()
                return
            if self.exhausted:
                self._at = len(self._data)
                return
            self._at = window_end - 1  # a line's end belongs to what is looked for
            step = _STEP

    def skip_blank(self) -> bytes:
        """Pass over line ends; give the first four bytes of them."""
        first, step = b"", 8
        while True:
            ahead = self.peek(step)
            blank = len(ahead) - len(ahead.lstrip(b"\r\n"))
            self._at += blank
            first = first or ahead[: min(blank, 4)]
            if blank < step:
                return first
            step = _STEP

    @property
    def remaining(self) -> int | None:
        """How many bytes can still come; None where only decompressing would tell."""
        return None if self.is_gzip else self._source.size - self.position

    def _need(self, count: int) -> None:
        """Have that many bytes ahead, or all there are."""
        held = len(self._data) - self._at
        if held >= count or self.exhausted:
            return
        kept = self._data[self._mark :]
        parts = [kept] if kept else []
        while held < count:
            chunk = next(self._chunks, None)
            if chunk is None:
                self.exhausted = True
                break
            parts.append(chunk)
            held += len(chunk)
        self._data = parts[0] if len(parts) == 1 else b"".join(parts)
        self._at, self._mark = self._at - self._mark, 0

    def _member(self) -> Iterator[bytes]:
        decoder = zlib_ng.decompressobj(zlib.MAX_WBITS | 16)
        while not decoder.eof:
            piece = self._source.bytes_at(self.end, _PIECE)
            if not piece:
                self.damage = "the file ends within a gzip member"
                return
            try:
                data = decoder.decompress(piece)
            except _ZLIB_ERROR as error:
                self.damage = f"the gzip member is damaged ({error})"
                return
            self.end += len(piece) - len(decoder.unused_data)
            if data:
                yield data

    def _plain(self) -> Iterator[bytes]:
        while piece := self._source.bytes_at(self.end, _STEP):
            self.end += len(piece)
            yield bytes(piece)
