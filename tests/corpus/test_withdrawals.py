"""What the frontier finds gone is told to the journal once, and once more when it is back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import open_catalog
from healthcrawl.corpus.changes import news
from healthcrawl.corpus.history import life_of
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Provenance, Store
from healthcrawl.corpus.withdrawals import note_withdrawals
from healthcrawl.model import Document, Metadata

ADDRESS = "http://a.test/1"


class Shelf:
    """A store with one document and its page."""

    def __init__(self, root: Path, catalog_url: str) -> None:
        self.layout = ArchiveLayout(root, catalog_url)
        self.catalog = open_catalog(self.layout)
        self.manifest = Manifest(self.layout.manifest)
        self.store = Store(self.layout.corpus, self.manifest, self.catalog)
        told = Provenance(
            captured_at="2026-03-01T00:00:00+00:00", record_id="<1>", warc_file="w", warc_offset=0, decided_by="t"
        )
        document = Document(
            address=ADDRESS, url=ADDRESS, site="demo", family="", metadata=Metadata(title="标题"), text="正文。"
        )
        with self.store.writing() as writing:
            writing.keep(document, told)
            values = {column.name: "" for column in tables.pages.columns if isinstance(column.type, sa.Text)}
            page = {**values, "site": "demo", "address": ADDRESS, "url": ADDRESS, "role": "article", "state": "fetched"}
            writing.tx.execute(sa.insert(tables.pages).values(**page, hops=0, run=1))

    def find(self, state: str) -> list[str]:
        """Have the frontier find a page in a state; what is noted."""
        with self.catalog.writing() as tx:
            tx.execute(sa.update(tables.pages).values(state=state))
        return [change.kind for change in note_withdrawals(self.store, "demo")]


@pytest.fixture
def shelf(tmp_path: Path, catalog_url: str) -> Iterator[Shelf]:
    made = Shelf(tmp_path / "archive", catalog_url)
    yield made
    made.catalog.close()


def test_a_page_that_is_gone_for_good_is_told_once_and_its_return_too(shelf: Shelf) -> None:
    assert shelf.find("fetched") == []
    assert shelf.find("gone") == []
    assert shelf.find("withdrawn") == ["withdrawn"]
    assert shelf.find("withdrawn") == []
    assert len(list(shelf.layout.corpus.iterdir())) == 1
    assert shelf.find("fetched") == ["changed"]
    assert shelf.find("fetched") == []


def test_history_and_changes_tell_of_it(shelf: Shelf) -> None:
    shelf.find("withdrawn")
    shelf.find("fetched")
    life = life_of(0, shelf.manifest, shelf.catalog, shelf.layout.corpus)
    assert life is not None
    assert [(event.kind, event.what, event.silent) for event in life.events] == [
        ("new", (), False),
        ("withdrawn", (), False),
        ("back", (), False),
    ]
    assert [one.kind for one in news(shelf.manifest)] == ["new", "withdrawn", "back"]
    assert [one.rules for one in news(shelf.manifest)] == [False, False, False]
