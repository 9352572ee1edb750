"""Spider of the bundled demo sites, which it serves on loopback while it crawls."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals

from healthcrawl.core.urls import host_of
from healthcrawl.crawl.options import connect_to, is_offline
from healthcrawl.demo import Bureaus, DemoServer, Faults, Maze, resources
from healthcrawl.demo.answer import Resource
from healthcrawl.spiders.site import SiteSpider

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


_SERVED: dict[str, Callable[[], Mapping[str, Resource]]] = {
    "demo": resources,
    "families": Bureaus,
    "maze": Maze,
    "faults": Faults,
}
# Where nearly nothing works, the patience that real sites get would take an hour.
_SETTINGS: dict[str, dict[str, Any]] = {
    "faults": {"DOWNLOAD_TIMEOUT": 5, "RETRY_TIMES": 1, "BACKOFF_SECONDS": 0.01, "BACKOFF_TRIES": 100}
}


class DemoSpider(SiteSpider):
    """Crawls a demo site; where `CONNECT_TO` names its host, somebody else serves it."""

    @classmethod
    def from_crawler(cls, crawler: "Crawler", *args: Any, **kwargs: Any) -> Self:
        """Start the server before anything reads where it is."""
        crawler.settings.update(_SETTINGS.get(cls.site.name, {}), priority="spider")
        hosts = {*cls.site.domains, *(host_of(column.url) for column in cls.site.columns)}
        mapped = connect_to(crawler.settings)
        if not hosts & mapped.keys() and "*" not in mapped and not is_offline(crawler.settings):
            server = DemoServer(_SERVED[cls.site.name]())
            crawler.settings.set("CONNECT_TO", {**mapped, **dict.fromkeys(hosts, server.address)}, priority="spider")
            crawler.signals.connect(server.close, signals.engine_stopped, weak=False)
        return super().from_crawler(crawler, *args, **kwargs)
