"""Every byte that crossed the wire is in the archive as it was, over http and https, whatever the server did."""

import gzip
import json
import socket
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from healthcrawl.core import message
from healthcrawl.warc.read import Record, read_records
from tests.conftest import Scrapy, run_scrapy
from tests.crawl.raw_server import Answer, RawServer
from tests.tls import make_tls

HOST = "raw.healthcrawl.test"
PAGE = "<html><head><title>题</title></head><body><p>正文。</p></body></html>".encode()
ZIPPED = gzip.compress(PAGE, mtime=0)


def sized(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    return b"\r\n".join([b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body), b"", body])


CHUNKED = (
    b"HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\nTrailer: X-Sum\r\n\r\n"
    b"%x;name=value\r\n%b\r\n%X\r\n%b\r\n0\r\nX-Sum: 1\r\n\r\n"
    % (len(ZIPPED[:20]), ZIPPED[:20], len(ZIPPED[20:]), ZIPPED[20:])
)
ANSWERS = {
    "/robots.txt": Answer(sized(b"User-agent: *\nDisallow: /secret\n", b"Content-Type: text/plain")),
    "/plain": Answer(sized(PAGE, b"Content-Type: text/html")),
    "/chunked": Answer(CHUNKED),
    "/odd": Answer(sized(PAGE, b"SERVER: a", b"set-cookie: a=1", b"Set-Cookie: b=2", b"sERVER: b")),
    "/gbk-header": Answer(sized(PAGE, "X-Name: 卫生".encode("gbk"))),
    "/early": Answer(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + sized(PAGE)),
    "/no-colon": Answer(sized(PAGE, b"this line has none")),
    "/missing": Answer(sized(b"gone", status=b"404 Not Found")),
    "/moved": Answer(sized(b"", b"Location: /plain?from=moved", status=b"301 Moved")),
    "/plain?from=moved": Answer(sized(PAGE)),
    "/broken": Answer(sized(b"sorry", status=b"500 Internal Server Error")),
    "/empty": Answer(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "/until-close": Answer(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + PAGE, close=True),
    "/short": Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + PAGE, close=True),
    "/stalls": Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + PAGE, stall=True),
    "/huge": Answer(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 300_000, close=True),
    "/endless-head": Answer(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: %s\r\n" % (b"x" * 1000) * 3000, close=True),
    "/silent": Answer(b"", close=True),
}
# Paths whose answer is cut off by us or by the server, with WARC's word for it.
CUT_SHORT = {"/huge", "/endless-head"}  # by us
TRUNCATED = {"/short": "disconnect", "/stalls": "time", "/huge": "length", "/endless-head": "length"}


@pytest.fixture(scope="module", params=["http", "https"])
def records(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Crawled":
    """All records of a crawl of the raw server, and its log."""
    scheme = request.param
    tmp_path = tmp_path_factory.mktemp("recording")
    archive = tmp_path / "archive"
    sites = tmp_path / "sites"
    sites.mkdir()
    columns = "".join(
        f'[[columns]]\nname = "c{number}"\nurl = "{scheme}://{HOST}{path}"\n'
        for number, path in enumerate([*ANSWERS, "/secret"])
        if path not in {"/robots.txt", "/plain?from=moved"}
    )
    head = f'name = "raw"\ntitle = "Raw"\nkind = "bureau"\nstatus = "verified"\ndomains = ["{HOST}"]\ndelay = 0\n'
    (sites / "raw.toml").write_text(head + columns, "utf-8")
    with RawServer(ANSWERS, make_tls(tmp_path, HOST)[0] if scheme == "https" else None) as server:
        done = run_scrapy(
            archive,
            "crawl",
            "raw",
            SITES_DIR=str(sites),
            CONNECT_TO=json.dumps({HOST: server.address}),
            DOWNLOAD_TIMEOUT="1",
            DOWNLOAD_MAXSIZE="100000",
            RETRY_TIMES="1",
        )
        log = server.log
    assert done.status == 0, done.err
    (path,) = (archive / "warc" / "raw").glob("*.warc.gz")
    return Crawled(log, list(read_records(path)))


class Crawled:
    """A crawl's log and records."""

    def __init__(self, log: list[tuple[bytes, bytes]], records: list[Record]) -> None:
        self.log = log
        self.records = records
        self.requests = [record for record in records if record.type == "request"]
        self.responses = {record.id: record for record in records if record.type == "response"}


def path_of(request: bytes) -> str:
    return request.split(b" ", 2)[1].decode()


def test_every_byte_is_kept(records: Crawled) -> None:
    sent = Counter(request for request, _ in records.log)
    assert Counter(record.block for record in records.requests) == sent
    whole = Counter(
        message.strip_interim(response)
        for request, response in records.log
        if path_of(request) not in CUT_SHORT | {"/silent"}
    )
    kept = Counter(record.block for record in records.responses.values() if not record.url.endswith(tuple(CUT_SHORT)))
    assert kept == whole


def test_each_answer_stands_beside_its_request(records: Crawled) -> None:
    answers = {request: message.strip_interim(response) for request, response in records.log}
    paired = 0
    for record in records.requests:
        response = records.responses.get(record.headers.get("warc-concurrent-to", ""))
        if response is not None and path_of(record.block) not in CUT_SHORT:
            assert response.block == answers[record.block]
            assert response.url == record.url
            paired += 1
    assert paired >= len(ANSWERS) - 3


def test_what_was_cut_off_says_why(records: Crawled) -> None:
    for path, reason in TRUNCATED.items():
        cut = [record for record in records.responses.values() if record.url.endswith(path)]
        assert cut
        assert {record.headers.get("warc-truncated") for record in cut} == {reason}
    huge = next(record for record in records.responses.values() if record.url.endswith("/huge"))
    assert 100_000 < len(huge.block) < 300_000
    assert ANSWERS["/huge"].data.startswith(huge.block)
    head = next(record for record in records.responses.values() if record.url.endswith("/endless-head"))
    assert len(head.block) < 2_000_000
    others = [record for record in records.responses.values() if not record.url.endswith(tuple(TRUNCATED))]
    assert not [record for record in others if "warc-truncated" in record.headers]


def test_a_failure_leaves_a_metadata_record(records: Crawled) -> None:
    silent = [record for record in records.records if record.type == "metadata" and record.url.endswith("/silent")]
    assert silent
    assert all(b"error: " in record.block for record in silent)


def test_errors_are_tried_again_and_each_try_is_kept(records: Crawled) -> None:
    assert len([record for record in records.responses.values() if record.url.endswith("/broken")]) == 2


def test_what_robots_forbids_is_not_requested(records: Crawled) -> None:
    assert "/secret" not in {path_of(request) for request, _ in records.log}


def test_the_connection_is_described(records: Crawled) -> None:
    for record in records.responses.values():
        assert record.headers["warc-ip-address"] == "127.0.0.1"
        secure = record.url.startswith("https:")
        assert ("warc-cipher-suite" in record.headers) is secure


def test_a_host_without_connect_to_is_not_reached_on_loopback(tmp_path: Path, archive: Path, scrapy: Scrapy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.1)
        port = trap.getsockname()[1]
        sites = tmp_path / "sites"
        sites.mkdir()
        (sites / "inside.toml").write_text(
            f'name = "inside"\ntitle = "Inside"\nkind = "bureau"\nstatus = "verified"\ndomains = ["localhost.test:{port}"]\n'
            f'delay = 0\n[[columns]]\nname = "c"\nurl = "http://localhost.test:{port}/"\n',
            "utf-8",
        )
        settings = {"SITES_DIR": str(sites), "CONTACT": "webmaster@healthcrawl.test", "RETRY_TIMES": "0"}
        # The name resolves to loopback, as a hacked name server would have it.
        done = scrapy("crawl", "inside", DNS_RESOLVER="tests.crawl.loopback_resolver.LoopbackResolver", **settings)
        assert done.status == 1
        assert "TargetRefusedError" in done.err
        connection, _ = trap.accept()
        with connection, suppress(ConnectionResetError):  # cut off, without a byte
            connection.settimeout(2)
            assert connection.recv(100) == b""


def test_a_redirect_out_of_the_site_is_not_followed(tmp_path: Path, archive: Path) -> None:
    sites = tmp_path / "sites"
    sites.mkdir()
    (sites / "leaving.toml").write_text(
        f'name = "leaving"\ntitle = "L"\nkind = "bureau"\nstatus = "verified"\ndomains = ["{HOST}"]\ndelay = 0\n'
        "deny = ['/denied']\n"
        + "".join(f'[[columns]]\nname = "{n}"\nurl = "http://{HOST}/{n}"\n' for n in ("away", "late", "in")),
        "utf-8",
    )
    answers = {
        "/robots.txt": Answer(sized(b"")),
        "/away": Answer(sized(b"", b"Location: http://elsewhere.test/stolen", status=b"302 Found")),
        "/late": Answer(sized(b"", b"Location: http://127.0.0.1:22/stolen", status=b"302 Found")),
        "/in": Answer(sized(b"", b"Location: /denied", status=b"302 Found")),
    }
    with RawServer(answers) as server:
        run_scrapy(archive, "crawl", "leaving", SITES_DIR=str(sites), CONNECT_TO=json.dumps({"*": server.address}))
        asked = {path_of(request) for request, _ in server.log}
        hosts = {request.split(b"Host: ")[1].split(b"\r\n")[0] for request, _ in server.log}
    assert asked == {"/robots.txt", "/away", "/late", "/in"}
    assert hosts == {HOST.encode()}
