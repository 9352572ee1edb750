"""Reading WARC files: records as they lie there, and the captures they make up."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType

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


def read_captures(path: Path) -> Iterator[tuple[Capture, Location]]:
    """The captures of a WARC file in order: responses and revisits, each with the context that was kept beside it.

    Raises:
        ArchiveError, DamagedRecordError: as `read_records`.
    """
    contexts: dict[str, Context] = {}
    for record in read_records(path):
        if record.type == "metadata":
            contexts[record.headers.get("warc-concurrent-to", "")] = records.load_context(
                records.load_fields(record.block)
            )
        elif record.type in {"response", "revisit"}:
            yield _capture(record, contexts.get(record.id, Context())), record.location
            contexts.clear()


def _capture(record: Record, context: Context) -> Capture:
    return Capture(
        url=record.url,
        response=record.block,
        captured_at=record.date,
        context=context,
        record_id=record.id,
        truncated=record.headers.get("warc-truncated", ""),
        refers_to=record.headers.get("warc-refers-to-target-uri", record.url) if record.type == "revisit" else "",
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
