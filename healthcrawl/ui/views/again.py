"""A capture read once more by the present rules, beside what the catalog says of it."""

import threading
from dataclasses import dataclass

import sqlalchemy as sa

from healthcrawl.core.compare import ParagraphChange, compare
from healthcrawl.core.normalise import file_text
from healthcrawl.core.process import process
from healthcrawl.corpus import catalog as tables
from healthcrawl.errors import ArchiveError
from healthcrawl.model import Document, Rejection
from healthcrawl.ui import captured
from healthcrawl.ui.query import Query
from healthcrawl.ui.shelf import Shelf
from healthcrawl.ui.views.article import Told, findings_of, told

_LARGEST = 4_000_000  # bytes of a response that is read here; a replay reads all
_PATIENCE = 20  # seconds to wait for another reading
_reading = threading.Lock()  # one at a time: a hostile page may take seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reading came to: "document" or "rejected", and what it kept or why it kept nothing."""

    outcome: str
    reason: str
    detail: str
    title: str
    published: str
    source: str
    family: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Both readings, and what differs: the text by paragraph, and the findings that only one of them has."""

    url: str
    address: str
    site: str
    before: Reading
    now: Reading
    text: str
    changes: tuple[ParagraphChange, ...]
    gone: tuple[Told, ...]
    come: tuple[Told, ...]
    is_same: bool


def view(shelf: Shelf, query: Query) -> Again:
    """Read a capture again. Nothing is written.

    Raises:
        NotArchivedError: there is no such capture.
        ArchiveError: its record can't be read, is too large to be read here, or another reading takes too long.
    """
    place = captured.find(shelf, query)
    row = place.row
    capture = captured.capture_of(place, captured.exchange_of(shelf, place).context)
    if len(capture.response) > _LARGEST:
        raise ArchiveError(
            f"{len(capture.response)} bytes are too many to be read here: `scrapy replay --compare` reads all"
        )
    if not _reading.acquire(timeout=_PATIENCE):
        raise ArchiveError("another page is being read again and takes long: try once more in a minute")
    try:
        outcome = process(capture, shelf.rules(row["site"]))
    finally:
        _reading.release()
    with shelf.catalog.reading() as tx:
        known = findings_of(tx, row["record_id"])
        versions, documents = tables.versions.c, tables.documents.c
        old = tx.execute(sa.select(versions.text).where(versions.record_id == row["record_id"]).limit(1)).scalar() or ""
        kept = tx.execute(sa.select(tables.documents).where(documents.record_id == row["record_id"])).first()
    new = file_text(outcome.metadata.title, outcome.text) if isinstance(outcome, Document) else ""
    now = _reading_of(outcome)
    before = Reading(
        outcome=row["outcome"],
        reason=row["reason"],
        detail=row["detail"],
        title=kept.title if kept else "",
        published=kept.published if kept else "",
        source=kept.source if kept else "",
        family=kept.family if kept else "",
    )
    changes = compare(old, new) if old and new else ()
    gone = tuple(one for one in told(known) if (one.kind, one.text, one.detail) not in _essence(told(outcome.findings)))
    come = tuple(one for one in told(outcome.findings) if (one.kind, one.text, one.detail) not in _essence(told(known)))
    return Again(
        url=row["url"],
        address=place.address,
        site=row["site"],
        before=before,
        now=now,
        text=new,
        changes=changes,
        gone=gone,
        come=come,
        is_same=not changes and not gone and not come and (before.outcome, before.reason) == (now.outcome, now.reason),
    )


def _reading_of(outcome: Document | Rejection) -> Reading:
    if isinstance(outcome, Rejection):
        return Reading(
            outcome="rejected",
            reason=outcome.reason,
            detail=outcome.detail,
            title="",
            published="",
            source="",
            family=outcome.family,
        )
    metadata = outcome.metadata
    return Reading(
        outcome="document",
        reason="",
        detail="",
        title=metadata.title,
        published=metadata.published,
        source=metadata.source,
        family=outcome.family,
    )


def _essence(findings: tuple[Told, ...]) -> set[tuple[str, str, str]]:
    return {(one.kind, one.text, one.detail) for one in findings}
