"""Articles over several pages: their pages as last captured, and the one document that they make.

The rule: a document's text is that of its pages in their order, each as it was last captured. It is kept once all of them were
captured. Where a page was answered, but holds no part of the text (404, a list, a page that can't be read), the text ends in front
of it, with a finding `truncated`; so it does when a run ends and a page was never answered. A page that is gone later leaves its
part of the text, as a page that is gone leaves its document. Pages that the one before no longer leads to don't count, nor does one
that only repeats what stood before it (there it is the readers' comments that go on).
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.store import Provenance
from healthcrawl.model import Attachment, Document, Finding, Metadata

MOST_PAGES = 100
_TABLE = tables.parts
_SOME = sa.select(_TABLE.c.site).limit(1)
# A redirect may lead to the same address over https; only what comes of that is an answer.
_REPEATED = 0.5  # share of a page's text that stands on the pages before it
_NO_ANSWER = ("redirect", "fault", "unresolved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A document with all its pages, and the captures that it was made of. `lacking` says which page it had to do without."""

    document: Document
    provenance: Provenance
    lacking: tuple[Finding, ...] = ()


def some(tx: sa.Connection) -> bool:
    """Whether an article of more than one page is known."""
    return tx.execute(_SOME).first() is not None


def take(tx: sa.Connection, document: Document, following: str, provenance: Provenance) -> Whole | None:
    """Take in a page, which goes on at the address `following` (empty: nowhere).

    Give the document that it is or that it completes; None while pages of that are still to come.
    """
    mine = sa.or_(_TABLE.c.address == document.address, _TABLE.c.following == document.address)
    rows = tx.execute(sa.select(_TABLE).where(_TABLE.c.site == document.site, mine)).mappings().all()
    if not following and not rows:
        return Whole(document=document, provenance=provenance)
    if _repeats(document, _lines_before(tx, document)):
        told = Finding(kind="hidden", text=document.text.partition("\n")[0], detail="the page repeats those before it")
        document, following = replace(document, text="", attachments=(), findings=(told,)), ""
    own = next((row for row in rows if row["address"] == document.address), None)
    if own is None or own["captured_at"] <= provenance.captured_at:
        tx.execute(sa.delete(_TABLE).where(_is(document.site, document.address)))
        values = {
            "site": document.site,
            "address": document.address,
            "following": following,
            "document": _pack(document),
            **{name: value for name, value in asdict(provenance).items() if name != "pages"},
        }
        tx.execute(sa.insert(_TABLE).values(**values))
    return _join(tx, document.site, _head(tx, document.site, document.address), provenance)


def refuse(tx: sa.Connection, site: str, address: str, record_id: str, reason: str) -> Whole | None:
    """Take in that a capture holds no part of a text. Give the document that now ends in front of it; None if there is none."""
    own = tx.execute(sa.select(_TABLE).where(_is(site, address))).mappings().one_or_none()
    if own is not None and own["record_id"] != record_id:
        return None  # what an earlier capture gave stays
    tx.execute(sa.delete(_TABLE).where(_is(site, address)))
    before = _before(tx, site, address)
    if before is None or reason in _NO_ANSWER:
        return None
    return _join(tx, site, _head(tx, site, before), None, missing=address, why=reason)


def unfinished(tx: sa.Connection, site: str | None) -> Iterator[Whole]:
    """The documents that wait for a page, of one site or of all, as far as they go."""
    other = _TABLE.alias()
    awaited = sa.exists().where(other.c.site == _TABLE.c.site, other.c.address == _TABLE.c.following)
    query = sa.select(_TABLE.c.site, _TABLE.c.address).where(_TABLE.c.following != "", ~awaited)
    if site is not None:
        query = query.where(_TABLE.c.site == site)
    for row in tx.execute(query.order_by(_TABLE.c.site, _TABLE.c.address)).all():
        whole = _join(tx, row.site, _head(tx, row.site, row.address), None, why="no answer")
        if whole is not None:
            yield whole


def _head(tx: sa.Connection, site: str, address: str) -> str:
    """The first page of the text that a page belongs to."""
    for _ in range(MOST_PAGES):
        before = _before(tx, site, address)
        if before is None:
            break
        address = before
    return address


def _lines_before(tx: sa.Connection, document: Document) -> set[str]:
    """All lines of the pages in front of one."""
    lines: set[str] = set()
    address = document.address
    for _ in range(MOST_PAGES):
        before = _before(tx, document.site, address)
        if before is None:
            break
        address = before
        query = sa.select(_TABLE.c.document).where(_is(document.site, address))
        lines.update(tx.execute(query).scalar_one()["text"].split("\n"))
    return lines


def _repeats(document: Document, before: set[str]) -> bool:
    lines = document.text.split("\n")
    return sum(len(line) for line in lines if line in before) > _REPEATED * sum(map(len, lines))


def _before(tx: sa.Connection, site: str, address: str) -> str | None:
    query = sa.select(_TABLE.c.address).where(_TABLE.c.site == site, _TABLE.c.following == address)
    return tx.execute(query.order_by(_TABLE.c.captured_at.desc()).limit(1)).scalar_one_or_none()


def _join(
    tx: sa.Connection, site: str, head: str, provenance: Provenance | None, *, missing: str = "", why: str = ""
) -> Whole | None:
    """The document that begins at a page; None if a page of it was not answered yet, unless `why` says to do without."""
    rows: list[sa.RowMapping] = []
    address = head
    while address and len(rows) < MOST_PAGES and address not in {row["address"] for row in rows}:
        row = tx.execute(sa.select(_TABLE).where(_is(site, address))).mappings().one_or_none()
        if row is None:
            break
        rows.append(row)
        address = row["following"]
    if not rows:
        return None
    lacking: tuple[Finding, ...] = ()
    if address:
        reason = why if not missing or address == missing else ""
        reason = reason or _refused(tx, site, address)
        if not reason:
            return None
        lacking = (Finding(kind="truncated", text=address, detail=f"the page that the text goes on at: {reason}"),)
    pages = [_unpack(row["document"], site, row["address"]) for row in rows]
    document = replace(
        pages[0],
        text="\n".join(page.text for page in pages if page.text),
        attachments=_files(pages),
        findings=(*(finding for page in pages for finding in page.findings), *lacking),
    )
    known = replace(provenance or _provenance(rows[0]), pages=tuple(row["record_id"] for row in rows))
    return Whole(document=document, provenance=known, lacking=lacking)


def _files(pages: list[Document]) -> tuple[Attachment, ...]:
    """The attachments of all pages, each once."""
    found: dict[str, Attachment] = {}
    for page in pages:
        for one in page.attachments:
            found.setdefault(one.url or one.name, one)
    return tuple(found.values())


def _refused(tx: sa.Connection, site: str, address: str) -> str:
    """Why the last answer at an address was no article; empty if there was none."""
    table = tables.captures
    here = sa.and_(table.c.site == site, table.c.address == address, table.c.reason.not_in(_NO_ANSWER))
    query = sa.select(table.c.reason).where(here).order_by(table.c.captured_at.desc()).limit(1)
    return tx.execute(query).scalar_one_or_none() or ""


def _is(site: str, address: str) -> sa.ColumnElement[bool]:
    return sa.and_(_TABLE.c.site == site, _TABLE.c.address == address)


def _provenance(row: sa.RowMapping) -> Provenance:
    return Provenance(
        **{name: row[name] for name in ("captured_at", "record_id", "warc_file", "warc_offset", "decided_by")}
    )


def _pack(document: Document) -> dict[str, Any]:
    return {
        "url": document.url,
        "family": document.family,
        "metadata": asdict(document.metadata),
        "text": document.text,
        "attachments": [[one.name, one.url] for one in document.attachments],
        "findings": [asdict(one) for one in document.findings],
    }


def _unpack(values: Mapping[str, Any], site: str, address: str) -> Document:
    return Document(
        address=address,
        url=values["url"],
        site=site,
        family=values["family"],
        metadata=Metadata(**values["metadata"]),
        text=values["text"],
        attachments=tuple(Attachment(name=name, url=url) for name, url in values["attachments"]),
        findings=tuple(Finding(**one) for one in values["findings"]),
    )
