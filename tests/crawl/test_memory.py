"""What reads a whole archive takes no more memory for a long one."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.model import Exchange
from healthcrawl.warc.write import Writer
from tests.conftest import ROOT, scrapy_command

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
MOST_BYTES = 30_000_000
# What a process took counts from its parent's size at the fork on, so that must be small.
_SMALL_PARENT = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def make_archive(root: Path, count: int) -> None:
    """An archive of small captures in files of about a megabyte, and the catalog's rows of them."""
    layout = ArchiveLayout(root)
    folders = layout.warc("demo"), layout.index("demo")
    writer = Writer(*folders, site="demo", worker="w", clock=lambda: NOON, info={}, max_bytes=1_000_000, sync=False)
    rows = []
    for number in range(count):
        body = b"".join(b"<p>%s</p>" % sha256(b"%d %d" % (number, at)).hexdigest().encode() for at in range(20))
        response = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        url, moment = f"http://demo.healthcrawl.test/{number}.html", NOON + timedelta(seconds=number)
        record_id = f"<urn:uuid:{number}>"
        exchange = Exchange(
            url=url, started_at=moment, seconds=0.1, request=b"GET / HTTP/1.1\r\n\r\n", response=response
        )
        place = writer.write(exchange, record_id)
        assert place is not None
        texts = {column.name: "" for column in tables.captures.c if isinstance(column.type, sa.Text)}
        told = {"site": "demo", "url": url, "captured_at": tables.moment(moment), "status": 200, "record_id": record_id}
        lies = {"warc_file": place.warc_file, "warc_offset": place.offset, "warc_length": place.length}
        what = {"media_type": "text/html", "payload_sha256": sha256(body).hexdigest(), "record_type": "response"}
        rows.append({**texts, **told, **lies, **what})
    writer.close()
    catalog = Catalog(layout.catalog)
    with catalog.writing() as tx:
        tx.execute(sa.insert(tables.captures), rows)
    catalog.close()


def peak(archive: Path, *args: str) -> int:
    """The most memory that a command took, in bytes; it must do its work."""
    command = scrapy_command(*args, settings={"ARCHIVE_DIR": str(archive)})
    done = subprocess.run([sys.executable, "-c", _SMALL_PARENT, *command], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1]) * 1024


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_memory_stays_flat(tmp_path: Path) -> None:
    took: dict[str, list[int]] = {"verify": [], "wacz": []}
    for count in (1_000, 20_000):
        archive = tmp_path / f"of{count}"
        make_archive(archive, count)
        took["verify"].append(peak(archive, "verify"))
        took["wacz"].append(peak(archive, "wacz", "demo", "-o", str(tmp_path / f"{count}.wacz")))
    assert {name: few + MOST_BYTES >= many for name, (few, many) in took.items()} == {"verify": True, "wacz": True}, (
        took
    )
