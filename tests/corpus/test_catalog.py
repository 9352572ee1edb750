"""A catalog of an older version is brought up to date as it is opened, on every engine; of one that is newer nobody knows what it holds."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import SCHEMA_VERSION, Catalog, fact, set_fact
from healthcrawl.errors import ArchiveError, UsageError

CATALOGS = Path(__file__).parent / "catalogs"
SEEN = datetime(2026, 3, 1, tzinfo=UTC).isoformat()
ROWS = {
    "first": ("list", 0, SEEN),
    "second": ("list", 1, SEEN),
    "read": ("article", 1, SEEN),
    "unread": ("article", 1, ""),
}


@pytest.fixture
def where(tmp_path: Path, catalog_url: str) -> Path | str:
    return catalog_url or tmp_path / "catalog.sqlite"


def old(path: Path, version: int) -> Path:
    """A catalog as an older version made it, with four pages."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")  # as all of ours are
    connection.executescript((CATALOGS / f"version{version}.sql").read_text(encoding="utf-8"))
    for name, (role, hops, seen) in ROWS.items():
        values = {"site": "a", "address": name, "url": f"http://a.test/{name}", "role": role, "via": "", "hops": hops}
        values |= {"column": "c", "entry_title": "", "entry_date": "2024-05-01", "state": "fetched", "run": 3}
        values |= {"etag": "", "last_modified": "", "captured_at": seen, "visited_at": seen}
        names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" for _ in values)
        connection.execute(f"INSERT INTO pages ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608
    connection.commit()
    connection.close()
    return path


def shape(catalog: Catalog) -> dict[str, Any]:
    """All that a catalog's tables are made of."""
    with catalog.reading() as tx:
        found = sa.inspect(tx)
        return {
            name: (
                [(one["name"], str(one["type"]), one["nullable"]) for one in found.get_columns(name)]
                if name != "pages"  # there, newer columns come last
                else sorted((one["name"], str(one["type"]), one["nullable"]) for one in found.get_columns(name)),
                found.get_pk_constraint(name)["constrained_columns"],
                sorted((one["name"] or "", one["column_names"]) for one in found.get_indexes(name)),
                [one["column_names"] for one in found.get_unique_constraints(name)],
            )
            for name in found.get_table_names()
            if name != "alembic_version"
        }


@pytest.mark.parametrize("version", range(2, SCHEMA_VERSION))
def test_a_catalog_of_an_older_version_becomes_one_like_a_new_one(tmp_path: Path, version: int) -> None:
    path = CATALOGS / f"version{version}.sql"
    assert path.exists(), f"{path}: keep the tables of version {version}, as it made them, with `sqlite3 FILE .schema`"
    upgraded, new = Catalog(old(tmp_path / "old.sqlite", version)), Catalog(tmp_path / "new.sqlite")
    assert shape(upgraded) == shape(new)
    with upgraded.reading() as tx:
        assert fact(tx, "schema") == SCHEMA_VERSION
        assert tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == [f"{SCHEMA_VERSION:04}"]
    upgraded.close()
    new.close()
    Catalog(tmp_path / "old.sqlite").close()


def test_pages_without_queues_are_put_into_some(tmp_path: Path) -> None:
    catalog = Catalog(old(tmp_path / "catalog.sqlite", 2))
    with catalog.reading() as tx:
        found = {row.address: (row.queue, row.place) for row in tx.execute(sa.select(tables.pages))}
    catalog.close()
    assert found == {
        "first": ("head", SEEN),
        "second": ("list 0 0 ", SEEN),
        "read": ("old 0 0 ", SEEN),
        "unread": ("new", "2024-05-01"),
    }


def test_the_migrations_run_on_every_engine(where: Path | str) -> None:
    new = Catalog(where)
    wanted = shape(new)
    with new.writing() as tx:
        for table in reversed(tables.metadata.sorted_tables):
            if table.name in {"clusters", "fingerprints", "readings", "replays", "leases", "journal", "rests"}:
                table.drop(tx)
        tx.exec_driver_sql("DROP INDEX pages_post")
        tx.exec_driver_sql("ALTER TABLE pages DROP COLUMN post")
        set_fact(tx, "schema", 3)  # what came after it is gone
    new.close()
    again = Catalog(where)
    assert shape(again) == wanted
    again.close()


def test_many_may_open_an_old_catalog_at_once(tmp_path: Path) -> None:
    path = old(tmp_path / "catalog.sqlite", 2)
    with ThreadPoolExecutor(4) as threads:
        for catalog in threads.map(Catalog, [path] * 4):
            catalog.close()


def test_a_current_catalog_needs_no_migrations(tmp_path: Path) -> None:
    Catalog(tmp_path / "catalog.sqlite").close()
    code = (
        "import sys, pathlib; from healthcrawl.corpus.catalog import Catalog; Catalog(pathlib.Path(sys.argv[1])).close();"
        "sys.exit('alembic' in sys.modules or 'psycopg' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "catalog.sqlite")], check=True)


@pytest.mark.parametrize("version", [1, SCHEMA_VERSION + 1])
def test_a_catalog_of_a_version_that_is_not_known_is_left_alone(tmp_path: Path, version: int) -> None:
    path = old(tmp_path / "catalog.sqlite", 2)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE facts SET value = ?", (version,))
    with pytest.raises(ArchiveError, match=f"schema {version}"):
        Catalog(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'learned'").fetchone() == (0,)


def test_what_a_transaction_reads_is_as_it_was_at_one_moment(where: Path | str) -> None:
    catalog = Catalog(where)
    with catalog.reading() as before:
        assert fact(before, "told") is None
        with catalog.writing() as tx:
            set_fact(tx, "told", 1)
        assert fact(before, "told") is None
    with catalog.reading() as after:
        assert fact(after, "told") == 1
    catalog.close()


def test_one_writes_at_a_time(where: Path | str) -> None:
    def count(_: int) -> None:
        with catalog.writing() as tx:
            set_fact(tx, "count", (fact(tx, "count") or 0) + 1)

    catalog = Catalog(where)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(count, range(20)))
    with catalog.reading() as tx:
        assert fact(tx, "count") == 20
    catalog.close()


def test_text_is_ordered_by_code_points_and_numbers_are_long(where: Path | str) -> None:
    catalog, words = Catalog(where), ["a", "Z", "list 0 0 ", "list-", "市", "_"]
    row = {"file": "f\0", "size": 2**40, "modified": 2**62, "captures": 0}
    with catalog.writing() as tx:
        tx.execute(sa.insert(tables.facts), [{"name": word, "value": 2**40} for word in words])
        tx.execute(sa.insert(tables.replays).values(**row))
    with catalog.reading() as tx:
        names = tx.execute(sa.select(tables.facts.c.name).order_by(tables.facts.c.name)).scalars().all()
        assert tx.execute(sa.select(tables.replays.c.modified)).scalar_one() == 2**62
    assert names == sorted([*words, "schema"])
    catalog.close()


def test_who_only_reads_can_not_write(where: Path | str) -> None:
    Catalog(where).close()
    catalog = Catalog(where, read_only=True)
    with catalog.reading() as tx:
        assert fact(tx, "schema") == SCHEMA_VERSION
    with pytest.raises(ArchiveError), catalog.writing() as tx:
        set_fact(tx, "told", 1)
    catalog.close()


def test_a_server_that_is_not_there_is_told() -> None:
    pytest.importorskip("psycopg", reason="PostgreSQL needs the extra `postgres`")
    with pytest.raises(ArchiveError, match="see that the server runs") as caught:
        Catalog("postgresql://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://a/b", "catalog.db", "sqlite://", ""])
def test_other_engines_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="CATALOG_URL: expected postgresql://"):
        Catalog(url)
