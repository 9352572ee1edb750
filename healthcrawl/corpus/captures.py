"""Looking captures up: by address and time, or by what they hold."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.model import Location

_TABLE = tables.captures


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRow:
    """Which capture, and where its record lies."""

    url: str
    captured_at: datetime
    record_id: str
    location: Location


def closest(catalog: Catalog, site: str, url: str, at: datetime | None = None) -> CaptureRow | None:
    """The capture of an address that was made closest to a moment (None: the newest), or None where there is none.

    Answers that only say "not modified" are passed over: an earlier capture holds what they stand for. Of two that are as
    close, the later one is given.
    """
    matches = sa.and_(_TABLE.c.site == site, _TABLE.c.url == url, _TABLE.c.status != 304, _TABLE.c.captured_at != "")
    if at is None:
        return _first(catalog, matches, descending=True)
    moment = tables.moment(at)
    before = _first(catalog, sa.and_(matches, _TABLE.c.captured_at < moment), descending=True)
    after = _first(catalog, sa.and_(matches, _TABLE.c.captured_at >= moment), descending=False)
    if before is None or after is None:
        return before or after
    return before if at - before.captured_at < after.captured_at - at else after


def same_payload(catalog: Catalog, site: str, payload_sha256: str, like: "Likeness") -> CaptureRow | None:
    """The newest full response of a site with that payload, and with the same status and media type; None if there is none."""
    matches = sa.and_(
        _TABLE.c.site == site,
        _TABLE.c.payload_sha256 == payload_sha256,
        _TABLE.c.record_type == "response",
        _TABLE.c.status == like.status,
        _TABLE.c.media_type == like.media_type,
        _TABLE.c.captured_at != "",
    )
    if like.url:
        matches = sa.and_(matches, _TABLE.c.url == like.url)
    return _first(catalog, matches, descending=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What else must be the same; `url` only where it is not empty."""

    status: int
    media_type: str
    url: str = ""


def _first(catalog: Catalog, matches: sa.ColumnElement[bool], *, descending: bool) -> CaptureRow | None:
    order = (_TABLE.c.captured_at, _TABLE.c.warc_file, _TABLE.c.warc_offset)
    query = sa.select(_TABLE).where(matches).limit(1)
    query = query.order_by(*(column.desc() for column in order) if descending else order)
    with catalog.reading() as tx:
        row = tx.execute(query).one_or_none()
    if row is None:
        return None
    return CaptureRow(
        url=row.url,
        captured_at=datetime.fromisoformat(row.captured_at),
        record_id=row.record_id,
        location=Location(warc_file=row.warc_file, offset=row.warc_offset, length=row.warc_length),
    )
