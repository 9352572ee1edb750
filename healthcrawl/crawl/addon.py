"""The add-on that puts healthcrawl's parts into Scrapy's places."""

from typing import TYPE_CHECKING

from healthcrawl import __version__
from healthcrawl.crawl.options import is_offline

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

_SCRAPY = "scrapy.downloadermiddlewares"
_RECORDING, _ARCHIVIST = "healthcrawl.crawl.recording.RecordingHandler", "healthcrawl.crawl.archivist.Archivist"
_READING, _READER = "healthcrawl.crawl.offline.OfflineHandler", "healthcrawl.crawl.offline.OfflineArchivist"


class HealthcrawlAddon:
    """Recording handlers, RFC 9309 robots.txt, the archivist and the monitor."""

    def update_settings(self, settings: "BaseSettings") -> None:
        """Install the parts; other schemes than http and https are not fetched at all."""
        contact = f" (+{settings['CONTACT']})" if settings["CONTACT"] else ""
        settings.set("USER_AGENT", f"healthcrawl/{__version__}{contact}", priority="addon")
        offline = is_offline(settings)
        handler, archivist = (_READING, _READER) if offline else (_RECORDING, _ARCHIVIST)
        for scheme in ("http", "https"):
            settings["DOWNLOAD_HANDLERS"][scheme] = handler
        for scheme in ("data", "file", "ftp", "s3"):
            settings["DOWNLOAD_HANDLERS"][scheme] = None
        settings["DOWNLOADER_MIDDLEWARES"][f"{_SCRAPY}.robotstxt.RobotsTxtMiddleware"] = None
        settings["DOWNLOADER_MIDDLEWARES"]["healthcrawl.crawl.robots.RobotsMiddleware"] = 100
        settings["EXTENSIONS"][archivist] = 0
        settings["EXTENSIONS"]["healthcrawl.crawl.monitor.Monitor"] = 10
        settings["EXTENSIONS"]["scrapy.extensions.logstats.LogStats"] = None
        if offline:  # nobody is asked, so there are no manners to keep, and asking again brings the same answer
            settings.set("ROBOTSTXT_OBEY", value=False, priority="cmdline")
            settings.set("RETRY_ENABLED", value=False, priority="cmdline")
