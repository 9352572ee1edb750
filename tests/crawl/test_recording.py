"""Every byte that crossed the wire is in the archive as it was, over http and https, whatever the server did."""

import gzip
import json
import socket
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped]
import pytest
from warcio.archiveiterator import ArchiveIterator

from healthcrawl.core import message
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.warc.read import read_records
from healthcrawl.warc.records import load_fields
from tests.conftest import Done, Scrapy, run_scrapy
from tests.crawl.raw_server import Answer, RawServer
from tests.tls import make_tls

if TYPE_CHECKING:
    from healthcrawl.warc.scan import Record

HOST = "raw.healthcrawl.test"
PAGE = "<html><head><title>题</title></head><body><p>正文。</p></body></html>".encode()
ZIPPED = gzip.compress(PAGE, mtime=0)
# A frame with one raw block, which any decoder takes.
ZSTD = b"\x28\xb5\x2f\xfd\x20" + bytes([len(PAGE)]) + (len(PAGE) << 3 | 1).to_bytes(3, "little") + PAGE


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
    "/latin1-header": Answer(sized(PAGE, "X-Name: Sant\u00e9".encode("latin-1"))),
    "/folded": Answer(sized(PAGE, b"X-Long: one\r\n\ttwo")),
    "/big-head": Answer(sized(PAGE, b"X-Big: " + b"b" * 65536, *[b"X-%d: %s" % (n, b"v" * 500) for n in range(100)])),
    "/bare-lf": Answer(sized(PAGE, b"Content-Type: text/html").replace(b"\r\n", b"\n")),
    "/http10": Answer(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE, close=True),
    "/br": Answer(sized(brotli.compress(PAGE), b"Content-Type: text/html", b"Content-Encoding: br")),
    "/zstd": Answer(sized(ZSTD, b"Content-Type: text/html", b"Content-Encoding: zstd")),
    "/gzip": Answer(sized(ZIPPED, b"Content-Type: text/html", b"Content-Encoding: gzip")),
    "/early": Answer(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + sized(PAGE)),
    "/cookie": Answer(sized(b"", b"Set-Cookie: seen=1; Path=/", b"Location: /cookie-seen", status=b"302 Found")),
    "/cookie-seen": Answer(sized(PAGE)),
    "/head": Answer(sized(PAGE, b"Content-Type: text/html")),
    "/not-modified": Answer(b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'),
    "/long": Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + PAGE),
    "/broken-chunks": Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n", close=True),
    "/hangs-up": Answer(sized(PAGE), hang_up=True),
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
FOLLOWED = {"/plain?from=moved", "/cookie-seen"}  # from redirects
# Paths whose answer is cut off by us or by the server, with WARC's word for it.
CUT_SHORT = {"/huge", "/endless-head"}  # by us
TRUNCATED = {
    "/short": "disconnect",
    "/broken-chunks": "disconnect",
    "/stalls": "time",
    "/huge": "length",
    "/endless-head": "length",
}
SPIDER = '{"raw": "tests.crawl.head_spider.HeadSpider"}'


def write_site(folder: Path, scheme: str, paths: Iterable[str]) -> None:
    """A site file whose columns are these paths, each named as its path."""
    columns = "".join(f'[[columns]]\nname = "{path.lstrip("/")}"\nurl = "{scheme}://{HOST}{path}"\n' for path in paths)
    head = f'name = "raw"\ntitle = "Raw"\nkind = "bureau"\nstatus = "verified"\ndomains = ["{HOST}"]\ndelay = 0\n'
    (folder / "raw.toml").write_text(head + columns, "utf-8")


def crawl(archive: Path, server: RawServer, folder: Path, **settings: str) -> "Crawled":
    """Crawl the site of `write_site`."""
    told = {"SITES_DIR": str(folder), "CONNECT_TO": json.dumps({HOST: server.address}), "WARC_REVISITS": "never"}
    done = run_scrapy(archive, "crawl", "raw", **{**told, **settings})
    return Crawled(done, server.log, ArchiveLayout(archive).warc_files("raw"), server.connections)


@pytest.fixture(scope="module", params=["http", "https"])
def records(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Crawled":
    """All records of a crawl of the raw server, and its log."""
    folder = tmp_path_factory.mktemp("recording")
    write_site(folder, request.param, [*ANSWERS.keys() - {"/robots.txt", *FOLLOWED}, "/secret"])
    with RawServer(ANSWERS, make_tls(folder, HOST)[0] if request.param == "https" else None) as server:
        limits = {"DOWNLOAD_TIMEOUT": "1", "DOWNLOAD_MAXSIZE": "100000", "RETRY_TIMES": "1", "SITE_SPIDERS": SPIDER}
        crawled = crawl(folder / "archive", server, folder, **limits)
    assert crawled.done.status == 1, crawled.done.err
    return crawled


class Crawled:
    """A crawl's log and records."""

    def __init__(self, done: Done, log: list[tuple[bytes, bytes]], paths: list[Path], connections: int) -> None:
        self.done = done
        self.log = log
        self.paths = paths
        self.records: list[Record] = [record for path in paths for record in read_records(path)]
        self.connections = connections
        self.requests = [record for record in self.records if record.type == "request"]
        self.responses = {record.id: record for record in self.records if record.type == "response"}


def path_of(request: bytes) -> str:
    return request.split(b" ", 2)[1].decode()


def test_every_byte_is_kept(records: Crawled) -> None:
    sent = Counter(request for request, _ in records.log)
    assert Counter(record.block for record in records.requests) == sent
    whole = Counter(
        message.strip_interim(response)
        for request, response in records.log
        if response and path_of(request) not in CUT_SHORT
    )
    kept = Counter(record.block for record in records.responses.values() if not record.url.endswith(tuple(CUT_SHORT)))
    assert kept == whole
    assert {path_of(request) for request, _ in records.log} >= ANSWERS.keys()


def test_each_answer_stands_beside_its_request(records: Crawled) -> None:
    answers = {request: message.strip_interim(response) for request, response in records.log if response}
    paired = 0
    for record in records.requests:
        response = records.responses.get(record.headers.get("warc-concurrent-to", ""))
        if response is not None and path_of(record.block) not in CUT_SHORT:
            assert response.block == answers[record.block]
            assert response.url == record.url
            paired += 1
    assert paired >= len(ANSWERS) - len(CUT_SHORT | {"/silent"})


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
        assert record.date.tzinfo is UTC


def test_the_protocols_are_named(records: Crawled) -> None:
    for path in records.paths:
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream):
                if record.rec_type == "response":
                    url = record.rec_headers.get_header("WARC-Target-URI")
                    named = [value for name, value in record.rec_headers.headers if name == "WARC-Protocol"]
                    spoken = "http/1.0" if url.endswith("/http10") else "http/1.1"
                    assert named == ([spoken, "tls/1.3"] if url.startswith("https:") else [spoken])


def test_the_time_that_fetching_took_is_kept(records: Crawled) -> None:
    noted = {
        record.url: load_fields(record.block)["fetchTimeMs"] for record in records.records if record.type == "metadata"
    }
    assert all(milliseconds.isdecimal() for milliseconds in noted.values())
    assert int(next(took for url, took in noted.items() if url.endswith("/stalls"))) >= 900


def test_connections_are_used_again(records: Crawled) -> None:
    assert len(records.log) - records.connections >= 10


def test_a_cookie_is_sent_back_and_recorded(records: Crawled) -> None:
    (request,) = [record.block for record in records.requests if path_of(record.block) == "/cookie-seen"]
    (cookies,) = [line for line in request.split(b"\r\n") if line.startswith(b"Cookie: ")]
    assert b"seen=1" in cookies


def test_heads_are_kept(records: Crawled) -> None:
    (request,) = [record for record in records.requests if record.block.startswith(b"HEAD ")]
    response = records.responses[request.headers["warc-concurrent-to"]]
    assert response.block.endswith(b"\r\n\r\n")
    assert b"Content-Length: %d\r\n" % len(PAGE) in response.block


def test_a_request_lost_on_an_old_connection_is_repeated_and_no_failure(tmp_path: Path) -> None:
    answers = {path: Answer(sized(PAGE + path.encode()), hang_up=True) for path in ("/a", "/b", "/c")}
    write_site(tmp_path, "http", answers)
    with RawServer(answers) as server:
        crawled = crawl(tmp_path / "archive", server, tmp_path, RETRY_TIMES="0", DOWNLOAD_DELAY="0.05")
    assert crawled.done.status == 0, crawled.done.err
    lost = [request for request, response in crawled.log if not response]
    assert lost
    assert Counter(record.block for record in crawled.requests) == Counter(request for request, _ in crawled.log)
    assert "failed" not in crawled.done.err
    noted = [record for record in crawled.records if record.type == "metadata" and b"repeated" in record.block]
    assert len(noted) == len(lost)
    assert len(crawled.responses) == len(crawled.log) - len(lost)


def test_over_ipv6_the_bytes_are_the_same(tmp_path: Path) -> None:
    try:
        server = RawServer({"/a": Answer(sized(PAGE))}, host="::1")
    except OSError:
        pytest.skip("no IPv6 on loopback here")
    write_site(tmp_path, "http", ["/a"])
    with server:
        crawled = crawl(tmp_path / "archive", server, tmp_path)
    assert Counter(record.block for record in crawled.responses.values()) == Counter(answer for _, answer in server.log)
    assert {record.headers["warc-ip-address"] for record in crawled.responses.values()} == {"::1"}


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
        done = scrapy("crawl", "inside", DNS_RESOLVER="tests.crawl.resolvers.LoopbackResolver", **settings)
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
