"""Which WARC files a package needs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.packing import plan

# Address, day, status, what it holds, kind of record: b was never captured in full, since a holds the same.
CAPTURES = [
    ("a", 1, 200, "text", "response"),
    ("b", 2, 200, "text", "revisit"),
    ("c", 3, 200, "old", "response"),
    ("c", 4, 200, "new", "response"),
    ("b", 5, 304, "", "revisit"),
    ("c", 6, 304, "", "revisit"),
    ("a", 7, 200, "text", "revisit"),
    ("c", 8, 200, "last", "response"),
]


@pytest.mark.parametrize(
    ("since", "wanted"), [(1, {*range(1, 9)}), (5, {1, 2, 4, 5, 6, 7, 8}), (6, {1, 4, 6, 7, 8}), (8, {8})]
)
def test_what_revisits_stand_for_goes_in(tmp_path: Path, since: int, wanted: set[int]) -> None:
    layout = ArchiveLayout(tmp_path)
    layout.warc("s").mkdir(parents=True)
    catalog = Catalog(layout.catalog)
    with catalog.writing() as tx:
        for url, day, status, payload, kind in CAPTURES:
            name = f"s-2026030{day}000000-00001-w.warc.gz"
            (layout.warc("s") / name).touch()
            texts = {column.name: "" for column in tables.captures.c if isinstance(column.type, sa.Text)}
            values = {
                "record_id": str(day),
                "site": "s",
                "url": url,
                "captured_at": tables.moment(datetime(2026, 3, day, tzinfo=UTC)),
                "status": status,
                "payload_sha256": payload,
                "record_type": kind,
                "warc_file": name,
                "warc_offset": 0,
                "warc_length": 1,
            }
            tx.execute(sa.insert(tables.captures).values({**texts, **values}))
    packing = plan(layout, catalog, "s", "S", datetime(2026, 3, since, tzinfo=UTC))
    catalog.close()
    assert {int(path.name[9]) for path in packing.warcs} == wanted
