"""Near duplicates: documents whose texts are nearly the same, in clusters with one that stands for all. Nothing is dropped.

Documents are looked at by number. Each joins the first-numbered of the representatives that it is likest to, or becomes one
itself: so a cluster is never wider than what its representative is like, and the same corpus gives the same clusters.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import sqlalchemy as sa
from rensa import RMinHashLSH

from healthcrawl.core.shingles import BANDS, FEWEST, HASHES, LEAST, jaccard, named_apart, runs, same_figures, sketch
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.store import Store

_MOST_CANDIDATES = 100  # that are compared in full
_BATCH = 500  # documents noted at once
_DOCUMENTS, _VERSIONS = tables.documents, tables.versions
_TEXT = (
    sa.select(_DOCUMENTS.c.number, _DOCUMENTS.c.title, _VERSIONS.c.text)
    .join(_VERSIONS, sa.and_(_VERSIONS.c.number == _DOCUMENTS.c.number, _VERSIONS.c.sha256 == _DOCUMENTS.c.sha256))
    .where(_DOCUMENTS.c.name != "")
    .order_by(_DOCUMENTS.c.number, _VERSIONS.c.serial)
)
_TEXT_OF = _TEXT.where(_DOCUMENTS.c.number == sa.bindparam("wanted")).limit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A document to compare: `text` is the whole file."""

    number: int
    title: str
    text: str


class Texts(Protocol):
    """What gives a text by its number: a mapping, or `OfCatalog`."""

    def __getitem__(self, number: int, /) -> Text:
        """The text of a number."""


class Clusters:
    """Finds clusters among texts that are shown one after the other. `texts` gives a text again by its number."""

    def __init__(self, texts: "Texts") -> None:
        self._index = RMinHashLSH(LEAST, HASHES, BANDS)
        self._texts = texts
        self._runs = lru_cache(maxsize=256)(lambda number: runs(self._texts[number].text))

    def add(self, one: Text) -> int:
        """The number of the document that stands for a text: one shown before, or itself."""
        found = runs(one.text)
        if len(found) < FEWEST:
            return one.number
        hashes = sketch(one.title, found)
        best, representative = 0.0, one.number
        for number in sorted(self._index.query(hashes))[:_MOST_CANDIDATES]:
            other = self._texts[number]
            alike = jaccard(found, self._runs(number))
            if alike >= LEAST and alike > best and _may_be_one(one, other):
                best, representative = alike, number
        if representative == one.number:
            self._index.insert(one.number, hashes)
        return representative


def _may_be_one(one: Text, other: Text) -> bool:
    return same_figures(one.text, other.text) and not named_apart((one.title, one.text), (other.title, other.text))


class OfCatalog:
    """The texts of a catalog by number; those asked for last are at hand."""

    def __init__(self, tx: sa.Connection) -> None:
        self._get = lru_cache(maxsize=256)(lambda number: _text(tx.execute(_TEXT_OF, {"wanted": number}).one()))

    def __getitem__(self, number: int, /) -> Text:
        """The text of a document."""
        return self._get(number)


def find(catalog: Catalog) -> Iterator[tuple[Text, int]]:
    """The documents by number, each with the number of the one that stands for it."""
    with catalog.reading() as tx, catalog.reading() as other:
        clusters = Clusters(OfCatalog(other))
        last = -1
        for row in tx.execute(_TEXT.execution_options(yield_per=_BATCH)):
            if row.number > last:  # a text that came back has two versions
                last, text = row.number, _text(row)
                yield text, clusters.add(text)


def note(found: Iterable[tuple[int, int]], store: Store) -> int:
    """Write down numbers and the numbers that stand for them, where that is news; says how many were.

    Raises:
        ArchiveError: the corpus can't be written.
    """
    found = list(found)
    sizes = Counter(cluster for _, cluster in found)
    table = tables.clusters
    with store.reading() as tx:
        known = {row.number: row.cluster for row in tx.execute(sa.select(table.c.number, table.c.cluster))}
    fresh = [
        (number, cluster)
        for number, cluster in found
        if known.get(number, number) != cluster or (number not in known and sizes[cluster] > 1)
    ]
    for start in range(0, len(fresh), _BATCH):
        with store.writing() as writing:
            for number, cluster in fresh[start : start + _BATCH]:
                writing.cluster(number, cluster)
    return len(fresh)


def _text(row: Any) -> Text:
    return Text(number=row.number, title=row.title, text=row.text)
