"""CDXJ: one sorted index beside every WARC file.

The writer knows every line of it before the file is closed, and `write` makes the same lines from the file alone, so an index
can be lost at any time. Keys are SURTs as pywb makes them. Digests are of the payload without chunk framing, also where the
record itself carries none.
"""

import json
import logging
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from surt import surt

from healthcrawl.core import message
from healthcrawl.disk import disk_errors, write_atomically
from healthcrawl.model import Exchange, Location, Revisit
from healthcrawl.warc import records
from healthcrawl.warc.read import read_records
from healthcrawl.warc.scan import Damage, Record

logger = logging.getLogger(__name__)

SUFFIX = ".cdxj"
INDEXED = frozenset({"response", "revisit"})  # types of records
_REVISIT = "warc/revisit"  # what indexes say for the media type of a revisit


def path_for(warc: Path, index_folder: Path) -> Path:
    """Where the index of a WARC file lies."""
    return index_folder / (warc.name.removesuffix(".gz").removesuffix(".warc") + SUFFIX)


def line(record: Record, warc_name: str) -> str:
    """The CDXJ line of a response or revisit record of the WARC file of that name."""
    parsed = message.parse(record.block)
    digest = ""
    if record.type == "revisit" and records.IDENTICAL_PAYLOAD in record.headers.get("warc-profile", ""):
        digest = record.headers.get("warc-payload-digest", "")
    mime = _REVISIT if record.type == "revisit" else parsed.media_type
    place = Location(warc_file=warc_name, offset=record.location.offset, length=record.location.length)
    return _line(record.url, record.date, mime, parsed.status, digest or records.digest(parsed.payload), place)


def line_of(exchange: Exchange, revisit: Revisit | None, location: Location) -> str:
    """The CDXJ line of an exchange whose response, or the revisit in its place, was written at `location`."""
    parsed = message.parse(exchange.response)
    mime = _REVISIT if revisit else parsed.media_type
    return _line(exchange.url, exchange.started_at, mime, parsed.status, records.digest(parsed.payload), location)


def lines(warc: Path) -> list[str]:
    """The sorted index of a WARC file; of a damaged one, of what can be read."""
    return sorted(line(record, warc.name) for record in read_records(warc, _warn) if record.type in INDEXED)


def _warn(damage: Damage) -> None:
    logger.warning("%s; the index goes on behind it, `scrapy verify` tells more", damage)


def write(warc: Path, index_folder: Path, known: Iterable[str] | None = None) -> Path:
    """Write the index of a WARC file, atomically, from the file or from its lines where they are known; return its path.

    Raises:
        ArchiveError: the WARC file can't be opened, or the disk did not take the index.
    """
    path = path_for(warc, index_folder)
    with disk_errors(index_folder):
        index_folder.mkdir(parents=True, exist_ok=True)
    found = lines(warc) if known is None else sorted(known)
    write_atomically(path, "".join(text + "\n" for text in found).encode())
    return path


def _line(url: str, date: datetime, mime: str, status: int, digest: str, place: Location) -> str:
    values = {
        "url": url,
        "mime": mime or "unk",
        "status": str(status or "-"),
        "digest": digest,
        "length": str(place.length),
        "offset": str(place.offset),
        "filename": place.warc_file,
    }
    return f"{_key(url)} {date:%Y%m%d%H%M%S} {json.dumps(values, ensure_ascii=False)}"


def _key(url: str) -> str:
    """The SURT of an address; of what is no address, the thing itself without blanks."""
    try:
        return str(surt(url))
    except (ValueError, IndexError, AttributeError, TypeError):
        return "%20".join(url.split()) or "-"
