"""The corpus as rows for others: one a document, with text, metadata, and where all of it comes from.

Rows come by number. They hold nothing but what journal, catalog and corpus hold: the same corpus gives the same rows, whenever and
wherever they are made.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog

Row: TypeAlias = dict[str, Any]

# Name, type and meaning of each column; FineWeb2's names where they mean the same.
COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("id", "string", "WARC-Record-ID of the capture that the text was read from"),
    ("name", "string", "name of the corpus file: number and first 16 digits of the text's SHA-256"),
    ("number", "int64", "the document's number, its own for life"),
    ("url", "string", "address from which the text was captured"),
    ("canonical_url", "string", "the address by which copies of the article are known as one"),
    ("aliases", "strings", "addresses that show the same text"),
    ("site", "string", "name of the site"),
    ("family", "string", "CMS product whose layouts the page was read by"),
    ("title", "string", "title in the corpus's normal form"),
    ("text", "string", "body in the corpus's normal form, one paragraph a line"),
    ("published", "string", "ISO date or date-time that the page says, local to the site; empty: it says none"),
    ("modified", "string", "UTC time of the capture in which this text was first seen, if the document had another before; or empty"),
    ("source", "string", "who published it, as the page says"),
    ("author", "string", "who wrote it, as the page says"),
    ("captured_at", "string", "UTC time of the capture"),
    ("http_status", "int64", "status of the answer; 0: unknown"),
    ("warc_file", "string", "WARC file that holds the capture"),
    ("warc_offset", "int64", "offset of its record in bytes"),
    ("warc_record_id", "string", "WARC-Record-ID of its record"),
    ("payload_sha256", "string", "SHA-256 of what the server sent, without transfer coding; empty: unknown"),
    ("text_sha256", "string", "SHA-256 of the corpus file"),
    ("charset", "string", "what was found wrong with the page's character set; empty: nothing"),
    ("language", "string", "language of the text (BCP 47)"),
    ("n_chars", "int64", "characters of the body"),
    ("near_dup_cluster", "int64", "number of the document that stands for all that are nearly the same; its own if there is none"),
    ("near_dup_size", "int64", "how many documents are nearly the same, this one included"),
    ("findings", "findings", "what was dropped, mended or doubted: kind, text, detail"),
    ("attachments", "attachments", "files that the article links to: name, url"),
    ("pipeline_version", "string", "versions of what decided the text, and the fingerprint of its rules"),
)  # fmt: skip
_BATCH = 500
_DOCUMENTS, _CAPTURES, _VERSIONS = tables.documents, tables.captures, tables.versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which documents: of a site (empty: all), captured from `since` on and before `until`, whose text changed from `changed_since` on."""

    site: str = ""
    since: datetime | None = None
    until: datetime | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a corpus holds, in numbers: documents by site and by year of publication; rejected captures by site and reason."""

    by_site: dict[str, int]
    by_year: dict[str, int]
    rejected: dict[tuple[str, str], int]


def rows(catalog: Catalog, corpus: Path, wanted: Wanted, language: str) -> Iterator[Row]:
    """The present documents, by number. `language` is said of all. A text that the catalog lost is read from the corpus file.

    Raises:
        ArchiveError: the catalog can't be read.
    """
    with catalog.reading() as tx, catalog.reading() as other:
        query = _query(wanted).execution_options(yield_per=_BATCH)
        for batch in tx.execute(query).mappings().partitions(_BATCH):
            found = [dict(row) for row in batch]
            for row in found:
                path = corpus / row["name"]
                row["text"] = row["text"] or (path.read_text("utf-8") if path.exists() else "")
            yield from _complete(found, other, language)


def count(catalog: Catalog, site: str = "") -> Counts:
    """Count documents and rejected captures, of a site or of all."""
    of_site, of_capture = _of_site(_DOCUMENTS, site), _of_site(_CAPTURES, site)
    year = sa.func.substr(_DOCUMENTS.c.published, 1, 4)
    amount = sa.func.count()
    with catalog.reading() as tx:
        there = sa.and_(_DOCUMENTS.c.name != "", of_site)
        by_site = tx.execute(sa.select(_DOCUMENTS.c.site, amount).where(there).group_by(_DOCUMENTS.c.site))
        sites = {row[0]: row[1] for row in by_site}
        years = {row[0]: row[1] for row in tx.execute(sa.select(year, amount).where(there).group_by(year))}
        is_rejected = sa.and_(_CAPTURES.c.outcome == "rejected", of_capture)
        grouped = sa.select(_CAPTURES.c.site, _CAPTURES.c.reason, amount).where(is_rejected)
        rejected = {
            (row[0], row[1]): row[2] for row in tx.execute(grouped.group_by(_CAPTURES.c.site, _CAPTURES.c.reason))
        }
    return Counts(
        by_site=dict(sorted(sites.items())),
        by_year=dict(sorted(years.items())),
        rejected=dict(sorted(rejected.items())),
    )


def _of_site(table: sa.Table, site: str) -> sa.ColumnElement[bool]:
    return table.c.site == site if site else sa.true()


def _query(wanted: Wanted) -> sa.Select[Any]:
    is_present = sa.and_(_VERSIONS.c.number == _DOCUMENTS.c.number, _VERSIONS.c.sha256 == _DOCUMENTS.c.sha256)
    same = _VERSIONS.alias()  # a text that came back has two versions
    last = (
        sa.select(sa.func.max(same.c.serial))
        .where(same.c.number == _DOCUMENTS.c.number, same.c.sha256 == _DOCUMENTS.c.sha256)
        .correlate(_DOCUMENTS)
        .scalar_subquery()
    )
    query = (
        sa.select(_DOCUMENTS, _VERSIONS.c.text, _VERSIONS.c.serial, _VERSIONS.c.captured_at.label("first_seen"))
        .add_columns(_CAPTURES.c.status, _CAPTURES.c.payload_sha256, tables.clusters.c.cluster)
        .select_from(_DOCUMENTS)
        .join(_VERSIONS, sa.and_(is_present, _VERSIONS.c.serial == last))
        .outerjoin(_CAPTURES, _CAPTURES.c.record_id == _DOCUMENTS.c.record_id)
        .outerjoin(tables.clusters, tables.clusters.c.number == _DOCUMENTS.c.number)
        .where(_DOCUMENTS.c.name != "", _of_site(_DOCUMENTS, wanted.site))
        .order_by(_DOCUMENTS.c.number)
    )
    if wanted.since:
        query = query.where(_DOCUMENTS.c.captured_at >= tables.moment(wanted.since))
    if wanted.until:
        query = query.where(_DOCUMENTS.c.captured_at < tables.moment(wanted.until))
    if wanted.changed_since:
        query = query.where(_VERSIONS.c.captured_at >= tables.moment(wanted.changed_since))
    return query


def _complete(found: list[Row], tx: sa.Connection, language: str) -> Iterator[Row]:
    """Rows of documents with what other tables say of them."""
    aliases, findings, clusters = tables.aliases, tables.findings, tables.clusters
    numbers = [row["number"] for row in found]
    query = sa.select(aliases.c.number, aliases.c.address, aliases.c.sha256).where(aliases.c.number.in_(numbers))
    others: dict[tuple[int, str], list[str]] = {}
    for number, address, sha256 in tx.execute(query.order_by(aliases.c.address)):
        others.setdefault((number, sha256), []).append(address)
    told: dict[str, list[dict[str, str]]] = {}
    of_records = findings.c.record_id.in_([row["record_id"] for row in found])
    for one in tx.execute(sa.select(findings).where(of_records).order_by(findings.c.record_id, findings.c.serial)):
        told.setdefault(one.record_id, []).append({"kind": one.kind, "text": one.text, "detail": one.detail})
    standing = {row["cluster"] for row in found if row["cluster"] is not None}
    sized = sa.select(clusters.c.cluster, sa.func.count()).where(clusters.c.cluster.in_(standing))
    sizes = Counter({row[0]: row[1] for row in tx.execute(sized.group_by(clusters.c.cluster))})
    for row in found:
        cluster = row["number"] if row["cluster"] is None else row["cluster"]
        body = row["text"].removeprefix(f"{row['title']}\n\n") if row["title"] else row["text"]
        body = body.rstrip("\n")
        reported = told.get(row["record_id"], [])
        values = {
            "id": row["record_id"].strip("<>"),
            "canonical_url": row["address"],
            "aliases": others.get((row["number"], row["sha256"]), []),
            "text": body,
            "modified": row["first_seen"] if row["serial"] > 1 else "",
            "http_status": row["status"] or 0,
            "warc_record_id": row["record_id"],
            "payload_sha256": row["payload_sha256"] or "",
            "text_sha256": row["sha256"],
            "charset": next((one["detail"] for one in reported if one["kind"] == "charset"), ""),
            "language": language,
            "n_chars": len(body),
            "near_dup_cluster": cluster,
            "near_dup_size": max(sizes[cluster], 1),
            "findings": reported,
            "attachments": [{"name": name, "url": url} for name, url in row["attachments"]],
            "pipeline_version": row["decided_by"],
        }
        yield {name: values[name] if name in values else row[name] for name, _, _ in COLUMNS}
