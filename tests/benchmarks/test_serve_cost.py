"""What pages cost over a catalog with 100,000 documents.

pytest -n 0 -m slow -s tests/benchmarks/test_serve_cost.py
"""

import statistics
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import open_catalog
from healthcrawl.knowledge.load import load_sites
from healthcrawl.ui.app import build_app
from healthcrawl.ui.captured import address_of
from tests.benchmarks.synthetic import SITE
from tests.benchmarks.wide import make_wide
from tests.ui.conftest import NOW

_DOCUMENTS = 100_000
_MOST = 0.1  # seconds of CPU
_TIMES = 9


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_page_is_made_within_a_tenth_of_a_second(tmp_path: Path) -> None:
    layout = make_wide(tmp_path / "wide", _DOCUMENTS)
    catalog = open_catalog(layout, read_only=True)
    captures = tables.captures.c
    with catalog.reading() as tx:
        query = sa.select(captures.number, captures.warc_file, captures.warc_offset)
        number, warc_file, offset = tx.execute(query.where(captures.number > _DOCUMENTS // 2).limit(1)).one()
    catalog.close()
    capture = address_of(SITE, warc_file, offset)
    client = TestClient(
        build_app(layout, load_sites(layout.root / "sites").sites, lambda: NOW), base_url="http://localhost"
    )
    medians = {}
    for path in (
        "/sites", f"/sites/{SITE}", "/documents", f"/documents?site={SITE}&page=100", "/documents?finding=spam",
        "/documents?finding=truncated", f"/documents/{number}", capture, f"{capture}/page", f"{capture}/again", "/incidents",
        "/rejections", "/rejections?reason=no-text&page=50", "/rules",
    ):  # fmt: skip
        assert client.get(path).status_code == 200
        times = []
        for _ in range(_TIMES):
            began = time.process_time()
            client.get(path)
            times.append(time.process_time() - began)
        medians[path] = statistics.median(times)
        print(f"{1000 * medians[path]:6.1f} ms  {path}")
    assert {path for path, seconds in medians.items() if seconds > _MOST} == set()
