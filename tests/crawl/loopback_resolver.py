"""A DNS resolver that sends every name to loopback, as a hostile name server would."""

from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred, succeed


class LoopbackResolver(CachingThreadedResolver):
    """Answers 127.0.0.1."""

    def getHostByName(self, name: str, timeout: object = ()) -> "Deferred[str]":  # noqa: N802  # Twisted's name
        return succeed("127.0.0.1")
