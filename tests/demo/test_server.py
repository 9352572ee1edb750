"""The demo server: real HTTP, the same bytes every time, and a log that equals what the client saw."""

import gzip
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthcrawl.core.message import Message, parse
from healthcrawl.demo import HOST, DemoServer, resources
from healthcrawl.demo.answer import Resource, answer, parse_request
from tests.tls import make_tls

NOTICE = "/zwgk/tzgg/content/post_2000101.html"
CHUNKED = "/zwgk/tzgg/content/post_2000110.html"
GZIPPED = "/xwzx/gzdt/202403/t20240320_100202.html"
CLOSED = "/xwzx/gzdt/202310/t20231027_100209.html"


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


def connect(server: DemoServer) -> socket.socket:
    host, _, port = server.address.partition(":")
    return socket.create_connection((host, int(port)), timeout=5)


def request(target: str, *fields: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/{version}", f"Host: {HOST}", *fields, "", ""]).encode()


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def exchange(server: DemoServer, *requests: bytes) -> bytes:
    """Send the requests on one connection, all at once; everything that came back until the server closed it."""
    with connect(server) as connection:
        connection.sendall(b"".join(requests))
        return read_all(connection)


def fetch(server: DemoServer, target: str, *fields: str) -> Message:
    return parse(exchange(server, request(target, *fields, "Connection: close")))


def test_log_equals_what_crossed_the_wire(server: DemoServer) -> None:
    asked = [
        request("/robots.txt"),
        request(CHUNKED, "X-Odd:   spaced "),
        request(GZIPPED, "accept-encoding: gzip"),
        request("/nowhere?x=1"),
        request(NOTICE, "Connection: close"),
    ]
    received = exchange(server, *asked)
    assert [served.request for served in server.log] == asked
    assert b"".join(served.response for served in server.log) == received
    assert [(served.method, served.host, served.status) for served in server.log[3:]] == [
        ("GET", HOST, 404),
        ("GET", HOST, 200),
    ]


def test_a_request_in_pieces_is_one_request(server: DemoServer) -> None:
    whole = request("/", "Connection: close")
    with connect(server) as connection:
        for at in range(0, len(whole), 7):
            connection.sendall(whole[at : at + 7])
        received = read_all(connection)
    assert [(served.request, served.response) for served in server.log] == [(whole, received)]


def test_answers_are_the_same_bytes_in_every_run() -> None:
    targets = sorted(resources())
    runs = []
    for _ in range(2):
        with DemoServer() as server:
            for target in targets:
                fetch(server, target, "Accept-Encoding: gzip")
            runs.append([(served.request, served.response) for served in server.log])
    assert runs[0] == runs[1]
    assert len(runs[0]) == len(targets)


def test_unchanged_pages_are_answered_304_without_a_body(server: DemoServer) -> None:
    first = fetch(server, NOTICE)
    etag, modified = first.header("ETag"), first.header("Last-Modified")
    assert first.status == 200
    assert etag
    assert modified == "Tue, 05 Mar 2024 01:30:00 GMT"
    by_tag = exchange(server, request(NOTICE, f'If-None-Match: "other", W/{etag}', "Connection: close"))
    by_date = exchange(server, request(NOTICE, f"If-Modified-Since: {modified}", "Connection: close"))
    for response in (by_tag, by_date):
        assert parse(response).status == 304
        assert response.endswith(b"\r\n\r\n")
        assert parse(response).header("ETag") == etag


@pytest.mark.parametrize(
    "field",
    [
        'If-None-Match: "other"',
        "If-Modified-Since: Tue, 05 Mar 2024 01:29:59 GMT",
        "If-Modified-Since: yesterday",
        "If-Modified-Since: Wed, 06 Mar 2024 01:30:00",
    ],
)
def test_changed_or_unclear_is_answered_in_full(server: DemoServer, field: str) -> None:
    assert fetch(server, NOTICE, field).status == 200


def test_tag_goes_before_date(server: DemoServer) -> None:
    modified = fetch(server, NOTICE).header("Last-Modified")
    assert fetch(server, NOTICE, 'If-None-Match: "other"', f"If-Modified-Since: {modified}").status == 200


def test_chunks_carry_extension_and_trailer(server: DemoServer) -> None:
    response = exchange(server, request(CHUNKED, "Connection: close"))
    assert b"\r\n\r\n2BC;part=first\r\n" in response
    assert b"\r\n0\r\nX-Body-SHA256: " in response
    message = parse(response)
    assert message.chunked
    assert message.whole
    assert message.payload == resources()[CHUNKED].body


def test_gzip_is_for_those_who_accept_it(server: DemoServer) -> None:
    plain, packed = fetch(server, GZIPPED), fetch(server, GZIPPED, "Accept-Encoding: deflate, gzip")
    assert plain.header("Content-Encoding") == ""
    assert packed.header("Content-Encoding") == "gzip"
    assert gzip.decompress(packed.payload) == plain.payload


def test_a_page_without_a_length_ends_with_the_connection(server: DemoServer) -> None:
    message = parse(exchange(server, request(CLOSED), request("/")))  # the second request is never answered
    assert message.header("Content-Length") == ""
    assert message.payload == resources()[CLOSED].body
    assert len(server.log) == 1


def test_moved_article_is_redirected(server: DemoServer) -> None:
    message = fetch(server, "/xwzx/gzdt/202308/t20230817_99871.html")
    assert message.status == 301
    assert message.header("Location") == f"http://{HOST}/xwzx/gzdt/202308/t20230818_100206.html"


def test_unknown_address_gets_an_ordinary_error_page(server: DemoServer) -> None:
    message = fetch(server, "/xwzx/gzdt/202401/t20240115_100000.html")
    assert message.status == 404
    assert "页面不存在" in message.payload.decode()


def test_a_query_matters_only_where_it_is_known(server: DemoServer) -> None:
    assert fetch(server, f"{NOTICE}?jump=false").payload == fetch(server, NOTICE).payload
    first, second = (fetch(server, f"/gkmlpt/api/all/88?sid=999001&page={page}") for page in (1, 2))
    assert first.payload != second.payload
    assert fetch(server, "/gkmlpt/api/all/88?page=1&sid=1").status == 404


def test_head_tells_the_length_but_sends_no_body(server: DemoServer) -> None:
    response = exchange(server, request(NOTICE, "Connection: close", method="HEAD"))
    assert response.endswith(b"\r\n\r\n")
    assert parse(response).header("Content-Length") == str(len(resources()[NOTICE].body))


@pytest.mark.parametrize(("sent", "status"), [(b"nonsense\r\n\r\n", 400), (request("/", method="DELETE"), 405)])
def test_what_is_no_request_for_a_page_is_refused(server: DemoServer, sent: bytes, status: int) -> None:
    assert parse(exchange(server, sent)).status == status
    assert server.log[0].request == sent


def test_http_1_0_closes_the_connection(server: DemoServer) -> None:
    assert parse(exchange(server, request("/", version="1.0"))).header("Connection") == "close"


def test_own_resources_can_change_while_they_are_served() -> None:
    site = {"/a": Resource(body=b"old", tagged=True)}
    with DemoServer(site) as server:
        etag = fetch(server, "/a").header("ETag")
        site["/a"] = Resource(body=b"new", tagged=True)
        message = fetch(server, "/a", f"If-None-Match: {etag}")
    assert (message.status, message.payload) == (200, b"new")


def test_many_clients_at_once_are_all_served_and_logged(server: DemoServer) -> None:
    def visit() -> None:
        exchange(server, *[request("/robots.txt")] * 9, request("/robots.txt", "Connection: close"))

    visitors = [threading.Thread(target=visit) for _ in range(8)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert len(server.log) == 80
    assert {parse(served.response).payload for served in server.log} == {resources()["/robots.txt"].body}


def test_closes_at_once_although_clients_linger() -> None:
    before = set(threading.enumerate())
    server = DemoServer()
    with connect(server) as idle, connect(server) as halfway, connect(server) as done:
        halfway.sendall(b"GET / HT")
        done.sendall(request("/robots.txt"))
        assert done.recv(65_536)
        server.close()
        server.close()
        assert idle.recv(1) == halfway.recv(1) == done.recv(1) == b""
    assert set(threading.enumerate()) <= before
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_a_client_that_breaks_off_harms_nobody(server: DemoServer) -> None:
    with connect(server) as rude:
        rude.sendall(request(NOTICE) * 50)
        rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    assert fetch(server, "/robots.txt").status == 200


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate made for this run, and the file that a client trusts it by."""
    return make_tls(tmp_path_factory.mktemp("tls"), HOST)


def test_one_port_speaks_https_and_http(tls: tuple[ssl.SSLContext, Path]) -> None:
    context, trusted = tls
    client = ssl.create_default_context(cafile=str(trusted))
    asked = request(CLOSED)
    with DemoServer(tls=context) as server:
        with (
            connect(server) as plain,
            # A body that ends with the connection needs a proper goodbye: without one, reading raises.
            client.wrap_socket(plain, server_hostname=HOST, suppress_ragged_eofs=False) as connection,
        ):
            connection.sendall(asked)
            secret = read_all(connection)
        assert fetch(server, "/robots.txt").status == 200
        logged = [(served.secure, served.request) for served in server.log]
        assert server.log[0].response == secret
    assert logged == [(True, asked), (False, request("/robots.txt", "Connection: close"))]
    assert parse(secret).payload == resources()[CLOSED].body


def test_closes_amid_a_tls_handshake_and_after_a_refused_one(tls: tuple[ssl.SSLContext, Path]) -> None:
    before = set(threading.enumerate())
    with DemoServer(tls=tls[0]) as server:
        with (
            connect(server) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
            ssl.create_default_context().wrap_socket(plain, server_hostname=HOST),
        ):
            pass
        with connect(server) as silent:
            silent.sendall(b"\x16\x03")
            server.close()
    assert set(threading.enumerate()) <= before
    assert server.log == ()


def test_etag_is_made_of_the_content() -> None:
    asked = parse_request(request("/"))
    tags = {
        parse(answer(asked, {"/": Resource(body=body, tagged=True)}, Resource()).response).header("ETag")
        for body in (b"1", b"2", b"1")
    }
    assert len(tags) == 2
