"""DNS resolvers as hostile name servers would have them."""

from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import DNSLookupError


class LoopbackResolver(CachingThreadedResolver):
    """Sends every name to loopback."""

    def getHostByName(self, name: str, timeout: object = ()) -> "Deferred[str]":  # noqa: N802  # Twisted's name
        return succeed("127.0.0.1")


class RebindingResolver(CachingThreadedResolver):
    """Tells the truth once, then sends every name to another address of this machine."""

    _asked = 0

    def getHostByName(self, name: str, timeout: object = ()) -> "Deferred[str]":  # noqa: N802  # Twisted's name
        self._asked += 1
        return succeed("127.0.0.1" if self._asked == 1 else "127.0.0.2")


class SilentResolver(CachingThreadedResolver):
    """Knows no name."""

    def getHostByName(self, name: str, timeout: object = ()) -> "Deferred[str]":  # noqa: N802  # Twisted's name
        return fail(DNSLookupError(f"no address for {name}"))
