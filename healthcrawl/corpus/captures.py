"""Looking captures up: by address and time, or by what they hold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.model import Location

_TABLE = tables.captures
_ORDER = (_TABLE.c.captured_at, _TABLE.c.warc_file, _TABLE.c.warc_offset)
_PLACED = sa.select(
    _TABLE.c.url,
    _TABLE.c.captured_at,
    _TABLE.c.record_id,
    _TABLE.c.warc_file,
    _TABLE.c.warc_offset,
    _TABLE.c.warc_length,
)
_OF_URL = _PLACED.where(
    _TABLE.c.site == sa.bindparam("site"),
    _TABLE.c.url == sa.bindparam("url"),
    _TABLE.c.status != 304,
    _TABLE.c.captured_at != "",
)
_NEWEST = _OF_URL.order_by(*(column.desc() for column in _ORDER)).limit(1)
_BEFORE = _NEWEST.where(_TABLE.c.captured_at < sa.bindparam("moment"))
_FROM = _OF_URL.where(_TABLE.c.captured_at >= sa.bindparam("moment")).order_by(*_ORDER).limit(1)
_SAME = (
    _PLACED.where(
        _TABLE.c.site == sa.bindparam("site"),
        _TABLE.c.payload_sha256 == sa.bindparam("payload_sha256"),
        _TABLE.c.record_type == "response",
        _TABLE.c.status == sa.bindparam("status"),
        _TABLE.c.media_type == sa.bindparam("media_type"),
        _TABLE.c.captured_at != "",
    )
    .order_by(*(column.desc() for column in _ORDER))
    .limit(1)
)
_SAME_URL = _SAME.where(_TABLE.c.url == sa.bindparam("url"))


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
    if at is None:
        return _first(catalog, _NEWEST, site=site, url=url)
    moment = tables.moment(at)
    before = _first(catalog, _BEFORE, site=site, url=url, moment=moment)
    after = _first(catalog, _FROM, site=site, url=url, moment=moment)
    if before is None or after is None:
        return before or after
    return before if at - before.captured_at < after.captured_at - at else after


def robots_files(catalog: Catalog, site: str) -> list[str]:
    """The addresses of the robots.txt files among the captures of a site."""
    query = sa.select(_TABLE.c.url).distinct().where(_TABLE.c.site == site, _TABLE.c.role == "robots")
    with catalog.reading() as tx:
        return sorted(tx.execute(query.where(_TABLE.c.reason == "robots")).scalars())


def same_payload(catalog: Catalog, site: str, payload_sha256: str, like: "Likeness") -> CaptureRow | None:
    """The newest full response of a site with that payload, and with the same status and media type; None if there is none."""
    values: dict[str, str | int] = {
        "site": site,
        "payload_sha256": payload_sha256,
        "status": like.status,
        "media_type": like.media_type,
    }
    if like.url:
        return _first(catalog, _SAME_URL, **values, url=like.url)
    return _first(catalog, _SAME, **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What else must be the same; `url` only where it is not empty."""

    status: int
    media_type: str
    url: str = ""


def _first(catalog: Catalog, query: sa.Select[Any], **values: str | int) -> CaptureRow | None:
    with catalog.reading() as tx:
        row = tx.execute(query, values).one_or_none()
    if row is None:
        return None
    return CaptureRow(
        url=row.url,
        captured_at=datetime.fromisoformat(row.captured_at),
        record_id=row.record_id,
        location=Location(warc_file=row.warc_file, offset=row.warc_offset, length=row.warc_length),
    )


def newest_capture(catalog: Catalog, site: str, until: datetime | None = None) -> datetime | None:
    """When the latest capture of a site (of those not after `until`) was made; None where there is none."""
    table = tables.captures
    query = sa.select(sa.func.max(table.c.captured_at)).where(table.c.site == site)
    if until is not None:
        query = query.where(table.c.captured_at <= tables.moment(until))
    with catalog.reading() as tx:
        return tables.parse_moment(tx.execute(query).scalar_one_or_none() or "")
