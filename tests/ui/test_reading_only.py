"""Looking changes nothing: on a disk that can't be written, and beside a crawl that writes."""

import hashlib
import shutil
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from starlette.testclient import TestClient

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog, set_fact
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.knowledge.load import load_sites
from healthcrawl.stored import WarcStore, ship_all
from healthcrawl.ui.app import build_app
from healthcrawl.ui.captured import address_of
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


def test_pages_whose_files_were_shipped_are_shown_from_the_store(demo_archive: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    shutil.copytree(demo_archive, archive)
    (tmp_path / "store").mkdir()
    layout = ArchiveLayout(archive, store_url=(tmp_path / "store").as_uri())
    shipped = list(ship_all(layout, WarcStore(layout.store_url), keep=False))
    assert {one.state for one in shipped} == {"shipped"}, shipped
    assert not layout.warc_files("demo")
    with closing(Catalog(layout.catalog)) as catalog, catalog.reading() as tx:
        row = tx.execute(sa.select(tables.captures).where(tables.captures.c.outcome == "document").limit(1)).one()
    capture = address_of(row.site, row.warc_file, row.warc_offset)
    client = TestClient(build_app(layout, load_sites().sites, lambda: NOW), base_url="http://localhost")
    assert {client.get(path).status_code for path in (capture, f"{capture}/again", "/documents/1")} == {200}
    shutil.rmtree(tmp_path / "store")
    left = TestClient(build_app(ArchiveLayout(archive), load_sites().sites, lambda: NOW), base_url="http://localhost")
    assert left.get(capture).status_code == 503
    assert left.get("/documents/1").status_code == 200, "its text is there"
