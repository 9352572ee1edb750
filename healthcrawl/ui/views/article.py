"""One document: its text beside its page, what was found, where its metadata stand, and what became of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from lxml import html

from healthcrawl.core.compare import ParagraphChange, compare
from healthcrawl.core.decode import Unreadable, decode
from healthcrawl.core.process import BROKEN
from healthcrawl.core.tree import lines_of, parse
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.layout import content_hash
from healthcrawl.errors import ArchiveError, NotArchivedError
from healthcrawl.model import Context, Finding
from healthcrawl.ui import captured
from healthcrawl.ui.aligned import Aligned, align
from healthcrawl.ui.origins import Origin, origins
from healthcrawl.ui.query import Query
from healthcrawl.ui.rulebook import rule_address
from healthcrawl.ui.shelf import Shelf

_CAPTURES = 200  # of a document that are listed, the latest
_VERSIONS = 20  # compared with the one before
_ARROW = "→ "


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A finding with the address of its rule. `before` and `after` are there for a mended spot."""

    number: int
    kind: str
    text: str
    detail: str
    rule: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A value of the metadata, and the places of the page that say it."""

    name: str
    value: str
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A capture of the document's page."""

    captured_at: str
    status: int
    record_type: str
    outcome: str
    reason: str
    address: str
    is_present: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A text that the document had. `kind`: "first", "changed" on the site, or "read-anew" from the same bytes by other rules.

    `changes` are those to the version before, None where one of the two is lost or too long ago.
    """

    serial: int
    captured_at: str
    kind: Literal["first", "changed", "read-anew"]
    changes: tuple[ParagraphChange, ...] | None
    capture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another document or address."""

    number: int
    title: str
    site: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One document. `trouble` says why its page can't be shown, if so."""

    number: int
    name: str
    title: str
    site: str
    site_title: str
    url: str
    family: str
    is_gone: bool
    capture: str
    trouble: str
    text: Aligned
    findings: tuple[Told, ...]
    metadata: tuple[Field, ...]
    attachments: tuple[Other, ...]
    captures: tuple[Seen, ...]
    versions: tuple[Version, ...]
    aliases: tuple[Other, ...]
    alike: tuple[Other, ...]
    sha256: str
    decided_by: str


def view(shelf: Shelf, query: Query) -> Article:
    """One document.

    Raises:
        NotArchivedError: there is none of that number.
    """
    number = query.number("number")
    with shelf.catalog.reading() as tx:
        row = document_row(tx, number)
        found = findings_of(tx, row.record_id)
        gone = tx.execute(sa.select(tables.withdrawals).where(tables.withdrawals.c.number == number)).first()
        captures = [*_captures(tx, row)]
        versions = [*_versions(tx, number, shelf)]
        aliases = _others(tx, sa.select(tables.aliases).where(tables.aliases.c.number == number).limit(_CAPTURES))
        alike = _alike(tx, number)
    text = text_of(shelf, row)
    tree, context, trouble = _page(shelf, row)
    paragraphs = [line for line in text.removeprefix(f"{row.title}\n\n").split("\n") if line]
    simplified = shelf.rules(row.site).spam.simplified
    values = {name: getattr(row, name) for name in ("title", "published", "source", "author")}
    values |= {"column": context.column}
    places = origins(tree, row.url, context, values, simplified) if tree is not None else {}
    return Article(
        number=number,
        name=row.name,
        title=row.title,
        site=row.site,
        site_title=shelf.title(row.site),
        url=row.url,
        family=row.family,
        is_gone=gone is not None or not row.name,
        capture="" if trouble else captured.address_of(row.site, row.warc_file, row.warc_offset),
        trouble=trouble,
        text=align(lines_of(tree) if tree is not None else (), row.title, paragraphs, found, simplified),
        findings=told(found),
        metadata=tuple(Field(name=name, value=value, origins=places.get(name, ())) for name, value in values.items()),
        attachments=tuple(Other(number=0, title=name, site=row.site, url=url) for name, url in row.attachments),
        captures=tuple(captures),
        versions=tuple(versions),
        aliases=aliases,
        alike=alike,
        sha256=row.sha256,
        decided_by=row.decided_by,
    )


def document_row(tx: sa.Connection, number: int) -> sa.Row[Any]:
    """A document's row of the catalog.

    Raises:
        NotArchivedError: there is none of that number.
    """
    row = tx.execute(sa.select(tables.documents).where(tables.documents.c.number == number)).one_or_none()
    if row is None:
        raise NotArchivedError(f"no document has the number {number}")
    return row


def findings_of(tx: sa.Connection, record_id: str) -> list[Finding]:
    """What was found in a capture, in order."""
    table = tables.findings.c
    rows = tx.execute(sa.select(tables.findings).where(table.record_id == record_id).order_by(table.serial))
    return [Finding(kind=row.kind, text=row.text, detail=row.detail) for row in rows]


def told(findings: Iterable[Finding]) -> tuple[Told, ...]:
    """Findings as they are shown."""
    return tuple(_told(number, one) for number, one in enumerate(findings))


def _told(number: int, finding: Finding) -> Told:
    is_mend = finding.kind in {"byte-shift", "inferred"} and finding.detail.startswith(_ARROW)
    return Told(
        number=number,
        kind=finding.kind,
        text=finding.text,
        detail=finding.detail,
        rule=rule_address(finding.kind, finding.detail),
        before=finding.text if is_mend else "",
        after=finding.detail.removeprefix(_ARROW).partition(" (margin")[0].partition(" (by the")[0] if is_mend else "",
    )


def text_of(shelf: Shelf, row: sa.Row[Any]) -> str:
    """The present text of a document: its file's, or the catalog's copy; empty where both are lost."""
    path = shelf.layout.corpus / row.name
    try:
        data = path.read_bytes() if row.name else b""
    except OSError:
        data = b""
    if data and content_hash(data) == row.sha256:
        return data.decode()
    table = tables.versions.c
    kept = sa.select(table.text).where(table.number == row.number, table.sha256 == row.sha256).limit(1)
    with shelf.catalog.reading() as tx:
        return tx.execute(kept).scalar_one_or_none() or ""


def _page(shelf: Shelf, row: sa.Row[Any]) -> tuple[html.HtmlElement | None, Context, str]:
    """The tree of a document's page and what the crawl knew of it; None, and why it can't be shown."""
    try:
        place = captured.of_record(shelf, row.record_id)
        context = captured.exchange_of(shelf, place).context
        page = decode(captured.capture_of(place, context), shelf.rules(row.site).max_chars)
    except (ArchiveError, NotArchivedError) as error:
        return None, Context(), str(error)
    if isinstance(page, Unreadable):
        return None, context, f"{page.reason}: {page.detail}"
    try:
        return parse(page.text), context, ""
    except BROKEN as error:
        return None, context, f"its markup can't be read ({error})"


def _captures(tx: sa.Connection, row: sa.Row[Any]) -> Iterator[Seen]:
    table = tables.captures.c
    query = sa.select(tables.captures).where(table.address == row.address, table.role == "article")
    for one in tx.execute(query.order_by(table.captured_at.desc(), table.warc_offset.desc()).limit(_CAPTURES)):
        yield Seen(
            captured_at=one.captured_at,
            status=one.status,
            record_type=one.record_type,
            outcome=one.outcome,
            reason=one.reason,
            address=captured.address_of(one.site, one.warc_file, one.warc_offset),
            is_present=one.record_id == row.record_id,
        )


def _versions(tx: sa.Connection, number: int, shelf: Shelf) -> Iterator[Version]:
    """The texts that a document had, the latest first."""
    table, captures = tables.versions.c, tables.captures.c
    query = (
        sa.select(tables.versions, captures.site, captures.warc_file, captures.warc_offset, captures.payload_sha256)
        .outerjoin(tables.captures, captures.record_id == table.record_id)
        .where(table.number == number)
        .order_by(table.serial.desc())
        .limit(_VERSIONS + 1)
    )
    rows = tx.execute(query).all()
    for at, row in enumerate(rows[:_VERSIONS]):
        former = rows[at + 1] if at + 1 < len(rows) else None
        yield Version(
            serial=row.serial,
            captured_at=row.captured_at,
            kind=_version_kind(row, former),
            changes=compare(former.text, row.text) if former and former.text and row.text else None,
            capture=captured.address_of(row.site, row.warc_file, row.warc_offset) if row.site else "",
        )


def _version_kind(row: sa.Row[Any], former: sa.Row[Any] | None) -> Literal["first", "changed", "read-anew"]:
    if former is None:
        return "first"
    same = row.payload_sha256 is not None and row.payload_sha256 == former.payload_sha256
    return "read-anew" if same or row.record_id == former.record_id else "changed"


def _alike(tx: sa.Connection, number: int) -> tuple[Other, ...]:
    """The documents that are nearly the same."""
    clusters, documents = tables.clusters.c, tables.documents.c
    own = sa.select(clusters.cluster).where(clusters.number == number).scalar_subquery()
    members = sa.select(clusters.number).where(clusters.cluster == own)
    query = sa.select(tables.documents).where(
        sa.or_(documents.number.in_(members), documents.number == own), documents.number != number
    )
    return _others(tx, query.order_by(documents.number).limit(_CAPTURES))


def _others(tx: sa.Connection, query: sa.Select[Any]) -> tuple[Other, ...]:
    return tuple(Other(number=row.number, title=row.title, site=row.site, url=row.url) for row in tx.execute(query))
