"""A spider that asks for heads too, which no site's spider does."""

from collections.abc import AsyncIterator

from scrapy import Request
from scrapy.http import Response

from healthcrawl.crawl.archivist import CONTEXT
from healthcrawl.model import Context
from healthcrawl.spiders.bureau import BureauSpider


class HeadSpider(BureauSpider):
    """Asks for the head of every column before it crawls as usual."""

    async def start(self) -> AsyncIterator[Request]:
        for column in self.site.columns:
            if column.name == "head":
                meta = {CONTEXT: Context(role="robots")}
                yield Request(column.url, method="HEAD", callback=self.pass_over, meta=meta, dont_filter=True)
        async for request in super().start():
            yield request

    def pass_over(self, response: Response) -> None:
        """Everything was done when it was recorded."""
