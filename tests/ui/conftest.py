"""An archive to look at: the demo bureau's, crawled once for all tests of the pages."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.demo import HOST, DemoServer
from healthcrawl.knowledge.load import load_sites
from healthcrawl.ui.app import build_app
from tests.conftest import run_scrapy

# A command, which needs more than the tests do.
collect_ignore = ["pictures.py"]
NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def demo_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = tmp_path_factory.mktemp("ui") / "archive"
    with DemoServer() as server:
        done = run_scrapy(archive, "crawl", "demo", CONNECT_TO=json.dumps({HOST: server.address}))
    assert done.status == 0, done.err
    return archive


@pytest.fixture(scope="session")
def client(demo_archive: Path) -> Iterator[TestClient]:
    app = build_app(ArchiveLayout(demo_archive), load_sites().sites, lambda: NOW)
    with TestClient(app, base_url="http://127.0.0.1:8480") as client:
        yield client
