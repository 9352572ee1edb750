"""The databases that a catalog can lie in, and all that differs between them: SQLite for one machine, PostgreSQL for many.

Both are used in the same way: a reader sees the catalog as it was at one moment and waits for nobody; there is one writer at a time,
which has seen all that the writers before it have written. SQLite locks its file for that, PostgreSQL takes a lock of the schema.
"""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from healthcrawl.disk import disk_errors
from healthcrawl.errors import UsageError

BUSY_SECONDS = 60
# What a transaction is for: to read, to write whatever it likes, or to write single rows that it locks for itself.
Purpose: TypeAlias = Literal["read", "write", "rows"]
PURPOSE = "purpose"  # the execution option that names it

_SQLITE_ADVICE = {
    "SQLITE_BUSY": f"another process has held it for {BUSY_SECONDS} s: run this again when that one is through",
    "SQLITE_FULL": "make room on the disk and run this again",
    "SQLITE_IOERR": "see that the disk is there and has room, then run this again",
    "SQLITE_READONLY_DBMOVED": "it was moved away or removed meanwhile: put it back and run this again",
    "SQLITE_READONLY": "see that this user may write there, then run this again",
    "SQLITE_CANTOPEN": "see that its folder is there and this user may write to it, then run this again",
}
# By the class of an error, its first two characters, or the whole code.
_POSTGRESQL_ADVICE = {
    "55P03": f"another process has held it for {BUSY_SECONDS} s: run this again when that one is through",
    "53100": "make room on the server's disk and run this again",
    "53300": "it serves too many already: raise its max_connections, or run fewer crawls at once",
    "25006": "it is read-only: see that this is the main server, not a copy",
    "28": "see that user and password in CATALOG_URL are right",
    "3D": "make the database (`createdb`), then run this again",
    "42501": "see that this user may write there (GRANT), then run this again",
    "": "see that the server runs and can be reached, then run this again",
}
_WRITER = 0x68635741  # names the lock of the one writer among those that other programs take


class Database(Protocol):
    """Where a catalog lies. `name` is how messages call it; one that `is_shared` serves many machines."""

    name: str
    is_shared: bool

    def exists(self) -> bool:
        """Whether something is there; of a server that is not known before it is asked."""

    def engine(self, *, read_only: bool) -> sa.Engine:
        """What connects to it; transactions begin as their purpose asks for."""

    def advice(self, error: BaseException | None) -> str:
        """What to do about an error of the driver; empty where that is not known."""

    def now(self, tx: sa.Connection) -> datetime:
        """The moment by the one clock that all who share it go by."""


class SQLite:
    """A file."""

    is_shared = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)

    def exists(self) -> bool:
        """Whether the file is there."""
        return self.path.exists()

    def engine(self, *, read_only: bool) -> sa.Engine:
        """What opens the file, and makes it unless it is only to be read.

        Raises:
            ArchiveError: its folder can't be made.
        """
        if read_only:
            engine = sa.create_engine("sqlite://", creator=self._connect_to_read, poolclass=sa.NullPool)
        else:
            with disk_errors(self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
            url = sa.URL.create("sqlite", database=str(self.path))
            engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS})
            sa.event.listen(engine, "connect", _set_up_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine

    def advice(self, error: BaseException | None) -> str:
        """What to do about an error, by SQLite's name of it."""
        name = getattr(error, "sqlite_errorname", "")
        return next((advice for start, advice in _SQLITE_ADVICE.items() if name.startswith(start)), "")

    def now(self, tx: sa.Connection) -> datetime:  # one machine, one clock
        """The moment by this machine's clock."""
        return datetime.now(UTC)

    def _connect_to_read(self) -> sqlite3.Connection:
        """A connection that writes nothing, on a disk that can't be written either.

        There SQLite can't make the files that readers and writers agree by; where none is left over, nobody is writing.
        """
        path = self.path
        alone = not path.with_name(f"{path.name}-wal").exists() and not os.access(path.parent, os.W_OK)
        address = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
        connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)
        connection.isolation_level = None
        return connection


class PostgreSQL:
    """A schema of a PostgreSQL server: the first of the search path, which `options=-csearch_path%3DNAME` in the URL sets.

    Raises:
        UsageError: the driver is not installed.
    """

    is_shared = True

    def __init__(self, url: sa.URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        self.name = url.render_as_string(hide_password=True)
        try:
            import psycopg  # noqa: F401, PLC0415  # an extra, and not wanted on one machine
        except ImportError as error:
            raise UsageError(
                f"{self.name}: PostgreSQL needs the extra `postgres`: pip install 'healthcrawl[postgres]'"
            ) from error

    def exists(self) -> bool:
        """The server is taken to be there; what it holds is seen when it is asked."""
        return True

    def engine(self, *, read_only: bool) -> sa.Engine:
        """What connects to the server; a process keeps one connection, since a server serves a hundred or so."""
        options = f"{self._url.query.get('options', '')} -c lock_timeout={BUSY_SECONDS * 1000}"
        if read_only:
            options += " -c default_transaction_read_only=on"
        engine = sa.create_engine(
            self._url.difference_update_query(["options"]),
            connect_args={"options": options.strip(), "connect_timeout": BUSY_SECONDS},
            pool_size=1,
            pool_pre_ping=True,
        )
        sa.event.listen(engine, "begin", _begin_postgresql)
        return engine

    def advice(self, error: BaseException | None) -> str:
        """What to do about an error, by its code."""
        code = getattr(error, "sqlstate", None) or ""
        return _POSTGRESQL_ADVICE.get(code) or _POSTGRESQL_ADVICE.get(code[:2]) or ""

    def now(self, tx: sa.Connection) -> datetime:
        """The moment by the server's clock."""
        moment: datetime = tx.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        return moment.astimezone(UTC)


def database(where: Path | str) -> Database:
    """The database at a path, or at a URL as SQLAlchemy writes them.

    Raises:
        UsageError: it is neither `sqlite:///PATH` nor `postgresql://…`, or the driver is not installed.
    """
    if isinstance(where, Path):
        return SQLite(where)
    try:
        url = sa.make_url(where)
    except sa.exc.ArgumentError:
        url = sa.URL.create("nothing")
    engine = url.drivername.partition("+")[0]
    if engine in {"postgresql", "postgres"}:
        return PostgreSQL(url)
    if engine == "sqlite" and url.database:
        return SQLite(Path(url.database))
    raise UsageError(
        "CATALOG_URL: expected postgresql://USER@HOST/DATABASE or sqlite:///PATH, or nothing for the file beside the archive"
    )


def copy_sqlite(path: Path, to: Path) -> None:
    """Copy a file's database as it is at one moment, whoever writes to it meanwhile.

    Raises:
        sqlite3.DatabaseError: it is damaged, or the copy can't be written.
    """
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)


def insert_if_new(tx: sa.Connection, table: sa.Table, values: dict[str, Any]) -> bool:
    """Insert a row unless one with its key is there, or is being inserted by another; say whether it was inserted."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    done = insert(table).values(values).on_conflict_do_nothing().returning(*table.primary_key)
    return tx.execute(done).first() is not None


class _Text(sa.types.TypeDecorator[str]):
    """Text that is ordered by its code points, as in SQLite, and without the one character that PostgreSQL can't keep."""

    impl = postgresql.TEXT
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(collation="C")

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if value else value


TEXT = sa.Text().with_variant(_Text(), "postgresql")
INTEGER = sa.Integer().with_variant(sa.BigInteger(), "postgresql")  # SQLite's are as long as they have to be


def suit(table: sa.Table) -> None:
    """Have a table's columns hold and order the same on every engine."""
    for column in table.columns:
        if isinstance(column.type, sa.Text):
            column.type = TEXT
        elif isinstance(column.type, sa.Integer):
            column.type = INTEGER


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that reads first and writes later can't wait for another writer: ask for the right to write at once.
    reads = _purpose(connection) == "read"
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: sa.Connection) -> None:
    purpose = _purpose(connection)
    if purpose == "read":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    elif purpose == "write":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER}, hashtext(current_schema()))")


def _purpose(connection: sa.Connection) -> Purpose:
    purpose: Purpose = connection.get_execution_options().get(PURPOSE, "write")
    return purpose
