"""Archives of any size, made of our own articles in the layouts of tests/quality. The same number gives the same captures.

    python -m tests.benchmarks.synthetic FOLDER NUMBER

Every capture has an address and a text of its own; every tenth page is sent again, changed, three days later.
"""

import random
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.model import Context, Exchange
from healthcrawl.warc.write import Writer
from tests.quality.pages import LAYOUTS, Article, articles, page, whole

SITE = "bench"
HOST = "www.example.gov.cn"
SITE_FILE = f"""name = "{SITE}"
title = "云海市卫生健康局"
kind = "bureau"
status = "verified"
domains = ["{HOST}"]
[[columns]]
name = "通知公告"
url = "http://{HOST}/tzgg/index.html"
"""
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
_CHANGED = 10  # every so many pages come again


def make_archive(root: Path, pages: int, pages_a_file: int = 2_500) -> ArchiveLayout:
    """An archive of so many captures, and the folder `sites` with its site file."""
    return archive_of(root, exchanges(pages), pages_a_file)


def archive_of(root: Path, sent: Iterable[Exchange], pages_a_file: int = 2_500) -> ArchiveLayout:
    """An archive of what was sent, and the folder `sites` with its site file."""
    layout = ArchiveLayout(root)
    sites = root / "sites"
    sites.mkdir(parents=True)
    (sites / f"{SITE}.toml").write_text(SITE_FILE, "utf-8")
    moment = BEGIN
    writer = None
    for number, exchange in enumerate(sent):
        moment = exchange.started_at
        if number % pages_a_file == 0:
            if writer:
                writer.close()
            writer = Writer(
                layout.warc(SITE), layout.index(SITE), site=SITE, worker=f"w{number}", clock=lambda: moment,  # noqa: B023
                info={"software": "healthcrawl/bench", "isPartOf": SITE}, max_bytes=1 << 40, sync=False,
            )  # fmt: skip
        assert writer is not None
        writer.write(exchange, f"<urn:uuid:00000000-0000-4000-8000-{number:012}>")
    if writer:
        writer.close()
    return layout


def exchanges(count: int) -> Iterator[Exchange]:
    """So many answers, one a second."""
    for number in range(count):
        again = number % _CHANGED == _CHANGED - 1
        page_number = number - _CHANGED // 2 if again else number
        yield exchange(page_number, BEGIN + timedelta(seconds=number), version=int(again))


def exchange(number: int, at: datetime, version: int = 0) -> Exchange:
    """One page asked for and sent."""
    article = varied(number, version)
    path = f"/tzgg/{article.date[:4]}{article.date[5:7]}/t{article.date.replace('-', '')}_{number}.html"
    return Exchange(
        url=f"http://{HOST}{path}",
        started_at=at,
        seconds=0.1,
        request=f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(),
        response=whole(page(LAYOUTS[number % len(LAYOUTS)], article)),
        context=Context(via=f"http://{HOST}/tzgg/index.html", hops=1, column="通知公告", entry_title=article.title),
    )


def varied(number: int, version: int = 0) -> Article:
    """One of our articles, with a number in its title, lines of others, and figures of its own."""
    chance = random.Random(number)  # noqa: S311  # nothing secret
    base = _articles()[number % len(_articles())]
    lines = [*base.lines, *chance.sample(_lines(), 6)]
    lines += [f"其中第{chance.randrange(1, 10**6)}号窗口本月受理{chance.randrange(1, 10**6)}件，办结{number}件。"]
    lines += ["以上内容如有变动，另行通知。"] * version
    return replace(base, title=f"{base.title}（第{number}号）", lines=tuple(lines))


@cache
def _articles() -> list[Article]:
    return articles()


@cache
def _lines() -> list[str]:
    return [line for article in _articles() for line in article.lines if len(line) > 30 and " | " not in line]


if __name__ == "__main__":
    print(make_archive(Path(sys.argv[1]), int(sys.argv[2])).root)
