"""Reading archives: records, and the captures that they make up.

Whoever reads says what is to be done about damage: to be told of each place and go on, or to stop there.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from healthcrawl.core import message
from healthcrawl.errors import ArchiveError, DamagedRecordError
from healthcrawl.model import Capture, Context, Location
from healthcrawl.warc import records
from healthcrawl.warc.scan import Damage, Record, scan

_CAPTURES = frozenset({"response", "revisit", "resource"})  # types of records
_OUR_SOFTWARE = "healthcrawl/"  # how the `software` of our own warcinfo records begins


def stop_at_damage(damage: Damage) -> None:
    """What reading does with damage unless told otherwise.

    Raises:
        DamagedRecordError: always.
    """
    raise DamagedRecordError(str(damage))


def read_records(
    path: Path, on_damage: Callable[[Damage], None] = stop_at_damage, start: int = 0, end: int | None = None
) -> Iterator[Record]:
    """The records of a file, in order; `on_damage` is told what can't be read. Only those that begin in `start` to `end`.

    Raises:
        ArchiveError: as `scan`.
        DamagedRecordError: unless `on_damage` says otherwise, at the first damage.
    """
    for found in scan(path, start):
        offset = found.location.offset if isinstance(found, Record) else found.offset
        if end is not None and offset >= end:
            return
        if isinstance(found, Record):
            yield found
        else:
            on_damage(found)


def read_record(path: Path, offset: int) -> Record:
    """The record of a file that begins at a byte.

    Raises:
        ArchiveError: the file can't be opened.
        DamagedRecordError: there is no record that can be read.
    """
    found = next(scan(path, offset), None)
    if isinstance(found, Record) and found.location.offset == offset:
        return found
    raise DamagedRecordError(f"{path}: {found}" if isinstance(found, Damage) else f"{path}: no record at byte {offset}")


def read_capture(path: Path, offset: int, context: Context) -> Capture:
    """The capture at a byte of a WARC file, in a context of the caller's; revisits are resolved as `read_captures` does.

    Raises:
        ArchiveError, DamagedRecordError: as `read_record`; also where that record is no capture.
    """
    record = read_record(path, offset)
    if record.type not in _CAPTURES:
        raise DamagedRecordError(f"{path}: the record at byte {offset} is a {record.type}, no capture")
    return _capture(record, context, Originals(path.parent))


def read_captures(
    path: Path,
    on_damage: Callable[[Damage], None] = stop_at_damage,
    start: int = 0,
    end: int | None = None,
    named: Callable[[str], Path] | None = None,
) -> Iterator[tuple[Capture, Location]]:
    """The captures of a file in order: responses, revisits and saved resources of the web, each with the context beside it.

    `start` and `end` bound a part of the file, as `healthcrawl.warc.parts` cuts it.

    Revisits for an equal payload come with the payload of the capture that they refer to, which may lie in another file of the
    same folder, or (`named`) where somebody says that the file of a name lies.

    Raises:
        ArchiveError, DamagedRecordError: as `read_records`.
    """
    originals = Originals(path.parent, named)
    concurrent_to, context = "", Context()
    for record in read_records(path, on_damage, start, end):
        if record.type == "metadata":
            concurrent_to = record.headers.get("warc-concurrent-to", "")
            context = records.load_context(records.load_fields(record.block))
        elif is_capture(record):
            known = context if concurrent_to == record.id else Context()
            yield _capture(record, known, originals), record.location
        elif record.type in _CAPTURES and not record.url:
            on_damage(Damage(warc_file=path.name, offset=record.location.offset, reason="no WARC-Target-URI"))


def is_capture(record: Record) -> bool:
    """Whether a record is one of those that `read_captures` gives: an answer of the web, or what it stands for."""
    return record.type in _CAPTURES and record.url.lower().startswith(("http://", "https://"))


def site_of(path: Path) -> str:
    """The site that one of our own WARC files says it belongs to; empty for a file of others or one that can't be read."""
    with suppress(ArchiveError):
        for found in scan(path):
            if isinstance(found, Record) and found.type == "warcinfo":
                fields = records.load_fields(found.block)
                return fields.get("isPartOf", "") if fields.get("software", "").startswith(_OUR_SOFTWARE) else ""
            return ""
    return ""


class Originals:
    """Finds the payloads that revisits refer to, among the WARC files of one folder, or those that `named` finds by name."""

    def __init__(self, folder: Path, named: Callable[[str], Path] | None = None) -> None:
        self._folder = folder
        self._named = named or folder.joinpath
        self._places: dict[tuple[str, str], tuple[Path, int]] | None = None

    def find(self, revisit: Record) -> Record | None:
        """The response whose payload a revisit record stands for; None where it can't be found, or is not what it was.

        Our own revisits say file and offset; for others, and where files were moved or salvaged, the folder is searched.
        """
        for path, offset in self._candidates(revisit):
            with suppress(ArchiveError):
                original = read_record(path, offset)
                if original.type == "response" and _is_original(original, revisit):
                    return original
        return None

    def _candidates(self, revisit: Record) -> Iterator[tuple[Path, int]]:
        name = revisit.headers.get("warc-refers-to-filename", "")
        offset = revisit.headers.get("warc-refers-to-file-offset", "")
        if name and name == Path(name).name and offset.isdecimal() and len(offset) < 18:
            with suppress(ArchiveError):
                yield self._named(name), int(offset)
            yield self._folder / f"{name}.open", int(offset)
        place = self._search().get((_referred(revisit), revisit.headers.get("warc-refers-to-date", "")))
        if place is not None:
            yield place

    def _search(self) -> dict[tuple[str, str], tuple[Path, int]]:
        """Where the responses in the folder lie, by address and date."""
        if self._places is None:
            self._places = {}
            for path in sorted(self._folder.glob("*.warc*")):
                with suppress(ArchiveError):
                    for found in scan(path):
                        if isinstance(found, Record) and found.type == "response":
                            key = (found.url, found.headers.get("warc-date", ""))
                            self._places.setdefault(key, (path, found.location.offset))
        return self._places


def _is_original(response: Record, revisit: Record) -> bool:
    """Whether a response has the payload that a revisit names, by digest (some writers take it over the chunks) or address."""
    expected = revisit.headers.get("warc-payload-digest", "")
    if not expected.startswith("sha1:"):
        return response.url == _referred(revisit)
    payload, body = message.parse(response.block).payload, message.split_head(response.block)[1]
    return expected in {records.digest(payload), records.digest(body)}


def _referred(revisit: Record) -> str:
    """The address of the capture that a revisit refers to."""
    return revisit.headers.get("warc-refers-to-target-uri", revisit.url).strip("<>")


def _resolve(revisit: Record, originals: Originals) -> tuple[bytes, bool]:
    """The response that a revisit stands for, and whether it is without the payload it should have."""
    answer = message.parse(revisit.block)
    if answer.status == 304 or answer.payload:
        return revisit.block, False
    original = originals.find(revisit)
    if original is None:
        return revisit.block, True
    if not answer.status:  # some writers keep no head
        return original.block, False
    return message.join(revisit.block, message.parse(original.block).payload), False


def _capture(record: Record, context: Context, originals: Originals) -> Capture:
    response, unresolved = record.block, False
    if record.type == "revisit":
        response, unresolved = _resolve(record, originals)
    elif record.type == "resource":  # what was saved without its head
        kind = record.headers.get("content-type", "application/octet-stream")
        response = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode("latin-1", "replace") + response
    # The first part of a segmented record is not the whole; the others follow in "continuation" records.
    cut_off = "length" if "warc-segment-number" in record.headers else ""
    return Capture(
        url=record.url,
        response=response,
        unresolved=unresolved,
        captured_at=record.date,
        context=context,
        record_id=record.id,
        truncated=record.headers.get("warc-truncated", cut_off),
        refers_to=_referred(record) if record.type == "revisit" else "",
    )
