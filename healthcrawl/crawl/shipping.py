"""The store that the settings name."""

from scrapy.settings import BaseSettings

from healthcrawl.crawl.options import size
from healthcrawl.errors import UsageError
from healthcrawl.stored import Patience, WarcStore


def warc_store(settings: BaseSettings) -> WarcStore:
    """The store that `STORE_URL` names, with the patience of `STORE_PATIENCE`.

    Raises:
        UsageError: none is named, or a setting is wrong.
    """
    if not settings["STORE_URL"]:
        raise UsageError("STORE_URL names no store: set it to a URL like s3://bucket/path")
    return WarcStore(settings["STORE_URL"], Patience(seconds=size(settings, "STORE_PATIENCE", least=0)))
