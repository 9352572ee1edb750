"""The add-on that puts healthcrawl's parts into Scrapy's places."""

from typing import TYPE_CHECKING

from healthcrawl import __version__

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

_SCRAPY = "scrapy.downloadermiddlewares"


class HealthcrawlAddon:
    """Recording handlers, RFC 9309 robots.txt, the archivist and the monitor."""

    def update_settings(self, settings: "BaseSettings") -> None:
        """Install the parts; other schemes than http and https are not fetched at all."""
        contact = f" (+{settings['CONTACT']})" if settings["CONTACT"] else ""
        settings.set("USER_AGENT", f"healthcrawl/{__version__}{contact}", priority="addon")
        handler = "healthcrawl.crawl.recording.RecordingHandler"
        for scheme in ("http", "https"):
            settings["DOWNLOAD_HANDLERS"][scheme] = handler
        for scheme in ("data", "file", "ftp", "s3"):
            settings["DOWNLOAD_HANDLERS"][scheme] = None
        settings["DOWNLOADER_MIDDLEWARES"][f"{_SCRAPY}.robotstxt.RobotsTxtMiddleware"] = None
        settings["DOWNLOADER_MIDDLEWARES"]["healthcrawl.crawl.robots.RobotsMiddleware"] = 100
        settings["EXTENSIONS"]["healthcrawl.crawl.archivist.Archivist"] = 0
        settings["EXTENSIONS"]["healthcrawl.crawl.monitor.Monitor"] = 10
        settings["EXTENSIONS"]["scrapy.extensions.logstats.LogStats"] = None
