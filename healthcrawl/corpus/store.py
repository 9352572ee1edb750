"""Keeping documents: one text file an article, its number for life, its name by content.

The order makes a crash harmless at any point: the journal first (a number is never given twice), then the file (whole or not
there), then the catalog, which catches up with the journal when the store is next used.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from healthcrawl.core.normalise import file_text
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog, fact, set_fact
from healthcrawl.corpus.layout import content_hash, file_name, parse_name
from healthcrawl.corpus.manifest import Manifest, Step
from healthcrawl.errors import ArchiveError, disk_errors
from healthcrawl.model import Document

# What makes a document's state; when one of these differs, the journal gets a line. (The name holds number and hash.)
_DECIDED = ("name", "url", "family", "title", "published", "source", "author", "attachments")
_DESCRIBED = tuple(field.name for field in fields(Step) if field.name not in {"action", "name"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What keeping a document did, and the name of its file (of a withdrawn one: that it had)."""

    kind: Literal["new", "changed", "unchanged", "alias", "withdrawn"]
    number: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a document's text comes from: its capture, the record that holds it, and what decided the text."""

    captured_at: str
    record_id: str
    warc_file: str
    warc_offset: int
    decided_by: str


class Store:
    """The corpus files in `folder`, with their journal and catalog.

    `reserved` are numbers of addresses known from elsewhere (a replay takes those of the archive's journal); new numbers go
    on after these, after the journal's and after the files that are there.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, catalog: Catalog, reserved: Mapping[str, int] | None = None
    ) -> None:
        self._folder = folder
        self._manifest = manifest
        self._catalog = catalog
        self._reserved = reserved or {}
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            names = [parse_name(path.name) for path in folder.iterdir()]
        self._highest = max([-1, *self._reserved.values(), *(name[0] for name in names if name)])

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """A view of the catalog."""
        return self._catalog.reading()

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Hold the journal and a transaction of the catalog, which knows all that the journal holds.

        Raises:
            ArchiveError: journal and catalog don't belong together.
        """
        with self._manifest.lock(), self._catalog.writing() as tx:
            self._catch_up(tx)
            yield tx

    def keep(self, tx: sa.Connection, document: Document, provenance: Provenance) -> Change:
        """Give a document its number, file and place in the catalog, within `writing()`.

        What an older capture says of a document that a newer one described is left aside.
        """
        data = file_text(document.metadata.title, document.text).encode()
        sha256 = content_hash(data)
        present = _row(tx, tables.documents.c.address == document.address)
        if present is None:
            holder = _row(tx, sa.and_(tables.documents.c.sha256 == sha256, tables.documents.c.name != ""))
            if holder is not None:
                return self._keep_alias(tx, holder, document, provenance)
        elif present["captured_at"] > provenance.captured_at:
            return Change(kind="unchanged", number=present["number"], name=present["name"])
        number = present["number"] if present else self._new_number(tx, document.address)
        step = make_step("changed" if present else "new", number, sha256, document, provenance)
        if present and all(_plain(getattr(step, name)) == _plain(present[name]) for name in _DECIDED):
            if not (self._folder / step.name).exists():  # a crash came between journal and file, or somebody lost it
                write_atomically(self._folder / step.name, data)
                self._drop_leftovers(step)
                _restore_text(tx, step, data.decode())
            return Change(kind="unchanged", number=number, name=step.name)
        self._journal(tx, step, data.decode())
        write_atomically(self._folder / step.name, data)
        if present and present["name"] not in {"", step.name}:
            (self._folder / present["name"]).unlink(missing_ok=True)
        return Change(kind=step.action, number=number, name=step.name)

    def withdraw(self, tx: sa.Connection, record_id: str) -> Change | None:
        """Take back the document that a capture gave, now that the rules reject that capture; None if it gave none.

        The number stays its own, the text stays in the catalog.
        """
        present = _row(tx, sa.and_(tables.documents.c.record_id == record_id, tables.documents.c.name != ""))
        if present is None:
            return None
        described = {name: present[name] for name in _DESCRIBED}
        pairs = tuple((name, url) for name, url in present["attachments"])
        step = Step(action="withdrawn", name="", **{**described, "attachments": pairs})
        self._journal(tx, step, "")
        (self._folder / present["name"]).unlink(missing_ok=True)
        return Change(kind="withdrawn", number=step.number, name=present["name"])

    def _keep_alias(
        self, tx: sa.Connection, holder: Mapping[str, Any], document: Document, provenance: Provenance
    ) -> Change:
        number, name, sha256 = int(holder["number"]), str(holder["name"]), str(holder["sha256"])
        query = sa.select(tables.aliases.c.sha256).where(tables.aliases.c.address == document.address)
        if tx.execute(query).scalar_one_or_none() == sha256:
            return Change(kind="unchanged", number=number, name=name)
        self._journal(tx, make_step("alias", number, sha256, document, provenance), "")
        return Change(kind="alias", number=number, name=name)

    def _journal(self, tx: sa.Connection, step: Step, text: str) -> None:
        end = self._manifest.append(step)
        _apply(tx, step, text)
        set_fact(tx, "journal", end)

    def _drop_leftovers(self, step: Step) -> None:
        """Remove the file that should have given way to the number's new one when a crash came in between."""
        for path in self._folder.glob(f"{step.number:03}_*.txt"):
            if path.name != step.name and parse_name(path.name):
                path.unlink()

    def _new_number(self, tx: sa.Connection, address: str) -> int:
        reserved = self._reserved.get(address)
        if reserved is not None and _row(tx, tables.documents.c.number == reserved) is None:
            return reserved
        last = tx.execute(sa.select(sa.func.max(tables.documents.c.number))).scalar_one_or_none()
        return max(self._highest, -1 if last is None else last) + 1

    def _catch_up(self, tx: sa.Connection) -> None:
        done = fact(tx, "journal") or 0
        if done > self._manifest.size():
            raise ArchiveError(
                f"{self._manifest.path}: shorter than the catalog {self._catalog.path} remembers; restore the journal "
                "from a copy, or move the catalog away to rebuild it from the journal that is there"
            )
        for step, end in self._manifest.steps(done):
            path = self._folder / step.name
            data = path.read_bytes() if path.exists() else b""
            _apply(tx, step, data.decode() if content_hash(data) == step.sha256 else "")
            done = end
        set_fact(tx, "journal", done)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, and on disk when this returns.

    Raises:
        ArchiveError: the disk did not take it.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with disk_errors(path):
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def make_step(
    action: Literal["new", "changed", "alias"], number: int, sha256: str, document: Document, provenance: Provenance
) -> Step:
    """The journal's line for a document."""
    metadata = document.metadata
    return Step(
        action=action,
        number=number,
        name=file_name(number, sha256),
        sha256=sha256,
        address=document.address,
        url=document.url,
        site=document.site,
        family=document.family,
        title=metadata.title,
        published=metadata.published,
        source=metadata.source,
        author=metadata.author,
        attachments=tuple((attachment.name, attachment.url) for attachment in document.attachments),
        **asdict(provenance),
    )


def _restore_text(tx: sa.Connection, step: Step, text: str) -> None:
    """Give a version its text, where the catalog caught up with the journal before there was a file."""
    table = tables.versions
    this = sa.and_(table.c.number == step.number, table.c.sha256 == step.sha256, table.c.text == "")
    tx.execute(sa.update(table).where(this).values(text=text))


def _apply(tx: sa.Connection, step: Step, text: str) -> None:
    """Show a step of the journal in the catalog."""
    table = tables.documents
    if step.action == "alias":
        tx.execute(sa.delete(tables.aliases).where(tables.aliases.c.address == step.address))
        tx.execute(sa.insert(tables.aliases).values(address=step.address, number=step.number, sha256=step.sha256))
        return
    values = {column.name: _plain(getattr(step, column.name)) for column in table.columns}
    former = _row(tx, table.c.number == step.number)
    if former is None:
        tx.execute(sa.delete(tables.aliases).where(tables.aliases.c.address == step.address))
        tx.execute(sa.insert(table).values(**values))
    else:
        tx.execute(sa.update(table).where(table.c.number == step.number).values(**values))
    if former is None or former["sha256"] != step.sha256:
        serials = sa.select(sa.func.count()).where(tables.versions.c.number == step.number)
        tx.execute(
            sa.insert(tables.versions).values(
                number=step.number,
                serial=tx.execute(serials).scalar_one() + 1,
                sha256=step.sha256,
                captured_at=step.captured_at,
                record_id=step.record_id,
                text=text,
            )
        )


def _row(tx: sa.Connection, condition: sa.ColumnElement[bool]) -> Mapping[str, Any] | None:
    query = sa.select(tables.documents).where(condition).order_by(tables.documents.c.number).limit(1)
    row = tx.execute(query).mappings().one_or_none()
    return dict(row) if row else None


def _plain(value: object) -> object:
    """Pairs as JSON gives them back."""
    return [list(pair) for pair in value] if isinstance(value, tuple | list) else value


def count_documents(catalog: Catalog, site: str | None) -> int:
    """How many documents the catalog knows, of one site or in all."""
    query = sa.select(sa.func.count()).select_from(tables.documents).where(tables.documents.c.name != "")
    if site is not None:
        query = query.where(tables.documents.c.site == site)
    with catalog.reading() as tx:
        return int(tx.execute(query).scalar_one())
