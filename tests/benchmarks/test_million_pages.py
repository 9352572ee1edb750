"""Choosing what is due among a million pages: in less than a tenth of a second, without holding them.

`pytest -n 0 -m slow -s tests/benchmarks/test_million_pages.py` prints what was measured.
"""

import random
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter

import pytest
import sqlalchemy as sa

from healthcrawl.core.schedule import Cohort, History, PageClass
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.frontier import Frontier
from healthcrawl.corpus.queues import Visit
from healthcrawl.model import Context

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

PAGES = 1_000_000
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def rows(number: int) -> Iterator[dict[str, object]]:
    """Pages with histories of all kinds, as after years of visits."""
    chance = random.Random(1)  # noqa: S311  # repeatable, not secret
    for at in range(number):
        kind: PageClass = "list" if at % 50 == 0 else "fresh" if at % 12 == 0 else "old"
        history = History(changes=min(int(chance.expovariate(1.0)), 24), exposure=chance.uniform(0, 2000))
        seen = (NOW - timedelta(days=chance.uniform(0.1, 170))).isoformat(timespec="seconds")
        yield {
            "site": "big",
            "address": f"http://big.test/tzgg/content/post_{at}.html",
            "url": f"http://big.test/tzgg/content/post_{at}.html",
            "role": "list" if kind == "list" else "article",
            "via": "http://big.test/tzgg/index.html",
            "hops": 1,
            "column": "通知公告",
            "entry_title": f"关于做好第{at}号工作的通知",
            "entry_date": "2026-02-01" if kind == "fresh" else "2024-03-01",
            "state": "fetched",
            "run": 1,
            "etag": '"0123456789abcdef"',
            "last_modified": "",
            "captured_at": seen,
            "visited_at": seen,
            "found_at": seen,
            "seen_at": seen,
            "queue": str(Cohort.of(kind, history)),
            "place": seen,
            "changes": history.changes,
            "exposure": history.exposure,
        }


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    made = Catalog(tmp_path_factory.mktemp("big") / "catalog.sqlite")
    batch = []
    with made.writing() as tx:
        for row in rows(PAGES):
            batch.append(row)
            if len(batch) == 10_000:
                tx.execute(sa.insert(tables.pages), batch)
                batch = []
    yield made
    made.close()


def test_choosing_is_fast_and_memory_flat(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "big", 2)
    began = perf_counter()
    with catalog.writing() as tx:
        frontier.begin(tx, NOW)
    begun = perf_counter() - began
    chosen = set[str]()
    seconds = [choose(catalog, frontier, chosen) for _ in range(20)]
    tracemalloc.start()  # which makes all of it slow
    for _ in range(5):
        choose(catalog, frontier, chosen)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    began = perf_counter()
    frontier.learn(NOW)
    learned = perf_counter() - began
    print(
        f"\n{PAGES:,} pages: a run begins in {begun * 1000:.0f} ms (counts them), the first choice takes {seconds[0] * 1000:.0f} ms, "
        f"the others {median(seconds[1:]) * 1000:.0f} ms in the mean, {max(seconds[1:]) * 1000:.0f} ms at most; {peak / 1e6:.1f} MB; "
        f"priors fitted in {learned:.1f} s"
    )
    assert len(chosen) == 25 * 50
    assert median(seconds) < 0.1
    assert peak < 10_000_000


def choose(catalog: Catalog, frontier: Frontier, chosen: set[str]) -> float:
    """Choose what is due and visit it; the seconds that choosing took."""
    began = perf_counter()
    batch = frontier.due(50, NOW)
    took = perf_counter() - began
    assert len(batch) == 50
    chosen.update(page.address for page in batch)
    with catalog.writing() as tx:
        for page in batch:
            frontier.visited(tx, page.address, Visit(url=page.url, at=NOW, state="fetched"), Context())
    return took
