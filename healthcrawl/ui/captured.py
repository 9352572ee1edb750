"""A capture by its place in the archive: what the catalog says of it, and the records that hold its exchange.

Only places that the catalog knows are opened, so no address of a page names a file.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.errors import ArchiveError, NotArchivedError
from healthcrawl.model import Capture, Context
from healthcrawl.stored import borrowed
from healthcrawl.ui.query import Query
from healthcrawl.ui.shelf import Shelf
from healthcrawl.warc import records
from healthcrawl.warc.read import read_capture, read_records
from healthcrawl.warc.scan import Damage, Record
from healthcrawl.warc.write import OPEN_SUFFIX

_CAPTURES = tables.captures.c
_PATIENCE = 10  # seconds for which a store is waited for that does not answer: somebody looks at the page
_MOST_BEFORE = 16  # records in front of a response that are looked at: failures may lie between


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A capture's row of the catalog, and the file that its record lies in."""

    row: sa.RowMapping
    path: Path

    @property
    def offset(self) -> int:
        """Where its record begins."""
        return int(self.row["warc_offset"])

    @property
    def address(self) -> str:
        """The address of its page here."""
        return address_of(self.row["site"], self.row["warc_file"], self.offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """The records of an exchange: what was asked, what the crawl noted, and the answer; the first two may not be there."""

    request: Record | None
    metadata: Record | None
    response: Record

    @property
    def context(self) -> Context:
        """What the crawl knew."""
        return records.load_context(records.load_fields(self.metadata.block)) if self.metadata else Context()


def address_of(site: str, warc_file: str, offset: int) -> str:
    """The address of a capture's page.

    >>> address_of("demo", "demo-1.warc.gz", 1127)
    '/captures/demo/demo-1.warc.gz/1127'
    """
    return f"/captures/{quote(site, safe='')}/{quote(warc_file, safe='')}/{offset}"


def find(shelf: Shelf, query: Query) -> Place:
    """The capture that an address names.

    Raises:
        NotArchivedError: the catalog knows none there.
        ArchiveError: its file is in the store, which does not give it.
    """
    site, name, offset = query.text("site"), query.text("file"), query.number("offset")
    here = sa.and_(_CAPTURES.site == site, _CAPTURES.warc_file == name, _CAPTURES.warc_offset == offset)
    return _place(shelf, here, f"no capture at byte {offset} of {name}")


def of_record(shelf: Shelf, record_id: str) -> Place:
    """The capture of a record.

    Raises:
        NotArchivedError: the catalog does not know it.
        ArchiveError: its file is in the store, which does not give it.
    """
    return _place(shelf, _CAPTURES.record_id == record_id, f"no capture {record_id}")


def _place(shelf: Shelf, condition: sa.ColumnElement[bool], otherwise: str) -> Place:
    with shelf.catalog.reading() as tx:
        row = tx.execute(sa.select(tables.captures).where(condition).limit(1)).mappings().one_or_none()
    if row is None or row["warc_file"] != Path(row["warc_file"]).name:
        raise NotArchivedError(otherwise)
    path = shelf.layout.warc(row["site"]) / row["warc_file"]
    being_written = path.with_name(path.name + OPEN_SUFFIX)
    if not path.exists() and being_written.exists():
        path = being_written
    elif not path.exists() and shelf.layout.store_url:
        path = borrowed(shelf.layout.store_url, _PATIENCE).path(row["site"], row["warc_file"])
    return Place(row=row, path=path)


def exchange_of(shelf: Shelf, place: Place) -> Exchanged:
    """The records of a capture's exchange.

    Raises:
        ArchiveError: the file is gone, or the record can't be read.
    """
    row = place.row
    before = sa.select(sa.func.max(_CAPTURES.warc_offset)).where(
        _CAPTURES.site == row["site"], _CAPTURES.warc_file == row["warc_file"], _CAPTURES.warc_offset < place.offset
    )
    with shelf.catalog.reading() as tx:
        start = tx.execute(before).scalar_one() or 0

    def pass_over(_damage: Damage) -> None:
        """What is damaged in front of a capture is no part of it."""

    found = [*read_records(place.path, pass_over, start, place.offset + 1)][-_MOST_BEFORE:]
    if not found or found[-1].location.offset != place.offset:
        raise ArchiveError(f"{place.path}: the record at byte {place.offset} can't be read; `scrapy verify` says more")
    response = found[-1]
    concurrent = {one.type: one for one in found[:-1] if one.headers.get("warc-concurrent-to") == response.id}
    return Exchanged(request=concurrent.get("request"), metadata=concurrent.get("metadata"), response=response)


def capture_of(place: Place, context: Context) -> Capture:
    """The capture as a replay reads it.

    Raises:
        ArchiveError: the file is gone, or the record can't be read.
    """
    return read_capture(place.path, place.offset, context)
