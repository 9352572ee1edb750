"""A catalog of any number of documents over a small archive: rows are multiplied, the records behind them are the same.

python -m tests.benchmarks.wide FOLDER NUMBER
"""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Store
from healthcrawl.knowledge.load import load_sites
from healthcrawl.replay import jobs, parts, read_all, replay
from healthcrawl.rules import NormalForm
from tests.benchmarks.synthetic import SITE, make_archive

_REAL = 400  # captures that are made and read
# How the columns of a copy differ from those of the row that it is of; `:k` is the number of the copy.
_COPIES = {
    "captures": {
        "record_id": "record_id || '-' || :k",
        "address": "address || '?' || :k",
        "url": "url || '?' || :k",
        "number": "number + :k * :step",
        "warc_file": "warc_file || '-' || :k",
        "outcome": "CASE WHEN :k % 10 THEN outcome ELSE 'rejected' END",
        "reason": "CASE WHEN :k % 10 THEN reason ELSE 'no-text' END",
    },
    "documents": {
        "number": "number + :k * :step",
        "address": "address || '?' || :k",
        "url": "url || '?' || :k",
        "record_id": "record_id || '-' || :k",
        "warc_file": "warc_file || '-' || :k",
        "published": "date(published, '-' || (:k % 3000) || ' days')",
    },
    "versions": {"number": "number + :k * :step", "record_id": "record_id || '-' || :k"},
    "findings": {"record_id": "record_id || '-' || :k", "kind": "CASE WHEN :k % 50 THEN kind ELSE 'spam' END"},
    "pages": {"address": "address || '?' || :k", "url": "url || '?' || :k"},
}


def make_wide(root: Path, documents: int) -> ArchiveLayout:
    """An archive with so many documents, or a few more."""
    layout = make_archive(root, _REAL)
    sites = load_sites(root / "sites").sites
    catalog = Catalog(layout.catalog)
    store = Store(layout.corpus, Manifest(layout.manifest), catalog, sync=False)
    work = jobs(layout.warc_files(), sites, NormalForm(), layout)
    for _ in replay(read_all(parts(work), 1), store):
        pass
    catalog.close()
    with closing(sqlite3.connect(layout.catalog)) as database:
        (known,) = database.execute("SELECT count(*) FROM documents").fetchone()
        (last,) = database.execute("SELECT max(number) FROM documents").fetchone()
        copies = range(1, -(-documents // known))
        database.execute(
            "INSERT INTO runs (site, started_at, ended_at, result, counts) VALUES (?, ?, ?, 'finished', ?)",
            (SITE, "2026-03-01T00:00:00+00:00", "2026-03-01T01:00:00+00:00", '{"documents.new": 9, "health.asked": 9}'),
        )
        for table, changed in _COPIES.items():
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            names = ", ".join(f'"{name}"' for name in columns)
            values = ", ".join(changed.get(name, f'"{name}"') for name in columns)
            database.execute(f"CREATE TEMP TABLE one AS SELECT * FROM {table}")  # noqa: S608  # names of our own
            copy = f"INSERT INTO {table} ({names}) SELECT {values} FROM one"  # noqa: S608
            database.executemany(copy, ({"k": k, "step": last + 1} for k in copies))
            database.execute("DROP TABLE one")
        database.commit()
        for path in layout.warc_files():
            for k in copies:
                path.with_name(f"{path.name}-{k}").symlink_to(path)
    return layout


if __name__ == "__main__":
    print(make_wide(Path(sys.argv[1]), int(sys.argv[2])).root)
