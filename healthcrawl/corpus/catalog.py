"""The catalog: pages, captures, documents, versions, findings and runs, in one database that any process may share.

Documents are a projection of the journal, captures and attachments of the WARC files; pages (the frontier) and runs live only here.
Moments are kept as ISO text in UTC, so that the same code serves every engine. Who changes a table here adds a migration
(see `healthcrawl.corpus.migrations`) and raises `SCHEMA_VERSION`.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from healthcrawl.corpus.engines import PURPOSE, Purpose, SQLite, copy_sqlite, database, suit
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.errors import ArchiveError

SCHEMA_VERSION = 7
_OLDEST = 2  # the oldest version that is brought up to the present one
_REBUILD = "move it away and run `scrapy replay` to rebuild captures and documents"

metadata = sa.MetaData()

# Of columns that came later: what rows have that were there before.
_EMPTY: Any = {"nullable": False, "server_default": ""}
_ZERO: Any = {"nullable": False, "server_default": "0"}

pages = sa.Table(
    "pages",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("via", sa.Text, nullable=False),
    sa.Column("hops", sa.Integer, nullable=False),
    sa.Column("column", sa.Text, nullable=False),
    sa.Column("entry_title", sa.Text, nullable=False),
    sa.Column("entry_date", sa.Text, nullable=False),
    sa.Column(
        "state", sa.Text, nullable=False, comment="pending, fetched, redirected, gone, withdrawn, forbidden, failed"
    ),
    sa.Column("run", sa.Integer, nullable=False, comment="the last run that visited it; 0: none did"),
    sa.Column("etag", sa.Text, nullable=False),
    sa.Column("last_modified", sa.Text, nullable=False),
    sa.Column("captured_at", sa.Text, nullable=False, comment="of the last capture with a body; empty: none"),
    sa.Column("visited_at", sa.Text, nullable=False),
    sa.Column("head", sa.Integer, **_ZERO, comment="1: the first page of a list, which every run reads"),
    sa.Column("found_at", sa.Text, **_EMPTY, comment="when it became known"),
    sa.Column("seen_at", sa.Text, **_EMPTY, comment="the last visit that read it or heard that it is unchanged"),
    sa.Column(
        "queue", sa.Text, **_EMPTY, comment="a queue of healthcrawl.corpus.frontier, or a cohort of core.schedule"
    ),
    sa.Column(
        "place", sa.Text, **_EMPTY, comment="in the queue: a date or moment; of a cohort, when the page was last seen"
    ),
    sa.Column("changes", sa.Float, **_ZERO, comment="visits that found it changed"),
    sa.Column("exposure", sa.Float, **_ZERO, comment="days for which it was seen not to change"),
    sa.Column("signal", sa.Text, **_EMPTY, comment="what says that it has changed since: list, sitemap, feed"),
    sa.Column("modified", sa.Text, **_EMPTY, comment="lastmod as a sitemap or feed last said"),
    sa.Column("failures", sa.Integer, **_ZERO, comment="in a row"),
    sa.Column("gone_at", sa.Text, **_EMPTY, comment="the first 404 or 410 of those in a row"),
    sa.Column("withdrawn_at", sa.Text, **_EMPTY, comment="the one, days later, that confirmed it"),
    sa.Column(
        "post",
        sa.Text,
        **_EMPTY,
        comment="host and number of the article, the same in all its columns; empty: none known",
    ),
    sa.Index("pages_due", "site", "run", "role"),
    sa.Index("pages_post", "site", "post"),
    sa.Index("pages_queue", "site", "queue", "place"),
)

_WHERE_REJECTED: Any = {f"{engine}_where": sa.text("outcome = 'rejected'") for engine in ("sqlite", "postgresql")}
captures = sa.Table(
    "captures",
    metadata,
    sa.Column("record_id", sa.Text, primary_key=True),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("captured_at", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("payload_sha256", sa.Text, nullable=False),
    sa.Column("record_type", sa.Text, nullable=False, comment="response, revisit"),
    sa.Column("warc_file", sa.Text, nullable=False),
    sa.Column("warc_offset", sa.Integer, nullable=False),
    sa.Column("warc_length", sa.Integer, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False, comment="document, rejected"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("number", sa.Integer),
    sa.Index("captures_address", "address", "captured_at"),
    sa.Index("captures_file", "site", "warc_file"),
    sa.Index("captures_time", "site", "captured_at"),
    sa.Index("captures_url", "site", "url", "captured_at"),
    sa.Index("captures_payload", "site", "payload_sha256", "record_type", "captured_at"),
    sa.Index("captures_rejected", "site", "reason", "captured_at", **_WHERE_REJECTED),
)


def _step_columns() -> list[sa.Column[object]]:
    """What the journal says of a document or an alias."""
    return [
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("family", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False, comment="of its file; empty: withdrawn"),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("published", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("attachments", sa.JSON, nullable=False),
        sa.Column("captured_at", sa.Text, nullable=False),
        sa.Column("record_id", sa.Text, nullable=False),
        sa.Column("warc_file", sa.Text, nullable=False),
        sa.Column("warc_offset", sa.Integer, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
    ]


documents = sa.Table(
    "documents",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("address", sa.Text, nullable=False, unique=True),
    *_step_columns(),
    sa.Index("documents_sha256", "sha256"),
    sa.Index("documents_record", "record_id"),
    sa.Index("documents_site", "site"),
    sa.Index("documents_dated", "published", "number"),
    sa.Index("documents_listed", "site", "published", "name"),
)

aliases = sa.Table(
    "aliases",
    metadata,
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    *_step_columns(),
    sa.Index("aliases_number", "number"),
)

adopted = sa.Table(
    "adopted",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column(
        "title", sa.Text, nullable=False, comment="its letters and digits; without one, those of the longest line"
    ),
    sa.Column("published", sa.Text, nullable=False, comment="the day, or empty"),
    sa.Column("text", sa.Text, nullable=False, comment="letters and digits, cleaned"),
    sa.Index("adopted_title", "title"),
    comment="texts of an older corpus that wait for the article that they are",
)

withdrawals = sa.Table(
    "withdrawals",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    comment="documents whose pages are gone, as the journal says last",
)

versions = sa.Table(
    "versions",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("serial", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("captured_at", sa.Text, nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False, comment="the whole file; empty where it was lost"),
)

attachments = sa.Table(
    "attachments",
    metadata,
    sa.Column("record_id", sa.Text, primary_key=True, comment="of the capture that holds the file"),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("via", sa.Text, nullable=False, comment="the page that led to it"),
    sa.Column("name", sa.Text, nullable=False, comment="as shown there, without what could be a path"),
    sa.Column("type", sa.Text, nullable=False, comment="by its own bytes"),
    sa.Column("size", sa.Integer, nullable=False, comment="bytes"),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Index("attachments_sha256", "sha256"),
    sa.Index("attachments_address", "site", "address"),
)

file_texts = sa.Table(
    "file_texts",
    metadata,
    sa.Column("sha256", sa.Text, primary_key=True, comment="of the file: one that lies at two addresses is read once"),
    sa.Column("state", sa.Text, nullable=False, comment="see healthcrawl.filetexts.read.FileText"),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("read_by", sa.Text, nullable=False, comment="the versions of what reads files"),
)

clusters = sa.Table(
    "clusters",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column(
        "cluster", sa.Integer, nullable=False, comment="number of the document that stands for all that are like it"
    ),
    sa.Index("clusters_cluster", "cluster"),
)

findings = sa.Table(
    "findings",
    metadata,
    sa.Column("record_id", sa.Text, primary_key=True),
    sa.Column("serial", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Index("findings_kind", "kind", "record_id"),
)

parts = sa.Table(
    "parts",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("following", sa.Text, nullable=False, comment="the address that the text goes on at; empty: it ends"),
    sa.Column("document", sa.JSON, nullable=False, comment="what the page holds of it"),
    sa.Column("captured_at", sa.Text, nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("warc_file", sa.Text, nullable=False),
    sa.Column("warc_offset", sa.Integer, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Index("parts_following", "site", "following"),
    comment="pages of articles that have more than one",
)

fingerprints = sa.Table(
    "fingerprints",
    metadata,
    sa.Column("fingerprint", sa.Text, primary_key=True, comment="of all that decides how a capture is read"),
    sa.Column("parts", sa.JSON, nullable=False, comment="files and libraries by name, with digest or version"),
)

readings = sa.Table(
    "readings",
    metadata,
    sa.Column("record_id", sa.Text, primary_key=True),
    sa.Column("capture_sha256", sa.Text, nullable=False, comment="of all that was read"),
    sa.Column("fingerprint", sa.Text, nullable=False, comment="of what read it last"),
)

replays = sa.Table(
    "replays",
    metadata,
    sa.Column("file", sa.Text, primary_key=True, comment="a WARC or ARC file that was read to its end, whole"),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("modified", sa.Integer, nullable=False, comment="nanoseconds"),
    sa.Column("captures", sa.Integer, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("started_at", sa.Text, nullable=False),
    sa.Column("ended_at", sa.Text, nullable=False, comment="empty: it runs, or was killed"),
    sa.Column("result", sa.Text, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Index("runs_site", "site", "id"),
)

problems = sa.Table(
    "problems",
    metadata,
    sa.Column("run", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, primary_key=True, comment="of the expectation; failed: the run did not do its job"),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("example", sa.Text, nullable=False, comment="an address, or empty"),
    sa.Index("problems_site", "site", "name", "run"),
)

learned = sa.Table(
    "learned",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("priors", sa.JSON, nullable=False, comment="by class of pages: mean and shape of their rates of change"),
    sa.Column("signals", sa.JSON, nullable=False, comment="see healthcrawl.core.schedule.Signals"),
)

requests = sa.Table(
    "requests",
    metadata,
    sa.Column("server", sa.Text, primary_key=True, comment="a host, or the name of an installation"),
    sa.Column("day", sa.Text, primary_key=True, comment="in China"),
    sa.Column("number", sa.Integer, nullable=False),
)

rests = sa.Table(
    "rests",
    metadata,
    sa.Column("server", sa.Text, primary_key=True, comment="a host, or the name of an installation"),
    sa.Column("until", sa.Text, nullable=False, comment="when it may be asked again, as it said"),
    sa.Column("why", sa.Text, nullable=False),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("token", sa.Text, nullable=False, comment="tells this holder from all others"),
    sa.Column("until", sa.Text, nullable=False),
    comment="who crawls a site, where machines share the catalog",
)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("at", sa.Integer, primary_key=True, autoincrement=False, comment="bytes of the journal before it"),
    sa.Column("line", sa.Text, nullable=False),
    comment="the journal, where machines share the catalog; the file beside an archive is a copy of it",
)

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Integer, nullable=False),
    comment="schema: version of these tables; journal: bytes of the manifest that documents reflect",
)

_FACT = sa.select(facts.c.value).where(facts.c.name == sa.bindparam("named"))


for _table in metadata.sorted_tables:
    suit(_table)


class Catalog:
    """The catalog at a path or URL (made where there is none, unless it is only to be read).

    `is_shared`: other machines may write to it too.

    Raises:
        ArchiveError: it is no catalog, or one of another version, or it can't be reached.
        UsageError: there is no such engine, or its driver is not installed.
    """

    def __init__(self, where: Path | str, *, read_only: bool = False) -> None:
        self._database = database(where)
        self.name = self._database.name
        self.is_shared = self._database.is_shared
        self.guard: Callable[[sa.Connection], None] | None = None  # what every writing transaction begins with
        self._engine = self._database.engine(read_only=read_only)
        with self.reading() as tx:
            found = self._version(tx)
        if found != SCHEMA_VERSION and not read_only:
            found = self._bring_up_to_date()
        if found != SCHEMA_VERSION and (found is not None or not read_only):
            self.close()
            is_older = found is not None and _OLDEST <= found < SCHEMA_VERSION
            advice = "a command that writes to it, like `scrapy replay`, brings it up to date" if is_older else _REBUILD
            raise ArchiveError(f"{self.name}: made by another version of healthcrawl (schema {found}); {advice}")

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A view of the catalog that does not wait for writers, nor they for it.

        Raises:
            ArchiveError: the database is damaged.
        """
        with self._named_errors(), self._engine.connect().execution_options(**_for("read")) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction, committed when the block ends and undone when it raises. No other writes meanwhile.

        Raises:
            ArchiveError: the database is damaged, locked for too long, or the disk is full.
        """
        with self._named_errors(), self._engine.begin() as connection:
            if self.guard:
                self.guard(connection)
            yield connection

    @contextmanager
    def writing_rows(self) -> Iterator[sa.Connection]:
        """A transaction that waits for none but who holds the same rows; for what does not depend on other rows.

        Raises:
            ArchiveError: the database is damaged, locked for too long, or the disk is full.
        """
        with (
            self._named_errors(),
            self._engine.connect().execution_options(**_for("rows")) as connection,
            connection.begin(),
        ):
            yield connection

    def now(self, tx: sa.Connection) -> datetime:
        """The moment by the one clock that all who share the catalog go by."""
        return self._database.now(tx)

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DatabaseError as error:
            advice = self._database.advice(error.orig) or f"if it is damaged, {_REBUILD}"
            told = str(error.orig).strip().partition("\n")[0]
            raise ArchiveError(f"{self.name}: {told}; {advice}") from error

    def _version(self, tx: sa.Connection) -> int | None:
        """The version of the tables that are there; None where there are none."""
        return fact(tx, "schema") if sa.inspect(tx).has_table(facts.name) else None

    def _bring_up_to_date(self) -> int | None:
        """Make the tables, or add to those of an older version what has come since; give the version that there is then."""
        with self.writing() as tx:
            found = self._version(tx)  # another process may have been faster
            if found is None:
                metadata.create_all(tx)
                set_fact(tx, "schema", SCHEMA_VERSION)
            elif _OLDEST <= found < SCHEMA_VERSION:
                from healthcrawl.corpus.migrations import upgrade  # noqa: PLC0415  # slow to load, and hardly ever wanted

                upgrade(tx, found, SCHEMA_VERSION)
                set_fact(tx, "schema", SCHEMA_VERSION)
            else:
                return found
        return SCHEMA_VERSION

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def _for(purpose: Purpose) -> dict[str, Purpose]:
    return {PURPOSE: purpose}


def open_catalog(layout: ArchiveLayout, *, read_only: bool = False) -> Catalog:
    """The catalog of an archive; see `Catalog`."""
    return Catalog(layout.catalog_url or layout.catalog, read_only=read_only)


def catalog_exists(layout: ArchiveLayout) -> bool:
    """Whether an archive has a catalog; one on a server is taken to be there."""
    return database(layout.catalog_url or layout.catalog).exists()


def copy_catalog(layout: ArchiveLayout, to: Path) -> None:
    """Copy an archive's catalog into a file, as it is at one moment, whoever writes to it meanwhile.

    Raises:
        ArchiveError: it is damaged, or the copy can't be written.
    """
    path = layout.catalog
    if layout.catalog_url:
        _copy_rows(layout, to)
        return
    try:
        copy_sqlite(path, to)
    except sqlite3.DatabaseError as error:
        advice = SQLite(path).advice(error) or f"if it is damaged, {_REBUILD}"
        raise ArchiveError(f"{path}: {error}; {advice}") from error


def _copy_rows(layout: ArchiveLayout, to: Path) -> None:
    source, copy = open_catalog(layout, read_only=True), Catalog(to)
    try:
        with source.reading() as rows, copy.writing() as tx:
            tx.execute(sa.delete(facts))
            for table in metadata.sorted_tables:
                for some in rows.execute(sa.select(table).execution_options(yield_per=1000)).mappings().partitions():
                    tx.execute(sa.insert(table), [dict(row) for row in some])
    finally:
        source.close()
        copy.close()


def fact(tx: sa.Connection, name: str) -> int | None:
    """A number the catalog keeps about itself."""
    return tx.execute(_FACT, {"named": name}).scalar_one_or_none()


def set_fact(tx: sa.Connection, name: str, value: int) -> None:
    """Set a number the catalog keeps about itself."""
    if tx.execute(sa.update(facts).where(facts.c.name == name).values(value=value)).rowcount == 0:
        tx.execute(sa.insert(facts).values(name=name, value=value))


def moment(value: datetime | None) -> str:
    """A moment as the catalog keeps it; empty for None.

    >>> moment(datetime(2026, 3, 1, 8, 0, tzinfo=UTC))
    '2026-03-01T08:00:00+00:00'
    """
    return value.astimezone(UTC).isoformat() if value else ""


def parse_moment(text: str) -> datetime | None:
    """The moment that the catalog keeps as `text`; None for the empty string."""
    return datetime.fromisoformat(text) if text else None
