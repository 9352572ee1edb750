"""Which addresses a crawl may connect to.

Pages of hacked sites choose where we go next, and names resolve to whatever their owner likes, so what counts is the address
at the other end of the connection: it must be a public one, at a port of the web. `CONNECT_TO` names the exceptions, like
curl's `--connect-to`: it lets tests and the demo play real host names on loopback. Without a `CONTACT` for webmasters nothing
else is connected to.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from healthcrawl.errors import TargetRefusedError, UsageError

EVERY_HOST = "*"
WEB_PORTS = frozenset({80, 443})
_UNICAST = IPv6Network("2000::/3")  # the only part of IPv6 that is given out to the public
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = IPv6Network("::/96")
# Not public, or answered by the machine next door (a cloud's host agent, relays, sinks), though some Pythons call them global.
_SPECIAL4 = tuple(
    map(IPv4Network, ("168.63.129.16/32", "192.0.0.0/24", "192.31.196.0/24", "192.88.99.0/24", "192.175.48.0/24"))
)
_SPECIAL6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")))


@dataclass(frozen=True, slots=True)
class Peer:
    """An IP address and a port."""

    ip: str
    port: int


class Targets:
    """Where requests go and what they may reach.

    `connect_to` maps "host", "host:port" or "*" to "ip:port"; `ports` are those that are allowed beside `WEB_PORTS`.

    Raises:
        UsageError: an entry is not of that form.
    """

    def __init__(self, connect_to: Mapping[str, str], *, contact: str, ports: Iterable[int] = ()) -> None:
        self._mapped = {name.lower(): _parse(name, target) for name, target in connect_to.items()}
        self._peers = frozenset(self._mapped.values())
        self._contact = bool(contact)
        self._ports = WEB_PORTS | frozenset(ports)

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
            TargetRefusedError: it is private, loopback, link-local or otherwise not public, its port is none of the web's,
                or no `CONTACT` is set.
        """
        address = ipaddress.ip_address(ip.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        if Peer(str(mapped or address), port) in self._peers:
            return
        if not is_public(address):
            raise TargetRefusedError(f"{address} is not a public address; hosts on it need an entry in CONNECT_TO")
        if port not in self._ports:
            raise TargetRefusedError(
                f"port {port} of {address} is none of the web's; name it in the site file's domains"
            )
        if not self._contact:
            raise TargetRefusedError("set CONTACT (a mail address or URL for webmasters) to crawl public sites")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is a public one, and so is every IPv4 address that it embeds.

    >>> [is_public(ipaddress.ip_address(one)) for one in ("93.184.216.34", "::ffff:10.0.0.1", "64:ff9b::7f00:1")]
    [True, False, False]
    """
    if isinstance(address, IPv4Address):
        special = address.is_multicast or any(address in network for network in _SPECIAL4)
        return address.is_global and not special
    embedded = list(_embedded(address))
    if embedded:
        return all(is_public(one) for one in embedded)
    return address in _UNICAST and address.is_global and not any(address in network for network in _SPECIAL6)


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that packets to an IPv6 address may end at."""
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if address in _COMPATIBLE or any(address in network for network in _NAT64):
        yield IPv4Address(int(address) & 0xFFFFFFFF)


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
