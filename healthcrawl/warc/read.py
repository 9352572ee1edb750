"""Reading WARC files: records as they lie there, and the captures they make up."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType

from healthcrawl.core import message
from healthcrawl.errors import ArchiveError, DamagedRecordError
from healthcrawl.model import Capture, Context, Location
from healthcrawl.warc import records


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One WARC record. `block` is its exact content, `digest_holds` whether its block digest matches (None: it has none)."""

    type: str
    id: str
    url: str
    date: datetime
    headers: dict[str, str]
    block: bytes
    location: Location
    digest_holds: bool | None


def read_records(path: Path) -> Iterator[Record]:
    """The records of a WARC file (gzip or plain), in order, one in memory at a time.

    Raises:
        ArchiveError: the file can't be opened.
        DamagedRecordError: a record can't be read; those before it have been given.
    """
    position = 0
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            held: Record | None = None
            for raw in ArchiveIterator(stream, record_types=WarcRecordType.any_type, parse_http=False):
                position = int(raw.stream_pos)
                if held is not None:
                    yield _placed(held, position)
                held = _record(raw, path.name, position)
            if held is not None:
                yield _placed(held, size)
    except FileNotFoundError as error:
        raise ArchiveError(f"{path}: no such WARC file") from error
    except (OSError, ValueError) as error:
        raise DamagedRecordError(f"{path}: the record at or after byte {position} can't be read: {error}") from error


def read_record(path: Path, offset: int) -> Record:
    """The record of a WARC file that begins at a byte. Its location has no length.

    Raises:
        ArchiveError: the file can't be opened.
        DamagedRecordError: there is no record that can be read.
    """
    try:
        with path.open("rb") as stream:
            stream.seek(offset)
            for raw in ArchiveIterator(stream, record_types=WarcRecordType.any_type, parse_http=False):
                return _record(raw, path.name, offset)
    except FileNotFoundError as error:
        raise ArchiveError(f"{path}: no such WARC file") from error
    except (OSError, ValueError) as error:
        raise DamagedRecordError(f"{path}: the record at byte {offset} can't be read: {error}") from error
    raise DamagedRecordError(f"{path}: no record at byte {offset}")


def read_capture(path: Path, offset: int, context: Context) -> Capture:
    """The capture at a byte of a WARC file, in a context of the caller's; revisits are resolved as `read_captures` does.

    Raises:
        ArchiveError, DamagedRecordError: as `read_record`; also where that record is neither response nor revisit.
    """
    record = read_record(path, offset)
    if record.type not in {"response", "revisit"}:
        raise DamagedRecordError(f"{path}: the record at byte {offset} is a {record.type}, no capture")
    return _capture(record, context, Originals(path.parent))


def read_captures(path: Path) -> Iterator[tuple[Capture, Location]]:
    """The captures of a WARC file in order: responses and revisits, each with the context that was kept beside it.

    Revisits for an equal payload come with the payload of the capture that they refer to, which may lie in another file of the
    same folder.

    Raises:
        ArchiveError, DamagedRecordError: as `read_records`.
    """
    originals = Originals(path.parent)
    contexts: dict[str, Context] = {}
    for record in read_records(path):
        if record.type == "metadata":
            contexts[record.headers.get("warc-concurrent-to", "")] = records.load_context(
                records.load_fields(record.block)
            )
        elif record.type in {"response", "revisit"}:
            yield _capture(record, contexts.get(record.id, Context()), originals), record.location
            contexts.clear()


class Originals:
    """Finds the payloads that revisits refer to, among the WARC files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
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
            yield self._folder / name, int(offset)
            yield self._folder / f"{name}.open", int(offset)
        place = self._search().get((_referred(revisit), revisit.headers.get("warc-refers-to-date", "")))
        if place is not None:
            yield place

    def _search(self) -> dict[tuple[str, str], tuple[Path, int]]:
        """Where the responses in the folder lie, by address and date. Only heads are read."""
        if self._places is None:
            self._places = {}
            for path in sorted(self._folder.glob("*.warc*")):
                with suppress(OSError, ValueError), path.open("rb") as stream:
                    for raw in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=False):
                        key = (
                            str(raw.headers.get("WARC-Target-URI", "")).strip("<>"),
                            str(raw.headers.get("WARC-Date", "")),
                        )
                        self._places.setdefault(key, (path, int(raw.stream_pos)))
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
    revisit = record.type == "revisit"
    response, unresolved = _resolve(record, originals) if revisit else (record.block, False)
    return Capture(
        url=record.url,
        response=response,
        unresolved=unresolved,
        captured_at=record.date,
        context=context,
        record_id=record.id,
        truncated=record.headers.get("warc-truncated", ""),
        refers_to=_referred(record) if revisit else "",
    )


def _record(raw: object, file_name: str, offset: int) -> Record:
    headers = {name.lower(): value for name, value in raw.headers}  # type: ignore[attr-defined]
    block = raw.reader.read()  # type: ignore[attr-defined]
    if len(block) != int(headers.get("content-length", "-1")):  # fastwarc says nothing of a clipped last record
        raise ValueError(f"{len(block)} of {headers.get('content-length')} bytes")
    expected = headers.get("warc-block-digest", "")
    return Record(
        type=headers.get("warc-type", ""),
        id=headers.get("warc-record-id", ""),
        url=headers.get("warc-target-uri", "").strip("<>"),
        date=records.parse_warc_date(headers.get("warc-date", "")),
        headers=headers,
        block=block,
        location=Location(warc_file=file_name, offset=offset, length=0),
        digest_holds=records.digest(block) == expected if expected.startswith("sha1:") else None,
    )


def _placed(record: Record, end: int) -> Record:
    location = replace(record.location, length=end - record.location.offset)
    return replace(record, location=location)


def site_of(path: Path) -> str:
    """The site that a WARC file says it belongs to; empty if it says nothing or can't be read."""
    with suppress(DamagedRecordError):
        for record in read_records(path):
            return records.load_fields(record.block).get("isPartOf", "") if record.type == "warcinfo" else ""
    return ""
