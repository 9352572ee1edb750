"""Keeping documents: one text file an article, its number for life, its name by content.

The order makes a crash harmless at any point: the journal first (a number is never given twice), then the file (whole or not
there), then the catalog, which catches up with the journal when the store is next used.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa

from healthcrawl.core.normalise import file_text
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog, fact, set_fact
from healthcrawl.corpus.layout import content_hash, file_name, parse_name
from healthcrawl.corpus.manifest import Manifest, Step
from healthcrawl.corpus.twins import find_twin, forget, is_adopted
from healthcrawl.disk import TEMPORARY, disk_errors, write_atomically
from healthcrawl.errors import ArchiveError
from healthcrawl.model import Document

# What makes a document's state; when one of these differs, the journal gets a line. (The name holds number and hash.)
_DECIDED = ("address", "name", "url", "family", "title", "published", "source", "author", "attachments")
_DESCRIBED = tuple(field.name for field in fields(Step) if field.name not in {"action", "noted_at", "pages"})
_Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What keeping a document did, and the name of its file (of a withdrawn one: that it had)."""

    kind: Literal["new", "changed", "unchanged", "alias", "withdrawn"]
    number: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a document's text comes from: its capture, the record that holds it, and what decided the text.

    `pages` are the records of all its captures where it has more than one.
    """

    captured_at: str
    record_id: str
    warc_file: str
    warc_offset: int
    decided_by: str
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """Numbers that addresses have elsewhere: of documents and of aliases, and which address each number belongs to."""

    numbers: Mapping[str, int] = field(default_factory=dict)
    owners: Mapping[int, str] = field(default_factory=dict)


class Store:
    """The corpus files in `folder`, with their journal and catalog.

    A replay takes the numbers of the archive's journal as `reserved`; new numbers go on after these, after the journal's and
    after the files that are there.
    """

    def __init__(self, folder: Path, manifest: Manifest, catalog: Catalog, reserved: Reserved | None = None) -> None:
        self._folder = folder
        self._manifest = manifest
        self._catalog = catalog
        self._reserved = reserved or Reserved()
        with manifest.lock(), disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.glob(TEMPORARY):  # whoever writes holds the journal: these were left by a kill
                path.unlink()
            names = [parse_name(path.name) for path in folder.iterdir()]
        self._highest = max([-1, *self._reserved.numbers.values(), *(name[0] for name in names if name)])

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
        present, former = self._find(tx, document, sha256)
        adopted = present is not None and is_adopted(present["address"])
        if present and present["address"] != document.address and not former and not adopted:
            return self._keep_alias(tx, present, document, provenance)
        if present and present["captured_at"] > provenance.captured_at:
            _put_text(tx, present["number"], sha256, data.decode())  # that a catalog made anew from the journal lacks
            return Change(kind="unchanged", number=present["number"], name=present["name"])
        number = present["number"] if present else self._new_number(tx, document.address)
        step = make_step("changed" if present else "new", number, sha256, document, provenance)
        if present and all(_plain(getattr(step, name)) == _plain(present[name]) for name in _DECIDED):
            self._set_right(tx, step, data)
            return Change(kind="unchanged", number=number, name=step.name)
        if present and present["sha256"] != sha256:
            self._promote_alias(tx, present)
        self._journal(tx, step, data.decode())
        write_atomically(self._folder / step.name, data)
        if present and present["name"] not in {"", step.name}:
            (self._folder / present["name"]).unlink(missing_ok=True)
        if former:
            self._journal(tx, _step_of(former, action="alias"), "")
        if adopted:
            forget(tx, number)
        return Change(kind="changed" if present else "new", number=number, name=step.name)

    def withdraw(self, tx: sa.Connection, record_id: str) -> Change | None:
        """Take back the document that a capture gave, now that the rules reject that capture; None if it gave none.

        The number stays its own, the text stays in the catalog.
        """
        present = _row(tx, sa.and_(tables.documents.c.record_id == record_id, tables.documents.c.name != ""))
        if present is None:
            return None
        self._promote_alias(tx, present)
        self._journal(tx, _step_of(present, action="withdrawn", name=""), "")
        (self._folder / present["name"]).unlink(missing_ok=True)
        return Change(kind="withdrawn", number=present["number"], name=present["name"])

    def note_gone(self, tx: sa.Connection, number: int) -> Change:
        """Note that the page of a document is gone; its file stays."""
        return self._note(tx, number, "withdrawn")

    def note_back(self, tx: sa.Connection, number: int) -> Change:
        """Note that the page of a document is there again, as it was."""
        return self._note(tx, number, "changed")

    def _note(self, tx: sa.Connection, number: int, action: Literal["withdrawn", "changed"]) -> Change:
        present = _row(tx, tables.documents.c.number == number)
        assert present is not None
        self._journal(tx, _step_of(present, action=action), "")
        return Change(kind=action, number=number, name=present["name"])

    def adopt(self, tx: sa.Connection, step: Step, text: str) -> None:
        """Take a number of an older corpus into the journal; the file is left where and as it is."""
        self._journal(tx, step, text)

    def _find(self, tx: sa.Connection, document: Document, sha256: str) -> tuple[_Row | None, _Row | None]:
        """The document of an address, or else the one that holds the same text, or else the adopted one that is the same article.

        A replay may meet an alias before the address whose number it shares; then the second is that alias's row, which has
        to give way to the number's owner.
        """
        address = document.address
        if present := _row(tx, tables.documents.c.address == address):
            return present, None
        holder = _row(tx, sa.and_(tables.documents.c.sha256 == sha256, tables.documents.c.name != ""))
        if holder and self._reserved.owners.get(holder["number"]) == address:
            return holder, holder
        if holder is None and (number := find_twin(tx, document)) is not None:
            return _row(tx, tables.documents.c.number == number), None
        return holder, None

    def _keep_alias(self, tx: sa.Connection, holder: _Row, document: Document, provenance: Provenance) -> Change:
        number, name, sha256 = int(holder["number"]), str(holder["name"]), str(holder["sha256"])
        table = tables.aliases
        query = sa.select(table.c.sha256).where(table.c.address == document.address, table.c.number == number)
        if tx.execute(query).scalar_one_or_none() == sha256:
            return Change(kind="unchanged", number=number, name=name)
        self._journal(tx, make_step("alias", number, sha256, document, provenance), "")
        return Change(kind="alias", number=number, name=name)

    def _promote_alias(self, tx: sa.Connection, present: _Row) -> None:
        """Give a text that is about to leave a number one of its own, if it still stands at other addresses."""
        table = tables.aliases
        same = sa.and_(table.c.number == present["number"], table.c.sha256 == present["sha256"])
        rows = [dict(row) for row in tx.execute(sa.select(table).where(same).order_by(table.c.address)).mappings()]
        path = self._folder / present["name"]
        if not rows or not _holds(path, present["sha256"]):
            return
        data = path.read_bytes()
        number = self._new_number(tx, rows[0]["address"])
        name = file_name(number, present["sha256"])
        for row, action in zip(rows, ("new", *("alias" for _ in rows[1:])), strict=True):
            self._journal(tx, _step_of(row | {"number": number, "name": name}, action=action), data.decode())
        write_atomically(self._folder / name, data)

    def _journal(self, tx: sa.Connection, step: Step, text: str) -> None:
        end = self._manifest.append(step)
        _apply(tx, step, text)
        set_fact(tx, "journal", end)

    def _set_right(self, tx: sa.Connection, step: Step, data: bytes) -> None:
        """Make good what a crash between journal and files, or somebody's hand, has left of an unchanged document."""
        table = tables.versions
        if not _holds(self._folder / step.name, step.sha256):
            write_atomically(self._folder / step.name, data)
            _put_text(tx, step.number, step.sha256, data.decode())
        others = sa.select(table.c.sha256).where(table.c.number == step.number, table.c.sha256 != step.sha256)
        for sha256 in tx.execute(others).scalars():
            (self._folder / file_name(step.number, sha256)).unlink(missing_ok=True)

    def _new_number(self, tx: sa.Connection, address: str) -> int:
        reserved = self._reserved.numbers.get(address)
        if reserved is not None and _row(tx, tables.documents.c.number == reserved) is None:
            return reserved
        last = tx.execute(sa.select(sa.func.max(tables.documents.c.number))).scalar_one_or_none()
        return max(self._highest, -1 if last is None else last) + 1

    def _catch_up(self, tx: sa.Connection) -> None:
        done = fact(tx, "journal") or 0
        if done == (size := self._manifest.size()):
            return
        if done > size:
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


def _step_of(row: _Row, *, action: str, **changes: str) -> Step:
    """A line of the journal made from what the catalog knows of a document or an alias."""
    values = {name: row[name] for name in _DESCRIBED} | changes
    pairs = tuple((name, url) for name, url in row["attachments"])
    return Step(**{**values, "action": action, "attachments": pairs})


def _holds(path: Path, sha256: str) -> bool:
    """Whether a file is there and has that content."""
    return path.exists() and content_hash(path.read_bytes()) == sha256


def _put_text(tx: sa.Connection, number: int, sha256: str, text: str) -> None:
    """Give a version the text that was lost."""
    table = tables.versions
    lost = sa.and_(table.c.number == number, table.c.sha256 == sha256, table.c.text == "")
    tx.execute(sa.update(table).where(lost).values(text=text))


def _apply(tx: sa.Connection, step: Step, text: str) -> None:
    """Show a step of the journal in the catalog."""
    table = tables.documents
    values = {column.name: _plain(getattr(step, column.name)) for column in table.columns}
    tx.execute(sa.delete(tables.aliases).where(tables.aliases.c.address == step.address))
    if step.action == "alias":
        tx.execute(sa.insert(tables.aliases).values(**values))
        return
    tx.execute(sa.delete(tables.withdrawals).where(tables.withdrawals.c.number == step.number))
    if step.action == "withdrawn" and step.name:
        tx.execute(sa.insert(tables.withdrawals).values(number=step.number))
    former = _row(tx, table.c.number == step.number)
    if former is None:
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


def _row(tx: sa.Connection, condition: sa.ColumnElement[bool]) -> _Row | None:
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
