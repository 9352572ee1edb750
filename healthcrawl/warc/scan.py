"""The records of WARC and ARC files, whoever wrote them, as they lie there.

A file is read to its end whatever is in it. What can't be read is told as a `Damage` with its place and reason, and reading goes
on at the next gzip member or record; what is merely irregular is put right and named among a record's `defects`.
"""

import hashlib
import re
import uuid
from base64 import b16encode, b32encode
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from healthcrawl.disk import disk_errors
from healthcrawl.errors import ArchiveError, DamagedRecordError
from healthcrawl.model import Location
from healthcrawl.warc import records
from healthcrawl.warc.stretch import ARC_LINE, GZIP, LONGEST_START, NEXT_RECORD, RECORD_START, ArchiveFile, Stretch

MAX_BLOCK = 1 << 28  # bytes; a longer block is told and passed over, so that memory stays flat
_MAX_HEAD = 1 << 18
_ARC_RECORD = re.compile(ARC_LINE)
_DATE = re.compile(r"(\d{4})(?:-?(\d\d)(?:-?(\d\d)(?:[T ]?(\d\d):?(\d\d):?(\d\d)(?:[.,]\d+)?)?)?)?(Z|[+-]\d\d:?\d\d)?")
_FIELD = re.compile(r"\n([^:\n]+):([^\n]*)")  # the first line is none
_STRANGE = re.compile(r"[\x00-\x20\x7f]")
_ALGORITHMS = frozenset({"md5", "sha1", "sha256", "sha512"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record. `block` is its exact content; header names are in lower case, of equal ones the first counts.

    `location.length` is 0 for a record that shares its gzip member with others: it can't be read by itself. `defects` name what
    had to be put right.
    """

    type: str
    id: str
    url: str
    date: datetime
    headers: dict[str, str]
    block: bytes
    location: Location
    defects: tuple[str, ...] = ()

    @property
    def digest_holds(self) -> bool | None:
        """Whether its block digest matches; None if it has none, or one of an unknown kind."""
        return _holds(self.headers, self.block)


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A place of a file from which no record, or no capture, can be had, and why."""

    warc_file: str
    offset: int
    reason: str

    def __str__(self) -> str:
        return f"{self.warc_file}: at byte {self.offset}: {self.reason}"


def scan(path: Path, start: int = 0) -> Iterator[Record | Damage]:
    """All that is in a WARC or ARC file, in order, one record in memory at a time; `start` is where in it to begin.

    Raises:
        ArchiveError: the file can't be opened or read, or is none that we know how to read.
    """
    if not path.is_file():
        raise ArchiveError(f"{path}: no such WARC file")
    with disk_errors(path), path.open("rb") as stream:
        source = ArchiveFile(stream)
        if source.is_zstandard():
            raise ArchiveError(
                f"{path}: compressed with Zstandard, which is not read here; decompress it first: zstd -d"
            )
        if source.size == 0:
            yield Damage(warc_file=path.name, offset=0, reason="the file is empty")
        at, is_gzip = start, path.name.endswith(".gz")
        while at < source.size:
            stretch = source.stretch(at, is_gzip=is_gzip)
            if stretch is None:
                yield Damage(warc_file=path.name, offset=at, reason="no record begins here")
                before, at = at, source.next_start(at + 1, is_gzip=is_gzip)
                if is_gzip and before == start and at == source.size:  # a name may be wrong
                    is_gzip, at = False, source.next_start(start + 1, is_gzip=False)
            else:
                is_gzip = stretch.is_gzip
                at = yield from _Reader(source, stretch, path.name).read()


class _Reader:
    """Reads the records of one stretch."""

    def __init__(self, source: ArchiveFile, stretch: Stretch, file_name: str) -> None:
        self._source = source
        self._stretch = stretch
        self._file_name = file_name
        self._is_first = True
        self._place: Literal["head", "block", "next"] = "head"  # how far the present record was read
        self._block_at = 0  # where in a plain file its block begins
        self._taken = 0  # how many bytes of it were taken

    def read(self) -> Generator[Record | Damage, None, int]:
        """All that is in the stretch; returns where in the file to go on."""
        stretch, told = self._stretch, False
        stretch.skip_blank()
        while ahead := stretch.peek(len(GZIP)):
            offset = stretch.position
            if not stretch.is_gzip and ahead == GZIP:
                return offset
            try:
                found = self._record(offset)
            except DamagedRecordError as error:
                told |= bool(stretch.damage)
                yield Damage(warc_file=self._file_name, offset=offset, reason=str(error))
                if self._place == "next":
                    continue
                if not stretch.is_gzip:
                    return self._source.next_start(self._look_from(offset), is_gzip=False)
                if self._place == "head":
                    stretch.take(1)
                elif self._source.spend(self._taken):
                    stretch.back_to_mark()
                stretch.skip_to_record()
                continue
            finally:
                self._is_first = False
            yield found
        if not stretch.damage:
            return max(stretch.end, stretch.start + 1)
        if not told:
            yield Damage(warc_file=self._file_name, offset=stretch.start, reason=stretch.damage)
        again = self._source.spend(stretch.end - stretch.start)
        return self._source.next_start(
            stretch.start + 1 if again else max(stretch.end, stretch.start + 1), is_gzip=True
        )

    def _look_from(self, offset: int) -> int:
        """Where in a plain file the next record may begin: behind the head of the present one, whose length is wrong."""
        if self._place == "head":
            return offset + 1
        return self._block_at if self._source.spend(self._taken) else self._stretch.position

    def _record(self, offset: int) -> Record:
        self._place, self._taken = "head", 0
        self._stretch.mark()
        ahead = self._stretch.peek(LONGEST_START)
        if ahead.startswith(b"WARC/") and RECORD_START.match(ahead):
            return self._warc_record(offset, ahead)
        if match := _ARC_RECORD.match(ahead):
            return self._arc_record(offset, match)
        raise DamagedRecordError(self._stretch.damage or "no record begins here")

    def _warc_record(self, offset: int, ahead: bytes) -> Record:
        headers = _headers(self._head(ahead))
        block, defects = self._block(headers.get("content-length"), b"\r\n\r\n", headers)
        kind, said = headers.get("warc-type", "").lower(), headers.get("warc-target-uri", "").strip("<> ")
        url = _address(said)
        if not kind:
            raise DamagedRecordError("no WARC-Type")
        date = _date(headers.get("warc-date", ""))
        if url != said:
            defects.append("characters in its WARC-Target-URI that don't belong there")
        if not url and kind in {"response", "revisit", "resource", "request"}:
            defects.append("no WARC-Target-URI")
        if not headers.get("warc-record-id"):
            defects.append("no WARC-Record-ID")
        return Record(
            type=kind,
            id=headers.get("warc-record-id") or _made_id(url, date, block),
            url=url,
            date=date,
            headers=headers,
            block=block,
            location=self._location(offset, defects),
            defects=tuple(defects),
        )

    def _arc_record(self, offset: int, match: re.Match[bytes]) -> Record:
        self._stretch.take(match.end())
        block, defects = self._block(match["length"].decode(), b"\n", {})
        url, date = _address(_text(match["url"])), _date(match["date"].decode()[:14].ljust(14, "0"))
        return Record(
            type="warcinfo" if url.startswith("filedesc:") else "response",
            id=_made_id(url, date, block),
            url=url,
            date=date,
            headers={
                "content-type": (match["rest"] or b"").decode("latin-1").partition(" ")[0],
                "warc-ip-address": match["ip"].decode(),
            },
            block=block,
            location=self._location(offset, defects),
            defects=tuple(defects),
        )

    def _head(self, ahead: bytes) -> bytes:
        """A WARC record's head, with the empty line behind it."""
        size = ahead.find(b"\r\n\r\n")
        if size < 0:
            ahead = self._stretch.peek(_MAX_HEAD)
            size = ahead.find(b"\r\n\r\n")
        bare = ahead.find(b"\n\n", 0, size if size >= 0 else None)
        if bare >= 0:
            return self._stretch.take(bare + 2)
        if size < 0:
            raise DamagedRecordError(self._stretch.damage or "a head without an end")
        return self._stretch.take(size + 4)

    def _block(self, length: str | None, trailer: bytes, headers: dict[str, str]) -> tuple[bytes, list[str]]:
        """The block; then the stretch is at the next record."""
        stretch = self._stretch
        stretch.mark()
        self._place, self._block_at = "block", stretch.position
        if length is None:
            block = stretch.take_up_to(NEXT_RECORD, MAX_BLOCK).removesuffix(trailer)
            if stretch.damage and not stretch.peek(1):
                raise DamagedRecordError(stretch.damage)
            self._place = "next"
            return block, ["no Content-Length"]
        if not length.isascii() or not length.isdecimal():
            raise DamagedRecordError(f"Content-Length {length[:40]!r} is no number")
        size = int(length[:18])
        if size > MAX_BLOCK:
            raise DamagedRecordError(f"Content-Length {size} is more than is read here ({MAX_BLOCK})")
        if stretch.remaining is not None and size > stretch.remaining:
            raise DamagedRecordError(f"Content-Length {size}, but only {stretch.remaining} bytes follow")
        block = stretch.take(size)
        self._taken = len(block)
        if len(block) < size:
            raise DamagedRecordError(stretch.damage or f"Content-Length {size}, but only {len(block)} bytes follow")
        blank = stretch.skip_blank()
        cut_off = stretch.damage and not stretch.peek(1)
        if (cut_off or not self._is_at_end_of_record(blank, trailer)) and not _holds(headers, block):
            raise DamagedRecordError(stretch.damage or f"Content-Length {size} does not lead to the record's end")
        self._place = "next"
        return block, []

    def _is_at_end_of_record(self, blank: bytes, trailer: bytes) -> bool:
        if blank.startswith(trailer):
            return True
        ahead = self._stretch.peek(LONGEST_START)
        near = any(RECORD_START.match(ahead, at) for at in range(len(trailer) + 1))
        return not ahead or near or (not self._stretch.is_gzip and ahead.startswith(GZIP))

    def _location(self, offset: int, defects: list[str]) -> Location:
        stretch = self._stretch
        if not stretch.is_gzip:
            length = stretch.position - offset
        elif self._is_first and stretch.exhausted and not stretch.peek(1):
            length = stretch.end - stretch.start
        else:
            length = 0
            defects.append("shares its gzip member with other records")
        return Location(warc_file=self._file_name, offset=offset, length=length)


def _headers(head: bytes) -> dict[str, str]:
    """The named fields of a record's head, names in lower case; of equal names the first counts."""
    text = _text(head)
    if "\n " not in text and "\n\t" not in text:
        return {name.strip().lower(): value.strip() for name, value in reversed(_FIELD.findall(text))}
    headers: dict[str, str] = {}
    name = ""
    for line in text.split("\n")[1:]:
        named, colon, value = line.partition(":")
        if line[:1] in {" ", "\t"} and name:
            headers[name] += " " + line.strip()
        elif colon:
            name = named.strip().lower()
            headers.setdefault(name, value.strip())
    return headers


def _text(head: bytes) -> str:
    """A head as text: UTF-8, as the standard says. Bytes that are not (an address as a GBK site wrote it) are percent-encoded."""
    try:
        return head.decode()
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in head)


def _address(text: str) -> str:
    """A target URI without the angle brackets that some put round it, blanks and control characters percent-encoded."""
    return _STRANGE.sub(lambda found: quote(found[0]), text.strip("<> "))


@lru_cache(maxsize=16)  # the records of an exchange have the same
def _date(text: str) -> datetime:
    """The moment of a WARC-Date of any precision, or of an ARC date, cut to whole seconds; without a zone it is UTC.

    Raises:
        DamagedRecordError: it is none.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        raise DamagedRecordError(f"WARC-Date {text[:40]!r} is no date" if text else "no WARC-Date")
    year, month, day, hour, minute, second, zone = match.groups()
    plain = f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}"
    try:
        return datetime.fromisoformat(plain + (zone or "Z")).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DamagedRecordError(f"WARC-Date {text[:40]!r}: {error}") from error


def _made_id(url: str, date: datetime, block: bytes) -> str:
    """The identity of a record that came without one: the same for the same record, wherever it lies."""
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{url} {date.isoformat()} {records.digest(block)}')}>"


def _holds(headers: Mapping[str, str], block: bytes) -> bool | None:
    """Whether a block has the digest that its record's head says; None if it says none, or one of an unknown kind."""
    algorithm, _, expected = headers.get("warc-block-digest", "").partition(":")
    algorithm = algorithm.lower()
    if algorithm not in _ALGORITHMS:
        return None
    found = hashlib.new(algorithm, block, usedforsecurity=False).digest()
    return expected.upper().rstrip("=") in {b32encode(found).decode().rstrip("="), b16encode(found).decode()}
