"""Keeping documents: one text file an article, its number for life, its name by content.

The order makes a crash harmless at any point: the journal first (a number is never given twice), then the file (whole or not
there), then the catalog, which catches up with the journal when the store is next used.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from healthcrawl.core.normalise import file_text
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus import shared
from healthcrawl.corpus.catalog import Catalog, fact, open_catalog, set_fact
from healthcrawl.corpus.layout import ArchiveLayout, content_hash, file_name, parse_name
from healthcrawl.corpus.manifest import Manifest, Step
from healthcrawl.corpus.projection import Projection, Row, plain
from healthcrawl.corpus.texts import TextFiles
from healthcrawl.corpus.twins import find_twin, forget, is_adopted
from healthcrawl.errors import ArchiveError
from healthcrawl.model import Document

# What makes a document's state; when one of these differs, the journal gets a line. (The name holds number and hash.)
_DECIDED = ("address", "name", "url", "family", "title", "published", "source", "author", "attachments")
_DESCRIBED = tuple(field.name for field in fields(Step) if field.name not in {"action", "noted_at", "pages", "cluster"})


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

    def values(self) -> dict[str, Any]:
        """Its fields by name."""
        return {name: getattr(self, name) for name in _PROVENANCE}


_PROVENANCE = tuple(field.name for field in fields(Provenance))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """Numbers that addresses have elsewhere: of documents and of aliases, and which address each number belongs to."""

    numbers: Mapping[str, int] = field(default_factory=dict)
    owners: Mapping[int, str] = field(default_factory=dict)


class Store:
    """The corpus files in `folder`, with their journal and catalog.

    A replay takes the numbers of the archive's journal as `reserved`; new numbers go on after these, after the journal's and
    after the files that are there. A replay that is tried only sees the files of the folder `beneath`. Without `sync` the disk is not waited for:
    what is written outlives a kill, but maybe not a power cut.
    """

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        catalog: Catalog,
        reserved: Reserved | None = None,
        *,
        beneath: Path | None = None,
        sync: bool = True,
    ) -> None:
        self._manifest = manifest
        self._catalog = catalog
        self._reserved = reserved or Reserved()
        self._sync = sync
        with manifest.lock():
            self._files = TextFiles(folder, beneath=beneath, sync=sync)
            named = (parse_name(name) for name in self._files.names())
            self._highest = max([-1, *self._reserved.numbers.values(), *(name[0] for name in named if name)])

    def names(self) -> set[str]:
        """The names of the text files that are there."""
        return self._files.names()

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """A view of the catalog."""
        return self._catalog.reading()

    @contextmanager
    def writing(self) -> Iterator["Writing"]:
        """Hold the journal and a transaction of the catalog, which knows all that the journal holds.

        What is kept within is written when the block ends: to the journal, then to the files, then to the catalog (where that is
        shared, it holds the journal and comes first, see `healthcrawl.corpus.shared`). If it raises, nothing is.

        Raises:
            ArchiveError: journal and catalog don't belong together, or the disk did not take it.
        """
        with self._manifest.lock():
            self._files.forget()
            if self._catalog.is_shared:
                shared.follow(self._catalog, self._manifest, self._files)
            with self._catalog.writing() as tx:
                documents = Projection(tx)
                self._catch_up(tx, documents)
                writing = Writing(tx, documents, self._files, self._reserved, self._highest)
                yield writing
                documents.settle()
                if self._catalog.is_shared:
                    shared.publish(tx, self._manifest.lines(writing.steps))
                else:
                    self._write(tx, writing.steps)
            if self._catalog.is_shared:
                self._files.settle()
                shared.follow(self._catalog, self._manifest, self._files)

    def _write(self, tx: sa.Connection, steps: Sequence[Step]) -> None:
        """Write what was kept: the journal first, then the files."""
        if steps:
            set_fact(tx, "journal", self._manifest.append(*steps, sync=self._sync))
        self._files.settle()

    def _catch_up(self, tx: sa.Connection, documents: Projection) -> None:
        done = fact(tx, "journal") or 0
        size = self._manifest.size()
        if done == size or (done > size and self._catalog.is_shared):
            return
        if done < size and self._catalog.is_shared:
            shared.adopt(tx, self._catalog, self._manifest, done)
        if done > size:
            raise ArchiveError(
                f"{self._manifest.path}: shorter than the catalog {self._catalog.name} remembers; restore the journal "
                "from a copy, or move the catalog away to rebuild it from the journal that is there"
            )
        concerned = set()
        for step, end in self._manifest.steps(done):
            data = (self._files.read(step.name) if step.name else None) or b""
            documents.apply(step, data.decode() if content_hash(data) == step.sha256 else "")
            if step.action != "new":
                concerned.add(step.number)
            done = end
        documents.settle()
        for number in sorted(concerned):  # a crash may have come before they were removed
            for sha256 in documents.former_texts(number):
                self._files.remove(file_name(number, sha256))
        self._files.settle()
        set_fact(tx, "journal", done)


class Writing:
    """What may be done while the journal is held; made by `Store.writing()`. `tx` is the transaction of the catalog."""

    def __init__(
        self, tx: sa.Connection, documents: Projection, files: TextFiles, reserved: Reserved, highest: int
    ) -> None:
        self.tx = tx
        self.steps: list[Step] = []
        self._documents = documents
        self._files = files
        self._reserved = reserved
        self._highest = highest

    def expect(self, documents: Iterable[Document]) -> None:
        """Look up at once what keeping these documents needs to know."""
        found = [(one.address, content_hash(_data(one))) for one in documents]
        self._documents.expect([address for address, _ in found], [sha256 for _, sha256 in found])

    def keep(self, document: Document, provenance: Provenance) -> Change:
        """Give a document its number, file and place in the catalog.

        What an older capture says of a document that a newer one described is left aside.
        """
        data = _data(document)
        sha256 = content_hash(data)
        present, former = self._find(document, sha256)
        adopted = present is not None and is_adopted(present["address"])
        if present and present["address"] != document.address and not former and not adopted:
            return self._keep_alias(present, document, provenance)
        if present and present["captured_at"] > provenance.captured_at:
            # That a catalog made anew from the journal lacks.
            self._documents.put_text(present["number"], sha256, data.decode())
            return Change(kind="unchanged", number=present["number"], name=present["name"])
        number = present["number"] if present else self._new_number(document.address)
        kind: Literal["changed", "new"] = "changed" if present else "new"
        step = make_step(kind, number, sha256, document, provenance)
        if present and all(plain(getattr(step, name)) == plain(present[name]) for name in _DECIDED):
            self._set_right(step, data)
            return Change(kind="unchanged", number=number, name=step.name)
        if present and present["sha256"] != sha256:
            self._promote_alias(present)
        self._journal(step, data.decode())
        self._files.write(step.name, data)
        if present and present["name"] not in {"", step.name}:
            self._files.remove(present["name"])
        if former:
            self._journal(_step_of(former, action="alias"), "")
        if adopted:
            forget(self.tx, number)
        return Change(kind=kind, number=number, name=step.name)

    def withdraw(self, record_id: str) -> Change | None:
        """Take back the document that a capture gave, now that the rules reject that capture; None if it gave none.

        The number stays its own, the text stays in the catalog.
        """
        present = self._documents.of_record(record_id)
        if present is None:
            return None
        self._promote_alias(present)
        self._journal(_step_of(present, action="withdrawn", name=""), "")
        self._files.remove(present["name"])
        return Change(kind="withdrawn", number=present["number"], name=present["name"])

    def cluster(self, number: int, representative: int) -> None:
        """Note which document stands for one: itself, or another with nearly the same text."""
        present = self._documents.with_number(number)
        if present and present["name"]:
            step = _step_of(present, action="clustered", cluster=representative)
            self._journal(step, "")

    def note_gone(self, number: int) -> Change:
        """Note that the page of a document is gone; its file stays."""
        return self._note(number, "withdrawn")

    def note_back(self, number: int) -> Change:
        """Note that the page of a document is there again, as it was."""
        return self._note(number, "changed")

    def _note(self, number: int, action: Literal["withdrawn", "changed"]) -> Change:
        present = self._documents.with_number(number)
        assert present is not None
        self._journal(_step_of(present, action=action), "")
        return Change(kind=action, number=number, name=present["name"])

    def adopt(self, step: Step, text: str) -> None:
        """Take a number of an older corpus into the journal; the file is left where and as it is."""
        self._journal(step, text)

    def _find(self, document: Document, sha256: str) -> tuple[Row | None, Row | None]:
        """The document of an address, or else the one that holds the same text, or else the adopted one that is the same article.

        A replay may meet an alias before the address whose number it shares; then the second is that alias's row, which has
        to give way to the number's owner.
        """
        address = document.address
        if present := self._documents.at_address(address):
            return present, None
        holder = self._documents.with_text(sha256)
        if holder and self._reserved.owners.get(holder["number"]) == address:
            return holder, holder
        if (
            holder is None
            and self._documents.some_are_adopted()
            and (number := find_twin(self.tx, document)) is not None
        ):
            return self._documents.with_number(number), None
        return holder, None

    def _keep_alias(self, holder: Row, document: Document, provenance: Provenance) -> Change:
        number, name, sha256 = int(holder["number"]), str(holder["name"]), str(holder["sha256"])
        if self._documents.alias_text(document.address, number) == sha256:
            return Change(kind="unchanged", number=number, name=name)
        self._journal(make_step("alias", number, sha256, document, provenance), "")
        return Change(kind="alias", number=number, name=name)

    def _promote_alias(self, present: Row) -> None:
        """Give a text that is about to leave a number one of its own, if it still stands at other addresses."""
        rows = self._documents.aliases_of(present["number"], present["sha256"])
        data = self._files.read(present["name"]) if rows and present["name"] else None
        if data is None or content_hash(data) != present["sha256"]:
            return
        number = self._new_number(rows[0]["address"])
        name = file_name(number, present["sha256"])
        for row, action in zip(rows, ("new", *("alias" for _ in rows[1:])), strict=True):
            self._journal(_step_of(row | {"number": number, "name": name}, action=action), data.decode())
        self._files.write(name, data)

    def _journal(self, step: Step, text: str) -> None:
        self.steps.append(step)
        self._documents.apply(step, text)

    def _set_right(self, step: Step, data: bytes) -> None:
        """Make good what a crash between journal and files, or somebody's hand, has left of an unchanged document."""
        if not self._files.holds(step.name, step.sha256):
            self._files.write(step.name, data)
            self._documents.put_text(step.number, step.sha256, data.decode())

    def _new_number(self, address: str) -> int:
        reserved = self._reserved.numbers.get(address)
        if reserved is not None and self._documents.is_free(reserved):
            return reserved
        return max(self._highest, self._documents.last_number()) + 1


def _data(document: Document) -> bytes:
    """The bytes of a document's file."""
    return file_text(document.metadata.title, document.text).encode()


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
        **provenance.values(),
    )


def _step_of(row: Row, *, action: str, **changes: str | int) -> Step:
    """A line of the journal made from what the catalog knows of a document or an alias."""
    values = {name: row[name] for name in _DESCRIBED} | changes
    pairs = tuple((name, url) for name, url in row["attachments"])
    return Step(**{**values, "action": action, "attachments": pairs})


def follow(layout: ArchiveLayout) -> None:
    """Where machines share a catalog, bring this one's copy of journal and texts up to date; elsewhere there is nothing to do.

    Raises:
        ArchiveError: as `Store.writing`.
    """
    if not layout.catalog_url:
        return
    catalog = open_catalog(layout)
    try:
        if catalog.is_shared:
            with Store(layout.corpus, Manifest(layout.manifest), catalog).writing():
                pass
    finally:
        catalog.close()


def count_documents(catalog: Catalog, site: str | None) -> int:
    """How many documents the catalog knows, of one site or in all."""
    query = sa.select(sa.func.count()).select_from(tables.documents).where(tables.documents.c.name != "")
    if site is not None:
        query = query.where(tables.documents.c.site == site)
    with catalog.reading() as tx:
        return int(tx.execute(query).scalar_one())
