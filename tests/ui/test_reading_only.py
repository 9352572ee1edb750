"""Looking changes nothing: on a disk that can't be written, and beside a crawl that writes."""

import hashlib
import shutil
from pathlib import Path

from starlette.testclient import TestClient

from healthcrawl.corpus.catalog import Catalog, set_fact
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.knowledge.load import load_sites
from healthcrawl.ui.app import build_app
from healthcrawl.warc.write import OPEN_SUFFIX
from tests.crawl.disks import disk, remount
from tests.ui.conftest import NOW

PATHS = ("/sites", "/sites/demo", "/documents", "/documents/1", "/documents/1.txt", "/incidents", "/rejections")


def look(archive: Path) -> dict[str, int]:
    app = build_app(ArchiveLayout(archive), load_sites().sites, lambda: NOW)
    client = TestClient(app, base_url="http://localhost")
    return {path: client.get(path).status_code for path in PATHS}


def digests(archive: Path) -> dict[str, str]:
    """The files of an archive, but for those by which SQLite's readers and writers agree."""
    files = (path for path in archive.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal")))
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_disk_that_cannot_be_written_can_be_looked_at(demo_archive: Path, tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "size=32m") as folder:
        shutil.copytree(demo_archive, folder / "archive")
        remount(folder, "ro")
        assert set(look(folder / "archive").values()) == {200}


def test_a_crawl_that_writes_is_no_hindrance(demo_archive: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    shutil.copytree(demo_archive, archive)
    for path in ArchiveLayout(archive).warc("demo").glob("*.warc.gz"):
        path.rename(path.with_name(path.name + OPEN_SUFFIX))
    before, writer = digests(archive), Catalog(archive / "catalog.sqlite")
    with writer.writing() as tx:
        set_fact(tx, "busy", 1)
        assert set(look(archive).values()) == {200}
    writer.close()
    changed = {path for path, digest in digests(archive).items() if before.get(path) != digest}
    assert changed <= {str(archive / "catalog.sqlite")}
