"""Searching the present documents: exactly, by any characters, whoever crawls meanwhile.

The index (see `healthcrawl.corpus.fulltext`) is made from the catalog alone. Each question first brings it up to date with what the
journal has told since; the texts that hits are shown from stay in the catalog, which keeps every version that the index may hold.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa

from healthcrawl.core.terms import Span, excerpts, mark, terms_of
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog, fact
from healthcrawl.corpus.fulltext import BusyError, Filters, FullText, RenewedError, State, Text
from healthcrawl.corpus.layout import ArchiveLayout, content_hash
from healthcrawl.corpus.manifest import Manifest

_T = TypeVar("_T")
PAGE = 20
_BATCH = 1000  # documents that are written at once
_DOCUMENTS, _VERSIONS, _FINDINGS = tables.documents, tables.versions, tables.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A document that was found: `title` and `excerpts` show the terms where they stand. `kinds` are those of its findings."""

    number: int
    name: str
    site: str
    url: str
    published: str
    source: str
    title: tuple[Span, ...]
    excerpts: tuple[tuple[Span, ...], ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A page of hits, of `total` in all: at first those with all terms in their title, each group the newest first.

    `behind`: another process is bringing the index up to date, so something may be missing.
    """

    total: int
    hits: tuple[Hit, ...]
    behind: bool = False


class Search:
    """The full text of an archive's documents. May be used from any thread."""

    def __init__(self, layout: ArchiveLayout, catalog: Catalog) -> None:
        self._index = FullText(layout.search)
        self._corpus = layout.corpus
        self._manifest = Manifest(layout.manifest)
        self._catalog = catalog

    @property
    def in_memory(self) -> bool:
        """Whether the index can't be kept in its file, so that every process has to make one."""
        return self._index.in_memory

    def ask(self, words: str, filters: Filters = Filters(), *, offset: int = 0, limit: int = PAGE) -> Answer:  # noqa: B008  # frozen
        """Find the documents in which all terms of `words` stand, as the catalog has them now; without a term, all.

        Raises:
            UsageError: the words are too many.
            ArchiveError: the catalog can't be read, or the disk has no room for the index.
        """
        terms = terms_of(words)

        def answer() -> Answer:
            is_up_to_date = self._refresh()
            total, found = self._index.look_up(terms, filters, offset, limit)
            return Answer(total=total, hits=tuple(self._hits(found, terms)), behind=not is_up_to_date)

        return _twice(answer)

    def refresh(self) -> bool:
        """Bring the index up to date; False if another process is at it, so that this one can't.

        Raises:
            ArchiveError: the catalog can't be read, or the disk has no room for the index.
        """
        return _twice(self._refresh)

    def _refresh(self) -> bool:
        with self._catalog.reading() as tx:
            journal = fact(tx, "journal") or 0
            readers = tx.execute(sa.select(sa.func.count()).select_from(tables.fingerprints)).scalar_one()
        present = {"journal": str(journal), "readers": str(readers)}
        known = self._index.facts()
        if known == present:
            return True
        same_readers = known is not None and known.get("readers") == present["readers"]
        numbers = self._told_between(int(known["journal"]), journal) if known and same_readers else None
        try:
            if known is None:  # one that another process has begun is gone on with
                self._index.clear()
            if not self._bring(numbers) or self._index.is_out_of_turn():
                self._index.clear()
                self._bring(None)
            self._index.note(present)
        except BusyError:
            return False
        return True

    def _told_between(self, place: int, end: int) -> list[int] | None:
        """The numbers that the journal speaks of between two places; None where these are not the journal's that is there."""
        if place > end or not self._manifest.is_end(place):
            return None
        numbers, last = set(), place
        for step, last in self._manifest.steps(place):
            numbers.add(step.number)
            if last >= end:
                break
        return sorted(numbers) if last == end else None

    def _bring(self, numbers: Sequence[int] | None) -> bool:
        """Bring documents up to date: those of some numbers, or all. False if the index has to be made anew."""
        wanted = {} if numbers is not None else self._states(None)
        if numbers is None:
            gone = {*self._index.numbers()} - wanted.keys()
            numbers = [*gone, *sorted(wanted, key=lambda number: (wanted[number].published, number))]
        for start in range(0, len(numbers), _BATCH):
            some = numbers[start : start + _BATCH]
            states = {number: wanted[number] for number in some if number in wanted} if wanted else self._states(some)
            if not self._index.bring(some, states, self._texts):
                return False
        return True

    def _states(self, numbers: Sequence[int] | None) -> dict[int, State]:
        """What the catalog says of documents that have a file: of some numbers, or of all."""
        table = _DOCUMENTS.c
        concerned = table.name != "" if numbers is None else sa.and_(table.name != "", table.number.in_(numbers))
        told = sa.select(table.number, _FINDINGS.c.kind).join(_FINDINGS, _FINDINGS.c.record_id == table.record_id)
        query = sa.select(table.number, table.published, table.site, table.sha256)
        kinds: dict[int, tuple[str, ...]] = {}
        with self._catalog.reading() as tx:
            for number, kind in tx.execute(told.where(concerned).distinct().order_by(table.number, _FINDINGS.c.kind)):
                kinds[number] = (*kinds.get(number, ()), kind)
            return {
                row.number: State(row.published, row.site, kinds.get(row.number, ()), row.sha256)
                for row in tx.execute(query.where(concerned))
            }

    def _texts(self, wanted: Mapping[int, str]) -> dict[int, Text]:
        """The texts of documents, each with that digest; what the catalog has lost may still be the corpus file."""
        texts: dict[int, str] = {}
        query = sa.select(_VERSIONS.c.number, _VERSIONS.c.sha256, _VERSIONS.c.text)
        with self._catalog.reading() as tx:
            for row in tx.execute(query.where(_VERSIONS.c.number.in_(list(wanted)), _VERSIONS.c.text != "")):
                if wanted[row.number] == row.sha256:
                    texts[row.number] = row.text
            lost = list(wanted.keys() - texts.keys())
            names = sa.select(_DOCUMENTS.c.number, _DOCUMENTS.c.name).where(_DOCUMENTS.c.number.in_(lost))
            for number, name in tx.execute(names) if lost else ():
                path = self._corpus / name
                data = path.read_bytes() if name and path.is_file() else b""
                if content_hash(data) == wanted[number]:
                    texts[number] = data.decode(errors="replace")
        return {number: _parts(text) for number, text in texts.items()}

    def _hits(self, found: Mapping[int, State], terms: Sequence[str]) -> Iterator[Hit]:
        texts = self._texts({number: state.sha256 for number, state in found.items()})
        table = _DOCUMENTS.c
        query = sa.select(table.number, table.name, table.title, table.url, table.source)
        with self._catalog.reading() as tx:
            rows = {row.number: row for row in tx.execute(query.where(table.number.in_(list(found))))}
        for number, state in found.items():
            if row := rows.get(number):
                text = texts.get(number, Text(row.title, ""))
                yield Hit(
                    number=number,
                    name=row.name,
                    site=state.site,
                    url=row.url,
                    published=state.published,
                    source=row.source,
                    title=mark(text.title, terms),
                    excerpts=excerpts(text.body, terms),
                    kinds=state.kinds,
                )


def _twice(work: Callable[[], _T]) -> _T:
    """Do some work, and again where the index had to give way to a new one."""
    try:
        return work()
    except RenewedError:
        return work()


def _parts(text: str) -> Text:
    """Title and body of a file: only what lies between them is an empty line."""
    title, between, body = text.partition("\n\n")
    return Text(title, body.rstrip("\n")) if between else Text("", text.rstrip("\n"))
