"""The spiders that are compared: both ask for the same pages and read none of them."""

import os
from collections.abc import AsyncIterator

from scrapy import Request, Spider
from scrapy.http import Response

from healthcrawl.crawl.archivist import CONTEXT
from healthcrawl.model import Context
from healthcrawl.spiders.bureau import BureauSpider


def addresses() -> list[str]:
    """The addresses that the benchmark names."""
    return [f"{os.environ['BENCH_URL']}{number}.html" for number in range(int(os.environ["BENCH_PAGES"]))]


class PlainSpider(Spider):
    """Scrapy as it comes."""

    name = "plain"

    async def start(self) -> AsyncIterator[Request]:
        for url in addresses():
            yield Request(url)

    def parse(self, response: Response) -> None:
        pass


class RecordingSpider(BureauSpider):
    """Everything is recorded; as robots.txt pages are, nothing is extracted."""

    async def start(self) -> AsyncIterator[Request]:
        for url in addresses():
            yield Request(url, callback=self.read, meta={CONTEXT: Context(role="robots")})

    def read(self, response: Response) -> None:
        pass
