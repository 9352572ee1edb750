"""Numbers are for life, files are whole, and the journal can rebuild the catalog."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog, open_catalog
from healthcrawl.corpus.layout import ArchiveLayout, content_hash, file_name
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Change, Provenance, Reserved, Store, count_documents
from healthcrawl.errors import ArchiveError
from healthcrawl.model import Document, Metadata

FIRST = "2026-03-01T00:00:00+00:00"
LATER = "2026-03-02T00:00:00+00:00"


def make_document(address: str = "http://a.test/1", text: str = "正文。", **metadata: str) -> Document:
    told = Metadata(**{"title": "标题", **metadata})
    return Document(address=address, url=address, site="demo", family="generic", metadata=told, text=text)


def provenance(at: str = FIRST) -> Provenance:
    return Provenance(captured_at=at, record_id="<urn:uuid:1>", warc_file="w", warc_offset=0, decided_by="test")


class Shelf:
    """A store that can be opened anew, as another process would."""

    def __init__(self, root: Path, catalog_url: str) -> None:
        self.layout = ArchiveLayout(root, catalog_url)
        self.open()

    def open(self, reserved: Reserved | None = None) -> None:
        self.catalog = open_catalog(self.layout)
        self.store = Store(self.layout.corpus, Manifest(self.layout.manifest), self.catalog, reserved)

    def lose_catalog(self) -> None:
        with self.catalog.writing() as tx:
            tables.metadata.drop_all(tx)
        self.catalog.close()
        for path in self.layout.root.glob("catalog.sqlite*"):
            path.unlink()

    def keep(self, document: Document, at: str = FIRST) -> Change:
        with self.store.writing() as writing:
            return writing.keep(document, provenance(at))

    def names(self) -> list[str]:
        return sorted(path.name for path in self.layout.corpus.iterdir())

    def rows(self, table: sa.Table) -> list[tuple[object, ...]]:
        with self.store.writing() as writing:
            return [tuple(row) for row in writing.tx.execute(sa.select(table).order_by(*table.primary_key))]


@pytest.fixture
def shelf(tmp_path: Path, catalog_url: str) -> Iterator[Shelf]:
    made = Shelf(tmp_path / "archive", catalog_url)
    yield made
    made.catalog.close()


def test_a_document_is_a_file_named_by_number_and_content(shelf: Shelf) -> None:
    change = shelf.keep(make_document())
    data = "标题\n\n正文。\n".encode()
    assert change == Change(kind="new", number=0, name=file_name(0, content_hash(data)))
    assert (shelf.layout.corpus / change.name).read_bytes() == data


def test_a_changed_text_keeps_its_number_and_the_old_text_stays_in_the_catalog(shelf: Shelf) -> None:
    old = shelf.keep(make_document())
    shelf.keep(make_document("http://a.test/2", "别的。"))
    new = shelf.keep(make_document(text="改过的正文。"), LATER)
    assert (new.kind, new.number) == ("changed", old.number)
    assert old.name not in shelf.names()
    assert [row[5] for row in shelf.rows(tables.versions) if row[0] == old.number] == [
        "标题\n\n正文。\n",
        "标题\n\n改过的正文。\n",
    ]


def test_changed_metadata_is_journalled_without_a_new_version(shelf: Shelf) -> None:
    first = shelf.keep(make_document(source="甲"))
    second = shelf.keep(make_document(source="乙"), LATER)
    assert (second.kind, second.name) == ("changed", first.name)
    assert len(shelf.rows(tables.versions)) == 1
    assert shelf.names() == [first.name]


def test_the_same_again_changes_nothing(shelf: Shelf) -> None:
    shelf.keep(make_document())
    journal = shelf.layout.manifest.read_bytes()
    assert shelf.keep(make_document(), LATER).kind == "unchanged"
    assert shelf.layout.manifest.read_bytes() == journal


def test_an_older_capture_does_not_undo_a_newer_one(shelf: Shelf) -> None:
    newer = shelf.keep(make_document(text="新的。"), LATER)
    assert shelf.keep(make_document(text="旧的。"), FIRST) == Change(kind="unchanged", number=0, name=newer.name)


def test_the_same_text_elsewhere_is_an_alias_until_it_differs(shelf: Shelf) -> None:
    first = shelf.keep(make_document())
    assert shelf.keep(make_document("http://b.test/1")) == Change(kind="alias", number=0, name=first.name)
    assert shelf.keep(make_document("http://b.test/1"), LATER).kind == "unchanged"
    assert shelf.names() == [first.name]
    own = shelf.keep(make_document("http://b.test/1", "另一篇。"), LATER)
    assert (own.kind, own.number) == ("new", 1)
    assert shelf.rows(tables.aliases) == []


def test_a_text_that_leaves_its_number_stays_where_it_is_still_shown(shelf: Shelf) -> None:
    shelf.keep(make_document())
    shelf.keep(make_document("http://b.test/1"))
    shelf.keep(make_document("http://c.test/1"))
    shelf.keep(make_document(text="改过的。"), LATER)
    texts = sorted(path.read_text("utf-8") for path in shelf.layout.corpus.iterdir())
    assert texts == ["标题\n\n改过的。\n", "标题\n\n正文。\n"]
    assert shelf.keep(make_document("http://b.test/1"), LATER) == Change(
        kind="unchanged", number=1, name=shelf.names()[1]
    )
    assert shelf.keep(make_document("http://c.test/1"), LATER).number == 1


def test_a_replay_that_meets_an_alias_first_gives_the_number_to_its_owner(shelf: Shelf) -> None:
    shelf.catalog.close()
    shelf.open(Reserved(numbers={"http://a.test/1": 4, "http://b.test/1": 4}, owners={4: "http://a.test/1"}))
    assert shelf.keep(make_document("http://b.test/1")).number == 4
    assert shelf.keep(make_document("http://a.test/1")).number == 4
    assert [row[:2] for row in shelf.rows(tables.documents)] == [(4, "http://a.test/1")]
    assert [row[:2] for row in shelf.rows(tables.aliases)] == [("http://b.test/1", 4)]
    assert len(shelf.names()) == 1


def test_what_a_kill_left_half_written_is_removed(shelf: Shelf) -> None:
    shelf.keep(make_document())
    names = shelf.names()
    (shelf.layout.corpus / ".001_0123456789abcdef.txt.99.tmp").write_text("hal", "utf-8")
    shelf.catalog.close()
    shelf.open()
    assert shelf.names() == names


def test_a_damaged_file_is_written_again(shelf: Shelf) -> None:
    change = shelf.keep(make_document())
    path = shelf.layout.corpus / change.name
    whole = path.read_bytes()
    path.write_bytes(whole + b"x")
    shelf.keep(make_document())
    assert path.read_bytes() == whole


def test_numbers_go_on_after_files_that_are_there(tmp_path: Path) -> None:
    corpus = tmp_path / "archive" / "corpus"
    corpus.mkdir(parents=True)
    (corpus / "041_0123456789abcdef.txt").write_text("旧文\n", "utf-8")
    shelf = Shelf(tmp_path / "archive", "")
    assert shelf.keep(make_document()).number == 42
    shelf.catalog.close()


def test_reserved_numbers_are_used_and_others_come_after_them(shelf: Shelf) -> None:
    shelf.catalog.close()
    shelf.open(Reserved(numbers={"http://a.test/7": 7, "http://a.test/9": 9}))
    assert [shelf.keep(make_document(f"http://a.test/{n}", f"文{n}。")).number for n in (9, 8, 7)] == [9, 10, 7]


def test_a_lost_catalog_is_rebuilt_from_the_journal(shelf: Shelf) -> None:
    shelf.keep(make_document())
    shelf.keep(make_document("http://b.test/1"))
    shelf.keep(make_document(text="改过的。"), LATER)
    documents, aliases = shelf.rows(tables.documents), shelf.rows(tables.aliases)
    shelf.lose_catalog()
    shelf.open()
    assert shelf.rows(tables.documents) == documents
    assert shelf.rows(tables.aliases) == aliases
    assert [row[5] for row in shelf.rows(tables.versions) if row[0] == 0] == ["", "标题\n\n改过的。\n"]
    shelf.keep(make_document())  # as a replay does, the oldest capture first
    assert [row[5] for row in shelf.rows(tables.versions) if row[0] == 0] == ["标题\n\n正文。\n", "标题\n\n改过的。\n"]


def test_a_lost_file_is_written_again(shelf: Shelf) -> None:
    change = shelf.keep(make_document())
    (shelf.layout.corpus / change.name).unlink()
    assert shelf.keep(make_document()).kind == "unchanged"
    assert shelf.names() == [change.name]


def test_a_crash_between_journal_and_file_is_made_good(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.keep(make_document())
    changed = make_document(text="改过的。")

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("healthcrawl.corpus.texts.write_all_atomically", crash)
        with pytest.raises(KeyboardInterrupt):
            shelf.keep(changed, LATER)
    shelf.catalog.close()
    shelf.open()
    assert shelf.keep(changed, LATER).kind == "unchanged"
    assert shelf.names() == [file_name(0, content_hash("标题\n\n改过的。\n".encode()))]
    assert [row[5] for row in shelf.rows(tables.versions)] == ["标题\n\n正文。\n", "标题\n\n改过的。\n"]


def test_a_capture_that_the_rules_now_reject_takes_its_document_back(shelf: Shelf) -> None:
    shelf.keep(make_document())
    with shelf.store.writing() as writing:
        assert writing.withdraw("<urn:uuid:another>") is None
        change = writing.withdraw("<urn:uuid:1>")
    assert change is not None
    assert (change.kind, change.number, shelf.names()) == ("withdrawn", 0, [])
    assert count_documents(shelf.catalog, "demo") == 0
    assert shelf.keep(make_document("http://a.test/2", "二。")).number == 1
    back = shelf.keep(make_document())
    assert (back.kind, back.number) == ("changed", 0)
    assert len(shelf.names()) == 2


def test_a_document_whose_page_is_gone_keeps_its_file_and_may_come_back(shelf: Shelf) -> None:
    first = shelf.keep(make_document())
    with shelf.store.writing() as writing:
        assert writing.note_gone(0) == Change(kind="withdrawn", number=0, name=first.name)
    assert shelf.names() == [first.name]
    assert shelf.rows(tables.withdrawals) == [(0,)]
    shelf.lose_catalog()
    shelf.open()
    assert shelf.rows(tables.withdrawals) == [(0,)]
    with shelf.store.writing() as writing:
        writing.note_back(0)
    assert shelf.rows(tables.withdrawals) == []
    assert [step.action for step, _ in Manifest(shelf.layout.manifest).steps()] == ["new", "withdrawn", "changed"]
    assert shelf.keep(make_document(), LATER).kind == "unchanged"


def test_a_torn_journal_line_is_cut_off_and_its_number_given_again(shelf: Shelf) -> None:
    shelf.keep(make_document())
    with shelf.layout.manifest.open("ab") as file:
        file.write(b'{"action":"new","number":1')
    assert shelf.keep(make_document("http://a.test/2", "二。")).number == 1
    assert [step.number for step, _ in Manifest(shelf.layout.manifest).steps()] == [0, 1]


def test_a_journal_that_lost_lines_is_an_error_that_says_what_to_do(shelf: Shelf) -> None:
    shelf.keep(make_document())
    lines = shelf.layout.manifest.read_bytes()
    shelf.layout.manifest.write_bytes(b"")
    if shelf.catalog.is_shared:  # then it is a copy
        shelf.keep(make_document())
        assert shelf.layout.manifest.read_bytes() == lines
        return
    with pytest.raises(ArchiveError, match="restore the journal"):
        shelf.keep(make_document())


def test_a_strange_journal_line_is_an_error_that_names_its_place(shelf: Shelf) -> None:
    shelf.keep(make_document())
    with shelf.layout.manifest.open("ab") as file:
        file.write(b"{}\n")
    with pytest.raises(ArchiveError, match=r"manifest\.jsonl: the line that ends at byte"):
        shelf.keep(make_document())


def test_a_file_that_is_no_catalog_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(ArchiveError, match="scrapy replay"):
        Catalog(path)
