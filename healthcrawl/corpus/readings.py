"""What a replay need not read again: files that were read whole and captures that were, by rules that have not changed.

A file's size and time of change tell whether it is still the one that was read; the digest of all that is read of a capture,
whether that is. A document whose text file is gone has to be read again.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.store import Store

_CAPTURES, _READINGS, _REPLAYS = tables.captures, tables.readings, tables.replays
_OF_FILE = sa.and_(_CAPTURES.c.site == sa.bindparam("site"), _CAPTURES.c.warc_file == sa.bindparam("warc_file"))
_COUNT = sa.select(sa.func.count()).where(_OF_FILE)
_SAME = sa.and_(_READINGS.c.record_id == _CAPTURES.c.record_id, _READINGS.c.fingerprint == sa.bindparam("fingerprint"))
_READ = (
    sa.select(_CAPTURES.c.record_id, _READINGS.c.capture_sha256).join_from(_CAPTURES, _READINGS, _SAME).where(_OF_FILE)
)
_COUNT_READ = sa.select(sa.func.count()).select_from(_CAPTURES).join(_READINGS, _SAME).where(_OF_FILE)
_MARKED = sa.select(_REPLAYS).where(_REPLAYS.c.file == sa.bindparam("file"))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """A file as it is found: its path, the site whose rules it is read by (or empty), size in bytes, time of change in nanoseconds."""

    path: Path
    site: str
    size: int
    modified: int

    @classmethod
    def of(cls, path: Path, site: str) -> "FileState":
        """The state of a file; of one that is not there, that it is empty."""
        try:
            told = path.stat()
        except OSError:
            return cls(path=path, site=site, size=0, modified=0)
        return cls(path=path, site=site, size=told.st_size, modified=told.st_mtime_ns)


@dataclass(slots=True)
class Lost:
    """Captures whose documents have no text file any more, by site and WARC file."""

    records: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def find(cls, store: Store) -> "Lost":
        """Compare the catalog with the files of the corpus."""
        there, table, lost = store.names(), tables.documents, cls()
        query = sa.select(table.c.name, table.c.site, table.c.warc_file, table.c.record_id).where(table.c.name != "")
        with store.reading() as tx:
            for name, site, warc_file, record_id in tx.execute(query.execution_options(yield_per=1000)):
                if name not in there:
                    lost.records[site, warc_file].add(record_id)
        return lost


def unchanged_captures(tx: sa.Connection, state: FileState, fingerprint: str) -> int | None:
    """How many captures a file holds, if it was read whole and all of them by rules with that fingerprint; else None."""
    row = tx.execute(_MARKED, {"file": str(state.path.resolve())}).one_or_none()
    if row is None or (row.size, row.modified) != (state.size, state.modified):
        return None
    place = {"site": state.site, "warc_file": state.path.name}
    if tx.execute(_COUNT, place).scalar_one() != row.captures:
        return None
    read = tx.execute(_COUNT_READ, {**place, "fingerprint": fingerprint}).scalar_one()
    return int(read) if read == row.captures else None


def read_captures_of(tx: sa.Connection, state: FileState, fingerprint: str) -> dict[str, str]:
    """The captures of a file that were read by rules with that fingerprint: record id and digest of what was read."""
    rows = tx.execute(_READ, {"site": state.site, "warc_file": state.path.name, "fingerprint": fingerprint})
    return {row.record_id: row.capture_sha256 for row in rows}


def mark_read(tx: sa.Connection, state: FileState) -> None:
    """Note that a file was read to its end and all its captures are in the catalog."""
    captures = tx.execute(_COUNT, {"site": state.site, "warc_file": state.path.name}).scalar_one()
    file = str(state.path.resolve())
    tx.execute(sa.delete(_REPLAYS).where(_REPLAYS.c.file == file))
    values = {"file": file, "size": state.size, "modified": state.modified, "captures": captures}
    tx.execute(sa.insert(_REPLAYS), values)
