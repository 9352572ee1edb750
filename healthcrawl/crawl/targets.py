"""Which addresses a crawl may connect to.

Pages of hacked sites choose where we go next, and names resolve to whatever their owner likes, so what counts is the address
at the other end of the connection: it must be a public one. `CONNECT_TO` names the exceptions, like curl's `--connect-to`: it
lets tests and the demo play real host names on loopback. Without a `CONTACT` for webmasters nothing else is connected to.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from healthcrawl.errors import TargetRefusedError, UsageError

EVERY_HOST = "*"


@dataclass(frozen=True, slots=True)
class Peer:
    """An IP address and a port."""

    ip: str
    port: int


class Targets:
    """Where requests go and what they may reach.

    `connect_to` maps "host", "host:port" or "*" to "ip:port".

    Raises:
        UsageError: an entry is not of that form.
    """

    def __init__(self, connect_to: Mapping[str, str], *, contact: str) -> None:
        self._mapped = {name.lower(): _parse(name, target) for name, target in connect_to.items()}
        self._peers = frozenset(self._mapped.values())
        self._contact = bool(contact)

    def mapped(self, host: str, port: int) -> Peer | None:
        """Where `CONNECT_TO` sends requests for a host; None: to where its name resolves to.

        >>> Targets({"a.test": "127.0.0.1:8000"}, contact="").mapped("a.test", 80)
        Peer(ip='127.0.0.1', port=8000)
        """
        for name in (f"{host}:{port}".lower(), host.lower(), EVERY_HOST):
            if name in self._mapped:
                return self._mapped[name]
        return None

    def check(self, ip: str, port: int) -> None:
        """Let a connection pass to an address that may be talked to.

        Raises:
            TargetRefusedError: it is private, loopback, link-local or otherwise not public, or no `CONTACT` is set.
        """
        address = ipaddress.ip_address(ip.partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        if Peer(str(address), port) in self._peers:
            return
        if not address.is_global or address.is_multicast:
            raise TargetRefusedError(f"{address} is not a public address; hosts on it need an entry in CONNECT_TO")
        if not self._contact:
            raise TargetRefusedError("set CONTACT (a mail address or URL for webmasters) to crawl public sites")


def _parse(name: str, target: object) -> Peer:
    ip, _, port = str(target).rpartition(":")
    try:
        address = ipaddress.ip_address(ip.strip("[]"))
        number = int(port)
    except ValueError:
        number = 0
    if not 0 < number < 65536:
        raise UsageError(
            f"CONNECT_TO: {name!r}: expected an IP address and a port like '127.0.0.1:8080', got {target!r}"
        )
    return Peer(str(address), number)
