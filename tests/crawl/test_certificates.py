"""What is said of a server's certificate, by a handshake in memory."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from OpenSSL import SSL

from healthcrawl.crawl import certificates
from healthcrawl.crawl.certificates import Certificates
from tests.tls import make_tls

HOST = "bureau.healthcrawl.test"


@pytest.fixture(autouse=True)
def _fresh_authorities() -> Iterator[None]:
    certificates._authorities.cache_clear()
    yield
    certificates._authorities.cache_clear()


def shake_hands(context: ssl.SSLContext) -> SSL.Connection:
    """A client that takes any certificate, after its handshake with a server."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(to_server, to_client, server_side=True)
    client = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), None)
    client.set_connect_state()
    for _ in range(10):
        try:
            client.do_handshake()
        except SSL.WantReadError:
            to_server.write(client.bio_read(65_536))
        else:
            return client
        try:
            server.do_handshake()
        except ssl.SSLWantReadError:
            pass
        finally:
            client.bio_write(to_client.read())
    raise AssertionError("no handshake")


def test_a_certificate_that_nobody_signed_is_told(tmp_path: Path) -> None:
    context, _ = make_tls(tmp_path, HOST)
    assert Certificates().judge(shake_hands(context), HOST) == "self-signed certificate"


def test_a_trusted_certificate_is_valid_for_its_hosts_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = make_tls(tmp_path, HOST)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    judge, client = Certificates(), shake_hands(context)
    assert judge.judge(client, HOST) == "valid"
    assert judge.judge(client, "127.0.0.1") == "valid"
    assert judge.judge(client, "other.healthcrawl.test") == "not issued for other.healthcrawl.test"
    assert judge.judge(client, "127.0.0.2") == "not issued for 127.0.0.2"
