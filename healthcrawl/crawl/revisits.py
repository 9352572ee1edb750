"""Whether an answer brought anything that the archive does not have already."""

from pathlib import Path

from healthcrawl.core import message
from healthcrawl.corpus.captures import CaptureRow, Likeness, closest, same_payload
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.queues import PageRow
from healthcrawl.crawl.options import Scope
from healthcrawl.errors import ArchiveError
from healthcrawl.ingest import payload_sha256
from healthcrawl.model import Exchange, Revisit
from healthcrawl.warc.read import read_record
from healthcrawl.warc.write import OPEN_SUFFIX


class Revisits:
    """Finds what answers repeat among the captures of one site, whose WARC files lie in `folder`.

    `scope` says where an equal payload counts: at any address of the site, at the same address only, or never. A real 304
    always does.
    """

    def __init__(self, catalog: Catalog, site: str, folder: Path, scope: Scope) -> None:
        self._catalog = catalog
        self._site = site
        self._folder = folder
        self._scope = scope

    def find(self, exchange: Exchange, page: PageRow | None) -> Revisit | None:
        """What the answer repeats; None where it has to be kept in full.

        A 304 repeats the capture whose validators the request carried (`page`). An equal payload repeats the newest capture that
        holds it in full and has the same status and media type, if reading that gives the payload now: its file may be gone, damaged
        or repaired, and nothing may be left out for something that is lost.
        """
        answer = message.parse(exchange.response)
        if answer.status == 304:
            return self._not_modified(exchange, page)
        if self._scope == "never" or not answer.payload or not answer.whole or exchange.truncated:
            return None
        url = exchange.url if self._scope == "url" else ""
        like = Likeness(status=answer.status, media_type=answer.media_type, url=url)
        payload = payload_sha256(exchange.response)
        row = same_payload(self._catalog, self._site, payload, like)
        if row is None or not self._holds(row, payload):
            return None
        return Revisit(
            profile="identical-payload-digest",
            url=row.url,
            captured_at=row.captured_at,
            record_id=row.record_id,
            location=row.location,
        )

    def _not_modified(self, exchange: Exchange, page: PageRow | None) -> Revisit | None:
        if (
            page is None
            or page.captured_at is None
            or page.url != exchange.url
            or not (page.etag or page.last_modified)
        ):
            return None
        row = closest(self._catalog, self._site, page.url, page.captured_at)
        known = row if row and row.captured_at == page.captured_at else None
        return Revisit(
            profile="server-not-modified",
            url=page.url,
            captured_at=page.captured_at,
            record_id=known.record_id if known else "",
            location=known.location if known else None,
        )

    def _holds(self, row: CaptureRow, payload: str) -> bool:
        path = self._folder / row.location.warc_file
        if not path.exists():
            path = path.with_name(path.name + OPEN_SUFFIX)
        try:
            record = read_record(path, row.location.offset)
        except ArchiveError:
            return False
        return record.type == "response" and payload_sha256(record.block) == payload
