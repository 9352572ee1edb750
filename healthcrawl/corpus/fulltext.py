"""A full-text index of documents in a SQLite file: any characters that stand in a text find it.

The words of the index are pairs of characters (see `healthcrawl.core.terms`), since Chinese has no blanks: a term is found as its
pairs in a row, which is exact. The texts themselves are not kept; who takes one out has to show it again. The file may be removed at
any time: what is damaged, or of another version, is made anew. Where it can't be written, an index in memory takes its place.

SQLite gives what it finds by place, without a look at the rest; so places follow the dates of publication, up to one that is kept as the
file's `user_version`. What came later, out of turn, lies behind it and is sorted when it is found.
"""

import hashlib
import os
import sqlite3
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from threading import RLock
from typing import NamedTuple, TypeVar

from healthcrawl.core.terms import bigrams, equals, searchable
from healthcrawl.errors import ArchiveError

_SCHEMA = 1
_BUSY_SECONDS = 1.0
_HASH_BYTES = 4 << 20  # of new words that SQLite gathers before it writes them
_CACHE_KIB = 32 << 10
_FAR = 1 << 40  # more documents than there can be
_OUT_OF_TURN = 20_000  # documents that may be, or a fifth of all

# Every sign of ASCII is part of a word, as is all that lies beyond ASCII.
_TOKENIZER = "ascii tokenchars '{}'".format(string.punctuation.replace("'", "''")).replace('"', '""')
_TABLES = (
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE documents (
        place INTEGER PRIMARY KEY, number INTEGER NOT NULL UNIQUE, published TEXT NOT NULL, site TEXT NOT NULL,
        kinds TEXT NOT NULL, sha256 TEXT NOT NULL
    )""",
    # The body comes first: that spares two bytes for each word of it.
    f"CREATE VIRTUAL TABLE words USING fts5(body, title, content='', tokenize = \"{_TOKENIZER}\")",
    f"CREATE VIRTUAL TABLE titles USING fts5(title, content='', tokenize = \"{_TOKENIZER}\")",
    f"INSERT INTO words(words, rank) VALUES ('hashsize', {_HASH_BYTES})",
    "PRAGMA user_version = 0",
)
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_CLOSED = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class State:
    """What the index holds of a document: `kinds` of findings by name, `sha256` of its text (empty: there was none to be had)."""

    published: str
    site: str
    kinds: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which documents: of a site, with a kind of finding (empty: any), published from `since` to `until`, both included."""

    site: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None


class Text(NamedTuple):
    """A text as it is put in and taken out."""

    title: str
    body: str


class Found(NamedTuple):
    """How many documents were found in all, and a page of them by number, in order."""

    total: int
    documents: dict[int, State]


class _Row(NamedTuple):
    """A document where it lies."""

    place: int
    number: int
    state: State


class BusyError(Exception):
    """Another process writes to the index: go on with what there is."""


class RenewedError(Exception):
    """The index could not be used, and an empty one took its place: begin again."""


class FullText:
    """The index at `path`. May be used from any thread; no file is held open between two calls.

    All that work on the database may raise `RenewedError`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._memory: sqlite3.Connection | None = None
        self._lock = RLock()

    @property
    def in_memory(self) -> bool:
        """Whether the file can't be used, so that the index is lost when this process ends."""
        return self._memory is not None

    def facts(self) -> dict[str, str] | None:
        """What was noted with the last change; None of an index that has to be made anew."""
        return self._safely(_facts)

    def note(self, facts: Mapping[str, str]) -> None:
        """Note facts.

        Raises:
            BusyError: another process writes.
            ArchiveError: the disk did not take it.
        """

        def work(database: sqlite3.Connection) -> None:
            with _transaction(database):
                database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

        self._safely(work, to_write=True)

    def clear(self) -> None:
        """Make the index anew, empty.

        Raises:
            BusyError: another process writes.
            ArchiveError: the disk did not take it.
        """
        self._safely(_make, to_write=True)

    def numbers(self) -> list[int]:
        """The numbers of all documents."""
        return self._safely(lambda database: [row[0] for row in database.execute("SELECT number FROM documents")])

    def is_out_of_turn(self) -> bool:
        """Whether so many documents came out of turn that the index is better made anew."""

        def work(database: sqlite3.Connection) -> bool:
            documents = database.execute("SELECT count(*) FROM documents").fetchone()[0]
            return _last(database) - _ordered(database) > max(_OUT_OF_TURN, int(documents) // 5)

        return self._safely(work)

    def bring(
        self,
        numbers: Sequence[int],
        wanted: Mapping[int, State],
        texts: Callable[[Mapping[int, str]], Mapping[int, Text]],
    ) -> bool:
        """Bring some documents to a state; those without one are taken out. In one transaction.

        An index that is made anew is best shown them by date of publication, then number.

        `texts` gives texts by number for the digests that are asked for. False if the old text of one is not to be had: then the index
        has to be made anew.

        Raises:
            BusyError: another process writes.
            ArchiveError: the disk did not take it.
        """

        def work(database: sqlite3.Connection) -> bool:
            with _transaction(database):
                return _bring(database, numbers, wanted, texts)

        return self._safely(work, to_write=True)

    def look_up(self, terms: Sequence[str], filters: Filters, offset: int, limit: int) -> Found:
        """Documents in which all terms stand (in title or body): those with all in the title first, each group the newest first."""
        return self._safely(
            lambda database: _look_up(database, terms, filters, slice(min(offset, _FAR), min(offset + limit, _FAR)))
        )

    def _safely(self, work: Callable[[sqlite3.Connection], _T], *, to_write: bool = False) -> _T:
        """Do some work on the database; one that is damaged is removed, one that can't be written gives way to one in memory."""
        with self._named_errors():
            try:
                with self._opened(to_write=to_write) as database:
                    return work(database)
            except sqlite3.DatabaseError as error:
                if self._memory is not None or not _is(error, _CLOSED + _DAMAGED):
                    raise
                self._replace(in_memory=_is(error, _CLOSED))
                raise RenewedError from error

    def _replace(self, *, in_memory: bool) -> None:
        if in_memory:
            self._memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        else:
            for name in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + name).unlink(missing_ok=True)

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if _is(error, _BUSY):
                raise BusyError from error
            advice = "make room on the disk and run this again, or remove the file: it is made anew"
            raise ArchiveError(f"{self._path}: {error}; {advice}") from error

    @contextmanager
    def _opened(self, *, to_write: bool = False) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._memory is not None:
                yield self._memory
                return
        address = self._path.absolute().as_uri()
        if not os.access(self._path.parent, os.W_OK):
            alone = not self._path.with_name(f"{self._path.name}-wal").exists()
            address += f"?mode=ro{'&immutable=1' if alone else ''}"
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)) as database:
            if to_write:
                database.execute("PRAGMA journal_mode=WAL")
                database.execute("PRAGMA synchronous=NORMAL")
                database.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
            yield database


def _form() -> str:
    """What an index has to have been made by."""
    told = f"{_SCHEMA} {sorted(equals().items())}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _facts(database: sqlite3.Connection) -> dict[str, str] | None:
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchone():
        return None
    facts = dict(database.execute("SELECT name, value FROM facts"))
    return facts if facts.pop("form", "") == _form() else None


def _make(database: sqlite3.Connection) -> None:
    with _transaction(database):
        for name in ("words", "titles", "documents", "facts"):
            database.execute(f"DROP TABLE IF EXISTS {name}")
        for statement in _TABLES:
            database.execute(statement)
        database.execute("INSERT INTO facts VALUES ('form', ?)", (_form(),))


def _bring(
    database: sqlite3.Connection,
    numbers: Sequence[int],
    wanted: Mapping[int, State],
    texts: Callable[[Mapping[int, str]], Mapping[int, Text]],
) -> bool:
    held = {number: row for number in numbers if (row := _row(database, number))}
    stay = {number for number, row in held.items() if number in wanted and _same_words(row.state, wanted[number])}
    leave = sorted((row for row in held.values() if row.number not in stay), key=lambda row: row.place)
    gone = texts({row.number: row.state.sha256 for row in leave if row.state.sha256})
    if any(row.state.sha256 and row.number not in gone for row in leave):
        return False
    _write_words(database, [(row.place, gone[row.number]) for row in leave if row.number in gone], take_out=True)
    database.executemany("DELETE FROM documents WHERE place = ?", [(row.place,) for row in leave])
    come = sorted((wanted[number].published, number) for number in wanted.keys() - stay)
    found = texts({number: wanted[number].sha256 for _, number in come})
    last = _last(database)
    places = [(place, number) for place, (_, number) in enumerate(come, last + 1)]
    _write_words(database, [(place, found[number]) for place, number in places if number in found])
    for place, number in places:
        _put(database, place, number, wanted[number], sha256=wanted[number].sha256 if number in found else "")
    for number in stay:
        if held[number].state != wanted[number]:
            _put(database, held[number].place, number, wanted[number], sha256=wanted[number].sha256)
    _keep_order(database, last, come)
    return True


def _same_words(held: State, wanted: State) -> bool:
    """Whether a document's words may stay where they are."""
    return (held.sha256, held.published) == (wanted.sha256, wanted.published)


def _write_words(database: sqlite3.Connection, texts: Sequence[tuple[int, Text]], *, take_out: bool = False) -> None:
    """Put texts in at their places, or take them out.

    SQLite gathers words as long as places grow and nothing else is written between.
    """
    rows = [(place, bigrams(searchable(text.body)), bigrams(searchable(text.title))) for place, text in texts]
    command, value = ("words, ", "'delete', ") if take_out else ("", "")
    database.executemany(f"INSERT INTO words({command}rowid, body, title) VALUES ({value}?, ?, ?)", rows)
    command = command and "titles, "
    database.executemany(
        f"INSERT INTO titles({command}rowid, title) VALUES ({value}?, ?)", [(place, title) for place, _, title in rows]
    )


def _put(database: sqlite3.Connection, place: int, number: int, state: State, *, sha256: str) -> None:
    values = (place, number, state.published, state.site, f" {' '.join(state.kinds)} ", sha256)
    database.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)", values)


def _keep_order(database: sqlite3.Connection, last: int, come: Sequence[tuple[str, int]]) -> None:
    """Note how far places follow dates, after documents came behind the last place, sorted."""
    if come and _ordered(database) == last:
        query = "SELECT published, number FROM documents WHERE place <= ? ORDER BY place DESC LIMIT 1"
        before = database.execute(query, (last,)).fetchone()
        if before is None or before <= come[0]:
            database.execute(f"PRAGMA user_version = {last + len(come)}")


def _last(database: sqlite3.Connection) -> int:
    """The last place; of places that are free again, none is taken."""
    return max(database.execute("SELECT max(place) FROM documents").fetchone()[0] or 0, _ordered(database))


def _ordered(database: sqlite3.Connection) -> int:
    """The place up to which places follow dates."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _row(database: sqlite3.Connection, number: int) -> _Row | None:
    query = "SELECT place, published, site, kinds, sha256 FROM documents WHERE number = ?"
    row = database.execute(query, (number,)).fetchone()
    return _Row(row[0], number, State(row[1], row[2], tuple(row[3].split()), row[4])) if row else None


def _look_up(database: sqlite3.Connection, terms: Sequence[str], filters: Filters, page: slice) -> Found:
    conditions, values = _conditions(filters)
    with _transaction(database, "DEFERRED"):
        if terms:
            total, numbers = _match(database, " AND ".join(map(_phrase, terms)), conditions, values, page)
        else:
            kept = " AND ".join(conditions) or "TRUE"
            total = database.execute(f"SELECT count(*) FROM documents WHERE {kept}", values).fetchone()[0]
            found = f"SELECT number FROM documents WHERE {kept} ORDER BY published DESC, number DESC LIMIT :limit OFFSET :start"
            rows = database.execute(found, {**values, "limit": page.stop - page.start, "start": page.start})
            numbers = [row[0] for row in rows]
        return Found(total, {number: row.state for number in numbers if (row := _row(database, number))})


def _match(
    database: sqlite3.Connection, match: str, conditions: Sequence[str], values: Mapping[str, str], page: slice
) -> tuple[int, list[int]]:
    """How many documents match, and a page of their numbers: at first those whose titles do."""
    values = {**values, "match": match}
    filtered = "".join(f" AND {condition}" for condition in conditions)
    joined = " CROSS JOIN documents ON place = {}.rowid" if conditions else ""

    def count(table: str) -> int:
        query = f"SELECT count(*) FROM {table}{joined.format(table)} WHERE {table} MATCH :match{filtered}"
        return int(database.execute(query, values).fetchone()[0])

    def part(table: str, start: int, stop: int, condition: str = "") -> list[int]:
        found = f"SELECT published, number FROM {table} CROSS JOIN documents ON place = {table}.rowid WHERE {table} MATCH :match"
        found += f"{filtered}{condition} AND {table}.rowid"
        told = {**values, "ordered": _ordered(database), "stop": stop}
        rows = database.execute(f"{found} <= :ordered ORDER BY {table}.rowid DESC LIMIT :stop", told).fetchall()
        rows += database.execute(
            f"{found} > :ordered ORDER BY published DESC, number DESC LIMIT :stop", told
        ).fetchall()
        return [number for _, number in sorted(rows, reverse=True)[start:stop]]

    total, titled = count("words"), count("titles")
    numbers = part("titles", page.start, page.stop) if page.start < titled else []
    if titled < min(page.stop, total):
        others = " AND words.rowid NOT IN (SELECT rowid FROM titles WHERE titles MATCH :match)" if titled else ""
        numbers += part("words", max(page.start - titled, 0), page.stop - titled, others)
    return total, numbers[: page.stop - page.start]


def _conditions(filters: Filters) -> tuple[list[str], dict[str, str]]:
    told: dict[str, tuple[str, str]] = {
        "site": ("site = :site", filters.site),
        "kind": ("instr(kinds, :kind)", f" {filters.kind} " if filters.kind else ""),
        "since": ("published >= :since", filters.since.isoformat() if filters.since else ""),
        "until": (
            "substr(published, 1, 10) <= :until AND published != ''",
            filters.until.isoformat() if filters.until else "",
        ),
    }
    wanted = {name: one for name, one in told.items() if one[1]}
    return [condition for condition, _ in wanted.values()], {name: value for name, (_, value) in wanted.items()}


def _phrase(term: str) -> str:
    """A term in SQLite's language of questions, in which quotes leave nothing with a meaning of its own.

    >>> _phrase("a流感"), _phrase("流")
    ('"a流 流感"', '"流" *')
    """
    if len(term) == 1:
        return f'"{_quoted(term)}" *'
    return '"' + " ".join(_quoted(first + second) for first, second in pairwise(term)) + '"'


def _quoted(word: str) -> str:
    return word.replace('"', '""')


@contextmanager
def _transaction(database: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    database.execute(f"BEGIN {kind}")
    try:
        yield
    except BaseException:
        if database.in_transaction:  # a full disk has ended it
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _is(error: sqlite3.DatabaseError, names: Sequence[str]) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(tuple(names))
