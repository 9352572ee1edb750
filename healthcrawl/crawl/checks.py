"""Every setting that a crawl reads, checked before it begins: a wrong value is a line and status 2, not a traceback on the way."""

import logging
import re
from collections.abc import Mapping

from scrapy.settings import BaseSettings

from healthcrawl.crawl.notify import receivers
from healthcrawl.crawl.options import flag, size
from healthcrawl.crawl.politeness import number
from healthcrawl.errors import UsageError

# Whole numbers, by the least that makes sense.
_WHOLE: Mapping[str, int] = {
    "WARC_MAX_BYTES": 1,
    "LEASE_SECONDS": 3,
    "STORE_PATIENCE": 0,
    "CONCURRENT_REQUESTS": 1,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    "BACKOFF_TRIES": 1,
    "REQUESTS_A_DAY": 0,
    "RETRY_TIMES": 0,
    "REDIRECT_MAX_TIMES": 0,
    "DOWNLOAD_MAXSIZE": 0,
    "DOWNLOAD_WARNSIZE": 0,
}
_NUMBERS = ("DOWNLOAD_DELAY", "BACKOFF_SECONDS", "BACKOFF_LONGEST")
_SPANS = ("DOWNLOAD_TIMEOUT", "PROGRESS_SECONDS")  # of time; none can be nothing
_FLAGS = (
    "ATTACHMENTS",
    "STORE_KEEP",
    "WARC_SYNC",
    "ROBOTSTXT_OBEY",
    "RETRY_ENABLED",
    "LOG_ENABLED",
    "DOWNLOAD_VERIFY_CERTIFICATES",
)
_CONTACT = re.compile(r"[!-~]+@[!-~]+|https?://[!-~]+")


def check_settings(settings: BaseSettings) -> None:
    """Look at every setting that a crawl reads.

    Raises:
        UsageError: one is not what it should be; the message names it, what was expected and what it is.
    """
    for name, least in _WHOLE.items():
        size(settings, name, least=least)
    for name in _NUMBERS:
        number(settings, name)
    for name in _SPANS:
        if not number(settings, name):
            raise UsageError(f"{name}: expected seconds above 0, got {settings[name]!r}")
    for name in _FLAGS:
        flag(settings, name)
    receivers(settings)
    level = settings["LOG_LEVEL"]
    if level not in logging.getLevelNamesMapping() and not isinstance(level, int):
        raise UsageError(f"LOG_LEVEL: expected one of {', '.join(logging.getLevelNamesMapping())}, got {level!r}")
    contact = settings["CONTACT"] or ""
    if contact and not (isinstance(contact, str) and _CONTACT.fullmatch(contact)):
        raise UsageError(f"CONTACT: expected a mail address or a URL that webmasters can use, got {contact!r}")
