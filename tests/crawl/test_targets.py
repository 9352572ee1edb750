"""Only public addresses at ports of the web are connected to, whatever they are written as."""

import pytest

from healthcrawl.crawl.targets import Targets
from healthcrawl.errors import TargetRefusedError, UsageError

TARGETS = Targets(
    {"a.test": "127.0.0.1:8000", "six.test": "[::1]:8000"}, contact="webmaster@healthcrawl.test", ports=[8081]
)

NOT_PUBLIC = {
    "loopback": ["127.0.0.1", "127.8.9.10", "::1"],
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],  # noqa: S104
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "fc00::1", "fd12:3456::1"],
    "link-local": ["169.254.169.254", "fe80::1", "fe80::1%eth0"],
    "site-local": ["fec0::1"],
    "carrier": ["100.64.0.1", "100.100.100.200", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.250", "233.252.0.1", "ff02::1", "ff0e::1"],
    "broadcast": ["255.255.255.255", "240.0.0.1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmark": ["198.18.0.1", "2001:2::1"],
    "protocol": ["192.0.0.8", "192.88.99.1", "192.175.48.1"],
    "a cloud's host agent": ["168.63.129.16"],
    "IPv4 mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe"],
    "IPv4 compatible": ["::127.0.0.1", "::10.0.0.1"],
    "NAT64": ["64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::7f00:1"],
    "6to4": ["2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::1"],
    "Teredo": ["2001:0:a00:1::f5ff:fffe", "2001:0:5ef5:79fd:0:59d:80ff:fffe"],
    "outside of global unicast": ["4000::1", "100::1", "::2"],
}  # fmt: skip


@pytest.mark.parametrize("ip", [ip for group in NOT_PUBLIC.values() for ip in group])
def test_what_is_not_public_is_refused(ip: str) -> None:
    with pytest.raises(TargetRefusedError, match="not a public address"):
        TARGETS.check(ip, 80)


@pytest.mark.parametrize(
    "ip", ["93.184.216.34", "114.114.114.114", "2400:3200::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
@pytest.mark.parametrize("port", [80, 443, 8081])
def test_public_addresses_are_connected_to(ip: str, port: int) -> None:
    TARGETS.check(ip, port)


@pytest.mark.parametrize("port", [22, 25, 6379, 8080, 11211])
def test_other_ports_are_refused(port: int) -> None:
    with pytest.raises(TargetRefusedError, match="none of the web's"):
        TARGETS.check("93.184.216.34", port)


def test_connect_to_allows_its_very_peers_only() -> None:
    TARGETS.check("127.0.0.1", 8000)
    TARGETS.check("::ffff:127.0.0.1", 8000)
    TARGETS.check("::1", 8000)
    for ip, port in (("127.0.0.1", 8001), ("127.0.0.2", 8000), ("::1", 80)):
        with pytest.raises(TargetRefusedError):
            TARGETS.check(ip, port)


def test_without_a_contact_nothing_public_is_connected_to() -> None:
    with pytest.raises(TargetRefusedError, match="CONTACT"):
        Targets({}, contact="").check("93.184.216.34", 80)


@pytest.mark.parametrize("target", ["localhost:80", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "", 8080, None])
def test_a_target_is_an_address_and_a_port(target: object) -> None:
    with pytest.raises(UsageError, match="CONNECT_TO"):
        Targets({"a.test": target}, contact="")  # type: ignore[dict-item]  # as a setting may have it
