"""A run in which nothing has changed costs a site, and us, almost nothing; 2,000 articles are in `tests/benchmarks/test_year.py`."""

from pathlib import Path

from healthcrawl.demo import DemoServer
from tests.crawl.bureau_life import COLUMNS, Life
from tests.crawl.years import Year


def size(folder: Path) -> int:
    """The bytes of all WARC files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*.warc.gz"))


def check(folder: Path, articles: int, growth: float) -> str:
    """Crawl a bureau twice; give what both runs cost."""
    life = Life(articles, counters=False)
    year = Year(life, folder, ceiling=90, share=0.02)
    year.write_site()
    with DemoServer(life.resources) as server:
        year.crawl(server, 0)
        first = len(server.log)
        before = size(year.layout.root)
        year.crawl(server, 1)
        second = server.log[first:]
    heads = {f"/{column}/index.html" for column in COLUMNS}
    visited = [served for served in second if "/content/" in served.target]
    lists = [served for served in second if served.target.endswith(".html") and served not in visited]
    assert [served.target for served in second].count("/robots.txt") == 1
    assert heads <= {served.target for served in lists}
    again = len(visited) + len(lists) - len(heads)
    assert again <= max(round(0.02 * first), 10), "no more than the share of known pages"
    assert {served.status for served in [*visited, *lists]} == {304}, "no body was sent again"
    assert size(year.layout.root) < before * (1 + growth)
    return (
        f"{articles} articles: first run {first} requests, {before:,} bytes of WARC, {year.seconds[0]:.1f} s; second "
        f"{len(second)} requests, {100 * (size(year.layout.root) / before - 1):.2f} % more, {year.seconds[1]:.2f} s"
    )


def test_of_some_articles(tmp_path: Path) -> None:
    check(tmp_path, 60, growth=0.2)  # ten visits, however small the site is
