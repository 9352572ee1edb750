"""The files that articles link to, as the catalog lists them: what they are, and what reading them came to.

A file is listed with the capture that holds it. Its text belongs to its content: the same bytes at many addresses are read once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.filetexts.read import FileText
from healthcrawl.model import ArchivedFile, Finding, Location

_TABLE, _TEXTS, _CAPTURES, _FINDINGS = tables.attachments, tables.file_texts, tables.captures, tables.findings
_PLACE = (_CAPTURES.c.warc_file, _CAPTURES.c.warc_offset, _CAPTURES.c.warc_length)
_NAMED = ("site", "record_id", "url", "via", "name", "type", "size", "sha256")
# What better means might read; all else stays as it was found.
_WORTH_ANOTHER_LOOK = ("no-reader", "gave-up", "damaged", "no-text")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A file of the archive: what is listed of it, where its capture lies, and its text if it was read."""

    site: str
    record_id: str
    url: str
    via: str
    name: str
    type: str
    size: int
    sha256: str
    location: Location
    text: FileText | None = None


def finding_of(name: str, text: FileText) -> Finding | None:
    """What people should know about reading a file; None where there is nothing to say."""
    if text.state == "read" and not text.detail:
        return None
    return Finding(kind="attachment", text=name, detail=f"{text.state}: {text.detail}" if text.detail else text.state)


def list_file(
    tx: sa.Connection, record_id: str, sha256: str, file: ArchivedFile, told: dict[str, str]
) -> Finding | None:
    """List the file of a capture (anew); give what is known of reading its content. `told` are the other columns."""
    values = {"record_id": record_id, "name": file.name, "type": file.type, "size": file.size, "sha256": sha256}
    tx.execute(sa.insert(_TABLE).values(**values, **told))
    row = tx.execute(sa.select(_TEXTS).where(_TEXTS.c.sha256 == sha256)).mappings().one_or_none()
    return finding_of(file.name, _text(row)) if row else None


def files(catalog: Catalog, site: str = "") -> Iterator[FileRow]:
    """The files of a site (empty: of all): of each address the newest, in the order of sites and addresses."""
    order = (_CAPTURES.c.captured_at.desc(), _CAPTURES.c.warc_file.desc(), _CAPTURES.c.warc_offset.desc())
    age = sa.func.row_number().over(partition_by=(_TABLE.c.site, _TABLE.c.address), order_by=order).label("age")
    known = (
        sa.select(_TABLE, *_PLACE, _TEXTS.c.state, _TEXTS.c.detail, _TEXTS.c.pages, _TEXTS.c.text, age)
        .join(_CAPTURES, _CAPTURES.c.record_id == _TABLE.c.record_id)
        .outerjoin(_TEXTS, _TEXTS.c.sha256 == _TABLE.c.sha256)
        .where(*_of(site))
        .subquery()
    )
    query = sa.select(known).where(known.c.age == 1).order_by(known.c.site, known.c.address)
    with catalog.reading() as tx:
        yield from (_file(row) for row in tx.execute(query).mappings())


def unread(catalog: Catalog, read_by: str, site: str = "") -> list[FileRow]:
    """One capture of every content that was not read yet, or to no good and by other means than `read_by`."""
    again = sa.and_(_TEXTS.c.state.in_(_WORTH_ANOTHER_LOOK), _TEXTS.c.read_by != read_by)
    query = (
        sa.select(_TABLE, *_PLACE)
        .join(_CAPTURES, _CAPTURES.c.record_id == _TABLE.c.record_id)
        .outerjoin(_TEXTS, _TEXTS.c.sha256 == _TABLE.c.sha256)
        .where(sa.or_(_TEXTS.c.sha256.is_(None), again), *_of(site))
        .order_by(_CAPTURES.c.captured_at, _TABLE.c.record_id)
    )
    with catalog.reading() as tx:
        found = {row["sha256"]: _file(row) for row in tx.execute(query).mappings()}
    return list(found.values())


def note_text(catalog: Catalog, sha256: str, text: FileText, read_by: str) -> None:
    """Keep what reading a content came to, with a finding at every capture that holds it, where there is something to say."""
    values = {"state": text.state, "detail": text.detail, "pages": text.pages, "text": text.text, "read_by": read_by}
    with catalog.writing() as tx:
        tx.execute(sa.delete(_TEXTS).where(_TEXTS.c.sha256 == sha256))
        tx.execute(sa.insert(_TEXTS).values(sha256=sha256, **values))
        held = tx.execute(sa.select(_TABLE.c.record_id, _TABLE.c.name).where(_TABLE.c.sha256 == sha256)).all()
        for record_id, name in held:
            _tell(tx, record_id, finding_of(name, text))


def _tell(tx: sa.Connection, record_id: str, finding: Finding | None) -> None:
    """Put a capture's finding about its text in the place of the former one."""
    here = _FINDINGS.c.record_id == record_id
    tx.execute(sa.delete(_FINDINGS).where(here, _FINDINGS.c.kind == "attachment"))
    if finding is None:
        return
    last = tx.execute(sa.select(sa.func.max(_FINDINGS.c.serial)).where(here)).scalar_one_or_none()
    values = {"kind": finding.kind, "text": finding.text, "detail": finding.detail}
    tx.execute(sa.insert(_FINDINGS).values(record_id=record_id, serial=0 if last is None else last + 1, **values))


def _of(site: str) -> list[sa.ColumnElement[bool]]:
    return [_TABLE.c.site == site] if site else []


def _file(row: sa.RowMapping) -> FileRow:
    named = {name: row[name] for name in _NAMED}
    location = Location(warc_file=row["warc_file"], offset=row["warc_offset"], length=row["warc_length"])
    return FileRow(**named, location=location, text=_text(row) if row.get("state") else None)


def _text(row: sa.RowMapping) -> FileText:
    return FileText(**{field.name: row[field.name] for field in fields(FileText)})
