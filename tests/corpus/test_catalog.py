"""A catalog of an older version is brought up to date as it is opened; of one that is newer nobody knows what it holds."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import SCHEMA_VERSION, Catalog, fact
from healthcrawl.errors import ArchiveError

# The pages of version 2, as it made them.
OLD_PAGES = """
CREATE TABLE pages (site TEXT NOT NULL, address TEXT NOT NULL, url TEXT NOT NULL, role TEXT NOT NULL, via TEXT NOT NULL,
  hops INTEGER NOT NULL, "column" TEXT NOT NULL, entry_title TEXT NOT NULL, entry_date TEXT NOT NULL, state TEXT NOT NULL,
  run INTEGER NOT NULL, etag TEXT NOT NULL, last_modified TEXT NOT NULL, captured_at TEXT NOT NULL, visited_at TEXT NOT NULL,
  PRIMARY KEY (site, address));
CREATE INDEX pages_due ON pages (site, run, role);
CREATE TABLE facts (name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (name));
INSERT INTO facts VALUES ('schema', 2);
"""
SEEN = datetime(2026, 3, 1, tzinfo=UTC).isoformat()
ROWS = {
    "first": ("list", 0, SEEN),
    "second": ("list", 1, SEEN),
    "read": ("article", 1, SEEN),
    "unread": ("article", 1, ""),
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "catalog.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(OLD_PAGES)
    for name, (role, hops, seen) in ROWS.items():
        row = (
            "a",
            name,
            f"http://a.test/{name}",
            role,
            "",
            hops,
            "c",
            "",
            "2024-05-01",
            "fetched",
            3,
            "",
            "",
            seen,
            seen,
        )
        connection.execute("INSERT INTO pages VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", row)
    connection.commit()
    connection.close()
    return path


def test_a_catalog_of_the_version_before_is_brought_up_to_date(old: Path) -> None:
    catalog = Catalog(old)
    with catalog.reading() as tx:
        found = {row.address: (row.queue, row.place) for row in tx.execute(sa.select(tables.pages))}
        assert fact(tx, "schema") == SCHEMA_VERSION
        there, wanted = sa.inspect(tx), tables.metadata.tables
        for name, table in wanted.items():
            assert {one["name"] for one in there.get_columns(name)} == set(table.columns.keys())
            assert {one["name"] for one in there.get_indexes(name)} >= {one.name for one in table.indexes}
    catalog.close()
    assert found == {
        "first": ("head", SEEN),
        "second": ("list 0 0 ", SEEN),
        "read": ("old 0 0 ", SEEN),
        "unread": ("new", "2024-05-01"),
    }
    Catalog(old).close()


@pytest.mark.parametrize("version", [1, SCHEMA_VERSION + 1])
def test_a_catalog_of_a_version_that_is_not_known_is_left_alone(old: Path, version: int) -> None:
    with sqlite3.connect(old) as connection:
        connection.execute("UPDATE facts SET value = ?", (version,))
    with pytest.raises(ArchiveError, match=f"schema {version}"):
        Catalog(old)
    with sqlite3.connect(old) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'runs'").fetchone() == (0,)
